"""`memlayer worker` reads what was taken in deferred."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from memlayer import Memory


def test_a_worker_reads_what_waits(memlayer: Callable[..., Any], home: Path) -> None:
    with Memory(home / "memory.db") as memory:
        memory._core.worker.wake = lambda: None  # type: ignore[method-assign]  # no thread of this process reads it
        memory.add("I live in Lisbon.", user_id="alice", mode="deferred")
    read = memlayer("worker", "--once")
    assert (read.code, read.out, read.err) == (0, "", "1 conversation read, 1 memory changed.\n")
    assert "Lives in Lisbon" in memlayer("list", "--user", "alice").out
    assert memlayer("worker", "--once").out == "Nothing waits.\n"
    assert memlayer("worker", "--once", "--json").json == {"facts": 0}
