"""A ledger on a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memlayer.backends.sqlite.ledger import SQLiteLedger


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def ledger(file: Path) -> Iterator[SQLiteLedger]:
    made = SQLiteLedger(file)
    yield made
    made.close()
