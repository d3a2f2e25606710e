"""Looks after the ledger's file: is every projection what the records say, and making it so again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._codec import SELECT, decode, from_row
from memlayer.backends.sqlite._project import Projection
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.backends.sqlite.reembed import Reembedding
from memlayer.filters import content_hash
from memlayer.text import analyse
from memlayer.types import Change, Record

Progress = Callable[[int, int], None]
_CHECKS = (
    ("an index entry without its record", "SELECT id FROM entries WHERE seq NOT IN (SELECT seq FROM records)"),
    ("a fact without an index entry",
     "SELECT id FROM records WHERE kind <> 'episode' AND seq NOT IN (SELECT seq FROM entries)"),
    ("an index entry that lags behind its record",
     """SELECT e.id FROM entries e JOIN records r ON r.seq = e.seq
        WHERE (e.status, e.valid_to, e.expires_at, e.owner, e.sources, e.importance, e.feedback)
        IS NOT (r.status, r.valid_to, r.expires_at, r.owner, r.sources, r.importance, r.feedback)"""),
    ("a record without its events", "SELECT id FROM records WHERE id NOT IN (SELECT record_id FROM events)"),
    ("events of a record that is gone", "SELECT record_id FROM events WHERE record_id NOT IN (SELECT id FROM records)"),
    ("an edge of a record that is gone", "SELECT uid FROM edges WHERE record_id NOT IN (SELECT id FROM records)"),
    ("an edge to a node that is gone",
     "SELECT uid FROM edges WHERE source NOT IN (SELECT uid FROM nodes) OR target NOT IN (SELECT uid FROM nodes)"),
    ("a node that nothing mentions",
     "SELECT uid FROM nodes WHERE uid NOT IN (SELECT source FROM edges) AND uid NOT IN (SELECT target FROM edges)"),
    ("a record that says edges and has none",
     "SELECT id FROM records WHERE relations <> '[]' AND id NOT IN (SELECT record_id FROM edges)"),
    ("a citation of what is gone",
     """SELECT episode || ' ' || fact FROM citations
        WHERE episode NOT IN (SELECT seq FROM records) OR fact NOT IN (SELECT seq FROM records)"""),
    ("an outbox row of a record that is gone",
     "SELECT record_id FROM outbox WHERE operation = 'put' AND record_id NOT IN (SELECT id FROM records)"),
    ("a vector of an item that is gone", "SELECT item FROM item_vectors WHERE item NOT IN (SELECT seq FROM items)"),
    ("vectors of pieces of an entry that is gone",
     "SELECT seq FROM word_pieces WHERE seq NOT IN (SELECT seq FROM entries)"),
    ("an owner of nothing",
     "SELECT id FROM owners WHERE id NOT IN (SELECT owner FROM records) AND id NOT IN (SELECT owner FROM items)"),
)  # fmt: skip


class Upkeep:
    """Checks and mends what is derived from a ledger's records."""

    def __init__(self, ledger: SQLiteLedger) -> None:
        """Reads nothing yet."""
        self._ledger = ledger
        self._projection = Projection()

    def verify(self, *, progress: Progress | None = None) -> list[str]:
        """Every divergence between the file's tables, one line each; empty for a sound file."""
        problems: list[str] = []
        with self._ledger.database.read() as connection:
            check = connection.execute("PRAGMA integrity_check(20)").fetchall()
            problems += [f"SQLite: {row[0]}" for row in check if row[0] != "ok"]
            for what, sql in _CHECKS:
                problems += [f"{what}: {row[0]}" for row in connection.execute(sql).fetchmany(100)]
            total = connection.execute("SELECT count(*) FROM records").fetchone()[0]
            for done, (record, row) in enumerate(self._records(connection), 1):
                problems += _faults(connection, record, row)
                if progress is not None and done % 500 == 0:
                    progress(done, total)
        return problems

    def rebuild(self, *, progress: Progress | None = None) -> int:
        """Makes entries, citations, nodes and edges anew from the records; says how many records. Embeds nothing."""
        with self._ledger.database.write() as connection:
            total = connection.execute("SELECT count(*) FROM records").fetchone()[0]
            for table in ("citations", "nodes", "edges"):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("DELETE FROM entries WHERE seq NOT IN (SELECT seq FROM records)")
            for done, (record, row) in enumerate(list(self._records(connection)), 1):
                self._derive(connection, record, row)
                if progress is not None and done % 500 == 0:
                    progress(done, total)
            connection.execute("UPDATE owners SET generation = generation + 1")
        return int(total)

    def reembedding(self, target: str) -> Reembedding:
        """The work of embedding everything anew with the embedder of that name, begun or gone on with."""
        return Reembedding(self._ledger.database, target)

    def _records(self, connection: sqlite3.Connection) -> Iterator[tuple[Record, tuple[Any, ...]]]:
        rows = connection.execute(f"SELECT {SELECT}, r.seq, r.owner, r.version, r.hash FROM records r ORDER BY r.seq")
        for row in rows:
            yield from_row(row[:-4]), row[-4:]

    def _derive(self, connection: sqlite3.Connection, record: Record, row: tuple[Any, ...]) -> None:
        seq, owner, version, _ = row
        held = connection.execute("SELECT vector FROM entries WHERE owner = ? AND seq = ?", (owner, seq)).fetchone()
        vector = None
        if held is not None and held[0] is not None:
            vector = np.frombuffer(held[0], dtype="<f4")
        change = Change("ADD", record, vector, index=held is not None or record.kind != "episode")
        self._projection.write(connection, change, before=None, owner=owner, seq=seq, version=version)


def _faults(connection: sqlite3.Connection, record: Record, row: tuple[Any, ...]) -> list[str]:
    seq, owner, version, digest = row
    found = []
    if content_hash(record.text) != digest:
        found.append(f"a record whose hash is not its text's: {record.id}")
    if _scope.find_owner(connection, record.scope.owner) != owner:
        found.append(f"a record under another's owner: {record.id}")
    event = connection.execute("SELECT after FROM events WHERE seq = ?", (version,)).fetchone()
    if event is not None and decode(event[0]) != record:
        found.append(f"a record that is not what its last event says: {record.id}")
    entry = connection.execute("SELECT terms FROM entries WHERE owner = ? AND seq = ?", (owner, seq)).fetchone()
    if entry is not None and entry[0] != analyse(record.text).terms.tobytes():
        found.append(f"an index entry whose words are not its record's: {record.id}")
    return found
