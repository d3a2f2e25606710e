"""Which memories answer a question, best first, and why.

The score is one linear formula over the signals of `signals.py` with the weights of `weights.py`. Facts meet turns: a
turn speaks with its own words and those of its facts, and the best of its facts is shown for it; its other facts keep
what their own text earns, so that one turn does not fill the list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memlayer.engine.candidates import around, candidates
from memlayer.engine.question import Question
from memlayer.engine.recency import newest_first
from memlayer.engine.segments import Mask, Segment, Slots
from memlayer.engine.signals import Floats, Pool, measure
from memlayer.engine.spread import DEPTH, spread
from memlayer.engine.weights import CENTRE, CLOSER_SCALE, CLOSER_WEIGHTS, OWN, SHAPE, WEIGHTS, WIDTH
from memlayer.engine.word_pieces import CLOSER, Reader, closeness
from memlayer.types import Scope, View, WordPieces

# Up to so many rows of a reader every one is scored, which takes no longer; of more, the candidates.
EXACT = 9_000
# So many are looked at for newer ones, however few are asked for.
_DEEP = 10


class Ranked(NamedTuple):
    """One result."""

    id: str
    """The record to show."""
    seq: int
    score: float
    """In [0, 1]; comparable between questions, never rises down the list."""
    sources: tuple[str, ...]
    """Ids of the episodes that the record came from, the newest first."""
    shares: Mapping[str, float]
    """What each signal adds to the score before it is squeezed into [0, 1]; signals that add nothing are left out.

    "spread" is what a row gains or loses so that one conversation does not fill the list, "newer" because newer ones
    stand above older ones."""


def rank(
    segment: Segment,
    question: Question,
    vector: Floats | None,
    *,
    view: View,
    scope: Scope,
    limit: int = 10,
    allowed: Sequence[int] | NDArray[np.int64] | None = None,
    times: Sequence[tuple[int, int]] = (),
    weights: Mapping[str, float] = WEIGHTS,
    among: Sequence[str] | None = None,
    closer: tuple[WordPieces, Reader] | None = None,
    explain: bool = True,
) -> list[Ranked]:
    """The best `limit` rows for a question.

    `vector` is that of `question.plain`; None ranks by words alone. Only rows of the scope that the view shows and,
    where it is given, whose seq is in `allowed` come back. `times` are the spans of time that the question names, in
    microseconds since 1970, ends excluded. `among` are the ids of candidates that a server found; what stands around
    them is scored too. `closer` are the question's pieces, and what reads those of rows: the best rows are looked at
    once more. Without `explain` results have no shares.
    """
    with segment.lock:
        evidence, shown, broken, slots, *_ = segment.visible(view, scope)
        if allowed is not None:
            shown = shown & segment.among(allowed)
        question = question.known(segment.postings.frequency)
        if among is not None:
            slots = around(segment, among, evidence)
        elif len(slots) > EXACT:
            slots = candidates(segment, question, vector, evidence, None if allowed is None else shown)
        pool = Pool.of(segment, slots)
        signals = measure(segment, question, vector, pool, times)
        closely = None if closer is None else _closeness(segment, pool, signals, evidence[slots], *closer)
        if closely is not None:
            signals["pieces"], weights = closely, CLOSER_WEIGHTS
        own = _score(signals, {name: weight for name, weight in weights.items() if name in OWN}, pool)
        scores = _score(signals, weights, pool) - own
        spoken, voices = _meet(segment, pool, scores, shown[slots], broken[slots])
        spoken += own
        deep = max(limit, _DEEP)
        best = _top(spoken, shown[slots], segment.seq[slots], max(deep, DEPTH) if question.many else deep)
        # Each place of the list keeps its score, whichever row comes to stand there: scores never rise.
        kept = spoken[best].tolist()
        if question.many:
            best = [best[i] for i in spread(segment, pool.slots[voices[best]].tolist(), kept, deep)]
        aside = sum(float(weights[name] * signals[name][voices[best[0]]]) for name in SHAPE & weights.keys() if best)
        rows, behind = pool.slots[best].tolist(), pool.slots[voices[best]].tolist()
        # A question about a time wants what was true then; "on Saturdays I …" is none.
        settled = bool(times) and not question.present
        order = range(len(best)) if settled else newest_first(segment, rows, behind, kept, question)
        order = order[:limit]
        places, scored, standing = [best[i] for i in order], [kept[i] for i in order], kept[: len(order)]
        shares: list[dict[str, float]] = [{}] * len(order)
        if explain:
            moved = {"spread": np.subtract(scored, spoken[places]), "newer": np.subtract(standing, scored)}
            shares = _shares(signals, weights, places, [int(voices[place]) for place in places], moved)
        sources = _sources(segment, pool, places)
        return [
            Ranked(segment.ids[slot], seq, squeeze(score - aside, closely=closely is not None), sources[n], shares[n])
            for n, (slot, seq, score) in enumerate(
                zip(pool.slots[places].tolist(), segment.seq[pool.slots[places]].tolist(), standing, strict=True)
            )
        ]


def _closeness(
    segment: Segment, pool: Pool, signals: Mapping[str, Floats], inside: Mask, asked: WordPieces, read: Reader
) -> Floats | None:
    """How closely the best rows meet the question."""
    best = _top(_score(signals, WEIGHTS, pool), inside, segment.seq[pool.slots], CLOSER)
    return closeness(segment, pool, asked, np.array(best, np.int64), read)


def squeeze(score: float, *, closely: bool = False) -> float:
    """The score in [0, 1]: for a best result, how likely it is that it answers its question."""
    centre, width = CLOSER_SCALE if closely else (CENTRE, WIDTH)
    return 1 / (1 + math.exp(min(700.0, (centre - score) / width)))


def _score(signals: Mapping[str, Floats], weights: Mapping[str, float], pool: Pool) -> Floats:
    total: Floats = pool.zero.copy()
    for name, weight in weights.items():
        if signals[name] is not pool.zero:
            total += np.float32(weight) * signals[name]
    return total


def _meet(segment: Segment, pool: Pool, scores: Floats, shown: Mask, broken: Mask) -> tuple[Floats, Slots]:
    """Scores after facts have met turns, and for each place the place that speaks for it: a turn or itself.

    A turn with a fact that no longer holds does not speak for its other facts: who asks for what was replaced must not
    be given what stood beside it.
    """
    spoken, voices = scores.copy(), np.arange(pool.size)
    facts, turns = pool.facts, pool.turns
    # The episode of a turn that stands in the index as a fact has no words of its own.
    silent = ~segment.indexed[pool.slots[turns]]
    np.maximum.at(spoken, turns[silent], scores[facts[silent]])
    said = ~silent & shown[facts] & ~broken[turns]
    facts, turns = facts[said], turns[said]
    # The best fact of each turn; of equal ones the older row.
    best = np.full(pool.size + 1, -np.inf, np.float32)
    np.maximum.at(best, turns, scores[facts])
    first = scores[facts] == best[turns]
    chosen = np.full(pool.size + 1, pool.size)
    np.minimum.at(chosen, turns[first], facts[first])
    turns = np.flatnonzero(chosen < pool.size)
    facts = chosen[turns]
    # The best turn of each of these; of equal ones the older row.
    np.maximum.at(spoken, facts, scores[turns])
    lent = (scores[turns] == spoken[facts]) & (scores[turns] > scores[facts])
    voices[facts[lent][::-1]] = turns[lent][::-1]
    return spoken, voices


def _top(scores: Floats, shown: Mask, seqs: NDArray[np.int64], limit: int) -> list[int]:
    """Places of the best shown rows; of equal ones the newer row first."""
    places = np.flatnonzero(shown)
    if len(places) > 4 * limit:
        least = np.partition(scores[places], -limit)[-limit]
        places = places[scores[places] >= least]
    order = np.lexsort((-seqs[places], -scores[places]))
    best: list[int] = places[order][:limit].tolist()
    return best


def _shares(
    signals: Mapping[str, Floats],
    weights: Mapping[str, float],
    places: list[int],
    voices: list[int],
    moved: Mapping[str, NDArray[np.float64]],
) -> list[dict[str, float]]:
    """What each signal adds to the score of each result: its own, or that of the row that speaks for it."""
    table = [weight * signals[name][places if name in OWN else voices] for name, weight in weights.items()]
    names = (*weights, *moved)
    return [
        {name: round(share, 3) for name, share in zip(names, column, strict=True) if abs(share) >= 0.0005}
        for column in np.array([*table, *moved.values()]).T.tolist()
    ]


def _sources(segment: Segment, pool: Pool, places: list[int]) -> list[tuple[str, ...]]:
    """The episodes that each result came from; what says the same again is the newest evidence, and stands first."""
    which, turns = pool.cited(np.array(places, np.int64))
    slots = pool.slots[turns]
    order = np.lexsort((-segment.position[slots], -segment.created[slots], which))
    heard: list[list[str]] = [[] for _ in places]
    for number, slot in zip(which[order].tolist(), slots[order].tolist(), strict=True):
        heard[number].append(segment.ids[slot])
    held = (segment.sources[slot] for slot in pool.slots[places].tolist())
    return [(*own, *(s for s in stored if s not in own)) for own, stored in zip(heard, held, strict=True)]
