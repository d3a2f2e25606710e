"""Newest truth first: what stands above what, and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from index_rows import ANNA, HOUR, NOW, START, row, segment, vector

from memlayer.engine.question import understand
from memlayer.engine.ranking import Ranked, rank
from memlayer.engine.segments import IndexRow

MINUTE = HOUR // 60


def ask(rows: list[IndexRow], asked: str) -> list[Ranked]:
    held = segment(*rows)
    question = understand(asked, list(held.names.numbers))
    return rank(held, question, vector(question.plain), view=NOW, scope=ANNA)


def first(rows: list[IndexRow], asked: str) -> str:
    return ask(rows, asked)[0].id


def talk(*said: str, apart: int = MINUTE, **given: Any) -> list[IndexRow]:
    """Turns of one session."""
    return [
        row(n, text, kind="episode", session="s", position=n, created_at=START + n * apart, **given)
        for n, text in enumerate(said, 1)
    ]


OLD, NEW = "My parking place is number 12, and I like it there", "My parking place is now number 14 behind the mill"


@pytest.mark.parametrize("asked", ["What is my parking place?", "Which parking place does the user have?"])
def test_the_newer_one_of_two_sessions_stands_above(asked: str) -> None:
    assert first([row(1, OLD), row(2, NEW)], asked) == "m2"
    assert first([row(1, NEW), row(2, OLD)], asked) == "m2"


@pytest.mark.parametrize("asked", ["What was my previous parking place?", "What was my parking place at first?"])
def test_a_question_about_the_past_moves_nothing(asked: str) -> None:
    told = ask([row(1, OLD), row(2, NEW)], asked)
    assert all("newer" not in hit.shares for hit in told)


def test_a_correction_in_the_next_breath_stands_above() -> None:
    told = talk("The train to Rome leaves at 9 from platform 4", "Sorry, I meant the train to Rome leaves at 8")
    assert first(told, "When does my train to Rome leave now?") == "m2"


def test_two_short_turns_that_say_nearly_the_same_need_no_word_for_it() -> None:
    told = talk("Kim owes me 40 for the tickets", "Kim owes me 60 for the tickets")
    assert first(told, "How much does Kim owe me for the tickets?") == "m2"


def test_a_talk_that_goes_on_stays_as_it_is() -> None:
    told = talk("I like tea in the morning", "Tea is from Assam mostly and from other places that grow some of it")
    assert first(told, "Which tea do I like in the morning?") == "m1"


def test_another_speaker_replaces_nothing() -> None:
    told = [row(1, OLD, name="Ann"), row(2, NEW, name="Bea")]
    assert first(told, "What is the parking place that is number 12?") == "m1"


def test_what_was_judged_as_bad_stays_below() -> None:
    assert first([row(1, OLD), row(2, NEW, feedback="NEGATIVE")], "What is my parking place?") == "m1"


def test_scores_still_fall_and_the_move_is_named() -> None:
    told = ask([row(1, OLD), row(2, NEW)], "What is my parking place number 12?")
    assert [hit.id for hit in told] == ["m2", "m1"]
    assert told[0].score >= told[1].score
    assert told[0].shares["newer"] > 0 > told[1].shares["newer"]


def test_sources_come_newest_first() -> None:
    turns = talk("I like tea", "As I said, I like tea", apart=2 * HOUR)
    fact = row(3, "Likes tea", position=-1, session=None, sources=("m1", "m2"))
    assert ask([*turns, fact], "Do I like tea?")[0].sources == ("m2", "m1")
