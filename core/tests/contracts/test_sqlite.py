"""SQLite keeps every promise of the stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from memlayer.backends.sqlite.graph import SQLiteGraphStore
from memlayer.backends.sqlite.index import SQLiteKeywordIndex, SQLiteVectorIndex
from memlayer.backends.sqlite.items import SQLiteItemStore
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.testing import (
    FixedClock,
    GraphStoreContract,
    ItemStoreContract,
    KeywordIndexContract,
    LedgerContract,
    VectorIndexContract,
)
from memlayer.types import Change, Entry


def remember(database: object, entries: Sequence[Entry]) -> None:
    """SQLite's indexes hold entries of records that the ledger has."""
    ledger = SQLiteLedger(database)  # type: ignore[arg-type]
    for entry in entries:
        ledger.append([Change("ADD", entry.record)], scope=entry.scope)


class TestLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[SQLiteLedger]:
        ledger = SQLiteLedger(tmp_path / "memory.db")
        yield ledger
        ledger.close()


class TestTemporaryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Iterator[SQLiteLedger]:
        ledger = SQLiteLedger(":memory:")
        yield ledger
        ledger.close()


class TestVectorIndex(VectorIndexContract):
    @pytest.fixture
    def vector_index(self, tmp_path: Path) -> Iterator[SQLiteVectorIndex]:
        index = SQLiteVectorIndex(tmp_path / "memory.db", dimensions=16)
        yield index
        index.close()

    def store(self, index: SQLiteVectorIndex, entries: Sequence[Entry]) -> None:
        remember(index.database, entries)
        index.upsert(entries)


class TestKeywordIndex(KeywordIndexContract):
    @pytest.fixture
    def keyword_index(self, tmp_path: Path) -> Iterator[SQLiteKeywordIndex]:
        index = SQLiteKeywordIndex(tmp_path / "memory.db")
        yield index
        index.close()

    def store(self, index: SQLiteKeywordIndex, entries: Sequence[Entry]) -> None:
        remember(index.database, entries)


class TestGraphStore(GraphStoreContract):
    @pytest.fixture
    def graph_store(self, tmp_path: Path) -> Iterator[SQLiteGraphStore]:
        store = SQLiteGraphStore(tmp_path / "memory.db")
        yield store
        store.close()


class TestItemStore(ItemStoreContract):
    @pytest.fixture
    def item_store(self, tmp_path: Path, clock: FixedClock) -> Iterator[SQLiteItemStore]:
        store = SQLiteItemStore(tmp_path / "memory.db", clock=clock)
        yield store
        store.database.close()
