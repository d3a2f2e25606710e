"""Words alone find the memory in languages that the local embedder does not know.

Each file holds 50 statements of one person and a question for each, " | " between them, written for this test.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from memlayer import text
from memlayer.engine.question import understand
from memlayer.engine.ranking import rank
from memlayer.engine.segments import IndexRow, Segment
from memlayer.types import Scope, View

LANGUAGES = {"es": "Spanish", "de": "German", "zh": "Chinese", "ja": "Japanese", "ar": "Arabic", "hi": "Hindi"}
NOW = View(now=datetime(2030, 1, 1, tzinfo=timezone.utc))
SCOPE = Scope(user_id="anna")
START, HOUR = 1_683_500_000_000_000, 3_600_000_000


def pairs(language: str) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [(said, asked) for said, _, asked in (line.partition(" | ") for line in lines)]


def held(statements: list[str]) -> Segment:
    """A memory of single statements, without vectors."""
    made = Segment()
    rows = []
    for seq, said in enumerate(statements, 1):
        found, at = text.analyse(said), START + seq * HOUR
        rows.append(
            IndexRow(
                seq=seq, version=seq, id=str(seq), kind="fact", status="live", created_at=at, valid_from=at,
                valid_to=None, expires_at=None, agent_id=None, run_id=None, app_id=None, role="user", name=None,
                session=f"s{seq}", position=0, sources=(), importance=0.5, feedback=None, vector=None,
                terms=found.terms.tobytes(), words=found.words, flags=found.flags,
            )
        )  # fmt: skip
    made.apply(rows)
    return made


def missed(language: str) -> list[str]:
    """The questions whose statement is not among the first five."""
    told = pairs(language)
    memory = held([said for said, _ in told])
    lost = []
    for number, (_, asked) in enumerate(told, 1):
        found = rank(memory, understand(asked), None, view=NOW, scope=SCOPE, limit=5)
        if str(number) not in {r.id for r in found}:
            lost.append(asked)
    return lost


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_alone_find_the_statement_among_the_first_five(language: str) -> None:
    assert len(pairs(language)) == 50
    lost = missed(language)
    assert len(lost) <= 5, f"recall@5 of {LANGUAGES[language]} is {2 * (50 - len(lost))}; lost: {lost}"


def test_a_memory_of_all_languages_keeps_them_apart() -> None:
    told = [(language, *pair) for language in LANGUAGES for pair in pairs(language)]
    memory = held([said for _, said, _ in told])
    hits = dict.fromkeys(LANGUAGES, 0)
    for number, (language, _, asked) in enumerate(told, 1):
        found = rank(memory, understand(asked), None, view=NOW, scope=SCOPE, limit=5)
        hits[language] += str(number) in {r.id for r in found}
    assert min(hits.values()) >= 40, hits
