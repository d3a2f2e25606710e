"""Which servers follow the file: noted in the file itself, so that no writer can leave one behind unknowingly."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

FOLLOWS = "follows:"
"""What the key of a follower's note begins with."""


def notes(connection: sqlite3.Connection) -> dict[str, str]:
    """Everything that is noted about the file, by key; few rows."""
    return dict(connection.execute("SELECT key, value FROM meta"))


def targets(noted: Mapping[str, str], named: Iterable[str] = ()) -> tuple[str, ...]:
    """Everyone that rows are written for: those that are noted, and those that are named."""
    return tuple(dict.fromkeys([*(key[len(FOLLOWS) :] for key in noted if key.startswith(FOLLOWS)), *named]))
