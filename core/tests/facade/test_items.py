"""Items: a tree as the filter, pages of any size, and one batch for the embedder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from memlayer import ConfigurationError, Memory
from memlayer.filters import And, Compare, Not
from memlayer.testing import HashEmbedder


class Counting(HashEmbedder):
    """Counts how often it is asked for documents."""

    batches: int = 0

    def embed(self, texts: Sequence[str], *, kind: Any = "document") -> Any:
        self.batches += kind == "document"
        return super().embed(texts, kind=kind)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def memory(tmp_path: Path, embedder: Counting) -> Iterator[Memory]:
    with Memory(tmp_path / "memory.db", embedder=embedder) as made:
        yield made


def put(memory: Memory, values: dict[str, dict[str, Any]]) -> None:
    entries = [{"namespace": "n", "key": k, "value": v, "index": ["text", "more[*]"]} for k, v in values.items()]
    memory.items.put_many(entries, user_id="alex")


def keys(rows: list[dict[str, Any]]) -> list[str]:
    return [row["key"] for row in rows]


def test_all_fields_of_a_batch_are_embedded_at_once(memory: Memory, embedder: Counting) -> None:
    put(memory, {"a": {"text": "apple", "more": ["pear", "plum"]}, "b": {"other": 1}, "c": {"text": "sky"}})
    assert embedder.batches == 1
    for query, best in (("apple", "a"), ("plum", "a"), ("sky", "c")):
        found = memory.items.search("n", query=query, user_id="alex")
        assert keys(found)[0] == best
        assert found[0]["score"] == pytest.approx(1.0)
        assert keys(found)[-1] == "b"
        assert "score" not in found[-1]


def test_a_tree_reaches_names_that_a_filter_dict_cannot_say(memory: Memory) -> None:
    put(memory, {"a": {"AND": 1, "a.b": 1}, "b": {"AND": 2, "like": 1}})
    tree = And((Compare(("metadata", "AND"), "gte", 1), Not(Compare(("metadata", "like"), "eq", 1))))
    assert keys(memory.items.search("n", filters=tree, user_id="alex")) == ["a"]
    assert keys(memory.items.search("n", filters=Compare(("metadata", "a.b"), "eq", 1), user_id="alex")) == ["a"]


def test_pages_of_a_query_have_no_gaps(memory: Memory) -> None:
    put(memory, {str(n): {"text": "apple " * n} for n in range(1, 8)})
    whole = keys(memory.items.search("n", query="apple", limit=1_000_000, user_id="alex"))
    parts = [keys(memory.items.search("n", query="apple", limit=3, offset=o, user_id="alex")) for o in (0, 3, 6, 9)]
    assert len(whole) == 7
    assert [key for part in parts for key in part] == whole


@pytest.mark.parametrize("options", [{"limit": 0}, {"offset": -1}, {"max_depth": 0}, {"limit": "3"}])
def test_bad_pages_of_namespaces_are_refused(memory: Memory, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="whole number"):
        memory.items.namespaces(user_id="alex", **options)


def test_the_last_item_takes_its_owner_along(tmp_path: Path) -> None:
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as memory:
        memory.items.put("prefs", "tone", {"text": "short"}, user_id="only")
        assert memory.items.delete("prefs", "tone", user_id="only")
        assert memory.users() == {"results": []}
        assert memory.verify() == {"ok": True, "problems": []}


def test_a_value_that_is_no_json_is_named(memory: Memory) -> None:
    with pytest.raises(ConfigurationError, match=r"^entries\[0\]\.value\.a: a set is not JSON; pass a list"):
        memory.items.put("n", "k", {"a": {1}}, user_id="alex")


def test_a_slip_in_an_entry_is_refused(memory: Memory) -> None:
    """What was to expire in an hour stayed for ever."""
    with pytest.raises(ConfigurationError, match=r"entries\[0\] has unknown keys \['tll'\]; an entry has .*ttl"):
        memory.items.put_many([{"namespace": "n", "key": "k", "value": {"a": 1}, "tll": 3600}], user_id="alex")
