"""New vectors beside the old ones: what another embedder makes is staged, and put in place when all of it is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from memlayer.backends.sqlite._db import Database
from memlayer.errors import ConflictError

if TYPE_CHECKING:
    from memlayer.types import Vector

_TARGET = "reembedding"
# Staged vectors leave with what they were made of: nothing that is erased or changed stays behind in them.
_TABLE = (
    """CREATE TABLE IF NOT EXISTS staged (
        kind TEXT NOT NULL, number INTEGER NOT NULL, field TEXT NOT NULL, vector BLOB NOT NULL,
        PRIMARY KEY (kind, number, field)
    ) WITHOUT ROWID""",
    """CREATE TRIGGER IF NOT EXISTS staged_record_gone AFTER DELETE ON records
        BEGIN DELETE FROM staged WHERE kind = 'record' AND number = OLD.seq; END""",
    """CREATE TRIGGER IF NOT EXISTS staged_pieces_gone AFTER DELETE ON records
        BEGIN DELETE FROM staged WHERE kind = 'pieces' AND number = OLD.seq; END""",
    """CREATE TRIGGER IF NOT EXISTS staged_pieces_changed AFTER UPDATE OF text ON records WHEN OLD.text <> NEW.text
        BEGIN DELETE FROM staged WHERE kind = 'pieces' AND number = OLD.seq; END""",
    """CREATE TRIGGER IF NOT EXISTS staged_record_changed AFTER UPDATE OF text ON records WHEN OLD.text <> NEW.text
        BEGIN DELETE FROM staged WHERE kind = 'record' AND number = OLD.seq; END""",
    """CREATE TRIGGER IF NOT EXISTS staged_item_gone AFTER DELETE ON item_vectors
        BEGIN DELETE FROM staged WHERE kind = 'item' AND number = OLD.item; END""",
)
_DROP = (
    "DROP TRIGGER IF EXISTS staged_record_gone",
    "DROP TRIGGER IF EXISTS staged_record_changed",
    "DROP TRIGGER IF EXISTS staged_pieces_gone",
    "DROP TRIGGER IF EXISTS staged_pieces_changed",
    "DROP TRIGGER IF EXISTS staged_item_gone",
    "DROP TABLE IF EXISTS staged",
)
_MISSING = """
    SELECT 'record', e.seq, '', r.text FROM entries e JOIN records r ON r.seq = e.seq AND r.owner = e.owner
    WHERE NOT EXISTS (SELECT 1 FROM staged s WHERE s.kind = 'record' AND s.number = e.seq)
    UNION ALL
    SELECT 'item', v.item, v.field, i.value FROM item_vectors v JOIN items i ON i.seq = v.item
    WHERE NOT EXISTS (SELECT 1 FROM staged s WHERE s.kind = 'item' AND s.number = v.item AND s.field = v.field)
    LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text that needs a new vector."""

    kind: Literal["record", "item"]
    number: int
    field: str
    """The path in an item's value; "" for a record."""
    text: str
    """A record's text; an item's whole value as JSON."""


class Reembedding:
    """The work of embedding a file anew; it goes on where it was left, in this process or a later one."""

    def __init__(self, database: Database, target: str) -> None:
        """`target` names the embedder; what was staged for another one is dropped."""
        self._database = database
        self._target = target
        with database.write() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (_TARGET,)).fetchone()
            if row is not None and row[0] != target:
                for statement in _DROP:
                    connection.execute(statement)
            for statement in _TABLE:
                connection.execute(statement)
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_TARGET, target))

    def missing(self, limit: int) -> list[Wanted]:
        """Texts that have no new vector yet; none where another process has put all of them in place."""
        with self._database.read() as connection:
            if self._done(connection):
                return []
            return [Wanted(*row) for row in connection.execute(_MISSING, (limit,))]

    def counts(self) -> tuple[int, int]:
        """How many vectors are staged, and how many there must be."""
        with self._database.read() as connection:
            if self._done(connection):
                return 0, 0
            one = "SELECT count(*) FROM {}"
            staged, entries, items = (
                int(connection.execute(one.format(table)).fetchone()[0])
                for table in ("staged WHERE kind <> 'pieces'", "entries", "item_vectors")
            )
        return staged, entries + items

    def keep(self, wanted: Sequence[Wanted], vectors: Sequence[Vector]) -> None:
        """Stages vectors; a text that was erased or changed meanwhile is looked at again."""
        with self._database.write() as connection:
            if self._done(connection):
                return
            for one, vector in zip(wanted, vectors, strict=True):
                table = "records" if one.kind == "record" else "items"
                column = "text" if one.kind == "record" else "value"
                connection.execute(
                    f"INSERT OR REPLACE INTO staged SELECT ?, ?, ?, ? FROM {table} WHERE seq = ? AND {column} = ?",
                    (one.kind, one.number, one.field, vector.astype("<f4", copy=False).tobytes(), one.number, one.text),
                )
                if one.kind == "record" and (pieces := getattr(vector, "pieces", b"")):
                    connection.execute(
                        "INSERT OR REPLACE INTO staged SELECT 'pieces', seq, '', ? FROM records "
                        "WHERE seq = ? AND text = ?",
                        (pieces, one.number, one.text),
                    )

    def finish(self) -> int | None:
        """Puts all new vectors in the place of the old ones, and says of how many records.

        None, and nothing is put in place, where a text came meanwhile that has none.
        """
        with self._database.write() as connection:
            if self._done(connection):
                return self._entries(connection)
            if connection.execute(_MISSING, (1,)).fetchone() is not None:
                return None
            connection.execute(
                "UPDATE entries SET vector = (SELECT s.vector FROM staged s WHERE s.kind = 'record' "
                "AND s.number = entries.seq)"
            )
            # Pieces of another embedder's are worth nothing to this one.
            connection.execute("DELETE FROM word_pieces")
            connection.execute("INSERT INTO word_pieces SELECT number, vector FROM staged WHERE kind = 'pieces'")
            connection.execute(
                "UPDATE item_vectors SET vector = (SELECT s.vector FROM staged s WHERE s.kind = 'item' "
                "AND s.number = item_vectors.item AND s.field = item_vectors.field)"
            )
            connection.execute("UPDATE owners SET generation = generation + 1")
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('embedder', ?)", (self._target,))
            connection.execute("DELETE FROM meta WHERE key = ?", (_TARGET,))
            for statement in _DROP:
                connection.execute(statement)
            return self._entries(connection)

    def _done(self, connection: sqlite3.Connection) -> bool:
        """Says whether another process has finished the same work meanwhile; raises where it began another."""
        found = connection.execute("SELECT value FROM meta WHERE key = ?", (_TARGET,)).fetchone()
        if found is not None and found[0] == self._target:
            return False
        noted = connection.execute("SELECT value FROM meta WHERE key = 'embedder'").fetchone()
        if found is None and noted is not None and noted[0] == self._target:
            return True
        other = found[0] if found is not None else noted[0] if noted is not None else "another embedder"
        raise ConflictError(
            f"{self._database.path} is embedded with {other} by another process meanwhile; what was embedded with "
            f"{self._target} is dropped: agree on one embedder, and reembed again"
        )

    @staticmethod
    def _entries(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])
