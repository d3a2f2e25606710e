"""Questions for a list or a count: what answers them lies in many conversations, and one must not fill the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from memlayer.engine.segments import Segment

DEPTH = 60
"""How many of the best results are looked at."""
_AGAIN = 0.5
"""What a result loses for each one of its conversation that stands above it."""
_MOST = 3


def spread(segment: Segment, voices: Sequence[int], scores: Sequence[float], limit: int) -> list[int]:
    """The order of the results, as indices into `voices`, the turns behind them, which come best first.

    Each place goes to the best one of what is left, less for each result of its conversation that has a place.
    """
    seen: Counter[int] = Counter()
    left = list(range(len(voices)))
    order: list[int] = []
    while left and len(order) < limit:
        best = max(left, key=lambda i: scores[i] - _AGAIN * min(_MOST, seen[int(segment.session[voices[i]])]))
        left.remove(best)
        order.append(best)
        session = int(segment.session[voices[best]])
        if session >= 0:
            seen[session] += 1
    return order + left
