"""Which statements take back what was said before."""

from __future__ import annotations

import pytest

from memlayer.extraction._clauses import clauses


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Actually, I live in Bern.", [("I live in Bern", True)]),
        (
            "I meant hazelnuts. I'm allergic to hazelnuts.",
            [("I meant hazelnuts", True), ("I am allergic to hazelnuts", True)],
        ),
        ("Wait, I said that wrong. My sister is a vet.", [("My sister is a vet", True)]),
        ("Sorry, my mistake. I work at Acme.", [("my mistake", True), ("I work at Acme", True)]),
        ("Actually, that sounds great. I love hiking.", [("sounds great", True), ("I love hiking", False)]),
        ("I mean it. I love hiking.", [("I love hiking", False)]),
        ("Thanks. I love hiking.", [("I love hiking", False)]),
    ],
)
def test_correction(text: str, wanted: list[tuple[str, bool]]) -> None:
    assert [(c.text, c.correction) for c in clauses(text)] == wanted
