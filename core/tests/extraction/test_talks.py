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
    assert len({talk.title for talk in TABLE}) == len(TABLE) >= 400
    assert sum(talk.kept for talk in TABLE) >= 150
    assert all(talk.kept or talk.gone or talk.live or talk.never for talk in TABLE)
