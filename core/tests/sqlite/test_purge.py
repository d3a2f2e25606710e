"""Purging in the background: a large or a busy file keeps nobody waiting, and `close` waits for it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from memlayer import Memory
from memlayer.backends.sqlite import _db
from memlayer.testing import HashEmbedder

SECRET = "cassowary"


def told(path: Path) -> bool:
    """Says whether any file of the memory still has the word."""
    return any(SECRET.encode() in p.read_bytes() for p in path.parent.iterdir())


def filled(path: Path) -> Memory:
    memory = Memory(path, embedder=HashEmbedder())
    for n in range(60):
        memory.add(f"I like the {SECRET} number {n}.", user_id="gone" if n % 2 else "also gone", infer=False)
        memory.add(f"I like tea number {n}.", user_id="kept", infer=False)
    return memory


def test_a_large_file_is_purged_by_the_time_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_db, "PURGED_AT_ONCE", 0)
    memory = filled(tmp_path / "memory.db")
    memory.delete_all(user_id="gone")
    memory.delete_all(user_id="also gone")
    memory.close()
    assert not told(tmp_path / "memory.db")
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as again:
        assert again.verify() == {"ok": True, "problems": []}
        assert again.get_all(user_id="kept")["count"] == 60


def test_a_reader_of_an_older_state_keeps_no_erasure_from_answering(tmp_path: Path) -> None:
    filled(tmp_path / "memory.db").close()
    memory = Memory(tmp_path / "memory.db", embedder=HashEmbedder())
    memory._core.ledger.database._timeout = 0.01
    reader = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records").fetchone()
    memory.delete_all(user_id="gone")
    memory.delete_all(user_id="also gone")
    assert memory.get_all(user_id="gone")["count"] == 0
    assert told(tmp_path / "memory.db")
    reader.execute("COMMIT")
    reader.close()
    memory.close()
    assert not told(tmp_path / "memory.db")
