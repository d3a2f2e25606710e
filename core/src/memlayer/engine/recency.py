"""Newest truth first: of results that say the same kind of thing, the newer one stands above the older."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from memlayer.engine.question import Question
from memlayer.engine.segments import Segment
from memlayer.text import CHANGE, CORRECTION, QUESTION


class Rule(NamedTuple):
    """When a newer result stands above an older one."""

    least: float
    """How like they must be at least (cosine)."""
    slope: float
    """How much worse the newer one may score, for each 1 of cosine: the more alike, the more."""
    depth: int
    """How deep in the list it may be."""


# By what is asked for: what is so now, something about oneself, anything else.
_PRESENT, _ONESELF, _OTHER = Rule(0.3, 10, 6), Rule(0.4, 6, 5), Rule(0.6, 2.5, 5)
# The same where the newer one says that something changed.
_CHANGED = {_PRESENT: Rule(0.25, 12, 8), _ONESELF: Rule(0.25, 12, 8), _OTHER: Rule(0.25, 10, 8)}
# Without vectors: the share of common terms that stands for such a cosine.
_TERMS_FOR_COSINE = 0.5
# Within one session what comes later goes on; only after so long, where it says so, or where two short turns say
# nearly the same, does it replace.
_PAUSE = 3_600_000_000
_SAME = 0.6
_SHORT = 40


def newest_first(
    segment: Segment, slots: Sequence[int], voices: Sequence[int], scores: Sequence[float], question: Question
) -> list[int]:
    """The order of the results, as indices into `slots`, which come best first; `voices` are the turns behind them.

    A newer result moves to just above the best one that it may replace; all others keep their order. Nothing moves
    for a question about the past, about a time, or about what somebody else did.
    """
    order = list(range(len(slots)))
    mine = question.role == "user"
    if question.past or (not question.present and (question.when or (question.done and not mine))):
        return order
    rule = _PRESENT if question.present else _ONESELF if mine else _OTHER
    depth = max(rule.depth, _CHANGED[rule].depth)
    head: list[int] = []
    for i in order[:depth]:
        if i in head:
            continue
        newer = [
            j
            for j in range(i + 1, min(depth, len(slots)))
            if j not in head
            and _replaces(segment, (slots[j], voices[j]), (slots[i], voices[i]), rule, scores[i] - scores[j], j)
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


def _replaces(
    segment: Segment, newer: tuple[int, int], older: tuple[int, int], rule: Rule, worse: float, place: int
) -> bool:
    """Says whether a result may be the newer truth about what another says: by the same speaker, later, and alike.

    Each is a row and the turn behind it: it is enough that one pair of them is alike. `worse` is how much lower the
    newer one scores, `place` where it stands.
    """
    new, old = newer[1], older[1]
    # What somebody judged as bad stays where that put it.
    if (
        segment.feedback[newer[0]] < 0
        or segment.role[new] != segment.role[old]
        or segment.name[new] != segment.name[old]
    ):
        return False
    later = int(segment.created[new]) - int(segment.created[old])
    together = bool(segment.session[new] == segment.session[old] >= 0)
    if later < 0 or (later == 0 and not (together and segment.position[new] > segment.position[old])):
        return False
    if later == 0 and segment.role[new] == segment.roles.get("tool"):
        return False  # Pages of one document stand side by side, however alike they are.
    soon = together and later <= _PAUSE
    says = int(segment.flags[newer[0]] | segment.flags[new])
    changed = bool(says & (CORRECTION if soon else CHANGE)) and not segment.flags[new] & QUESTION
    like = max(_likeness(segment, one, other) for one in set(newer) for other in set(older))
    if changed and _fits(_CHANGED[rule], like, worse, place):
        return True
    short = max(int(segment.words[new]), int(segment.words[old])) <= _SHORT
    return _fits(rule, like, worse, place) and (not soon or (short and like >= _SAME))


def _fits(rule: Rule, like: float, worse: float, place: int) -> bool:
    return like >= rule.least and worse <= rule.slope * like and place < rule.depth


def _likeness(segment: Segment, left: int, right: int) -> float:
    """The cosine of two rows; without vectors what their common terms stand for."""
    if segment.embedded[left] and segment.embedded[right]:
        return float(segment.vectors[left] @ segment.vectors[right])
    one, other = segment.postings.of(left)[0], segment.postings.of(right)[0]
    common = len(np.intersect1d(one, other, assume_unique=True))
    return min(1.0, common / max(1, min(len(one), len(other))) / _TERMS_FOR_COSINE)
