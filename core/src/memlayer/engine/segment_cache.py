"""The segments of owners that are in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from memlayer import _forks
from memlayer.engine.segments import Segment


class SegmentCache:
    """Segments by owner, the least recently used ones dropped when all together pass a limit."""

    def __init__(self, load: Callable[[str, int], Iterable[Sequence[Any]]], *, limit_bytes: int = 256 << 20) -> None:
        """Take `load(owner, after_version)`: the owner's rows with a higher version, in the order of their seq."""
        self._load = load
        self._limit = limit_bytes
        self._segments: OrderedDict[str, Segment] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()
        _forks.follow(self)

    def born(self) -> None:
        """Keeps, in a forked child, the segments that no other thread of its parent was at."""
        self._lock = threading.Lock()
        for owner, segment in list(self._segments.items()):
            if segment.lock.acquire(blocking=False):
                segment.lock.release()
            else:
                self.drop(owner)

    def get(self, owner: str) -> Segment:
        """The owner's segment, brought up to date."""
        with self._lock:
            held = self._segments.get(owner)
            segment = self._segments[owner] = Segment() if held is None else held
            self._segments.move_to_end(owner)
        with segment.lock:
            before = segment.version
            try:
                segment.apply(self._load(owner, before))
            except BaseException:
                # Half of a batch may be in it (somebody pressed Ctrl-C): whoever asks next begins anew.
                self.drop(owner)
                raise
            stale = segment.left > 1024 + segment.count // 4
        if stale:
            segment = Segment()
            segment.apply(self._load(owner, 0))
            with self._lock:
                self._segments[owner] = segment
        if held is not segment or segment.version != before:
            self._trim(owner, segment.nbytes)
        return segment

    def holds(self, owner: str) -> bool:
        """Says whether the owner's segment is in memory."""
        with self._lock:
            return owner in self._segments

    def drop(self, owner: str | None = None) -> None:
        """Forgets one owner's segment, or all: after an erasure, which no version tells of."""
        with self._lock:
            if owner is None:
                self._segments.clear()
                self._sizes.clear()
            else:
                self._segments.pop(owner, None)
                self._sizes.pop(owner, None)

    def _trim(self, owner: str, size: int) -> None:
        with self._lock:
            if owner in self._segments:
                self._sizes[owner] = size
            while len(self._segments) > 1 and sum(self._sizes.values()) > self._limit:
                # One that another thread is still loading has no size yet.
                self._sizes.pop(self._segments.popitem(last=False)[0], None)
