"""What changes in short conversations and what only looks as if it did: the tables are the specification."""

from __future__ import annotations

from pathlib import Path

import pytest
from talks import Talk, read, tell

HERE = Path(__file__).parent
TABLE = list(read(HERE / "talks.txt"))


@pytest.mark.parametrize("talk", TABLE, ids=[talk.title for talk in TABLE])
def test_facts_follow_what_was_said(talk: Talk) -> None:
    assert tell(talk).faults(talk) == []


def test_the_table_tells_changes_and_lookalikes_and_no_title_twice() -> None:
    assert len({talk.title for talk in TABLE}) == len(TABLE) >= 500
    assert sum(talk.kept for talk in TABLE) >= 200
    assert all(talk.kept or talk.gone or talk.live or talk.never for talk in TABLE)


def test_conversations_that_no_rule_was_written_for() -> None:
    """A floor under what was measured on them once: 40 of 41 replacements right, 40 of 50 made, 37 of 38 kept.

    The last four are what sixty other conversations, now in the table, left unmade.
    """
    told = [(talk, tell(talk)) for talk in read(HERE / "talks_held_out.txt")]
    made = sum(len(after.replaced) for _, after in told)
    wrong = sum(f.startswith("replaced without") for talk, after in told for f in after.faults(talk))
    wanted = sum(len(talk.gone) for talk, _ in told)
    missed = sum(f.startswith("not replaced") for talk, after in told for f in after.faults(talk))
    lookalikes = [not after.replaced for talk, after in told if talk.kept]
    assert made > 35
    assert 1 - wrong / made >= 0.95
    assert 1 - missed / wanted >= 0.78
    assert sum(lookalikes) / len(lookalikes) >= 0.95
