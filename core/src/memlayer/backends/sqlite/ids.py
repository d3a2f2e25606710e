"""Ids by their first letters, as a person types them."""

from __future__ import annotations

import sys

from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._db import Database
from memlayer.types import Scope


def beginning(database: Database, start: str, *, scope: Scope, limit: int) -> list[str]:
    """Ids of the scope's records that begin so, in order."""
    with database.read() as connection:
        sql, values = _scope.condition(connection, scope, "r")
        query = f"SELECT r.id FROM records r WHERE r.id BETWEEN ? AND ? AND {sql} ORDER BY r.id LIMIT ?"
        return [row[0] for row in connection.execute(query, (start, start + chr(sys.maxunicode), *values, limit))]
