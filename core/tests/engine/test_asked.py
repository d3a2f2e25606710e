"""Questions that ask for a slot, and questions that do not."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from memlayer.engine.asked import Asked, answers, asked
from memlayer.types import Record, Scope

ASKED = [
    ("Where do I live?", "lives_in", "user"),
    ("where am I living now?", "lives_in", "user"),
    ("Where does the user live?", "lives_in", "user"),
    ("What is the user's name?", "name", "user"),
    ("Which city does Caroline live in?", "lives_in", "Caroline"),
    ("Remind me, where does Nora live?", "lives_in", "Nora"),
    ("Where do I work?", "works_at", "user"),
    ("Who does Tom work for?", "works_at", "Tom"),
    ("What's my employer?", "works_at", "user"),
    ("What do I do for a living?", "occupation", "user"),
    ("What is Anna's job?", "occupation", "Anna"),
    ("What's my name?", "name", "user"),
    ("What am I called?", "name", "user"),
    ("How old is Melanie?", "age", "Melanie"),
    ("When is my birthday?", "birthday", "user"),
    ("When was James born?", "birthday", "James"),
    ("Who is my husband?", "married_to", "user"),
    ("Who is Ada married to?", "married_to", "Ada"),
    ("What pets do I have?", "has_pet", "user"),
    ("Does Omar have any pets?", "has_pet", "Omar"),
    ("Do I have kids?", "has_child", "user"),
    ("What am I allergic to?", "allergic_to", "user"),
    ("What are Priya's allergies?", "allergic_to", "Priya"),
    ("Which languages do I speak?", "speaks", "user"),
    ("What is my favourite colour?", "favorite:colour", "user"),
    ("What's Lena's favorite ice cream?", "favorite:ice cream", "Lena"),
    ("What do I like?", "likes", "user"),
    ("What doesn't Marco like?", "dislikes", "Marco"),
    ("What does Marco hate?", "dislikes", "Marco"),
    ("Where do I come from?", "comes_from", "user"),
    ("What car do I drive?", "drives", "user"),
]
NOT_ASKED = [
    "Where did I live before?",
    "Where did I use to work?",
    "Where does my sister live?",
    "Where does she live?",
    "What is the name of my dog?",
    "What is my dog's name?",
    "What did I like about the trip?",
    "What do I like to eat for breakfast on Sundays?",
    "Where does the company work on Fridays?",
    "I live in Berlin.",
    "What is your name?",
    "Who lives in Berlin?",
    "How old is the house?",
    "What pets would I like to have?",
    "Where do I live? And where does Tom work, by the way, since he moved to the other side of the town last summer?",
    "x" * 100_000,
]


@pytest.mark.parametrize(("question", "attribute", "subject"), ASKED)
def test_a_question_for_a_slot_is_understood(question: str, attribute: str, subject: str) -> None:
    assert Asked(attribute, subject) in asked(question)


@pytest.mark.parametrize("question", NOT_ASKED)
def test_other_questions_ask_for_no_slot(question: str) -> None:
    assert asked(question) == []


@pytest.mark.parametrize(
    ("subject", "attribute", "value", "negated", "fits"),
    [
        ("user", "lives_in", "Berlin", False, True),
        (None, "lives_in", "Berlin", False, True),
        ("Nora", "lives_in", "Rome", False, False),
        ("user", "works_at", "Acme", False, False),
        ("user", "lives_in", "Berlin", True, False),
        ("user", "lives_in", None, False, False),
    ],
)
def test_a_fact_answers_where_it_fills_the_slot_of_that_person(
    subject: str | None, attribute: str, value: str | None, negated: bool, fits: bool
) -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    record = Record(
        id="1", kind="fact", text="…", scope=Scope("u"), created_at=at, recorded_at=at, valid_from=at,
        subject=subject, attribute=attribute, value=value, negated=negated,
    )  # fmt: skip
    assert answers(Asked("lives_in", "user"), record) is fits
