"""Episodes that wait to be read: who reads which, what was wished for them, and how many go into one call."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from memlayer import _forks
from memlayer.errors import ExtractionError, ModelError
from memlayer.extraction._pieces import KEY, part_of
from memlayer.types import Event, Guidance, Record

if TYPE_CHECKING:
    from memlayer.engine.ingest import Request

AT_ONCE = 50
"""Most episodes that one call of an extractor reads."""
LETTERS = 40_000
"""Most letters of them; one that is longer is read alone."""
_MARK = "unread"
_NOTHING = Guidance()


class Leases(Protocol):
    """Claims that every process that works on the memory sees; one whose holder died ends by itself."""

    def begin(self, ids: Sequence[str], owner: str) -> None:
        """Claims episodes that nobody else knows of yet."""
        ...

    def take(self, ids: Sequence[str], owner: str) -> frozenset[str]:
        """Claims those that still wait, and says which; none while somebody else reads any of this owner's."""
        ...

    def give_back(self, ids: Sequence[str]) -> None:
        """Ends claims."""
        ...


class Claims:
    """Which episodes somebody is reading, so that nobody else does: a thread of this process, or another one.

    Should two read the same all the same, the ledger decides: what was read meanwhile is not written again.
    """

    def __init__(self, leases: Leases) -> None:
        """`leases` tell the other processes."""
        self._leases = leases
        self.born()
        _forks.follow(self)

    def born(self) -> None:
        """Nothing is claimed, as in a forked child: what its parent reads, the leases tell."""
        self._lock = threading.Lock()
        self._ids: set[str] = set()

    @contextmanager
    def held(self, ids: Sequence[str], owner: str) -> Iterator[None]:
        """Claims episodes that nobody else knows of yet."""
        with self._lock:
            self._ids.update(ids)
        try:
            self._leases.begin(ids, owner)
            try:
                yield
            finally:
                self._leases.give_back(ids)
        finally:
            self._give_back(ids)

    @contextmanager
    def free(self, ids: Sequence[str], owner: str) -> Iterator[frozenset[str]]:
        """Claims those of one owner's waiting episodes that nobody reads, or has read by now, and says which."""
        with self._lock:
            mine = frozenset(ids) - self._ids
            self._ids |= mine
        try:
            claimed = self._leases.take([i for i in ids if i in mine], owner) if mine else frozenset()
            try:
                yield claimed
            finally:
                if claimed:
                    self._leases.give_back(sorted(claimed))
        finally:
            self._give_back(mine)

    def taken(self, record_id: str) -> bool:
        """Says whether a thread of this process reads the episode."""
        with self._lock:
            return record_id in self._ids

    def _give_back(self, ids: Sequence[str] | frozenset[str]) -> None:
        with self._lock:
            self._ids.difference_update(ids)


def note(request: Request) -> str:
    """What the ledger keeps, as the reason of the episode's event, of the wishes of a call."""
    wishes: dict[str, Any] = {}
    if request.guidance != _NOTHING:
        wishes = {name: value for name, value in asdict(request.guidance).items() if value}
    for name in ("categories", "custom_categories", "immutable", "memory_type"):
        if value := getattr(request, name):
            wishes[f"fact_{name}"] = value
    return f"{_MARK} {json.dumps(wishes, ensure_ascii=False)}" if wishes else _MARK


def told(reason: str | None) -> dict[str, Any]:
    """The keywords of a `Request` that a note holds."""
    mark, _, text = (reason or "").partition(" ")
    if mark != _MARK or not text:
        return {}
    wishes = json.loads(text)
    found = {name.removeprefix("fact_"): wishes.pop(name) for name in list(wishes) if name.startswith("fact_")}
    if "categories" in found:
        found["categories"] = tuple(found["categories"])
    if "categories" in wishes:
        wishes["categories"] = tuple(wishes["categories"])
    return {**found, "guidance": Guidance(**wishes)}


def groups(episodes: Sequence[Record], events: Callable[[Record], Sequence[Event]]) -> list[list[Record]]:
    """Neighbours of one conversation with the same wishes, as many as one call can read; order is kept."""
    found: list[list[Record]] = []
    last: tuple[Any, ...] | None = None
    letters = 0
    for episode in episodes:
        reasons = [e.reason for e in events(episode)[:1]]
        metadata = dict(episode.metadata)
        if (piece := part_of(metadata)) is not None:
            # The pieces of one document are read together.
            metadata[KEY] = piece["id"]
        key = (episode.scope, episode.session, episode.expires_at, reasons, metadata)
        letters += len(episode.text)
        if not found or key != last or len(found[-1]) >= AT_ONCE or letters > LETTERS:
            found.append([])
            letters = len(episode.text)
        found[-1].append(episode)
        last = key
    return found


def unreachable(error: ExtractionError) -> bool:
    """Says whether the model cannot be had at all, so that asking it about other messages is no use now."""
    return isinstance(error.__cause__, ModelError) and not error.__cause__.refused
