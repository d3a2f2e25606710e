"""Facts of one slot whose words decide: the same sentence with another value, a newer version, a reversed taste.

Each rule has its wordings and the ones that only look like them; "kept" stands beside the fact from before.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from resolve_cases import fact, held, run

from memlayer.types import Record

_Row = tuple[str, str, tuple[str, str], tuple[str, str]]
ROWS: list[_Row] = [
    # the same sentence with "now" and one other value
    ("replaced", "uses", ("Uses Windows at work", "Windows"), ("Uses macOS at work now", "macOS")),
    (
        "replaced",
        "prefers",
        ("Prefers tabs for indentation", "tabs"),
        ("Prefers spaces for indentation now", "spaces"),
    ),
    ("replaced", "drinks", ("Drinks tea after dinner", "tea"), ("Drinks cocoa after dinner these days", "cocoa")),
    (
        "replaced",
        "plans",
        ("Is flying to Lisbon on 2024-05-04", "fly to Lisbon"),
        ("Is flying to Lisbon on 2024-05-06 now", "fly"),
    ),
    ("kept", "drinks", ("Drinks coffee", "coffee"), ("Drinks tea now", "tea")),
    ("kept", "uses", ("Uses Windows at work", "Windows"), ("Uses macOS at work", "macOS")),
    ("kept", "prefers", ("Prefers tabs for indentation", "tabs"), ("Prefers spaces for alignment now", "spaces")),
    # a newer version
    ("replaced", "state:app_runs_on", ("App runs on Node 18", "Node 18"), ("App runs on Node 22", "Node 22")),
    (
        "replaced",
        "state:db_runs_on",
        ("Db runs on Postgres 14", "Postgres 14"),
        ("Db runs on Postgres 17", "Postgres 17"),
    ),
    ("replaced", "state:api_uses", ("Api uses Python 3.9", "Python 3.9"), ("Api uses Python 3.12.1", "Python 3.12")),
    ("kept", "state:app_runs_on", ("App runs on Node 22", "Node 22"), ("App runs on Node 18", "Node 18")),
    ("kept", "state:app_runs_on", ("App runs on Node 18", "Node 18"), ("App runs on Deno 2", "Deno 2")),
    # what a thing is, only with words of change
    ("replaced", "state:api_is_written_in", ("Api is written in Ruby", "Ruby"), ("Api is written in Go now", "Go")),
    ("replaced", "state:thesis_is_about", ("Thesis is about bees", "bees"), ("Thesis is now about wasps", "wasps")),
    ("replaced", "state:app_is_hosted_on", ("App is hosted on Fly", "Fly"), ("Moved the app to Render", "Render")),
    ("kept", "state:api_uses", ("Api uses Redis", "Redis"), ("Api uses Kafka", "Kafka")),
    ("kept", "state:api_uses", ("Api uses Redis", "Redis"), ("Api also uses Kafka now", "Kafka")),
    # where, how many, how much, with whom
    ("replaced", "where:key", ("Key is under the mat", "under the mat"), ("Moved their key to the safe", "the safe")),
    ("replaced", "count:followers", ("Has 500 followers", "500"), ("Is now at 600 followers", "600")),
    ("replaced", "figure:budget", ("Budget is 3k", "3k"), ("Budget is now 5k", "5k")),
    ("replaced", "lives_with", ("Lives with their parents", "parents"), ("Lives alone now", "alone")),
    ("replaced", "lives_with", ("Lives alone", "alone"), ("Moved in with their girlfriend Ines", "girlfriend Ines")),
    ("replaced", "plays_for", ("Plays for the Falcons", "Falcons"), ("Plays for the Hawks now", "Hawks")),
    ("replaced", "studies", ("Studies chemistry", "chemistry"), ("Studies linguistics now", "linguistics")),
    ("replaced", "owes:tim", ("Owes Tim 50 euros", "50 euros"), ("Still owes Tim 20 euros", "20 euros")),
    ("kept", "where:key", ("Key is under the mat", "under the mat"), ("Key is in the safe", "in the safe")),
    ("kept", "count:followers", ("Has 500 followers", "500"), ("Has 80 followers", "80")),
    ("kept", "figure:budget", ("Budget is 3k", "3k"), ("Budget is 5k", "5k")),
    ("kept", "lives_with", ("Lives with their wife", "wife"), ("Lives with their two kids", "two kids")),
    ("kept", "plays_for", ("Plays for the Falcons", "Falcons"), ("Also plays for the Hawks", "Hawks")),
    ("kept", "studies", ("Studies chemistry", "chemistry"), ("Studies physics", "physics")),
    ("kept", "owes:tim", ("Owes Tim 50 euros", "50 euros"), ("Owes Tim 20 euros", "20 euros")),
    # a reversed preference
    ("replaced", "prefers", ("Prefers tea over coffee", "tea"), ("Prefers coffee over tea", "coffee")),
    ("replaced", "prefers", ("Prefers cats to dogs", "cats"), ("Prefers dogs to cats", "dogs")),
    ("replaced", "prefers", ("Prefers running over biking", "running"), ("Prefers biking to running", "biking")),
    ("kept", "prefers", ("Prefers tea over coffee", "tea"), ("Prefers coffee over cocoa", "coffee")),
    ("kept", "prefers", ("Prefers tea", "tea"), ("Prefers coffee over cocoa", "coffee")),
    # the best friend
    (
        "replaced",
        "has_friend",
        ("Has a best friend named Olga", "Olga"),
        ("Now has a best friend named Petra", "Petra"),
    ),
    (
        "replaced",
        "has_friend",
        ("Has a best friend named Olga", "Olga"),
        ("Has a new best friend named Petra", "Petra"),
    ),
    ("kept", "has_friend", ("Has a best friend named Olga", "Olga"), ("Has a best friend named Petra", "Petra")),
    ("kept", "has_friend", ("Has a friend named Olga", "Olga"), ("Now has a best friend named Petra", "Petra")),
]


@pytest.mark.parametrize(("wanted", "attribute", "old", "new"), ROWS, ids=[f"{r[2][0]} / {r[3][0]}" for r in ROWS])
def test_words_decide(wanted: str, attribute: str, old: tuple[str, str], new: tuple[str, str]) -> None:
    (decision,) = run([fact(new[0], attribute, new[1], at=30)], [held(fact(old[0], attribute, old[1]))])
    assert [r.text for r in decision.replaced] == ([old[0]] if wanted == "replaced" else [])


@pytest.mark.parametrize(
    ("old", "new", "replaced"),
    [
        ("The user's friend Anna lives in Rome", "The user's cousin Anna moved to Paris", False),
        ("The user's friend Anna lives in Rome", "The user's boss Anna moved to Paris", False),
        ("The user's friend Anna lives in Rome", "The user's best friend Anna moved to Paris", True),
        ("The user's friend Anna lives in Rome", "Anna moved to Paris", True),
        ("Anna lives in Rome", "The user's cousin Anna moved to Paris", True),
    ],
)
def test_who_is_called_alike_may_be_another(old: str, new: str, replaced: bool) -> None:
    before = held(fact(old, "lives_in", "Rome", subject="Anna"))
    (decision,) = run([fact(new, "lives_in", "Paris", at=30, subject="Anna")], [before])
    assert bool(decision.replaced) is replaced


def test_what_is_put_aside_is_the_slip_and_not_the_thing_beside_it() -> None:
    kitten, milo = (
        held(fact("Got a kitten", "has_pet", "kitten")),
        held(fact("Has a kitten named Milo", "has_pet", "Milo")),
    )
    known = [kitten, replace_id(milo)]
    otto = fact("Has a kitten named Otto, not Milo", "has_pet", "Otto", correction=True)
    (decision,) = run([otto], known)
    assert [r.text for r in decision.replaced] == ["Has a kitten named Milo"]


def replace_id(record: Record) -> Record:
    return replace(record, id="old2")
