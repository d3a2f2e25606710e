"""What a deferred add costs beside a bare SQLite write of the same rows, embedding taken out of both.

    python benchmarks/speed/deferred.py [--json]

The bare write is what any program has to do: the same rows of the same tables, inserted by prepared statements in one
transaction per call, into a file with the same settings (size of a page, write-ahead log, full synchronisation).
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

CALLS = 420
WARM = 20
"""Calls that do not count."""
TABLES = ("events", "records", "entries")


class NoEmbedder:
    """Gives one vector at once: what is measured is the write."""

    name = "none"
    dimensions = 384

    def __init__(self) -> None:
        self.vectors = np.full((1, 384), 384**-0.5, dtype=np.float32)

    def embed(self, texts: Sequence[str], *, kind: str = "document") -> NDArray[np.float32]:
        return self.vectors.repeat(len(texts), axis=0)


def opened(path: Path) -> Memory:
    """A memory whose worker sleeps, as where one runs in another process."""
    memory = Memory(path, embedder=NoEmbedder())
    memory._core.worker.wake = lambda: None  # type: ignore[method-assign]
    return memory


def add(memory: Memory, number: int) -> None:
    memory.add(f"I bought item {number} on a rainy day", user_id="u", mode="deferred")


class Bare:
    """A file with the same tables, indexes and settings, and the rows that the memory left in its own."""

    def __init__(self, source: Path, path: Path) -> None:
        held = sqlite3.connect(source)
        schema = held.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
        self.target = sqlite3.connect(path, isolation_level=None)
        size = held.execute("PRAGMA page_size").fetchone()[0]
        for setting in (f"page_size = {size}", "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self.target.execute(f"PRAGMA {setting}")
        for (statement,) in schema.fetchall():
            self.target.execute(statement)
        self.rows = {table: held.execute(f"SELECT * FROM {table} ORDER BY seq").fetchall() for table in TABLES}
        self.inserts = {t: f"INSERT INTO {t} VALUES ({', '.join('?' * len(r[0]))})" for t, r in self.rows.items()}
        held.close()

    def write(self, number: int) -> None:
        """One transaction with the rows of one add."""
        self.target.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            self.target.execute(self.inserts[table], self.rows[table][number])
        self.target.execute("COMMIT")


def milliseconds(call: Callable[[], object]) -> tuple[float, float]:
    """What a call takes, and what of it the processor works: on a busy machine the rest is others' work, too."""
    start, worked = time.perf_counter(), time.thread_time()
    call()
    return 1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - worked)


def run(count: int = CALLS) -> dict[str, Any]:
    """The two in turns, call by call, so that what else the machine does meets both."""
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with opened(place / "rows.db") as memory:
            for number in range(count):
                add(memory, number)
        bare = Bare(place / "rows.db", place / "bare.db")
        with opened(place / "ours.db") as memory:
            for number in range(count):
                ours.append(milliseconds(lambda n=number: add(memory, n)))  # type: ignore[misc]
                theirs.append(milliseconds(lambda n=number: bare.write(n)))  # type: ignore[misc]
        bare.target.close()
    (mine, own), (bare_, work) = (map(median, zip(*taken[WARM:], strict=True)) for taken in (ours, theirs))
    return {
        "deferred add, ms": round(mine, 3),
        "bare write, ms": round(bare_, 3),
        "times": round(mine / bare_, 2),
        "processor, deferred add, ms": round(own, 3),
        "processor, bare write, ms": round(work, 3),
        "calls": len(ours) - WARM,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = run()
    print(json.dumps(report) if given.json else "\n".join(f"{name}: {value}" for name, value in report.items()))
