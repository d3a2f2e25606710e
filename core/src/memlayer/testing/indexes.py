"""The suites of a `VectorIndex` and of a `KeywordIndex`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from memlayer.errors import DimensionMismatchError
from memlayer.filters import Compare
from memlayer.protocols import KeywordIndex, VectorIndex
from memlayer.testing.contract import ALICE, BOB, Contract, make_record
from memlayer.types import Entry, Scope

if TYPE_CHECKING:
    from memlayer.types import Vector

RUN = Scope(user_id="alice", run_id="r1")


class VectorIndexContract(Contract):
    """What a vector index promises; the fixture `vector_index` gives an empty one."""

    @pytest.fixture
    def vector_index(self) -> VectorIndex:
        """An empty index of 8 dimensions or more."""
        raise NotImplementedError("give your suite a fixture `vector_index`")

    def store(self, index: Any, entries: Sequence[Entry]) -> None:
        """Brings entries into the index; a store that needs the records first overrides this hook."""
        index.upsert(entries)

    def test_it_is_a_vector_index(self, vector_index: VectorIndex) -> None:
        """Has every method of the protocol, and says its dimensions."""
        assert isinstance(vector_index, VectorIndex)
        assert vector_index.dimensions >= 8

    def test_search_gives_the_nearest_best_first(self, vector_index: VectorIndex) -> None:
        """The nearest entries, best first."""
        self.store(vector_index, [near(vector_index, f"e{n}", n) for n in (3, 1, 4, 0, 2)])
        found = vector_index.search(axis(vector_index, 0), scope=ALICE, limit=3)
        assert [m.id for m in found] == ["e0", "e1", "e2"]

    def test_scores_are_cosines_clipped(self, vector_index: VectorIndex) -> None:
        """Scores are cosines clipped to [0, 1]."""
        opposite = entry("opposite", -axis(vector_index, 0))
        diagonal = (axis(vector_index, 0) + axis(vector_index, 1)) / np.float32(np.sqrt(2))
        across = entry("across", axis(vector_index, 1))
        self.store(vector_index, [opposite, entry("half", diagonal), across, entry("same", axis(vector_index, 0))])
        found = {m.id: m.score for m in vector_index.search(axis(vector_index, 0), scope=ALICE)}
        assert found == pytest.approx({"same": 1.0, "half": np.sqrt(0.5), "across": 0.0, "opposite": 0.0}, abs=1e-3)
        assert all(0.0 <= score <= 1.0 for score in found.values())

    def test_upsert_replaces(self, vector_index: VectorIndex) -> None:
        """Stores or replaces entries; idempotent."""
        one = entry("one", axis(vector_index, 0))
        self.store(vector_index, [one])
        vector_index.upsert([one])
        vector_index.upsert([replace(one, vector=axis(vector_index, 1))])
        [match] = vector_index.search(axis(vector_index, 1), scope=ALICE)
        assert match.id == "one"
        assert match.score == pytest.approx(1.0, abs=1e-3)

    def test_upsert_refuses_another_length(self, vector_index: VectorIndex) -> None:
        """A vector of another length raises, stored or asked."""
        long = np.ones(vector_index.dimensions + 1, np.float32)
        with pytest.raises(DimensionMismatchError):
            vector_index.upsert([entry("one", long)])
        with pytest.raises(DimensionMismatchError):
            vector_index.search(long, scope=ALICE)

    def test_search_stays_in_scope(self, vector_index: VectorIndex) -> None:
        """The nearest entries of the scope, however near the others are."""
        self.store(vector_index, crowd(axis(vector_index, 0)))
        assert_scoped(lambda scope: vector_index.search(axis(vector_index, 0), scope=scope, limit=2))

    def test_search_applies_the_filter_before_the_limit(self, vector_index: VectorIndex) -> None:
        """The nearest entries that pass the filter, not those of the nearest that pass."""
        self.store(vector_index, meals(vector_index))
        where = Compare(("metadata", "food"), "eq", "rice")
        found = vector_index.search(axis(vector_index, 0), scope=ALICE, where=where, limit=2)
        assert [m.id for m in found] == ["e5", "e6"]

    def test_delete_removes(self, vector_index: VectorIndex) -> None:
        """Removes entries; ids that are absent are no error."""
        self.store(vector_index, [near(vector_index, f"e{n}", n) for n in range(3)])
        vector_index.delete(["e0", "unknown"])
        vector_index.delete(["e0"])
        assert [m.id for m in vector_index.search(axis(vector_index, 0), scope=ALICE)] == ["e1", "e2"]

    def test_erase_removes_the_scope(self, vector_index: VectorIndex) -> None:
        """Removes every entry of the scope, and nothing beside it."""
        self.store(vector_index, crowd(axis(vector_index, 0)))
        vector_index.erase(RUN)
        assert {m.id for m in vector_index.search(axis(vector_index, 0), scope=ALICE)} == {"a", "a2"}
        vector_index.erase(ALICE)
        assert vector_index.search(axis(vector_index, 0), scope=ALICE) == []
        assert {m.id for m in vector_index.search(axis(vector_index, 0), scope=BOB)} == {"b"}

    def test_an_empty_index_finds_nothing(self, vector_index: VectorIndex) -> None:
        """Nothing is no error."""
        assert vector_index.search(axis(vector_index, 0), scope=ALICE) == []
        vector_index.erase(ALICE)

    def test_close_is_idempotent(self, vector_index: VectorIndex) -> None:
        """Frees files and connections; idempotent."""
        vector_index.close()
        vector_index.close()


class KeywordIndexContract(Contract):
    """What a keyword index promises; the fixture `keyword_index` gives an empty one."""

    @pytest.fixture
    def keyword_index(self) -> KeywordIndex:
        """An empty index."""
        raise NotImplementedError("give your suite a fixture `keyword_index`")

    def store(self, index: Any, entries: Sequence[Entry]) -> None:
        """Brings entries into the index; a store without `upsert` overrides this hook."""
        index.upsert(entries)

    def test_it_is_a_keyword_index(self, keyword_index: KeywordIndex) -> None:
        """Has the method of the protocol."""
        assert isinstance(keyword_index, KeywordIndex)

    def test_search_finds_shared_words(self, keyword_index: KeywordIndex) -> None:
        """The entries that share words with the query, best first, scores in [0, 1]."""
        texts = {"one": "Likes green curry from Thailand", "two": "Likes curry", "three": "Plays chess on Sundays"}
        self.store(keyword_index, [said(i, t) for i, t in texts.items()])
        found = keyword_index.search_text("green curry", scope=ALICE)
        assert [m.id for m in found] == ["one", "two"]
        assert 1.0 >= found[0].score > found[1].score >= 0.0

    def test_rare_words_weigh_more(self, keyword_index: KeywordIndex) -> None:
        """A word that few entries have tells more than one that most have."""
        common = [said(f"c{n}", f"Talked about music number {n}") for n in range(8)]
        self.store(keyword_index, [*common, said("rare", "Plays the oboe in an orchestra of friends")])
        assert keyword_index.search_text("music oboe", scope=ALICE, limit=1)[0].id == "rare"

    def test_case_and_word_forms_do_not_matter(self, keyword_index: KeywordIndex) -> None:
        """Upper case and accents are no other word."""
        self.store(keyword_index, [said("one", "Loves the CAFÉ in Zürich"), said("two", "Plays chess")])
        assert [m.id for m in keyword_index.search_text("café zürich", scope=ALICE)] == ["one"]

    @pytest.mark.parametrize("query", ["", "  ", "?", '"', "a AND (b", "NEAR(", "*", "-", "col:val", "';--"])
    def test_any_query_is_a_good_query(self, keyword_index: KeywordIndex, query: str) -> None:
        """What a query language would trip over is text like any other."""
        self.store(keyword_index, [said("one", "Plays chess")])
        assert [m.id for m in keyword_index.search_text(f"{query} chess", scope=ALICE)] == ["one"]
        assert keyword_index.search_text(query, scope=ALICE) == []

    def test_search_stays_in_scope(self, keyword_index: KeywordIndex) -> None:
        """The entries of the scope, and no other's."""
        self.store(keyword_index, crowd(None))
        assert_scoped(lambda scope: keyword_index.search_text("chess", scope=scope, limit=2))

    def test_search_applies_the_filter_before_the_limit(self, keyword_index: KeywordIndex) -> None:
        """The best entries that pass the filter, not those of the best that pass."""
        entries = [said(f"e{n}", "Plays chess" + " and more" * n, {"food": "rice"} if n >= 5 else {}) for n in range(8)]
        self.store(keyword_index, entries)
        where = Compare(("metadata", "food"), "eq", "rice")
        found = keyword_index.search_text("chess", scope=ALICE, where=where, limit=2)
        assert len(found) == 2
        assert {m.id for m in found} <= {"e5", "e6", "e7"}


