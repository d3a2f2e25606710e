"""What a forked child begins anew: no fork takes along the threads that would let go of a lock."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Protocol


class Follower(Protocol):
    """What holds something that a child must not wait for."""

    def born(self) -> None:
        """Starts anew in a child process, in which no other thread is there any more."""
        ...


_followers: weakref.WeakSet[Follower] = weakref.WeakSet()


def follow(follower: Follower) -> None:
    """Has the follower begin anew in every child of this process, as long as somebody holds it."""
    _followers.add(follower)


class Lock:
    """A lock that a child finds free, whichever thread of its parent held it."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self.born()
        follow(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def born(self) -> None:
        """Is free."""
        self._lock = threading.Lock()


def _in_child() -> None:
    for follower in list(_followers):
        follower.born()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
