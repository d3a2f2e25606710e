"""What users of this kind of memory expect of it, in the order in which they meet it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from memlayer import Memory

ALEX = {"user_id": "alex"}
SANDWICH = [
    {"role": "user", "content": "I live in San Francisco and I need an idea for lunch."},
    {"role": "assistant", "content": "How about a grilled cheese sandwich?"},
    {"role": "user", "content": "Actually, I don't like cheese."},
]


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory(":memory:") as opened:
        yield opened


def texts(found: dict[str, object]) -> list[str]:
    return [row["memory"] for row in found["results"]]  # type: ignore[attr-defined]


def test_a_chat_becomes_two_facts(memory: Memory) -> None:
    added = memory.add(SANDWICH, **ALEX)["results"]
    assert [(row["event"], row["memory"]) for row in added] == [
        ("ADD", "Lives in San Francisco"),
        ("ADD", "Does not like cheese"),
    ]


@pytest.mark.parametrize("question", ["Should my pizza have cheese on it?", "What pizza should I order?"])
def test_a_question_about_pizza_finds_the_cheese_before_the_city(memory: Memory, question: str) -> None:
    memory.add(SANDWICH, **ALEX)
    found = memory.search(question, limit=5, **ALEX)["results"]
    told = [row["memory"] for row in found]
    assert told.index("Does not like cheese") < told.index("Lives in San Francisco")
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)


def test_a_contradiction_replaces_and_keeps_both_in_the_history(memory: Memory) -> None:
    (old,) = memory.add("I dislike cheese.", **ALEX)["results"]
    (new,) = memory.add("I like cheese.", **ALEX)["results"]
    assert new["event"] == "UPDATE"
    assert new["old_memory"] == new["previous_memory"] == old["memory"]
    assert texts(memory.get_all(**ALEX)) == [new["memory"]]
    for memory_id in (old["id"], new["id"]):
        changed, born = memory.history(memory_id)
        assert (changed["action"], changed["previous_value"], changed["new_value"]) == (
            "UPDATE", old["memory"], new["memory"]
        )  # fmt: skip
        assert (born["action"], born["previous_value"], born["new_value"]) == ("ADD", None, old["memory"])


def test_one_sentence_fills_facts_profile_and_graph(memory: Memory) -> None:
    added = memory.add("I live in SF and I don't like cheese.", enable_graph=True, **ALEX)
    assert len(added["results"]) == 2
    profile = memory.profile(**ALEX)["profile"]
    assert profile["lives_in"] == "SF"
    assert profile["dislikes"] == ["cheese"]
    edges = {(e["source"], e["relationship"], e["target"], e["target_type"]) for e in memory.graph(**ALEX)["relations"]}
    assert edges == {("alex", "lives_in", "SF", "place"), ("alex", "dislikes", "cheese", "food")}
    assert len(added["relations"]) == 2
    assert "Does not like cheese" in texts(memory.search("something with mozzarella", **ALEX))
    assert memory.search("Where is alex's home?", enable_graph=True, **ALEX)["relations"]


@pytest.fixture
def tagged(memory: Memory) -> Memory:
    rows = [
        ("Sushi on Monday.", "2024-07-01T12:00:00Z", {"food": "fish", "urgency": "low", "stars": 2}, ["food"]),
        ("Ramen on the last day.", "2024-07-31T23:30:00Z", {"food": "vegan", "urgency": "high", "stars": 5}, ["food"]),
        ("Call the landlord.", "2024-08-02T09:00:00Z", {"urgency": "medium", "priority": "urgent"}, ["home"]),
        ("An old promise.", "2023-05-05T09:00:00Z", {"urgency": "low"}, ["family", "home"]),
    ]
    for text, when, metadata, categories in rows:
        memory.add(text, infer=False, timestamp=when, metadata=metadata, categories=categories, **ALEX)
    memory.add("Not alex's.", infer=False, user_id="sam")
    return memory


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"AND": [{"user_id": "alex"}]}, "Sushi Ramen Call An"),
        ({"user_id": "alex", "metadata": {"food": "vegan"}}, "Ramen"),
        ({"AND": [{"user_id": "alex"}, {"metadata": {"urgency": {"in": ["high", "medium"]}}}]}, "Ramen Call"),
        (
            {"AND": [{"user_id": "alex"}, {"created_at": {"gte": "2024-07-01", "lte": "2024-07-31"}}]},
            "Sushi Ramen",
        ),
        (
            {
                "AND": [
                    {"user_id": "alex"},
                    {"OR": [{"created_at": {"gte": "2024-08-01"}}, {"metadata": {"priority": "urgent"}}]},
                ]
            },
            "Call",
        ),
        ({"AND": [{"user_id": "alex"}, {"metadata": {"stars": {"gt": 2}}}]}, "Ramen"),
        ({"AND": [{"user_id": "alex"}, {"metadata": {"urgency": {"ne": "low"}}}]}, "Ramen Call"),
        ({"AND": [{"user_id": "alex"}, {"categories": {"contains": "home"}}]}, "Call An"),
        ({"AND": [{"user_id": "alex"}, {"categories": {"in": ["food", "family"]}}]}, "Sushi Ramen An"),
        ({"AND": [{"user_id": "alex"}, {"metadata.food": {"icontains": "VEG"}}]}, "Ramen"),
        ({"AND": [{"user_id": "alex"}, {"NOT": [{"categories": {"contains": "food"}}]}]}, "Call An"),
    ],
)
def test_filters_narrow_search_and_get_all_alike(tagged: Memory, tree: dict[str, object], expected: str) -> None:
    for found in (tagged.get_all(filters=tree), tagged.search("anything at all", filters=tree, top_k=50)):
        assert sorted(text.split()[0] for text in texts(found)) == sorted(expected.split())


def test_what_has_expired_is_not_found_and_not_lost() -> None:
    now = [datetime(2024, 5, 1, tzinfo=timezone.utc)]
    with Memory(":memory:", clock=lambda: now[0]) as memory:
        (added,) = memory.add("The museum is closed.", infer=False, expiration_date="2024-05-10", **ALEX)["results"]
        now[0] = datetime(2024, 5, 10, 23, 59, tzinfo=timezone.utc)
        assert texts(memory.search("museum", **ALEX)) == ["The museum is closed."]
        now[0] = datetime(2024, 5, 11, tzinfo=timezone.utc)
        assert texts(memory.search("museum", **ALEX)) == []
        assert texts(memory.get_all(**ALEX)) == []
        assert memory.get(added["id"])["expiration_date"] == "2024-05-10"


def test_infer_false_keeps_the_words(memory: Memory) -> None:
    words = "  Remember: the blue key, NOT the red one!  "
    added = memory.add(
        [{"role": "system", "content": "Be kind."}, {"role": "user", "content": words}], infer=False, **ALEX
    )
    assert [row["memory"] for row in added["results"]] == [words]
    again = memory.add(words, infer=False, **ALEX)["results"]
    assert again[0]["id"] != added["results"][0]["id"]


@pytest.mark.parametrize(
    "messages",
    [
        "Photosynthesis is the process by which plants turn light into energy.",
        "What is a binary tree?",
        [
            {"role": "user", "content": "What is a binary tree?"},
            {"role": "assistant", "content": "A data structure in which each node has at most two children."},
        ],
        "Hello! How are you?",
    ],
)
def test_a_definition_and_small_talk_give_no_fact(memory: Memory, messages: object) -> None:
    assert memory.add(messages, **ALEX)["results"] == []  # type: ignore[arg-type]
    assert memory.get_all(**ALEX)["count"] == 0


def test_batches_are_all_or_none(memory: Memory) -> None:
    ids = [memory.add(f"Note {n}.", infer=False, **ALEX)["results"][0]["id"] for n in range(3)]
    told = memory.batch_update([{"memory_id": ids[0], "text": "One."}, {"memory_id": ids[1], "text": "Two."}])
    assert told == {"message": "Successfully updated 2 memories"}
    assert sorted(texts(memory.get_all(**ALEX))) == ["Note 2.", "One.", "Two."]
    with pytest.raises(LookupError):
        memory.batch_delete([{"memory_id": ids[0]}, {"memory_id": "missing"}])
    assert memory.get_all(**ALEX)["count"] == 3
    told = memory.batch_delete([{"memory_id": memory_id} for memory_id in ids[:2]])
    assert told == {"message": "Successfully deleted 2 memories"}
    assert texts(memory.get_all(**ALEX)) == ["Note 2."]


def test_another_user_sees_nothing(memory: Memory) -> None:
    (added,) = memory.add("I live in San Francisco.", **ALEX)["results"]
    assert texts(memory.search("Where do I live?", user_id="sam")) == []
    assert texts(memory.get_all(user_id="sam")) == []
    assert texts(memory.search("Where do I live?", filters={"user_id": "sam"})) == []
    with pytest.raises(LookupError):
        memory.get(added["id"], user_id="sam")
    memory.delete_all(user_id="sam")
    assert texts(memory.get_all(**ALEX)) == ["Lives in San Francisco"]
