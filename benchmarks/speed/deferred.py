"""What a deferred add costs beside a bare SQLite write of the same rows, embedding taken out of both.

    python benchmarks/speed/deferred.py

The bare write is what any program has to do: the same rows of the same tables, inserted by prepared statements in one
transaction per call, into a file with the same settings (size of a page, write-ahead log, full synchronisation).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _bare import Bare, Ready
from _bench import options, p50, p95, progress, report

from memlayer import Memory

WARM = 20
"""Calls that do not count."""


def opened(path: Path) -> Memory:
    """A memory whose worker sleeps, as where one runs in another process."""
    memory = Memory(path, embedder=Ready())
    memory._core.worker.wake = lambda: None  # type: ignore[method-assign]
    return memory


def add(memory: Memory, number: int) -> None:
    memory.add(f"I bought item {number} on a rainy day", user_id="u", mode="deferred")


def milliseconds(call: Callable[[], object]) -> tuple[float, float]:
    """What a call takes, and what of it the processor works: on a busy machine the rest is others' work, too."""
    start, worked = time.perf_counter(), time.thread_time()
    call()
    return 1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - worked)


def main() -> None:
    """The two in turns, call by call, so that what else the machine does meets both."""
    args = options(__doc__ or "", calls=400)
    count = args.calls + WARM
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with opened(place / "rows.db") as memory:
            for number in range(count):
                add(memory, number)
        bare = Bare(place / "rows.db", place / "bare.db")
        with opened(place / "ours.db") as memory:
            for number in progress(range(count), "adding"):
                ours.append(milliseconds(lambda n=number: add(memory, n)))
                theirs.append(milliseconds(lambda n=number: bare.write(n)))
        bare.close()
    columns = []
    for taken in (ours, theirs):
        whole, work = zip(*taken[WARM:], strict=True)
        columns.append({"p50 ms": p50(whole), "p95 ms": p95(whole), "processor, p50 ms": p50(work)})
    mine, bared = columns
    rows = [{"side": "deferred add", **mine}, {"side": "bare SQLite, same rows", **bared}]
    rows.append({"side": "ratio", **{name: mine[name] / bared[name] for name in mine}})
    report("A deferred add: at most 1.5", rows, as_json=args.json)


if __name__ == "__main__":
    main()
