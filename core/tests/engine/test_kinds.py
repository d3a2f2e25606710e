"""A text that names the kind of thing that a question asks for, and tastes where it asks for advice."""

from __future__ import annotations

import pytest

from memlayer import Memory, _kinds
from memlayer.text import analyse


@pytest.mark.parametrize(
    ("asked", "names", "other"),
    [
        ("Which city did Ann visit?", "We had three days in Lisbon", "We had three days of rain"),
        ("What pets does she have?", "The puppies chewed my shoes", "The scissors cut my shoes"),
        ("What instruments do I play?", "Two hours of violin, every day", "Two hours of sums, every day"),
        ("Which foods should I avoid?", "No mushrooms for me", "No meetings for me"),
        ("What are his hobbies?", "Off to pottery again", "Off to court again"),
        ("Which languages do I speak?", "My Swedish is rusty", "My bike is rusty"),
        ("Who are her relatives?", "An aunt came by", "A plumber came by"),
    ],
)
def test_a_kind_is_asked_for_and_named(asked: str, names: str, other: str) -> None:
    wanted = _kinds.asked(asked)
    assert wanted & analyse(names).flags
    assert not wanted & analyse(other).flags


@pytest.mark.parametrize(
    ("asked", "wants"),
    [
        ("What pizza should I order?", True),
        ("Can you suggest a hotel in Miami?", True),
        ("Any tips on what to bake?", True),
        ("Where did I leave the keys?", False),
        ("When was the concert?", False),
    ],
)
def test_advice_is_known_by_its_words(asked: str, wants: bool) -> None:
    assert _kinds.advice(asked) is wants


def test_what_somebody_likes_decides_about_advice() -> None:
    with Memory(":memory:") as memory:
        memory.add("I went to the harbour with Tom to see the ships.", user_id="u")
        memory.add("I am allergic to walnuts.", user_id="u")
        best = memory.search("What cake should I bake?", user_id="u", explain=True)["results"][0]
    assert "walnuts" in best["memory"]
    assert {"kind_asked", "taste_asked"} <= best["signals"].keys()
