"""What LangGraph promises of a store, and what memlayer adds: scopes, one file for many processes, time to live."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.base import (
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    PutOp,
    SearchItem,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore

from memlayer import AsyncMemory, ConfigurationError, ConflictError, FilterError, Memory, UnsupportedError
from memlayer.testing import FixedClock, HashEmbedder
from memlayer_langgraph import MemlayerStore

DOCS = ("docs",)


@pytest.fixture
def store(memory: Memory) -> MemlayerStore:
    return MemlayerStore(memory, user_id="alex")


def keys(found: list[SearchItem]) -> list[str]:
    return [item.key for item in found]


# one item


def test_an_item_comes_back_as_it_was_put(store: MemlayerStore, clock: FixedClock) -> None:
    value = {"text": "é🙂\n", "n": 1.5, "none": None, "yes": True, "list": [1, {"a": []}]}
    store.put(("a", "b"), "k", value)
    item = store.get(("a", "b"), "k")
    assert item is not None
    assert (item.namespace, item.key, item.value) == (("a", "b"), "k", value)
    assert item.created_at == item.updated_at == clock.now


def test_an_absent_item_is_none(store: MemlayerStore) -> None:
    store.put(("a", "b"), "k", {})
    assert store.get(("a",), "k") is None
    assert store.get(("a", "b"), "other") is None
    assert store.get((), "k") is None


def test_a_second_put_replaces_and_keeps_the_birth(store: MemlayerStore, clock: FixedClock) -> None:
    born = clock.now
    store.put(DOCS, "k", {"v": 1})
    changed = clock.advance(60)
    store.put(DOCS, "k", {"v": 2})
    item = store.get(DOCS, "k")
    assert item is not None
    assert (item.value, item.created_at, item.updated_at) == ({"v": 2}, born, changed)


def test_delete_removes_and_may_be_repeated(store: MemlayerStore) -> None:
    store.put(DOCS, "k", {"v": 1})
    store.delete(DOCS, "k")
    store.delete(DOCS, "k")
    assert store.get(DOCS, "k") is None
    assert store.search(DOCS) == []
    assert store.list_namespaces() == []


def test_a_value_that_is_no_json_is_refused(store: MemlayerStore) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.put(DOCS, "k", {"v": object()})


@pytest.mark.parametrize(
    "label", ["a/b", "a b", "%", "_", "*", '"', '","', "[", "\\", "é", "名", "🙂", "'; --", "a\nb"]
)
def test_a_label_may_hold_any_character(store: MemlayerStore, label: str) -> None:
    store.put((label, "x"), label, {"v": label})
    store.put(("other", "x"), label, {"v": "other"})
    assert keys(store.search((label,))) == [label]
    assert store.get((label, "x"), label) is not None
    assert (label, "x") in store.list_namespaces()


@pytest.mark.parametrize("namespace", [(), ("a.b",), ("a", ""), ("a", 1), ("a\0",), ("langgraph",), ("langgraph", "x")])
def test_a_bad_namespace_is_refused_on_every_way_in(store: MemlayerStore, namespace: Any) -> None:
    with pytest.raises(InvalidNamespaceError):
        store.put(namespace, "k", {})
    with pytest.raises(InvalidNamespaceError):
        store.batch([PutOp(("good",), "k", {}), PutOp(namespace, "k", {})])
    assert store.search(()) == []


@pytest.mark.parametrize("label", ["a.b", "", 1])
def test_a_bad_label_is_refused_when_reading(store: MemlayerStore, label: Any) -> None:
    condition = MatchCondition("prefix", (label,))
    for op in (GetOp((label,), "k"), SearchOp((label,)), ListNamespacesOp(match_conditions=(condition,))):
        with pytest.raises(InvalidNamespaceError):
            store.batch([op])


# batches


def test_results_stand_in_the_order_of_the_operations(store: MemlayerStore) -> None:
    store.put(DOCS, "a", {"v": 1})
    found = store.batch(
        [
            ListNamespacesOp(),
            PutOp(DOCS, "b", {"v": 2}),
            GetOp(DOCS, "a"),
            SearchOp(DOCS),
            GetOp(DOCS, "none"),
        ]
    )
    assert found[0] == [DOCS]
    assert found[1] is None
    assert found[2].value == {"v": 1}
    assert keys(found[3]) == ["a"]
    assert found[4] is None


def test_reads_see_what_was_there_before_the_batch(store: MemlayerStore) -> None:
    store.put(DOCS, "k", {"v": 1})
    before, _, after = store.batch([GetOp(DOCS, "k"), PutOp(DOCS, "k", {"v": 2}), GetOp(DOCS, "k")])
    assert before.value == after.value == {"v": 1}
    assert store.batch([GetOp(DOCS, "k")])[0].value == {"v": 2}


def test_the_last_of_several_puts_to_one_key_wins(store: MemlayerStore) -> None:
    store.batch([PutOp(DOCS, "a", {"v": 1}), PutOp(DOCS, "b", {"v": 1}), PutOp(DOCS, "a", None)])
    assert keys(store.search(DOCS)) == ["b"]
    store.batch([PutOp(DOCS, "a", None), PutOp(DOCS, "a", {"v": 3}), PutOp(DOCS, "b", None)])
    assert [(i.key, i.value) for i in store.search(DOCS)] == [("a", {"v": 3})]


def test_a_batch_of_nothing_and_of_something_else(store: MemlayerStore) -> None:
    assert store.batch([]) == []
    with pytest.raises(ConfigurationError, match="not an operation"):
        store.batch(["put"])  # type: ignore[list-item]


def test_a_batch_agrees_with_langgraphs_own_store(store: MemlayerStore) -> None:
    reference = InMemoryStore()
    values = [{"n": n, "kind": "even" if n % 2 == 0 else "odd", "in": {"half": n // 2, "tags": [n]}} for n in range(8)]
    puts = [PutOp(("a", str(v["n"] % 3)), str(v["n"]), v) for v in values]
    filters: list[dict[str, Any] | None] = [
        None,
        {"kind": "odd"},
        {"n": 3},
        {"n": {"$eq": 3}},
        {"n": {"$ne": 3}},
        {"n": {"$gt": 2, "$lte": 5}},
        {"n": {"$gte": 6}},
        {"n": {"$lt": 1}},
        {"in": {"half": 2}},
        {"in": {"half": {"$gte": 3}}},
        {"in": {"tags": [4]}},
        {"in": {"tags": 4}},
        {"kind": ["odd"]},
        {"n": "3"},
        {"kind": "odd", "n": {"$lt": 4}},
        {"in": {"half": 1, "tags": [3]}},
    ]
    searches = [SearchOp(("a",), filter=f, limit=99) for f in filters]
    searches += [SearchOp(p, limit=99) for p in [(), ("a", "1"), ("a", "1", "x"), ("b",)]]
    lists = [
        ListNamespacesOp(),
        ListNamespacesOp(max_depth=1),
        ListNamespacesOp(match_conditions=(MatchCondition("prefix", ("a",)), MatchCondition("suffix", ("2",)))),
        ListNamespacesOp(match_conditions=(MatchCondition("prefix", ("*", "0")),)),
        ListNamespacesOp(limit=1, offset=1),
    ]
    for one in (reference, store):
        one.batch(puts)
    ours, theirs = store.batch([*searches, *lists]), reference.batch([*searches, *lists])
    for op, mine, expected in zip([*searches, *lists], ours, theirs, strict=True):
        if isinstance(op, SearchOp):
            assert {(i.namespace, i.key, i.value["n"]) for i in mine} == {
                (i.namespace, i.key, i.value["n"]) for i in expected
            }, op
        else:
            assert mine == expected, op


def test_an_async_batch_does_what_a_batch_does(memory: Memory) -> None:
    async def run(store: MemlayerStore) -> None:
        await store.aput(DOCS, "a", {"text": "red apple"})
        found = await store.abatch([GetOp(DOCS, "a"), PutOp(DOCS, "b", {"text": "blue sky"}), SearchOp(DOCS)])
        assert found[0].value == {"text": "red apple"}
        assert keys(found[2]) == ["a"]
        await asyncio.gather(*(store.aput(("n", str(n)), "k", {"n": n}) for n in range(20)))
        assert [i.value["n"] for i in await store.asearch(("n",), filter={"n": {"$gte": 18}})] in ([18, 19], [19, 18])
        assert len(await store.alist_namespaces(prefix=("n",))) == 20
        await store.adelete(DOCS, "a")
        assert await store.aget(DOCS, "a") is None

    asyncio.run(run(MemlayerStore(memory, user_id="alex")))
    asyncio.run(run(MemlayerStore(AsyncMemory.of(memory), user_id="bob")))


# search


def test_search_pages_without_gaps(store: MemlayerStore, clock: FixedClock) -> None:
    for n in range(7):
        store.put(DOCS, str(n), {"n": n})
        clock.advance(1)
    pages = [keys(store.search(DOCS, limit=3, offset=o)) for o in (0, 3, 6, 9)]
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"], []]
    assert store.search(DOCS, limit=0) == []
    assert len(store.search(DOCS, limit=100_000)) == 7


def test_search_is_by_meaning_out_of_the_box(store: MemlayerStore) -> None:
    store.put(DOCS, "fruit", {"text": "a red apple"})
    store.put(DOCS, "sky", {"text": "a blue sky"})
    found = store.search(DOCS, query="apple")
    assert keys(found) == ["fruit", "sky"]
    assert found[0].score is not None
    assert found[1].score is not None
    assert found[0].score > found[1].score
    assert all(item.score is None for item in store.search(DOCS))


def test_a_search_by_meaning_filters_and_pages(store: MemlayerStore) -> None:
    for n in range(6):
        store.put(DOCS, str(n), {"text": "apple " * (n + 1) + "pear", "even": n % 2 == 0})
    every = keys(store.search(DOCS, query="apple", limit=6))
    assert sorted(every) == list("012345")
    assert keys(store.search(DOCS, query="apple", limit=2, offset=2)) == every[2:4]
    assert set(keys(store.search(DOCS, query="apple", filter={"even": True}))) == {"0", "2", "4"}


def test_items_without_an_index_come_last_and_without_a_score(store: MemlayerStore) -> None:
    store.put(DOCS, "hidden", {"text": "apple"}, index=False)
    store.put(DOCS, "found", {"text": "apple"})
    assert [(i.key, i.score is None) for i in store.search(DOCS, query="apple")] == [("found", False), ("hidden", True)]


def test_a_put_says_which_fields_are_looked_at(memory: Memory) -> None:
    store = MemlayerStore(memory, user_id="alex", index=["title"])
    store.put(DOCS, "by title", {"title": "apple", "text": "x"})
    store.put(DOCS, "by text", {"title": "x", "text": "apple"}, index=["text"])
    store.put(DOCS, "deep", {"title": "x", "notes": [{"body": "pear"}, {"body": "apple"}]}, index=["notes[*].body"])
    store.put(DOCS, "missed", {"title": "pear", "text": "apple"})
    found = store.search(DOCS, query="apple")
    assert {i.key for i in found if (i.score or 0) > 0.99} == {"by title", "by text", "deep"}
    assert found[-1].key == "missed"


def test_an_updated_value_is_found_by_its_new_words(store: MemlayerStore) -> None:
    store.put(DOCS, "k", {"text": "apple"}, index=["text"])
    [first] = store.search(DOCS, query="apple")
    store.put(DOCS, "k", {"text": "sky"}, index=["text"])
    [old], [new] = store.search(DOCS, query="apple"), store.search(DOCS, query="sky")
    assert first.score == pytest.approx(1.0)
    assert new.score == pytest.approx(1.0)
    assert old.score is not None
    assert old.score < 0.5


def test_without_an_index_nothing_is_embedded(path: Path) -> None:
    class Refuses(HashEmbedder):
        def embed(self, texts: Any, *, kind: Any = "document") -> Any:
            raise AssertionError("nothing was to be embedded")

    with Memory(path, embedder=Refuses()) as memory:
        store = MemlayerStore(memory, user_id="alex", index=False)
        store.put(DOCS, "k", {"text": "apple"})
        assert keys(store.search(DOCS)) == ["k"]


@pytest.mark.parametrize("filter", [{"n": {"$near": 1}}, {"n": {}}, {"n": {"$gt": 1, "m": 2}}])
def test_an_unknown_filter_is_an_error(store: MemlayerStore, filter: dict[str, Any]) -> None:
    with pytest.raises(FilterError):
        store.search(DOCS, filter=filter)


def test_filters_are_exact_about_types_and_names(store: MemlayerStore) -> None:
    values = {
        "one": {"v": 1},
        "true": {"v": True},
        "str": {"v": "1"},
        "list": {"v": ["1", 1, True]},
        "none": {"v": None},
    }
    for key, value in values.items():
        store.put(DOCS, key, {**value, "AND": key, "like": key, "a.b": key})
    assert keys(store.search(DOCS, filter={"v": 1})) == ["one"]
    assert keys(store.search(DOCS, filter={"v": True})) == ["true"]
    assert keys(store.search(DOCS, filter={"v": "1"})) == ["str"]
    assert keys(store.search(DOCS, filter={"v": None})) == ["none"]
    assert keys(store.search(DOCS, filter={"v": ["1", 1, True]})) == ["list"]
    assert keys(store.search(DOCS, filter={"v": ("1", 1, True)})) == ["list"]
    for name in ("AND", "like", "a.b"):
        assert keys(store.search(DOCS, filter={name: "one"})) == ["one"]


# namespaces


@pytest.fixture
def tree(store: MemlayerStore) -> MemlayerStore:
    for namespace in [("a", "b", "c"), ("a", "b", "d", "e"), ("a", "x"), ("b", "x"), ("b", "y", "x"), ("c",)]:
        store.put(namespace, "k", {})
    return store


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [("a", "b", "c"), ("a", "b", "d", "e"), ("a", "x"), ("b", "x"), ("b", "y", "x"), ("c",)]),
        ({"prefix": ("a",)}, [("a", "b", "c"), ("a", "b", "d", "e"), ("a", "x")]),
        ({"suffix": ("x",)}, [("a", "x"), ("b", "x"), ("b", "y", "x")]),
        ({"prefix": ("b",), "suffix": ("x",)}, [("b", "x"), ("b", "y", "x")]),
        ({"prefix": ("a", "*", "c")}, [("a", "b", "c")]),
        ({"prefix": ("*", "x")}, [("a", "x"), ("b", "x")]),
        ({"suffix": ("*", "x")}, [("a", "x"), ("b", "x"), ("b", "y", "x")]),
        ({"suffix": ("y", "*")}, [("b", "y", "x")]),
        ({"max_depth": 2}, [("a", "b"), ("a", "x"), ("b", "x"), ("b", "y"), ("c",)]),
        ({"prefix": ("a",), "max_depth": 1}, [("a",)]),
        ({"limit": 2}, [("a", "b", "c"), ("a", "b", "d", "e")]),
        ({"limit": 2, "offset": 4}, [("b", "y", "x"), ("c",)]),
        ({"offset": 9}, []),
        ({"prefix": ("none",)}, []),
        ({"prefix": ("a", "b", "c", "d", "e", "f")}, []),
    ],
)
def test_namespaces_are_listed(tree: MemlayerStore, options: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    assert tree.list_namespaces(**options) == expected


def test_every_condition_on_namespaces_holds(tree: MemlayerStore) -> None:
    both = (MatchCondition("prefix", ("a",)), MatchCondition("prefix", ("*", "b")))
    assert tree.batch([ListNamespacesOp(match_conditions=both)]) == [[("a", "b", "c"), ("a", "b", "d", "e")]]
    with pytest.raises(ConfigurationError, match="middle"):
        tree.batch([ListNamespacesOp(match_conditions=(MatchCondition("middle", ("a",)),))])  # type: ignore[arg-type]


def test_an_empty_store_has_no_namespaces(store: MemlayerStore) -> None:
    assert store.list_namespaces() == []
    assert store.search(("a",), query="apple") == []


# time to live, in minutes


def test_an_item_expires_and_reading_keeps_it_alive(store: MemlayerStore, clock: FixedClock) -> None:
    for key in ("read", "searched", "left"):
        store.put((key,), key, {}, ttl=10)
    clock.advance(6 * 60)
    store.get(("read",), "read")
    store.search(("searched",))
    store.get(("left",), "left", refresh_ttl=False)
    clock.advance(6 * 60)
    assert set(keys(store.search((), refresh_ttl=False))) == {"read", "searched"}
    assert store.get(("left",), "left") is None
    assert store.list_namespaces() == [("read",), ("searched",)]
    assert store.sweep_ttl() == 1


def test_the_configured_time_to_live_holds_where_none_is_said(memory: Memory, clock: FixedClock) -> None:
    store = MemlayerStore(memory, user_id="alex", ttl={"default_ttl": 1, "refresh_on_read": False})
    store.put(DOCS, "default", {})
    store.put(DOCS, "own", {}, ttl=2)
    store.put(DOCS, "never", {}, ttl=None)
    clock.advance(59)
    assert len(store.search(DOCS)) == 3
    clock.advance(1)
    assert set(keys(store.search(DOCS))) == {"own", "never"}
    clock.advance(60)
    assert keys(store.search(DOCS)) == ["never"]


# scopes


def test_one_store_is_one_scope(memory: Memory) -> None:
    alex, bob = MemlayerStore(memory, user_id="alex"), MemlayerStore(memory, user_id="bob")
    alex.put(DOCS, "k", {"of": "alex"})
    assert bob.get(DOCS, "k") is None
    assert bob.search((), query="alex") == []
    assert bob.list_namespaces() == []
    bob.put(DOCS, "k", {"of": "bob"})
    bob.delete(DOCS, "k")
    assert alex.get(DOCS, "k") is not None
    with pytest.raises(ConfigurationError, match="whose store"):
        MemlayerStore(memory)


def test_the_namespace_can_name_the_scope(memory: Memory) -> None:
    store = MemlayerStore(memory, app_id="shop", scope_of=lambda namespace: {"user_id": namespace[1]})
    store.put(("users", "alex", "notes"), "k", {"of": "alex"})
    store.put(("users", "bob"), "k", {"of": "bob"})
    found = store.batch([GetOp(("users", "bob"), "k"), GetOp(("users", "alex", "notes"), "k")])
    assert [item.value for item in found] == [{"of": "bob"}, {"of": "alex"}]
    assert keys(store.search(("users", "alex"))) == ["k"]
    assert store.list_namespaces(prefix=("users", "alex", "*")) == [("users", "alex", "notes")]
    memory.erase(user_id="alex")
    assert store.get(("users", "alex", "notes"), "k") is None
    assert store.get(("users", "bob"), "k") is not None


def test_a_prefix_that_spans_scopes_is_refused(memory: Memory) -> None:
    store = MemlayerStore(memory, scope_of=lambda namespace: {"user_id": namespace[1]})
    store.put(("users", "alex"), "k", {})
    for spanning in (
        lambda: store.search(("users",)),
        lambda: store.search(()),
        store.list_namespaces,
        lambda: store.list_namespaces(prefix=("users", "*")),
        lambda: store.list_namespaces(suffix=("users", "alex")),
        lambda: store.put(("users",), "k", {}),
    ):
        with pytest.raises(UnsupportedError, match="names nobody"):
            spanning()
    undecided = MemlayerStore(memory, app_id="shop", scope_of=lambda _: None)
    with pytest.raises(UnsupportedError, match="names nobody"):
        undecided.search(("a",))


def test_a_namespace_that_contradicts_the_store_is_refused(memory: Memory) -> None:
    store = MemlayerStore(memory, user_id="alex", scope_of=lambda namespace: {"user_id": namespace[0]})
    store.put(("alex",), "k", {})
    with pytest.raises(ConflictError, match="bob"):
        store.get(("bob",), "k")


def test_langgraphs_own_index_setting_is_refused_with_the_mend(memory: Memory) -> None:
    with pytest.raises(ConfigurationError, match="Memory\\(embedder"):
        MemlayerStore(memory, user_id="alex", index={"dims": 3, "embed": len})  # type: ignore[arg-type]


# one file


@pytest.fixture
def other_process(path: Path) -> str:
    return (
        "from memlayer import Memory\nfrom memlayer.testing import HashEmbedder\n"
        "from memlayer_langgraph import MemlayerStore\n"
        f"store = MemlayerStore(Memory({str(path)!r}, embedder=HashEmbedder()), user_id='alex')\n"
    )


def test_another_process_sees_and_changes_the_same_items(store: MemlayerStore, other_process: str) -> None:
    store.put(DOCS, "mine", {"text": "red apple"})
    program = other_process + (
        "assert store.get(('docs',), 'mine').value == {'text': 'red apple'}\n"
        "assert store.search(('docs',), query='apple')[0].score > 0\n"
        "store.put(('docs',), 'theirs', {'text': 'blue sky'})\nstore.delete(('docs',), 'mine')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert store.get(DOCS, "mine") is None
    assert keys(store.search(DOCS, query="sky")) == ["theirs"]


def test_memories_and_items_do_not_meet_by_chance(store: MemlayerStore, memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex")
    store.put(DOCS, "k", {"text": "Berlin is a city"})
    assert keys(store.search((), query="Berlin")) == ["k"]
    assert {row["kind"] for row in memory.search("Berlin", user_id="alex")["results"]} <= {"fact", "episode"}
    assert memory.search("Berlin", user_id="alex", kinds=["item"])["results"][0]["id"] == "docs/k"
