"""What each signal weighs; `benchmarks/quality/fit.py` finds these numbers, and nothing else names them."""

from __future__ import annotations

WEIGHTS: dict[str, float] = {
    "speaker": 2.25,
    "first_named": 2.25,
    "role": 1.6,
    "words": 2.0,
    "date_words": 45.0,
    "words_near": 5.5,
    "meaning": 5.0,
    "meaning_session": 3.4,
    "meaning_near": 2.5,
    "caption": 4.0,
    "rarity": 0.5,
    "long": -2.0,
    "question": -0.6,
    "time_word": 0.6,
    "time_asked": 1.5,
}
WEIGHTS |= {"in_time": 1.0, "importance": 1.0, "feedback": 2.0}

CENTRE, WIDTH = 9.0, 1.5
"""The score at which a best result answers its question in half of the cases, and how fast that changes."""
