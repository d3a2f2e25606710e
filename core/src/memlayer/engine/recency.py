"""Newest truth first: of results that say the same kind of thing, the newer one stands above the older."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memlayer.engine.question import Question
from memlayer.engine.segments import Segment

# How like two results must be (cosine), how much worse the newer one may score, and how deep in the list it may be:
# for a question about the present, one about oneself, and any other.
_PRESENT = (0.3, 4.0, 6)
_ONESELF = (0.4, 2.0, 5)
_OTHER = (0.6, 1.5, 5)
# The same without vectors: share of common terms.
_TERMS_FOR_COSINE = 0.5
# Within one session what comes later goes on; only after so long does it replace.
_PAUSE = 3_600_000_000


def newest_first(
    segment: Segment, slots: Sequence[int], voices: Sequence[int], scores: Sequence[float], question: Question
) -> list[int]:
    """The order of the results, as indices into `slots`, which come best first; `voices` are the turns behind them.

    A newer result moves to just above the best one that it may replace; all others keep their order. Nothing moves
    for a question about the past or about a time.
    """
    order = list(range(len(slots)))
    if question.past or (question.when and not question.present):
        return order
    least, gap, depth = _PRESENT if question.present else _ONESELF if question.role == "user" else _OTHER
    head: list[int] = []
    for i in order[:depth]:
        if i in head:
            continue
        newer = [
            j
            for j in range(i + 1, min(depth, len(slots)))
            if j not in head
            and scores[i] - scores[j] <= gap
            and _replaces(segment, (slots[j], voices[j]), (slots[i], voices[i]), least)
        ]
        if newer:
            head.append(_best_of_newest(segment, voices, newer))
        head.append(i)
    return head + order[depth:]


def _best_of_newest(segment: Segment, voices: Sequence[int], found: Sequence[int]) -> int:
    """Of results that stand best first, the best one of the session that was last."""
    newest = max(found, key=lambda j: (int(segment.created[voices[j]]), int(segment.seq[voices[j]])))
    session = segment.session[voices[newest]]
    return next(j for j in found if j == newest or segment.session[voices[j]] == session >= 0)


def _replaces(segment: Segment, newer: tuple[int, int], older: tuple[int, int], least: float) -> bool:
    """Says whether a result may be the newer truth about what another says: by the same speaker, later, and alike.

    Each is a row and the turn behind it: it is enough that one pair of them is alike.
    """
    new, old = newer[1], older[1]
    later = int(segment.created[new]) - int(segment.created[old])
    together = segment.session[new] == segment.session[old] >= 0
    return (
        later > (_PAUSE if together else 0)
        and bool(segment.role[new] == segment.role[old])
        and bool(segment.name[new] == segment.name[old])
        and any(_alike(segment, one, other, least) for one in set(newer) for other in set(older))
    )


def _alike(segment: Segment, left: int, right: int, least: float) -> bool:
    if segment.embedded[left] and segment.embedded[right]:
        return float(segment.vectors[left] @ segment.vectors[right]) >= least
    one, other = segment.postings.of(left)[0], segment.postings.of(right)[0]
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common >= least * _TERMS_FOR_COSINE * min(len(one), len(other))
