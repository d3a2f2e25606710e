"""The way out, through the facade: exact facts, replaced statements, views, filters, explanations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memlayer import ConfigurationError, Memory
from memlayer.testing import HashEmbedder


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as made:
        yield made


def texts(memory: Memory, query: str, **more: object) -> list[str]:
    return [r["memory"] for r in memory.search(query, user_id="u", **more)["results"]]  # type: ignore[arg-type]


def test_the_fact_that_fills_the_asked_slot_comes_first_whatever_its_words(memory: Memory) -> None:
    memory.add("I live in Lisbon.", user_id="u", timestamp="2024-01-05")
    memory.add("My sister Nora lives in Turin and would live nowhere else.", user_id="u", timestamp="2024-01-06")
    memory.add("I moved to Copenhagen.", user_id="u", timestamp="2024-06-01")
    assert texts(memory, "Where do I live?", limit=1) == ["Moved to Copenhagen"]
    assert texts(memory, "Where do I live?", limit=1, as_of="2024-03-01") == ["Lives in Lisbon"]
    assert "slot" in memory.search("Where do I live?", user_id="u", explain=True)["results"][0]["signals"]


@pytest.mark.parametrize("question", ["Where does u live?", "Where does Alice live?", "Where does the user live?"])
def test_the_user_is_known_by_id_and_by_name(memory: Memory, question: str) -> None:
    memory.add("My name is Alice. I live in Lisbon. My brother Luca lives in Turin.", user_id="u")
    assert texts(memory, question, limit=1) == ["Lives in Lisbon"]


def test_a_slot_of_another_user_answers_nothing(memory: Memory) -> None:
    memory.add("I live in Lisbon.", user_id="other")
    memory.add("I like chess.", user_id="u")
    assert "Lives in Lisbon" not in texts(memory, "Where do I live?")


def test_a_filter_narrows_exact_facts_too(memory: Memory) -> None:
    memory.add("I live in Lisbon.", user_id="u", metadata={"source": "form"})
    assert texts(memory, "Where do I live?", metadata={"source": "chat"}) == []
    assert texts(memory, "Where do I live?", metadata={"source": "form"}) == ["Lives in Lisbon"]


def test_a_replaced_statement_lends_nothing_to_what_stood_beside_it(memory: Memory) -> None:
    memory.add("I live in Lisbon and I work at Acme.", user_id="u", timestamp="2024-01-05")
    before = memory.search("Lisbon", user_id="u")["results"][0]["score"]
    memory.add("I moved to Copenhagen.", user_id="u", timestamp="2024-06-01")
    rest = {r["memory"]: r["score"] for r in memory.search("Lisbon", user_id="u")["results"]}
    assert "Lives in Lisbon" not in rest
    assert rest["Works at Acme"] < before


def test_scores_never_rise_down_the_list_and_the_threshold_cuts(memory: Memory) -> None:
    for thing in ("chess", "tea", "rain", "trains", "old maps", "chess clubs"):
        memory.add(f"I love {thing}.", user_id="u")
    scores = [r["score"] for r in memory.search("chess", user_id="u")["results"]]
    assert scores == sorted(scores, reverse=True)
    cut = scores[1]
    assert [r["score"] for r in memory.search("chess", user_id="u", threshold=cut)["results"]] == [
        s for s in scores if s >= cut
    ]


def test_results_name_their_sources(memory: Memory) -> None:
    memory.add([{"role": "user", "content": "I live in Lisbon.", "id": "m1", "name": "Ann"}], user_id="u", run_id="r")
    (source,) = memory.search("Lisbon", user_id="u")["results"][0]["sources"]
    assert (source["message_id"], source["role"], source["name"]) == ("m1", "user", "Ann")


def said_before(memory: Memory, query: str) -> list[tuple[str | None, bool]]:
    """Messages behind the best result, and whether it contradicts them."""
    best = memory.search(query, user_id="u")["results"][0]
    return [(source["message_id"], source.get("contradicted", False)) for source in best["sources"]]


def test_a_contradiction_shows_both_sides_the_current_one_first(memory: Memory) -> None:
    memory.add({"role": "user", "content": "I dislike cheese.", "id": "old", "timestamp": "2024-01-05"}, user_id="u")
    memory.add({"role": "user", "content": "I like cheese.", "id": "new", "timestamp": "2024-06-05"}, user_id="u")
    assert texts(memory, "Do I like cheese?") == ["Likes cheese"]
    assert said_before(memory, "Do I like cheese?") == [("new", False), ("old", True)]


def test_a_side_that_was_deleted_is_not_shown(memory: Memory) -> None:
    old = memory.add({"role": "user", "content": "I dislike cheese.", "id": "old"}, user_id="u")["results"][0]["id"]
    memory.add({"role": "user", "content": "I like cheese.", "id": "new"}, user_id="u")
    memory.delete(old)
    assert said_before(memory, "Do I like cheese?") == [("new", False)]


def test_a_move_contradicts_nothing(memory: Memory) -> None:
    memory.add({"role": "user", "content": "I live in Lisbon.", "id": "old", "timestamp": "2024-01-05"}, user_id="u")
    memory.add({"role": "user", "content": "I moved to Turin.", "id": "new", "timestamp": "2024-06-05"}, user_id="u")
    assert said_before(memory, "Where do I live?") == [("new", False)]


def test_what_was_known_is_told_apart_from_what_was_true(memory: Memory) -> None:
    memory.add("I live in Lisbon.", user_id="u", timestamp="2020-01-01")
    assert texts(memory, "Where do I live?", known_at="2020-06-01") == []
    assert texts(memory, "Where do I live?", as_of="2020-06-01") == ["Lives in Lisbon"]


@pytest.mark.parametrize(
    "bad",
    [{"limit": 0}, {"limit": "3"}, {"threshold": 2}, {"kinds": ["facts"]}, {"as_of": "soon"}, {"top_k": 3, "limit": 4}],
)
def test_bad_input_says_what_and_how_to_mend_it(memory: Memory, bad: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(bad)).split("_")[0]):
        memory.search("x", user_id="u", **bad)  # type: ignore[arg-type]
