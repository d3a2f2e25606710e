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
    depth = min(max(rule.depth, _CHANGED[rule].depth), len(slots))
    told = [_told(segment, slot, voice) for slot, voice in zip(slots[:depth], voices, strict=False)]
    head: list[int] = []
    for i in range(depth):
        if i in head:
            continue
        newer = [
            j
            for j in range(i + 1, depth)
            if j not in head and _replaces(segment, told[j], told[i], rule, scores[i] - scores[j], j)
        ]
        if newer:
            head.append(_best_of_newest(told, newer))
        head.append(i)
    return head + order[depth:]


class _Told(NamedTuple):
    """What a result says: a row and the turn behind it."""

    rows: set[int]
    role: int
    name: int
    created: int
    seq: int
    session: int
    position: int
    words: int
    asks: bool
    """True where the turn is a question."""
    flags: int
    """Those of both."""
    bad: bool
    """True where somebody judged it as bad."""


def _told(segment: Segment, slot: int, voice: int) -> _Told:
    flags = int(segment.flags[voice])
    return _Told(
        rows={slot, voice},
        role=int(segment.role[voice]),
        name=int(segment.name[voice]),
        created=int(segment.created[voice]),
        seq=int(segment.seq[voice]),
        session=int(segment.session[voice]),
        position=int(segment.position[voice]),
        words=int(segment.words[voice]),
        asks=bool(flags & QUESTION),
        flags=flags | int(segment.flags[slot]),
        bad=bool(segment.feedback[slot] < 0),
    )


def _best_of_newest(told: Sequence[_Told], found: Sequence[int]) -> int:
    """Of results that stand best first, the best one of the session that was last."""
    newest = max(found, key=lambda j: (told[j].created, told[j].seq))
    session = told[newest].session
    return next(j for j in found if j == newest or told[j].session == session >= 0)


def _replaces(segment: Segment, new: _Told, old: _Told, rule: Rule, worse: float, place: int) -> bool:
    """Says whether a result may be the newer truth about what another says: by the same speaker, later, and alike.

    It is enough that one pair of their rows is alike. `worse` is how much lower the newer one scores, `place` where it
    stands.
    """
    # What somebody judged as bad stays where that put it.
    if new.bad or new.role != old.role or new.name != old.name:
        return False
    later = new.created - old.created
    together = new.session == old.session >= 0
    if later < 0 or (later == 0 and not (together and new.position > old.position)):
        return False
    if later == 0 and new.role == segment.roles.get("tool"):
        return False  # Pages of one document stand side by side, however alike they are.
    soon = together and later <= _PAUSE
    changed = bool(new.flags & (CORRECTION if soon else CHANGE)) and not new.asks
    like = max(_likeness(segment, one, other) for one in new.rows for other in old.rows)
    if changed and _fits(_CHANGED[rule], like, worse, place):
        return True
    short = max(new.words, old.words) <= _SHORT
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