def axis(index: VectorIndex, number: int) -> Vector:
    """The unit vector along one dimension."""
    vector = np.zeros(index.dimensions, np.float32)
    vector[number] = 1.0
    return vector


def near(index: VectorIndex, id: str, steps: int, **changes: Any) -> Entry:
    """An entry that turns away from the first axis by so many steps."""
    angle = 0.1 * steps
    return entry(id, np.float32(np.cos(angle)) * axis(index, 0) + np.float32(np.sin(angle)) * axis(index, 1), **changes)


def entry(id: str, vector: Vector | None, text: str = "Plays chess", **changes: Any) -> Entry:
    """An entry of Alice's."""
    record = make_record(id, text, **changes)
    return Entry(id, record.scope, record, vector)


def said(id: str, text: str, metadata: dict[str, Any] | None = None) -> Entry:
    """An entry without a vector."""
    return entry(id, None, text, metadata=metadata or {})


def meals(index: VectorIndex) -> list[Entry]:
    """Entries of which only the farthest pass the filter."""
    return [near(index, f"e{n}", n, metadata={"food": "rice" if n >= 5 else "bread"}) for n in range(8)]


def crowd(vector: Vector | None) -> list[Entry]:
    """The same entry for several owners and runs."""
    scopes = {"a": ALICE, "a2": Scope("alice", run_id="r2"), "r": RUN, "b": BOB, "bot": Scope(agent_id="bot")}
    return [entry(id, vector, scope=scope) for id, scope in scopes.items()]


def assert_scoped(search: Any) -> None:
    """Asks in several scopes for what everybody has."""
    for scope, expected in ((BOB, {"b"}), (RUN, {"r"}), (Scope(agent_id="bot"), {"bot"}), (Scope("Alice"), set())):
        assert {m.id for m in search(scope)} == expected
    assert {m.id for m in search(ALICE)} < {"a", "a2", "r"}
