"""What each signal weighs; `benchmarks/quality/fit.py` finds these numbers, and nothing else names them."""

from __future__ import annotations

WEIGHTS: dict[str, float] = {
    # Who said it: the one person whom the question names, the first of two, the side of the chat that it wants.
    "speaker": 2.5,
    "first_named": 2.0,
    "role": 1.9,
    # Words, as shares of the idf of the question's words: own (BM25), own and neighbouring turns, date, caption.
    "words": 0.5,
    "words_near": 6.5,
    "date_words": 17.0,
    "caption": 3.2,
    # Meaning, as cosines: own, mean of the turns around, best of the session.
    "meaning": 3.6,
    "meaning_near": 3.8,
    "meaning_session": 5.2,
    # What kind of text it is, and whether it has what the question asks for.
    "opens": 0.9,
    "rarity": 0.4,
    "long": -2.4,
    "question": -0.5,
    "has_time": 0.2,
    "time_asked": 1.6,
    "has_number": 0.8,
    "has_name": 0.3,
    "name_asked": 1.2,
    "title_asked": 1.3,
    "kind_asked": 0.9,
    "taste_asked": 1.1,
    # Set by hand: the data sets have none of these.
    "in_time": 1.0,
    "idle": -5.0,
    "importance": 1.0,
    "feedback": 2.0,
}

CLOSER_WEIGHTS: dict[str, float] = {
    **WEIGHTS,
    "speaker": 2.4,
    "first_named": 1.9,
    "role": 1.8,
    "words": 1.0,
    "words_near": 3.4,
    "date_words": 18.0,
    "caption": 2.6,
    "meaning": 1.7,
    "meaning_near": 2.9,
    "meaning_session": 4.3,
    "rarity": 0.3,
    "long": -2.3,
    "pieces": 7.0,
}
"""The same where the vectors of pieces are kept and the best rows are looked at closely."""

CLOSER_SCALE = (9.3, 1.45)
"""CENTRE and WIDTH of these."""

SHAPE = frozenset(
    ("speaker", "first_named", "role", "opens", "rarity", "long", "question", "has_time", "time_asked", "has_number",
     "has_name", "name_asked", "title_asked", "kind_asked", "taste_asked")
)  # fmt: skip
"""Signals that order the rows of a memory and say nothing about whether it knows the answer.

What they give to the best row is taken from all scores of its list before they are squeezed into [0, 1]."""

CENTRE, WIDTH = 7.5, 1.45
"""The score (without SHAPE) at which a best result answers its question in half of the cases, and how fast that
changes."""

OWN = frozenset(("importance", "feedback"))
"""Signals that a record keeps where another one's words speak for it: they are about it, not about what was said."""
