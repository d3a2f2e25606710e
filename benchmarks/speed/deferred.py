"""What a deferred add costs beside a bare SQLite write of the same rows, embedding taken out of both.

    python benchmarks/speed/deferred.py [--json]

The bare write is what any program has to do: the same rows of the same tables, inserted by prepared statements in one
transaction per call, into a file with the same settings (write-ahead log, full synchronisation).
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlayer import Memory

CALLS = 400
TABLES = ("events", "records", "entries")


class NoEmbedder:
    """Gives one vector at once: what is measured is the write."""

    name = "none"
    dimensions = 384

    def __init__(self) -> None:
        self.vector = np.full(384, 384**-0.5, dtype=np.float32)

    def embed(self, texts: Sequence[str], *, kind: str = "document") -> NDArray[np.float32]:
        return np.tile(self.vector, (len(texts), 1))


def timed(calls: Sequence[Callable[[], object]]) -> list[float]:
    found = []
    for call in calls:
        start = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - start))
    return found


def deferred(path: Path, count: int) -> list[float]:
    """Milliseconds of each deferred add; the worker sleeps, as one in another process."""
    with Memory(path, embedder=NoEmbedder()) as memory:
        memory._core.worker.wake = lambda: None  # type: ignore[method-assign]
        memory.add("warm", user_id="u", mode="deferred")
        return timed(
            [
                lambda n=n: memory.add(f"I bought item {n} on a rainy day", user_id="u", mode="deferred")  # type: ignore[misc]
                for n in range(count)
            ]
        )


def bare(source: Path, path: Path, count: int) -> list[float]:
    """Milliseconds of each transaction that inserts the rows which one add left in the file."""
    with sqlite3.connect(source) as held:
        schema = [
            row[0]
            for row in held.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
        ]
        rows = {table: held.execute(f"SELECT * FROM {table} ORDER BY seq").fetchall() for table in TABLES}
    held.close()
    target = sqlite3.connect(path, isolation_level=None)
    target.execute("PRAGMA journal_mode = WAL")
    target.execute("PRAGMA synchronous = FULL")
    target.execute("PRAGMA secure_delete = ON")
    for statement in schema:
        target.execute(statement)
    inserts = {table: f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[table][0]))})" for table in TABLES}

    def write(number: int) -> None:
        target.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            target.execute(inserts[table], rows[table][number])
        target.execute("COMMIT")

    write(0)
    found = timed([lambda n=n: write(n) for n in range(1, count + 1)])  # type: ignore[misc]
    target.close()
    return found


def run(count: int = CALLS) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        ours = deferred(Path(folder) / "ours.db", count)
        theirs = bare(Path(folder) / "ours.db", Path(folder) / "bare.db", count)
    return {
        "deferred add, ms": round(median(ours), 3),
        "bare write, ms": round(median(theirs), 3),
        "times": round(median(ours) / median(theirs), 2),
        "calls": count,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = run()
    print(json.dumps(report) if given.json else "\n".join(f"{name}: {value}" for name, value in report.items()))
