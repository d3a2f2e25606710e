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
    ("What is my favourite colour?", "favorite:color", "user"),
    ("What's Lena's favorite ice cream?", "favorite:ice_cream", "Lena"),
    ("What do I like?", "likes", "user"),
    ("What doesn't Marco like?", "dislikes", "Marco"),
    ("What does Marco hate?", "dislikes", "Marco"),
    ("Where do I come from?", "comes_from", "user"),
    ("What car do I drive?", "drives", "user"),
    ("What's my rent?", "detail:rent", "user"),
    ("Who is my dentist?", "detail:dentist", "user"),
    ("When is my yoga class?", "when:yoga_class", "user"),
    ("How do I get to work?", "commutes_by", "user"),
    ("What is Nadia reading?", "reads", "Nadia"),
]
NOT_ASKED = [
    "Where did I live before?",
    "Where did I use to work?",
    "Where does my sister live?",
    "Where does she live?",
    "What is my dog's favourite toy?",
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


@pytest.mark.parametrize(
    ("question", "animal"),
    [
        ("What are Maya's cats called?", "cat"),
        ("What is the name of my kitten?", "cat"),
        ("How many dogs do I have?", "dog"),
        ("Do I have a parrot?", "parrot"),
    ],
)
def test_a_question_for_one_kind_of_animal_wants_no_other(question: str, animal: str) -> None:
    (wanted,) = [a for a in asked(question) if a.attribute == "has_pet"]
    assert wanted.animal == animal
    fact = {"subject": wanted.subject, "attribute": "has_pet", "value": "Rex"}
    assert answers(wanted, told(f"Has a {animal} named Rex", **fact))
    assert not answers(wanted, told("Has a hedgehog named Rex", **fact))


def told(text: str, **fields: str) -> Record:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return Record(
        id="1", kind="fact", text=text, scope=Scope("u"), created_at=at, recorded_at=at, valid_from=at, **fields
    )  # fmt: skip


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
