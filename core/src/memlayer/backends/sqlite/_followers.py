"""Which servers follow the file: noted in the file itself, so that no writer can leave one behind unknowingly."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

FOLLOWS = "follows:"
"""What the key of a follower's note begins with."""


def targets(connection: sqlite3.Connection, named: Iterable[str] = ()) -> tuple[str, ...]:
    """Everyone that rows are written for: those that are noted, and those that are named."""
    noted = connection.execute("SELECT key FROM meta WHERE key >= ? AND key < 'follows;'", (FOLLOWS,)).fetchall()
    return tuple(dict.fromkeys([*(key[len(FOLLOWS) :] for (key,) in noted), *named]))
