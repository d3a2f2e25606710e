"""The bare SQLite write: rows that a memory wrote, by prepared statements, one transaction for each of its calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Row = tuple[str, tuple[Any, ...]]
"""A statement, and its values."""


class Ready:
    """An embedder that takes no time, one vector for every text: what is measured is the write."""

    name, dimensions = "ready", 384

    def __init__(self) -> None:
        self._vector = np.full((1, self.dimensions), self.dimensions**-0.5, np.float32)

    def embed(self, texts: Sequence[str], *, kind: str = "document") -> Any:
        return self._vector if len(texts) == 1 else np.repeat(self._vector, len(texts), axis=0)


class Bare:
    """An empty file of the same tables, indexes, page size and durability as a memory's, and the rows of its calls."""

    def __init__(self, source: Path, path: Path) -> None:
        held = sqlite3.connect(source)
        self._file = sqlite3.connect(path, isolation_level=None)
        size = held.execute("PRAGMA page_size").fetchone()[0]
        for setting in (f"page_size = {size}", "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._file.execute(f"PRAGMA {setting}")
        # In the order in which the schema grew: an index follows its table.
        for (sql,) in held.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
        ):
            self._file.execute(sql)
        self.calls = _calls(held)
        """The rows of each call of `add` with one message, in order."""
        held.close()

    def write(self, number: int) -> None:
        """Writes the rows of one call."""
        self._file.execute("BEGIN IMMEDIATE")
        for sql, values in self.calls[number]:
            self._file.execute(sql, values)
        self._file.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _calls(held: sqlite3.Connection) -> list[list[Row]]:
    """The rows of a memory's file by the message that they came from: it, its facts, their events and index entries."""
    calls: dict[int, list[Row]] = {}
    cites = dict(held.execute("SELECT fact, episode FROM citations"))
    numbers = dict(held.execute("SELECT id, seq FROM records"))
    for table, key in (("events", "record_id"), ("records", "seq"), ("entries", "seq"), ("citations", "fact")):
        cursor = held.execute(f"SELECT * FROM {table}")
        place = [column[0] for column in cursor.description].index(key)
        sql = f"INSERT INTO {table} VALUES ({', '.join('?' * len(cursor.description))})"
        for row in cursor:
            seq = numbers.get(row[place], row[place])
            calls.setdefault(cites.get(seq, seq), []).append((sql, row))
    return [calls[message] for message in sorted(calls)]
