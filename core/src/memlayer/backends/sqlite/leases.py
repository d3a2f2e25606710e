"""Who is reading which episodes, noted in the file: between processes nobody pays a model twice for one backlog."""

from __future__ import annotations

import hashlib
import os
import platform
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from memlayer.backends.sqlite._codec import micros
from memlayer.backends.sqlite._db import Database

LEASE = timedelta(minutes=30)
"""How long a claim holds: longer than all attempts of a model take. The claim of a process that died ends with it."""


class SQLiteLeases:
    """Implements `Leases` in the ledger's file; a claim need not outlast the power, since no reader does."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        """Opens nothing yet."""
        self._database = database
        self._clock = clock
        self._token = uuid.uuid4().hex

    def begin(self, ids: Sequence[str], owner: str) -> None:
        """Claims episodes that nobody else knows of yet."""
        with self._database.write(durable=False) as connection:
            self._note(connection, ids, _digest(owner))

    def take(self, ids: Sequence[str], owner: str) -> frozenset[str]:
        """Claims those that still wait, and says which; none while somebody else reads any of this owner's."""
        key = _digest(owner)
        with self._database.look() as connection:
            if self._others(connection, key):
                return frozenset()
        with self._database.write(durable=False) as connection:
            if self._others(connection, key):
                return frozenset()
            # Somebody may have read some since they were looked up.
            asked = f"SELECT id FROM records WHERE unread = 1 AND id IN ({', '.join('?' * len(ids))})"
            waiting = frozenset(row[0] for row in connection.execute(asked, list(ids)))
            # Only claims of this memory are left to stand; the rest has ended.
            connection.execute("DELETE FROM readers WHERE owner = ? AND holder <> ?", (key, self._me()))
            self._note(connection, sorted(waiting), key)
        return waiting

    def give_back(self, ids: Sequence[str]) -> None:
        """Ends claims of this memory, and all that have expired."""
        with self._database.write(durable=False) as connection:
            connection.execute("DELETE FROM readers WHERE until <= ?", (micros(self._clock()),))
            connection.executemany(
                "DELETE FROM readers WHERE record_id = ? AND holder = ?", [(i, self._me()) for i in ids]
            )

    def _note(self, connection: sqlite3.Connection, ids: Sequence[str], key: str) -> None:
        until = micros(self._clock() + LEASE)
        connection.executemany(
            "INSERT OR REPLACE INTO readers VALUES (?, ?, ?, ?)", [(i, key, self._me(), until) for i in ids]
        )

    def _others(self, connection: sqlite3.Connection, key: str) -> bool:
        rows = connection.execute(
            "SELECT DISTINCT holder FROM readers WHERE owner = ? AND until > ?", (key, micros(self._clock()))
        ).fetchall()
        return any(holder != self._me() and _lives(holder) for (holder,) in rows)

    def _me(self) -> str:
        # Not kept: a forked process is another reader.
        return f"{os.getpid()} {self._token} {platform.node()}"


def _digest(owner: str) -> str:
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _lives(holder: str) -> bool:
    """Says whether a reader may still be at work; of one on another machine only its claim's end tells."""
    process, _, node = holder.split(" ", 2)
    if os.name != "posix" or node != platform.node():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
