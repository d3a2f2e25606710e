"""The suite of an `ItemStore`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from memlayer.filters import And, Compare, Filter, Not, Or
from memlayer.protocols import ItemStore
from memlayer.testing.contract import ALICE, BOB, Contract
from memlayer.testing.fakes import FixedClock
from memlayer.types import Item, ItemEntry, Scope

if TYPE_CHECKING:
    from memlayer.types import Vector

RUN = Scope(user_id="alice", run_id="r1")
ODD = ["a", "A", "a.b", "a/b", "a,b", '"', '","', "\\", "]", "[", "-", "%", "_", "*", "", " ", "é", "e\u0301", "名",
       "🙂", "\u0001", "'; --", "\uffff", "a\nb"]  # fmt: skip


class ItemStoreContract(Contract):
    """What an item store promises.

    The fixture `item_store` gives an empty one that takes its time from the fixture `clock`.
    """

    @pytest.fixture
    def clock(self) -> FixedClock:
        """The store's clock; it only goes on when a test says so."""
        return FixedClock()

    @pytest.fixture
    def item_store(self, clock: FixedClock) -> ItemStore:
        """An empty store on `clock`."""
        raise NotImplementedError("give your suite a fixture `item_store`")

    def test_it_is_an_item_store(self, item_store: ItemStore) -> None:
        """Has every method of the protocol."""
        assert isinstance(item_store, ItemStore)

    def test_values_come_back_as_they_were(self, item_store: ItemStore, clock: FixedClock) -> None:
        """Stores JSON values by exactly one scope, a namespace and a key."""
        value = {"text": "é🙂\n", "n": 1, "f": 0.5, "none": None, "yes": True, "list": [1, {"a": []}], "it's": '"\\'}
        item_store.put([entry("k", value, ("docs", "2024"))], scope=ALICE)
        [item] = item_store.get([(("docs", "2024"), "k")], scope=ALICE)
        assert item == Item(("docs", "2024"), "k", value, clock.now, clock.now)
        others = [Scope("alice", run_id="r1"), BOB, Scope("Alice"), Scope(agent_id="alice")]
        assert [item_store.get([(("docs", "2024"), "k")], scope=s) for s in others] == [[None]] * len(others)

    def test_get_keeps_the_order_of_the_keys(self, item_store: ItemStore) -> None:
        """Items in the order of `keys`, None where absent."""
        item_store.put([entry("a"), entry("b"), entry("a", namespace=("n",))], scope=ALICE)
        keys = [((), "b"), ((), "x"), (("n",), "a"), ((), "a"), (("n",), "b")]
        found = item_store.get(keys, scope=ALICE)
        assert [None if i is None else (i.namespace, i.key) for i in found] == [keys[0], None, keys[2], keys[3], None]
        assert item_store.get([], scope=ALICE) == []

    def test_put_replaces(self, item_store: ItemStore, clock: FixedClock) -> None:
        """Stores or replaces values; the time of the first put stays, the last of several for one key wins."""
        born = clock.now
        item_store.put([entry("k", {"v": 1})], scope=ALICE)
        changed = clock.advance(5)
        item_store.put([entry("k", {"v": 2}), entry("k", {"v": 3})], scope=ALICE)
        assert item_store.get([((), "k")], scope=ALICE) == [Item((), "k", {"v": 3}, born, changed)]

    def test_put_writes_all_or_none(self, item_store: ItemStore) -> None:
        """Stores values in one transaction."""
        with pytest.raises(TypeError):
            item_store.put([entry("good"), entry("bad", {"v": object()})], scope=ALICE)
        assert item_store.get([((), "good")], scope=ALICE) == [None]

    def test_delete_says_how_many_there_were(self, item_store: ItemStore) -> None:
        """Removes items and says how many there were; keys that are absent are no error."""
        item_store.put([entry("a"), entry("b")], scope=ALICE)
        item_store.put([entry("a")], scope=RUN)
        assert item_store.delete([((), "a"), ((), "x"), (("n",), "b")], scope=ALICE) == 1
        assert item_store.delete([((), "a")], scope=ALICE) == 0
        assert keys(item_store.search(scope=ALICE)) == ["b"]
        assert keys(item_store.search(scope=RUN)) == ["a"]

    # time to live

    def test_an_item_expires(self, item_store: ItemStore, clock: FixedClock) -> None:
        """None where expired: gone from get, search and namespaces at that instant."""
        item_store.put([entry("short", ttl=10, namespace=("t",)), entry("long")], scope=ALICE)
        clock.advance(9.999)
        assert keys(item_store.search(scope=ALICE)) == ["long", "short"]
        clock.advance(0.001)
        assert item_store.get([(("t",), "short")], scope=ALICE) == [None]
        assert keys(item_store.search(scope=ALICE)) == ["long"]
        assert item_store.namespaces(scope=ALICE) == [()]

    def test_refresh_starts_the_time_to_live_anew(self, item_store: ItemStore, clock: FixedClock) -> None:
        """`refresh` starts their time to live anew; without it reading changes nothing."""
        item_store.put([entry("got", ttl=10), entry("found", ttl=10), entry("left", ttl=10)], scope=ALICE)
        clock.advance(6)
        (got,) = item_store.get([((), "got")], scope=ALICE, refresh=True)
        (found,) = item_store.search(scope=ALICE, where=is_("v", "found"), refresh=True)
        assert got is not None
        assert got.expires_at == found.expires_at == clock.now + timedelta(seconds=10)
        item_store.get([((), "left")], scope=ALICE)
        item_store.search(scope=ALICE)
        clock.advance(6)
        assert set(keys(item_store.search(scope=ALICE))) == {"got", "found"}

    def test_put_sets_the_time_to_live_anew(self, item_store: ItemStore, clock: FixedClock) -> None:
        """A value that replaces another brings its own time to live, and what had expired is born again."""
        item_store.put([entry("k", ttl=10), entry("old", ttl=1)], scope=ALICE)
        clock.advance(5)
        item_store.put([entry("k"), entry("old")], scope=ALICE)
        clock.advance(1000)
        kept, reborn = item_store.get([((), "k"), ((), "old")], scope=ALICE)
        assert kept is not None
        assert reborn is not None
        assert (kept.expires_at, reborn.expires_at) == (None, None)
        assert (reborn.created_at - kept.created_at).total_seconds() == 5

    def test_sweep_removes_what_has_expired(self, item_store: ItemStore, clock: FixedClock) -> None:
        """Removes what has expired, in all scopes, and says how many there were."""
        item_store.put([entry("a", ttl=1), entry("b", ttl=1), entry("c", ttl=9)], scope=ALICE)
        item_store.put([entry("a", ttl=1), entry("b")], scope=BOB)
        clock.advance(1)
        assert item_store.sweep() == 3
        assert item_store.sweep() == 0
        assert keys(item_store.search(scope=ALICE)) == ["c"]
        assert keys(item_store.search(scope=BOB)) == ["b"]

    # search

    def test_search_gives_the_last_changed_first(self, item_store: ItemStore, clock: FixedClock) -> None:
        """Else the last changed first; `limit` and `offset` cut pages without gaps or doubles."""
        for key in "abcde":
            item_store.put([entry(key)], scope=ALICE)
            clock.advance(1)
        item_store.put([entry("b")], scope=ALICE)
        assert keys(item_store.search(scope=ALICE)) == ["b", "e", "d", "c", "a"]
        pages = [keys(item_store.search(scope=ALICE, limit=2, offset=n)) for n in (0, 2, 4, 6)]
        assert pages == [["b", "e"], ["d", "c"], ["a"], []]

    @pytest.mark.parametrize(("where", "expected"), [
        (Compare(("metadata", "n"), "gte", 2), {"c", "d"}),
        (Compare(("metadata", "n"), "eq", 1), {"b"}),
        (Compare(("metadata", "tags"), "contains", "x"), {"a", "c"}),
        (Compare(("metadata", "deep", "er"), "eq", "yes"), {"d"}),
        (Not(Compare(("metadata", "n"), "eq", 1)), {"a", "c", "d"}),
        (Compare(("metadata", "none"), "eq", None), {"d"}),
        (And((Compare(("metadata", "n"), "gt", 0), Compare(("metadata", "tags"), "contains", "x"))), {"c"}),
        (Or((Compare(("metadata", "n"), "eq", 0), Compare(("metadata", "n"), "eq", 3))), {"a", "d"}),
    ])  # fmt: skip
    def test_search_applies_the_filter(self, item_store: ItemStore, where: Filter, expected: set[str]) -> None:
        """Items that pass the filter (on `metadata`, which means the value)."""
        values: dict[str, dict[str, Any]] = {
            "a": {"n": 0, "tags": ["x"]},
            "b": {"n": 1, "tags": []},
            "c": {"n": 2, "tags": ["y", "x"]},
            "d": {"n": 3, "deep": {"er": "yes"}, "none": None},
        }
        item_store.put([entry(k, v) for k, v in values.items()], scope=ALICE)
        assert set(keys(item_store.search(scope=ALICE, where=where))) == expected

    def test_search_gives_the_nearest_first(self, item_store: ItemStore) -> None:
        """With a vector: nearest first by the best of an item's fields, items without vectors last and unscored."""
        item_store.put(
            [
                entry("none"),
                entry("far", vectors={"text": turn(1.2)}),
                entry("near", vectors={"title": turn(1.5), "text": turn(0.1)}),
                entry("same", vectors={"text": turn(0.0)}),
            ],
            scope=ALICE,
        )
        found = item_store.search(scope=ALICE, vector=turn(0.0))
        assert keys(found) == ["same", "near", "far", "none"]
        assert [i.score for i in found[:3]] == pytest.approx([1.0, np.cos(0.1), np.cos(1.2)], abs=1e-3)
        assert found[3].score is None
        assert keys(item_store.search(scope=ALICE, vector=turn(0.0), limit=2, offset=1)) == ["near", "far"]
        assert all(i.score is None for i in item_store.search(scope=ALICE))

    def test_a_replaced_value_loses_its_vectors(self, item_store: ItemStore) -> None:
        """A value that replaces another is found by its own fields only."""
        item_store.put([entry("k", vectors={"text": turn(0.0)})], scope=ALICE)
        item_store.put([entry("k")], scope=ALICE)
        assert [i.score for i in item_store.search(scope=ALICE, vector=turn(0.0))] == [None]

    def test_search_covers_scopes_only_when_told(self, item_store: ItemStore) -> None:
        """One scope exactly; `exact=False` reads every scope that `scope` covers."""
        for scope in (ALICE, RUN, Scope("alice", "bot"), BOB, Scope(agent_id="bot")):
            item_store.put([entry(str(sorted(scope.ids().items())))], scope=scope)
        assert len(item_store.search(scope=ALICE)) == 1
        assert len(item_store.search(scope=ALICE, exact=False)) == 3
        assert len(item_store.search(scope=RUN, exact=False)) == 1
        assert len(item_store.search(scope=Scope(agent_id="bot"), exact=False)) == 2
        assert item_store.search(scope=Scope("Alice"), exact=False) == []

    # namespaces

    def test_search_gives_what_lies_below_a_namespace(self, item_store: ItemStore) -> None:
        """Items below a namespace, the namespace itself included; its parts are compared whole."""
        spaces = [(), ("a",), ("a", "b"), ("a", "b", "c"), ("a", "bb"), ("ab",), ("b", "a"), ("a", "")]
        item_store.put([entry("k", namespace=n) for n in spaces], scope=ALICE)
        for prefix in (*spaces, ("c",), ("a", "c")):
            found = {i.namespace for i in item_store.search(prefix, scope=ALICE, limit=99)}
            assert found == {n for n in spaces if n[: len(prefix)] == prefix}

    def test_namespaces_and_keys_are_any_text(self, item_store: ItemStore) -> None:
        """No character in a namespace or a key means anything."""
        item_store.put([entry(k, namespace=(n,)) for n in ODD for k in ("k", n)], scope=ALICE)
        for odd in ODD:
            found = item_store.search((odd,), scope=ALICE, limit=99)
            assert {(i.namespace, i.key) for i in found} == {((odd,), "k"), ((odd,), odd)}
            assert item_store.get([((odd,), odd)], scope=ALICE) != [None]
        assert set(item_store.namespaces(scope=ALICE)) == {(odd,) for odd in ODD}

    def test_namespaces_are_sorted(self, item_store: ItemStore) -> None:
        """Every namespace that holds an item, sorted; none of another scope."""
        item_store.put([entry("k", namespace=n) for n in (("b",), ("a", "z"), ("a",), (), ("a", "b"))], scope=ALICE)
        item_store.put([entry("k", namespace=("secret",))], scope=BOB)
        assert item_store.namespaces(scope=ALICE) == [(), ("a",), ("a", "b"), ("a", "z"), ("b",)]
        assert item_store.namespaces(scope=RUN) == []


def entry(
    key: str,
    value: dict[str, Any] | None = None,
    namespace: tuple[str, ...] = (),
    *,
    ttl: float | None = None,
    vectors: dict[str, Vector] | None = None,
) -> ItemEntry:
    """An entry whose value, if none is given, repeats the key."""
    return ItemEntry(namespace, key, {"v": key} if value is None else value, vectors or {}, ttl)


def is_(field: str, value: Any) -> Filter:
    """The filter that a field of the value equals this."""
    return Compare(("metadata", field), "eq", value)


def turn(angle: float) -> Vector:
    """A unit vector at an angle to the first axis."""
    vector = np.zeros(8, np.float32)
    vector[:2] = np.cos(angle), np.sin(angle)
    return vector


def keys(items: Sequence[Item]) -> list[str]:
    """The items' keys, in order."""
    return [i.key for i in items]
