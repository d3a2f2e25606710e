"""Whatever a memory does, its process keeps SQLite's locks on the file: without, another process takes the log away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from memlayer import Memory
from memlayer.cli import main
from memlayer.testing import HashEmbedder

pytest.importorskip("fcntl", reason="this system has no locks that a process can drop")

ANN, BEN = {"user_id": "ann"}, {"user_id": "ben"}


# SQLite's shared lock lies on these bytes: https://www.sqlite.org/src/file/src/os.h, SHARED_FIRST and SHARED_SIZE.
TRY = """
import fcntl, sys
with open(sys.argv[1], "rb+") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, (1 << 30) + 2)
    except OSError:
        print("locked")
"""


def locked(file: Path) -> bool:
    """Says whether another process would find SQLite's lock on the file."""
    return subprocess.run([sys.executable, "-c", TRY, str(file)], capture_output=True, check=True).stdout == b"locked\n"


def in_a_thread(memory: Memory) -> None:
    with memory._core.ledger.database.read():
        other = threading.Thread(target=lambda: memory.search("tea", **ANN))
        other.start()
        other.join()


def in_a_second_memory(memory: Memory) -> None:
    with Memory(memory.path, embedder=HashEmbedder()) as second:
        second.add("I like plums.", **ANN)
        second.delete_all(**BEN)


def in_a_child(memory: Memory) -> None:
    if not hasattr(os, "fork"):
        return
    child = os.fork()
    if not child:
        memory.add("I like plums.", **ANN)
        memory.close()
        os._exit(0)
    os.waitpid(child, 0)


def by_the_command_line(memory: Memory) -> None:
    for command in (["list", "--user", "ann"], ["verify"], ["profile", "--user", "ann"]):
        assert main([*command, "--path", str(memory.path)]) == 0


def taken_in_again(memory: Memory) -> None:
    memory.import_(json.loads(json.dumps(memory.export(**ANN))))


VERBS: dict[str, Callable[[Memory], object]] = {
    "search": lambda m: m.search("tea", **ANN),
    "get_all": lambda m: m.get_all(**ANN),
    "erase": lambda m: m.erase(**BEN),
    "delete_all": lambda m: m.delete_all(**BEN),
    "reset": lambda m: m.reset(),
    "backup": lambda m: m.backup(m.path.with_name("copy.db")),
    "verify": lambda m: m.verify(),
    "rebuild": lambda m: m.rebuild(),
    "export and import": taken_in_again,
    "another thread": in_a_thread,
    "another memory": in_a_second_memory,
    "a child": in_a_child,
    "the command line": by_the_command_line,
}


@pytest.mark.parametrize("verb", VERBS)
def test_the_locks_stay(verb: str, tmp_path: Path) -> None:
    with Memory(tmp_path / "m.db", embedder=HashEmbedder()) as memory:
        memory.add("I like tea.", **ANN)
        memory.add("I like rye.", **BEN)
        assert locked(tmp_path / "m.db")
        VERBS[verb](memory)
        memory.get_all(**ANN)  # a fork lets connections go; the next look has one
        assert locked(tmp_path / "m.db")
    assert not locked(tmp_path / "m.db")
