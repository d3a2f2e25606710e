"""Erasing leaves no byte of the text, nor of the name, in any of the memory's files; and nothing beside it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite.graph import SQLiteGraphStore
from memlayer.backends.sqlite.items import SQLiteItemStore
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.backends.sqlite.upkeep import Upkeep
from memlayer.errors import BackendError, BackendTimeoutError
from memlayer.testing import HashEmbedder
from memlayer.testing.contract import BOB, added, make_record
from memlayer.types import Change, ItemEntry, Record, Relation, Scope

SECRET = "Zinnoberrot"
"""What every text of the erased scope holds, at its beginning, in the middle and at its end."""
ZOE = Scope(user_id="zoe-4711")
RUN = Scope(user_id="zoe-4711", run_id="run-0815")
ROWS = 150

EMBEDDER = HashEmbedder(64)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "memory.db")
    yield made
    made.close()


def secret(number: int, scope: Scope = ZOE) -> list[Record]:
    """An episode and its fact, short or longer than a page, each of them full of secrets."""
    text = f"{SECRET} {number} " + f"likes {SECRET}, " * (number % 7) ** 4 + f"and {number} {SECRET}"
    episode = make_record(
        f"e{number}", text, kind="episode", scope=scope, minute=number, message_id=f"{SECRET}-{number}", name=SECRET,
        session=f"{SECRET}/{number // 9}", metadata={SECRET: {"deep": SECRET}},
    )  # fmt: skip
    fact = replace(episode, id=f"f{number}", kind="fact", message_id=None, sources=(episode.id,), value=SECRET,
                   attribute=f"{SECRET}_slot", categories=(SECRET,), subject=SECRET,
                   relations=(Relation(f"{SECRET} {number}", "likes", f"dish of {SECRET} {number % 5}"),))  # fmt: skip
    return [episode, fact]


def plain(number: int) -> Record:
    return make_record(f"b{number}", f"Eats rice {number} " + "and rice " * (number % 5) ** 4, scope=BOB, minute=number)


def write(ledger: SQLiteLedger, records: list[Record]) -> None:
    vectors = list(EMBEDDER.embed([r.text for r in records]))
    ledger.append(added(records, vectors), scope=records[0].scope)


def fill(database: Database) -> tuple[SQLiteLedger, SQLiteItemStore]:
    """Two people's records, items and edges side by side; many were changed, some deleted."""
    ledger, items = SQLiteLedger(database), SQLiteItemStore(database)
    for number in range(ROWS):
        scope = RUN if number % 3 == 0 else ZOE
        records = secret(number, scope)
        write(ledger, records)
        write(ledger, [plain(number)])
        last = records[1]
        if number % 2:
            last = replace(last, text=f"{SECRET} again {number}", relations=())
            ledger.append([Change("UPDATE", last, EMBEDDER.embed([last.text])[0])], scope=scope, actor=SECRET)
        if number % 5 == 0:
            ledger.append([Change("DELETE", replace(last, status="retracted"), reason=SECRET)], scope=scope)
        item = ItemEntry(
            (SECRET,), f"{SECRET}-{number}", {"v": SECRET * (number % 5) ** 4}, {SECRET: EMBEDDER.embed([SECRET])[0]}
        )
        items.put([item], scope=scope)
        items.put([replace(item, namespace=("rice",), key=f"k{number}", value={"v": "rice"}, vectors={})], scope=BOB)
    return ledger, items


def leaks(database: Database, *words: str) -> list[str]:
    """The files in the memory's folder that hold one of the words, in either of the ways in which text is stored."""
    found = []
    for path in sorted(database.path.parent.iterdir()):
        raw = path.read_bytes()
        found += [f"{path.name}: {w}" for w in words if w.encode() in raw or w.encode("utf-16-le") in raw]
    return found


def test_erase_leaves_no_byte(database: Database) -> None:
    ledger, items = fill(database)
    assert leaks(database, SECRET, "zoe-4711", "run-0815") != []
    counts = ledger.erase(ZOE)
    assert (counts["facts"], counts["episodes"], counts["items"]) == (ROWS, ROWS, ROWS)
    assert counts["events"] > 2 * ROWS
    assert leaks(database, SECRET, "zoe-4711", "run-0815") == []
    assert Upkeep(ledger).verify() == []
    assert ledger.count(scope=BOB) == len(items.search(("rice",), scope=BOB, limit=999)) == ROWS
    assert len(ledger.events(scope=BOB, limit=9999)) == ROWS
    assert ledger.owners() == [BOB]


