"""What happens to a file behind memlayer's back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from memlayer.backends.sqlite.ledger import SQLiteLedger


def execute(file: Path, *statements: str) -> list[tuple[object, ...]]:
    """Works on the file with SQLite alone."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        return [row for statement in statements for row in connection.execute(statement).fetchall()]
    finally:
        connection.close()


def crash(ledger: SQLiteLedger) -> None:
    """Closes the ledger, and leaves its log as a crash would."""
    log = ledger.database.path.with_name(f"{ledger.database.path.name}-wal")
    left = log.read_bytes()
    ledger.close()
    log.write_bytes(left)
