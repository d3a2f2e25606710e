"""A hundred adds at once on a model that takes a second: how many times the model's own time all of them take.

    python benchmarks/speed/at_once.py [--json] [--adds 100] [--owners 100]

The bar is 3. Embedding is taken out; every message is kept before the model is asked, and its facts after it, each in
a transaction that is on disk when the call returns.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _bare import Ready
from _bench import options, report

from memlayer import AsyncMemory

SECONDS = 1.0
"""What the model takes."""


class Model:
    """Takes its time, and notes each message as a fact."""

    name = "one-second"

    def __init__(self) -> None:
        self.calls = 0

    def complete(self, messages: Sequence[Any], *, schema: Any = None) -> str:
        self.calls += 1
        time.sleep(SECONDS)
        told = json.loads(messages[1]["content"])["messages"]
        facts = [{"text": m["text"], "sources": [m["number"]], "categories": [], "importance": 0.5} for m in told]
        return json.dumps({"facts": facts, "entities": [], "relations": []})


async def adds(path: Path, count: int, owners: int) -> dict[str, Any]:
    """One row of the report."""
    model = Model()
    async with AsyncMemory(path, llm=model, embedder=Ready()) as memory:
        await memory.search("warm", user_id="u0")
        start = time.perf_counter()
        made = await asyncio.gather(
            *(memory.add(f"I bought item {n} on a rainy day", user_id=f"u{n % owners}") for n in range(count))
        )
        taken = time.perf_counter() - start
    return {
        "owners": owners,
        "adds": count,
        "calls of the model": model.calls,
        "facts": sum(len(one["results"]) for one in made),
        "seconds": round(taken, 2),
        "times the model": round(taken / SECONDS, 2),
    }


def run(count: int, owners: int) -> list[dict[str, Any]]:
    """Each add for a person of its own, and all of them for one person."""
    found = []
    for people in (owners, 1):
        with tempfile.TemporaryDirectory() as folder:
            found.append(asyncio.run(adds(Path(folder) / "memory.db", count, people)))
    return found


if __name__ == "__main__":
    given = options(__doc__ or "", adds=100, owners=100)
    report("a hundred adds at once, model of one second", run(given.adds, given.owners), as_json=given.json)