def test_erase_of_a_run_leaves_the_rest(database: Database) -> None:
    ledger, items = fill(database)
    before = {r.id: r for r in ledger.records(scope=ZOE, limit=9999)}
    ledger.erase(RUN)
    after = {r.id: r for r in ledger.records(scope=ZOE, limit=9999)}
    assert after == {i: r for i, r in before.items() if r.scope != RUN}
    assert len(after) == 2 * (ROWS - len(range(0, ROWS, 3)))
    assert leaks(database, "run-0815") == []
    assert Upkeep(ledger).verify() == []
    assert len(items.search(scope=ZOE, exact=False, limit=999)) == ROWS - len(range(0, ROWS, 3))
    found = SQLiteGraphStore(database).find([f"{SECRET} 4", f"{SECRET} 6"], scope=ZOE)
    assert [n.name for n in found] == [f"{SECRET} 4"]


@pytest.mark.parametrize("verb", ["erase", "forget"])
def test_an_erasure_that_the_driver_has_undone_says_why_and_can_be_tried_again(database: Database, verb: str) -> None:
    """SQLite rolls back by itself when the disk is full."""
    ledger, _ = fill(database)
    ids = [r.id for r in ledger.records(scope=ZOE, limit=9999)]

    def erase() -> dict[str, int]:
        return ledger.erase(ZOE) if verb == "erase" else ledger.forget(ids, scope=ZOE)

    with database.write() as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE DELETE ON records BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END"
        )
    with pytest.raises(BackendError, match=r"could not write .*the disk is full"):
        erase()
    assert len(ledger.records(scope=ZOE, limit=9999)) == len(ids)
    with database.write() as connection:
        connection.execute("DROP TRIGGER full")
    assert erase()["facts"] == ROWS
    assert ledger.records(scope=ZOE) == []


def test_forget_leaves_no_byte_of_what_was_forgotten(database: Database) -> None:
    ledger = SQLiteLedger(database)
    for number in range(40):
        write(ledger, secret(number))
        write(ledger, [make_record(f"b{number}", f"Eats rice {number}", scope=ZOE)])
    doomed = [f"{kind}{number}" for kind in "ef" for number in range(40)]
    assert ledger.forget(doomed, scope=BOB)["events"] == 0
    counts = ledger.forget(doomed, scope=ZOE)
    assert (counts["facts"], counts["episodes"], counts["events"]) == (40, 40, 80)
    assert leaks(database, SECRET) == []
    assert ledger.count(scope=ZOE) == 40
    assert Upkeep(ledger).verify() == []


def test_items_that_are_deleted_or_expire_leave_no_byte(database: Database) -> None:
    items = SQLiteItemStore(database)
    for number in range(50):
        items.put(
            [ItemEntry((SECRET,), f"{SECRET}{number}", {"v": SECRET * 99}, ttl=None if number % 2 else 0.0)], scope=ZOE
        )
        items.put([ItemEntry((), f"k{number}", {"v": number})], scope=ZOE)
    assert items.sweep() == 25
    assert items.delete([((SECRET,), f"{SECRET}{n}") for n in range(50)], scope=ZOE) == 25
    database.checkpoint()
    assert leaks(database, SECRET) == []
    assert len(items.search(scope=ZOE, limit=99)) == 50


def test_a_purge_says_so_when_a_reader_keeps_the_log(tmp_path: Path) -> None:
    writer, reader = Database(tmp_path / "memory.db", timeout=0.01), Database(tmp_path / "memory.db")
    ledger = SQLiteLedger(writer)
    write(ledger, secret(1))
    with reader.read() as connection:
        connection.execute("SELECT count(*) FROM records").fetchone()
        write(ledger, secret(2))
        with pytest.raises(BackendTimeoutError, match=r"still in the log of .*erase again when they are done"):
            writer.purge()
    ledger.erase(ZOE)
    assert leaks(writer, SECRET) == []
    reader.close()
    writer.close()
