"""Plain statements as people type them to an assistant, each alone: what becomes a fact and what never does.

The tables lie beside this file. A block is a message and what is expected of it, a line each:

    ``+ words``  a fact has these words;  ``!``  there is none.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from memlayer.extraction.local import LocalExtractor
from memlayer.types import Candidate, Message, Scope

HERE = Path(__file__).parent
AT = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
Row = tuple[str, list[str]]


def table(name: str) -> list[Row]:
    blocks = (HERE / name).read_text(encoding="utf-8").strip().split("\n\n")
    return [(said, expected) for said, *expected in (block.split("\n") for block in blocks)]


def read(text: str) -> list[Candidate]:
    message = Message("user", text, AT, None, "e1", "e1")
    return LocalExtractor().extract([message], scope=Scope(user_id="u"), known=[])


def missing(row: Row) -> list[str]:
    """What is expected and not found, or found where nothing is expected."""
    facts = [c.text for c in read(row[0])]
    if row[1] == ["!"]:
        return facts
    return [words for words in row[1] if not any(words[2:].casefold() in fact.casefold() for fact in facts)]


TABLE = table("statements.txt")


@pytest.mark.parametrize("row", TABLE, ids=[said for said, _ in TABLE])
def test_a_plain_statement_is_a_fact_and_a_request_is_none(row: Row) -> None:
    assert missing(row) == []


def test_the_table_holds_both_and_nothing_twice() -> None:
    assert len({said for said, _ in TABLE}) == len(TABLE) >= 350
    assert sum(expected == ["!"] for _, expected in TABLE) >= 150


@pytest.mark.parametrize(
    ("said", "slot", "value"),
    [
        ("I like playing board games on rainy Sundays with Marco and his kids.", "likes", "playing board games"),
        ("I enjoy going for long walks along the river before work.", "likes", "going for long walks"),
        ("I like breaking up my studying into smaller parts every day.", "likes", "breaking up their studying"),
        ("I love the smell of fresh bread from the bakery.", "likes", "smell of fresh bread"),
        ("I like my steak rare and my coffee black.", "likes", "steak rare"),
        ("I prefer to run in the morning.", "prefers", "run in the morning"),
        ("I prefer getting my news from podcasts rather than papers.", "prefers", "getting their news from podcasts"),
        ("I'd rather take the train than fly.", "prefers", "take the train"),
        ("I drive a twelve-year-old Skoda Octavia.", "drives", "Skoda Octavia"),
        ("Our landlord raised the rent to 1,450 euros a month as of February.", "detail:rent", "1,450 euros a month"),
        ("My laptop is a ThinkPad X1 running Fedora.", "detail:laptop", "a ThinkPad X1"),
        ("We've booked a cottage on Skye for the last week of May.", "plans",
         "a cottage on Skye for the last week of May 2027"),
        ("I planned a trip to Lisbon with Jonas.", "plans", "a trip to Lisbon with Jonas"),
    ],
)  # fmt: skip
def test_values_are_what_a_later_statement_would_name(said: str, slot: str, value: str) -> None:
    assert (slot, value) in [(c.attribute, c.value) for c in read(said)]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("I usually read two or three chapters before I fall asleep.",
         "Usually reads two or three chapters before they fall asleep"),
        ("I spend Christmas with my parents every year.", "Spends Christmas with their parents every year"),
        ("We'll be spending Christmas in Vienna.", "Will be spending Christmas 2026 in Vienna"),
        ("I need to hand in my tax return by the end of July.",
         "Needs to hand in their tax return by the end of July 2027"),
        ("I'm flying to Montreal on the 14th to visit my aunt.",
         "Is flying to Montreal on 2026-12-14 to visit their aunt"),
        ("I hate to bother you, but the link doesn't work.", ""),
        ("I own a cabin but my lock does not work.", "Owns a cabin"),
        ("I love cooking Thai food at home with my wife and our two kids on Sundays.",
         "Loves cooking Thai food at home with their wife and their two kids on Sundays"),
        ("I live with my wife and my kids in Berlin.", "Lives with their wife and their kids; Lives in Berlin"),
        ("I live with my parents and my sister lives in Rome.",
         "Lives with their parents; The user's sister lives in Rome"),
        ("My sister wants to become a pilot.", "The user's sister wants to become a pilot"),
        ("My daughter is allergic to hazelnuts and carries an EpiPen.",
         "The user's daughter is allergic to hazelnuts; The user's daughter carries an EpiPen"),
        ("On Tuesdays and Thursdays I pick up my daughter from violin lessons.",
         "Picks up their daughter from violin lessons on Tuesdays and Thursdays"),
    ],
)  # fmt: skip
def test_facts_say_what_was_said(said: str, text: str) -> None:
    assert "; ".join(c.text for c in read(said)) == text


def test_what_holds_at_work_or_after_dinner_fills_no_slot() -> None:
    for said in ("At work I use Edge.", "After dinner I drink tea.", "In the evenings I play the piano."):
        assert [c.attribute for c in read(said)] == [None], said


def test_statements_that_no_rule_was_written_for() -> None:
    """A floor under what was measured on them once: 25 of 66 facts kept, 3 of 25 requests taken for facts.

    Among them stand 17 that six other sets, now in the table, left unmade.
    """
    rows = table("statements_held_out.txt")
    told = [row for row in rows if row[1] != ["!"]]
    wanted = sum(len(expected) for _, expected in told)
    assert 1 - sum(len(missing(row)) for row in told) / wanted >= 0.33
    assert sum(bool(missing(row)) for row in rows if row[1] == ["!"]) <= 3
