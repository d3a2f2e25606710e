"""Which rows of a large memory are worth scoring: the nearest by meaning, by words, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memlayer.engine.question import Question
from memlayer.engine.segments import Mask, Segment, Slots, signs
from memlayer.engine.signals import Floats, weigh

NEAREST = 120
"""How many rows each way brings."""
_AROUND = 40
# Rows whose vectors are compared exactly after their signs were counted.
_ROUGH = 1_000
_HALO = 2


def candidates(
    segment: Segment, question: Question, vector: Floats | None, evidence: Mask, only: Mask | None = None
) -> Slots:
    """Slots of `evidence` to score, rising: the best each way, what stands around them, and their facts and turns.

    Where a filter leaves `only` some to be results, the best of these are among them, however far they are from the
    best of all.
    """
    masks = [evidence] if only is None else [evidence, only]
    ways = [(_by_words(segment, question, mask), _by_meaning(segment, vector, mask)) for mask in masks]
    return _with_company(segment, [slots for way in ways for slots in way], evidence)


def around(segment: Segment, ids: Sequence[str], evidence: Mask) -> Slots:
    """As `candidates`, of what another index found: best first, by words and by meaning."""
    found = [slot for slot in map(segment.slot, ids) if slot is not None and slot < len(evidence)]
    return _with_company(segment, [np.array(found, np.int64)], evidence)


def _with_company(segment: Segment, chosen: Sequence[Slots], evidence: Mask) -> Slots:
    inside = np.zeros(segment.count, np.bool_)
    for part in chosen:
        inside[part] = True
        _with_neighbours(segment, part[:_AROUND], inside, 2)
    facts, turns = segment.links()
    inside[turns[inside[facts]]] = True
    inside[facts[inside[turns]]] = True
    _with_neighbours(segment, np.flatnonzero(inside), inside, _HALO)
    return np.flatnonzero(inside & evidence)


def _by_words(segment: Segment, question: Question, evidence: Mask) -> Slots:
    idf, total = weigh(segment, question)
    score = np.zeros(segment.count, np.float32)
    for key, weight in zip(question.terms.tolist(), idf, strict=True):
        rows, counts = segment.postings.rows(key)
        score[rows] += weight * counts / (counts + np.float32(1.2))
        score[segment.postings.rows(key | 1)[0]] += np.float32(0.3) * weight
    score *= evidence
    for name in question.speakers[:1]:
        spoke = (segment.name[: segment.count] == segment.names.get(name)) & (score > 0)
        score[spoke] += np.float32(0.2) * total
    return _best(score, NEAREST)


def _by_meaning(segment: Segment, vector: Floats | None, evidence: Mask) -> Slots:
    if vector is None or segment.vectors.shape[1] != len(vector):
        return np.zeros(0, np.int64)
    there = evidence & segment.embedded[: segment.count]
    slots = np.flatnonzero(there)
    if len(slots) > 4 * _ROUGH and hasattr(np, "bitwise_count"):
        slots = _nearest_signs(segment, vector, slots)
    near = segment.vectors[slots] @ vector if len(slots) < segment.count else segment.vectors[: segment.count] @ vector
    return slots[_best(near + 2, NEAREST)]


def _nearest_signs(segment: Segment, vector: Floats, slots: Slots) -> Slots:
    """Those of the slots whose vectors agree with this one in the most signs; all that agree as much as the last."""
    asked = signs(vector[None].astype(np.float32))
    apart = np.zeros(segment.count, np.uint16)
    for word, bits in zip(segment.signs[:, : segment.count], asked[:, 0], strict=True):
        apart += np.bitwise_count(word ^ bits)
    if len(slots) < segment.count:
        apart = apart[slots]
    return slots[np.flatnonzero(apart <= np.partition(apart, _ROUGH)[_ROUGH])]


def _best(score: Floats, limit: int) -> Slots:
    """Places of the largest positive scores, best first."""
    places = np.flatnonzero(score > 0)
    if len(places) > limit:
        places = places[score[places] >= np.partition(score[places], -limit)[-limit]]
    return places[np.argsort(-score[places], kind="stable")][:limit]


def _with_neighbours(segment: Segment, slots: Slots, inside: Mask, steps: int) -> None:
    """Adds the turns up to so many steps before and after."""
    for column in (segment.before, segment.after):
        reached = slots
        for _ in range(steps):
            reached = column[reached].astype(np.int64)
            reached = reached[reached >= 0]
            inside[reached] = True
