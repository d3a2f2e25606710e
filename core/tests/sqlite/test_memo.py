"""What a connection remembers of the file is void as soon as anybody else has written."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.backends.sqlite.outbox import SQLiteOutbox
from memlayer.errors import ConflictError
from memlayer.types import Change, Event, Record, Scope

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ANN, BOB, RUN = Scope("ann"), Scope("bob"), Scope("ann", run_id="r")


def said(number: int, scope: Scope, at: int, position: int = 0) -> Change:
    when = START + timedelta(minutes=at)
    return Change(
        "ADD",
        Record(
            id=f"e{number}", kind="episode", text=f"word{number}", scope=scope, created_at=when, recorded_at=when,
            valid_from=when, role="user", session="s", position=position,
        ),
    )  # fmt: skip


def last(ledger: SQLiteLedger, scope: Scope) -> Any:
    """What a transaction that writes is told, as the engine asks for it."""
    found: list[Any] = []

    def decide(_: object) -> list[Change]:
        found.append(ledger.last_said(scope))
        return []

    ledger.commit(decide, scope=scope, seen=-1)
    return found[0]


steps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["add", "add", "add", "fail", "erase", "forget"]),
        st.sampled_from([ANN, BOB, RUN]),
        st.integers(0, 5),
    ),
    max_size=14,
)


@settings(deadline=None)  # it writes files, and a busy disk takes its time
@given(steps)
def test_two_connections_know_what_the_file_says(plan: list[tuple[int, str, Scope, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.db"
        ledgers = [SQLiteLedger(path), SQLiteLedger(path)]
        for number, (who, what, scope, at) in enumerate(plan):
            ledger = ledgers[who]
            if what == "add":
                ledger.append([said(number, scope, at, position=number)], scope=scope)
            elif what == "fail":
                with pytest.raises(ConflictError):
                    ledger.append([said(number, scope, at), said(number, Scope("eve"), at)], scope=scope)
            elif what == "erase":
                ledger.erase(scope)
            else:
                ledger.forget([f"e{number - 1}"], scope=scope)
            fresh = SQLiteLedger(path)
            for one in (ANN, BOB, RUN):
                assert last(ledger, one) == last(ledgers[1 - who], one) == fresh.last_said(one)
            fresh.close()
        for ledger in ledgers:
            with ledger.database.look() as connection:
                orphans = connection.execute("SELECT count(*) FROM records WHERE owner NOT IN (SELECT id FROM owners)")
                assert orphans.fetchone()[0] == 0
            ledger.close()


def test_a_record_that_fails_to_be_written_is_not_remembered(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "memory.db")
    ledger.append([said(1, ANN, 1, position=1)], scope=ANN)
    with pytest.raises(Exception, match="stored already"):
        ledger.append([said(2, ANN, 2, position=2), said(1, ANN, 3, position=3)], scope=ANN)
    assert last(ledger, ANN) == ("s", 1, START + timedelta(minutes=1))


def test_a_follower_that_another_memory_named_is_served_at_once(tmp_path: Path) -> None:
    one, other = SQLiteLedger(tmp_path / "memory.db"), SQLiteLedger(tmp_path / "memory.db")
    one.append([said(1, ANN, 1)], scope=ANN)
    outbox = SQLiteOutbox(other.database)
    outbox.follow("server")
    before = outbox.waiting("server")
    written: list[Event] = one.append([said(2, ANN, 2)], scope=ANN)
    assert outbox.waiting("server") == before + len(written) == before + 1


def test_whatever_another_memory_writes_voids_what_was_known(tmp_path: Path) -> None:
    one, other = SQLiteLedger(tmp_path / "memory.db"), SQLiteLedger(tmp_path / "memory.db")
    one.append([said(1, ANN, 1)], scope=ANN)
    with other.database.write() as connection:
        connection.execute("INSERT INTO meta VALUES ('note', 'new')")
    with one.database.write():
        assert one.database.memo == {}


def test_outside_of_a_transaction_that_writes_nothing_is_remembered(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "memory.db")
    ledger.append([said(1, ANN, 1)], scope=ANN)
    assert ledger.database.memo is None
    for use in (ledger.database.look(), ledger.database.read()):
        with use:
            assert ledger.database.memo is None
