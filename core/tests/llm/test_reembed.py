"""Another embedder: said, offered, resumed, and served from the old vectors until the new ones are whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import texts

from memlayer import ConflictError, DimensionMismatchError, Memory
from memlayer.testing import HashEmbedder

A = {"user_id": "alex"}


class Fails(HashEmbedder):
    """Gives up after so many calls."""

    def __init__(self, dimensions: int, calls: int) -> None:
        super().__init__(dimensions)
        self.calls = calls
        self.embedded: list[str] = []

    def embed(self, texts: Any, *, kind: Any = "document") -> Any:
        if self.calls == 0:
            raise RuntimeError("the power went")
        self.calls -= 1
        self.embedded += texts
        return super().embed(texts, kind=kind)


def fill(path: Path, count: int = 600) -> None:
    with Memory(path, embedder=HashEmbedder()) as m:
        m.add([{"role": "user", "content": f"I bought item {n}"} for n in range(count)], **A, infer=False)
        m.items.put(("notes",), "k", {"text": "an oboe", "more": "a drum"}, index=["text"], **A)


def test_another_embedder_is_told_of(tmp_path: Path) -> None:
    fill(tmp_path / "m.db", 1)
    told = pytest.raises(DimensionMismatchError, match=r"hash-256/256.*hash-64/64.*`memlayer reembed`")
    with Memory(tmp_path / "m.db", embedder=HashEmbedder(64)) as m, told:
        m.search("item", **A)


def test_it_goes_on_where_it_was_ended_and_the_old_index_serves_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    fill(path)
    first, told = Fails(64, 2), []
    with Memory(path, embedder=first) as m, pytest.raises(RuntimeError, match="power"):
        m.reembed(progress=lambda *seen: told.append(seen))
    assert told == [(256, 601), (512, 601)]
    with Memory(path, embedder=HashEmbedder()) as old:
        before = old.search("item 577", **A)["results"][0]["memory"]
        assert "577" in before
        old.add("I bought a lamp", **A, infer=False)
        [staged] = [r for r in old.get_all(**A, page_size=700)["results"] if r["memory"] == "I bought item 7"]
        old.update(staged["id"], "I sold a violin")
        assert old.verify()["ok"]
    again = Fails(64, 99)
    with Memory(path, embedder=again) as m:
        assert m.reembed()["records"] == 601
        assert len(again.embedded) == 602 - 512 + 1
        assert m.search("item 577", **A)["results"][0]["memory"] == before
        assert "I sold a violin" in texts(m.search("violin", **A))
        assert m.items.search(("notes",), query="oboe", **A)[0]["key"] == "k"
        assert m.verify()["ok"]
    with Memory(path, embedder=HashEmbedder()) as m, pytest.raises(DimensionMismatchError):
        m.search("lamp", **A)


def test_a_process_that_holds_the_old_embedder_is_told_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    fill(path, 3)
    with Memory(path, embedder=HashEmbedder()) as old, Memory(path, embedder=HashEmbedder(64)) as new:
        assert len(old.search("item 2", **A)["results"]) > 0
        [first, *_] = old.get_all(**A)["results"]
        new.reembed()
        told = r"hash-64/64.*hash-256/256"
        calls: dict[str, Callable[[], Any]] = {
            "add": lambda: old.add("I bought a lamp", **A),
            "deferred": lambda: old.add("I bought a lamp", **A, mode="deferred"),
            "as it is": lambda: old.add("I bought a lamp", **A, infer=False),
            "update": lambda: old.update(first["id"], "I sold it"),
            "item": lambda: old.items.put(("notes",), "l", {"text": "a lute"}, index=["text"], **A),
            "search": lambda: old.search("lamp", **A),
        }
        for call in calls.values():
            with pytest.raises(DimensionMismatchError, match=told):
                call()
        assert len(new.messages(**A)["results"]) == 3
        new.add("I bought a lamp", **A)
        assert new.verify()["ok"]


def test_it_is_seen_under_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    fill(path, 3)

    class Slow(HashEmbedder):
        """While it embeds, somebody else embeds everything anew."""

        def embed(self, texts: Any, *, kind: Any = "document") -> Any:
            with Memory(path, embedder=HashEmbedder(64)) as new:
                new.reembed()
            return super().embed(texts, kind=kind)

    with Memory(path, embedder=Slow()) as old, pytest.raises(DimensionMismatchError, match="nothing was written"):
        old.add("I bought a lamp", **A)
    with Memory(path, embedder=HashEmbedder(64)) as new:
        assert len(new.messages(**A)["results"]) == 3
        assert new.verify()["ok"]


def test_what_is_erased_meanwhile_leaves_no_vector(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    fill(path, 300)
    with Memory(path, embedder=Fails(64, 1)) as m, pytest.raises(RuntimeError):
        m.reembed()
    with Memory(path, embedder=HashEmbedder()) as m:
        m.delete_all(**A)
        with m._core.ledger.database.read() as connection:
            assert connection.execute("SELECT count(*) FROM staged").fetchone() == (0,)


def test_a_third_embedder_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    fill(path, 300)
    with Memory(path, embedder=Fails(64, 1)) as m, pytest.raises(RuntimeError):
        m.reembed()
    with Memory(path, embedder=HashEmbedder(32)) as m:
        assert m.reembed() == {"embedder": "hash-32/32", "records": 300}
        assert "299" in m.search("item 299", **A)["results"][0]["memory"]


def test_an_empty_memory_takes_any_embedder(tmp_path: Path) -> None:
    with Memory(tmp_path / "m.db", embedder=HashEmbedder(32)) as m:
        assert m.reembed()["records"] == 0


def test_who_is_outrun_by_another_process_is_content_or_told(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    fill(path)

    class Outrun(Fails):
        """Embeds, and lets another memory embed everything meanwhile."""

        def __init__(self, dimensions: int, other: int) -> None:
            super().__init__(dimensions, 99)
            self.other = other

        def embed(self, texts: Any, *, kind: Any = "document") -> Any:
            if self.other:
                with Memory(path, embedder=HashEmbedder(self.other)) as m:
                    self.other = 0
                    m.reembed()
            return super().embed(texts, kind=kind)

    with Memory(path, embedder=Outrun(64, other=64)) as m:
        assert m.reembed()["records"] == 600
        assert m.search("item 577", **A)["results"]
    with Memory(path, embedder=Outrun(32, other=16)) as m:
        told = pytest.raises(
            ConflictError, match=r"embedded with hash-16/16 by another process .* hash-32/32 is dropped"
        )
        with told:
            m.reembed()
    with Memory(path, embedder=HashEmbedder(16)) as m:
        assert m.search("item 577", **A)["results"]
        assert m.verify()["ok"]
