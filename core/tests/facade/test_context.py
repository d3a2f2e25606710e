"""`context(ids=…)`: what a search found before, shown again as it is known by now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memlayer import ConfigurationError, Memory, UnsupportedError
from memlayer.testing import FixedClock, HashEmbedder


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def memory(tmp_path: Path, clock: FixedClock) -> Iterator[Memory]:
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(), clock=clock) as made:
        yield made


@pytest.fixture
def ids(memory: Memory) -> list[str]:
    """Two facts, in the order in which a search found them."""
    memory.add("I live in Berlin.", user_id="alex")
    memory.add("I like olives.", user_id="alex")
    found = memory.search("Berlin olives", user_id="alex", kinds=["fact"])["results"]
    assert len(found) == 2
    return [row["id"] for row in found]


def test_ids_are_packed_like_the_search_that_found_them(memory: Memory, ids: list[str]) -> None:
    assert memory.context(ids=ids) == memory.context("Berlin olives", user_id="alex", kinds=["fact"])
    assert "Berlin" in memory.context(ids=ids, user_id="alex")
    assert memory.context(ids=[]) == ""


def test_the_best_go_first_into_the_budget(memory: Memory, ids: list[str]) -> None:
    for first, second in (ids, ids[::-1]):
        growing = (memory.context(ids=[first, second], max_tokens=budget) for budget in range(1, 200))
        smallest = next(filter(None, growing))
        assert memory.get(first)["memory"] in smallest
        assert memory.get(second)["memory"] not in smallest


def test_turns_that_say_nothing_and_repeats_take_no_room(memory: Memory) -> None:
    """Ten times "Got it!" stood in the prompt, and what mattered did not."""
    for said in ("The deploy is on Friday.", "Got it!", "Sounds good, thanks!", "The deploy is on Friday."):
        memory.add([{"role": "assistant", "content": said}], user_id="alex")
    block = memory.context("When is the deploy?", user_id="alex")
    assert [line for line in block.splitlines() if line.startswith("- ")] == [
        "- 2024-07-15, assistant: The deploy is on Friday."
    ]
    idle = memory.search("Got it", user_id="alex")["results"]
    assert "Got it!" in [row["memory"] for row in idle]
    assert memory.context(ids=[row["id"] for row in idle if row["memory"] == "Got it!"]) == ""


def test_what_two_people_say_alike_is_said_by_both(memory: Memory) -> None:
    """The second one's words were left out as a repeat of the first one's."""
    for name in ("Ann", "Ben", "Ann"):
        memory.add([{"role": "user", "name": name, "content": "The deploy is on Friday."}], user_id="alex")
    block = memory.context("When is the deploy?", user_id="alex")
    assert sorted(line for line in block.splitlines() if "2024-07-15, " in line) == [
        "- 2024-07-15, Ann: The deploy is on Friday.",
        "- 2024-07-15, Ben: The deploy is on Friday.",
    ]


def test_what_no_longer_holds_is_left_out(memory: Memory, ids: list[str], clock: FixedClock) -> None:
    memory.delete(next(i for i in ids if "Berlin" in memory.get(i)["memory"]))
    assert "Berlin" not in memory.context(ids=ids)
    assert "olives" in memory.context(ids=ids)
    memory.add("Passes through Rome.", user_id="alex", infer=False, expiration_date="2024-07-15")
    passing = memory.search("Rome", user_id="alex")["results"][0]["id"]
    assert "Rome" in memory.context(ids=[passing])
    clock.advance(days=1)
    assert memory.context(ids=[passing]) == ""
    memory.erase(user_id="alex")
    assert memory.context(ids=ids) == ""


def test_another_scope_sees_nothing(memory: Memory, ids: list[str]) -> None:
    assert memory.context(ids=ids, user_id="bob") == ""
    assert memory.context(ids=ids, user_id="alex", agent_id="cook") == ""


def test_what_does_not_go_together_is_refused(memory: Memory, ids: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        memory.context("Berlin", ids=ids)
    with pytest.raises(UnsupportedError, match="threshold"):
        memory.context(ids=ids, threshold=0.5)
    with pytest.raises(ConfigurationError, match="max_tokens"):
        memory.context(ids=ids, max_tokens=0)
    with pytest.raises(ConfigurationError, match="query"):
        memory.context(user_id="alex")
