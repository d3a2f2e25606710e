"""Reading while writing: search alone, add and search in turn, and search while a second process writes.

One user with many memories; the hash embedder stands in for a model. p95 of search in each case, and its ratio to
search alone.

    python benchmarks/speed/mixed.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from _bench import options, p50, p95, progress, report, talk, times

from memlayer import Memory
from memlayer.testing import HashEmbedder


def writer(path: str, seconds: float) -> None:
    """Adds one memory after another for a while: the second process."""
    said, memory = talk(77), Memory(path, embedder=HashEmbedder(384))
    memory.add(next(said), user_id="user", infer=False)
    print("writing", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        memory.add(next(said), user_id="user", infer=False)
        time.sleep(0.01)


def main() -> None:
    """Measures the three cases and prints the ratios."""
    if sys.argv[1:2] == ["--writer"]:
        writer(sys.argv[2], float(sys.argv[3]))
        return
    args = options(__doc__ or "", memories=100_000, runs=100)
    asked, said = talk(5), talk(6)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "memory.db"
        memory = Memory(path, embedder=HashEmbedder(384))
        for _ in progress(range(0, args.memories, 500), f"{args.memories:,} memories"):
            memory.add([{"role": "user", "content": t} for t in islice(said, 500)], user_id="user", infer=False)

        def search() -> None:
            memory.search(next(asked), user_id="user")

        alone = times(search, runs=args.runs, warm=5)
        turns = []
        for _ in range(args.runs):
            memory.add(next(said), user_id="user", infer=False)
            turns += times(search, runs=1, warm=0)
        command = [sys.executable, __file__, "--writer", str(path), "600"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            other.stdout.readline()
            beside = times(search, runs=args.runs, warm=0)
            both = []
            for _ in range(args.runs):
                memory.add(next(said), user_id="user", infer=False)
                both += times(search, runs=1, warm=0)
            other.terminate()
        rows: list[dict[str, Any]] = [
            {"search": label, "p50 ms": p50(v), "p95 ms": p95(v), "p95 / alone": p95(v) / p95(alone)}
            for label, v in (
                ("alone", alone),
                ("in turn with add", turns),
                ("beside a second process that writes", beside),
                ("in turn with add, beside a second process", both),
            )
        ]
        memory.close()
    report(f"One user's {args.memories:,} memories: p95 at most 2.0 of search alone", rows, as_json=args.json)


if __name__ == "__main__":
    main()
