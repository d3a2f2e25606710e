"""One file under threads, processes, kills and forks: what was acknowledged is there, once."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.backends.sqlite.upkeep import Upkeep
from memlayer.testing.contract import ALICE, added, make_record
from memlayer.testing.ledger import run_threads
from memlayer.types import Change, Event, Record, Scope, View

PROGRAMS = Path(__file__).with_name("processes.py")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def run(name: str, ledger: SQLiteLedger, number: int) -> Any:
    command = [sys.executable, str(PROGRAMS), name, str(ledger.database.path), str(number)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def everything(ledger: SQLiteLedger) -> list[Record]:
    return ledger.records(scope=ALICE, view=View(now=make_record("x").created_at, everything=True), limit=100_000)


@needs_fork
def test_a_killed_writer_loses_nothing_that_was_acknowledged(ledger: SQLiteLedger) -> None:
    rounds = 60
    acknowledged = run("kill", ledger, rounds)
    assert len(acknowledged) > rounds
    assert Upkeep(ledger).verify() == []
    found = Counter(r.id.rpartition("-")[0] for r in everything(ledger))
    assert set(acknowledged) <= set(found)
    assert set(found.values()) == {2}  # the episode with its fact, neither lost nor doubled
    # The turn that was being written when the kill came may be there as well.
    assert len(found) <= len(acknowledged) + rounds
    assert ledger.append(added([make_record("after")]), scope=ALICE)


@needs_fork
@pytest.mark.parametrize("rounds", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_processes_that_do_all_there_is_to_do_lose_nothing(ledger: SQLiteLedger, rounds: int) -> None:
    """An erasure dropped this process's locks, another one's close took the log: adds were lost, the file damaged."""
    said = run("everyday", ledger, rounds)
    assert Upkeep(ledger).verify() == []
    found: dict[str, set[str]] = {}
    for user in (*said["there"], *said["gone"]):
        found[user] = {r.text for r in ledger.records(scope=Scope(user_id=user), limit=100_000)}
    assert {user: set(texts) - found[user] for user, texts in said["there"].items() if set(texts) - found[user]} == {}
    assert {user: set(texts) & found[user] for user, texts in said["gone"].items() if set(texts) & found[user]} == {}
    assert sum(map(len, said["there"].values())) > 40 * rounds


@needs_fork
def test_eight_processes_leave_one_row_of_one_fact(ledger: SQLiteLedger) -> None:
    assert run("race", ledger, 8) == [["done", 0]] * 8
    assert Upkeep(ledger).verify() == []
    texts = Counter(r.text for r in everything(ledger))
    assert {t: n for t, n in texts.items() if t.startswith("Has cat")} == {f"Has cat {n}": 1 for n in range(10)}
    assert len(texts) == 10 + 80
    sequences = [e.sequence for e in ledger.events()]
    assert len(sequences) == len(set(sequences)) == 90


def test_eight_threads_leave_one_row_of_one_fact(ledger: SQLiteLedger) -> None:
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for turn in range(10):
            text = f"Has cat {turn}"

            def decide(events: Sequence[Event], text: str = text, turn: int = turn) -> list[Change]:
                there = any(e.after is not None and e.after.text == text for e in events)
                return [] if there else added([make_record(f"cat-{turn}-{number}", text)])

            ledger.commit(decide, scope=ALICE, seen=0)

    run_threads(work, 8)
    assert Counter(r.text for r in everything(ledger)) == {f"Has cat {n}": 1 for n in range(10)}


@needs_fork
def test_a_fork_takes_no_connection_along(ledger: SQLiteLedger) -> None:
    assert run("fork", ledger, 40) == ["done", 0]
    kinds = Counter(r.id.partition("-")[0] for r in everything(ledger))
    assert kinds == {"first": 1, "thread": 40, "parent": 40, "child": 40, "later": 40}
    assert Upkeep(ledger).verify() == []


@needs_fork
def test_a_fork_waits_for_a_connection_that_is_being_opened(ledger: SQLiteLedger) -> None:
    """The child inherited a lock of SQLite's that nobody releases, and waited for ever."""
    ledger.append(added([make_record("first")]), scope=ALICE)
    assert run("fork_open", ledger, 40) == [0] * 40


@needs_fork
def test_a_child_waits_for_no_thread_of_its_parent(ledger: SQLiteLedger) -> None:
    """It waited for ever in `close`, for a lock that the worker of deferred messages held when the process forked."""
    assert run("fork_held", ledger, 1) == ["Likes tea", 0]


def test_a_thread_leaves_no_connection_behind(ledger: SQLiteLedger) -> None:
    ledger.append(added([make_record("a")]), scope=ALICE)
    before = open_files()
    for _ in range(30):
        thread = threading.Thread(target=ledger.get, args=(["a"],))
        thread.start()
        thread.join()
    assert open_files() <= before + 3


def test_pages_have_no_gaps_and_no_doubles_while_others_write(ledger: SQLiteLedger) -> None:
    ledger.append(added([make_record(f"old-{n}", minute=n // 5) for n in range(200)]), scope=ALICE)
    whole = [r.id for r in ledger.records(scope=ALICE, limit=1000)]
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            ledger.append(added([make_record(f"new-{number}", minute=number % 40)]), scope=ALICE)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            found: list[str] = []
            while page := ledger.records(scope=ALICE, limit=7, after=found[-1] if found else None):
                found += [r.id for r in page]
            assert len(found) == len(set(found))
            assert [i for i in found if i.startswith("old-")] == whole
    finally:
        stop.set()
        writer.join()


def test_a_backup_is_a_whole_copy_while_others_write(ledger: SQLiteLedger, tmp_path: Path) -> None:
    ledger.append(added([make_record("first")]), scope=ALICE)
    command = [sys.executable, str(PROGRAMS), "write", str(ledger.database.path), "150"]
    sizes = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        while writer.poll() is None:
            file = ledger.database.backup(tmp_path / "copy.db")
            assert file.stat().st_mode & 0o777 == 0o600
            copy = SQLiteLedger(file)
            found = Counter(r.id.rpartition("-")[0] for r in everything(copy) if r.id != "first")
            assert set(found.values()) <= {2}
            assert set(found) == {f"other-{n}" for n in range(len(found))}
            sizes.append(len(found))
            copy.close()
        assert writer.returncode == 0
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 2
    last = SQLiteLedger(ledger.database.backup(tmp_path / "last.db"))
    assert Upkeep(last).verify() == []
    assert everything(last) == everything(ledger)
    assert last.events() == ledger.events()
    last.close()


def open_files() -> int:
    """How many files this process holds open."""
    limit = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 4096)
    found = 0
    for number in range(limit):
        try:
            os.fstat(number)
        except OSError:
            continue
        found += 1
    return found
