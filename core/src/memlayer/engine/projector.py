"""Keeps servers in line with the ledger: at once after each commit, and later where a server was away.

Rows of the outbox are applied in order, by one writer at a time, each as the record is when it is applied: so applying
one twice, or after a newer one, changes nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from memlayer import _forks
from memlayer.engine.stores import Addressed, Auditable, Bound, Forgetful, Healthy, Outbox, Paired
from memlayer.errors import BackendError, BackendUnavailableError, UnsupportedError
from memlayer.filters import And, Compare, Filter, Not
from memlayer.protocols import Embedder, GraphStore, KeywordIndex, VectorIndex
from memlayer.types import Scope, View, Waiting

if TYPE_CHECKING:
    from memlayer.types import Vector

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows that are applied before they are taken out together."""
NEAREST = 100
"""Candidates that a server is asked for, by meaning and by words each."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two tries of a server that is away."""

Found = TypeVar("Found")
Progress = Callable[[int, int], None]


@dataclass(eq=False, slots=True)
class Follower:
    """A server that follows the ledger, and what is known of how it does."""

    name: str
    store: VectorIndex | GraphStore
    lock: _forks.Lock = field(default_factory=_forks.Lock)
    bound: str | None = None
    """The model whose vectors it was told to expect; None before it follows."""
    error: BackendError | None = None
    """Why it is held to be away."""
    answers: int = 0
    """How often it was found to be there: who began to ask before that does not find it away."""
    pause: float = 0.0
    until: float = 0.0

    @property
    def away(self) -> bool:
        """Says whether nobody but the thread that tries again should ask it: a caller would wait for nothing."""
        return self.error is not None

    def failed(self, error: BackendError) -> None:
        """Notes that it is away, and when to try again; it may come back with less than it had."""
        self.bound = None
        self.error, self.pause = error, min(LONGEST_PAUSE, 2 * self.pause or FIRST_PAUSE)
        self.until = time.monotonic() + self.pause

    def answered(self) -> None:
        """Notes that it is there."""
        self.error, self.pause, self.answers = None, 0.0, self.answers + 1


class Projector:
    """The servers of one memory."""

    def __init__(
        self,
        outbox: Outbox,
        embedder: Callable[[], Embedder],
        *,
        vectors: VectorIndex | None = None,
        graph: GraphStore | None = None,
    ) -> None:
        """Connects nothing; without a server it does nothing."""
        self._outbox = outbox
        self._embedder = embedder
        self.vectors = None if vectors is None else Follower(_name(vectors), vectors)
        self.graph = None if graph is None else Follower(_name(graph), graph)
        self.followers = [f for f in (self.vectors, self.graph) if f is not None]
        self._stop = threading.Event()
        self.born()
        _forks.follow(self)

    def born(self) -> None:
        """Has no thread that tries again, as in a forked child."""
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        stopped, self._stop = self._stop.is_set(), threading.Event()
        if stopped:
            self._stop.set()

    @property
    def names(self) -> tuple[str, ...]:
        """What the outbox calls the servers by."""
        return tuple(f.name for f in self.followers)

    def flush(self) -> None:
        """Brings every server up to date; one that is away hears of it later, and nothing is raised for it."""
        for follower in self.followers:
            if not follower.away:
                self._try(follower)
        if any(f.away for f in self.followers):
            self._try_later()

    def candidates(
        self, text: str, vector: Vector, *, scope: Scope, where: Filter | None, view: View, missed: set[str]
    ) -> list[str] | None:
        """Ids of what a server holds to be near, by meaning and by words; None where the ledger has to answer."""
        if self.vectors is None or scope.spans_owners:
            return None
        lives = (
            Compare(("status",), "eq", "live") if view.as_of is None else Not(Compare(("status",), "eq", "retracted"))
        )
        narrow = [] if view.everything else [lives]
        both = And((*narrow, *([] if where is None else [where])))
        return self.ask(
            self.vectors,
            scope,
            lambda index: self._near(index, text, vector, scope, both if both.terms else None),
            missed,
        )

    def ask(
        self, follower: Follower | None, scope: Scope, question: Callable[[Any], Found], missed: set[str]
    ) -> Found | None:
        """A server's answer; None without a server, or where it is away or behind: then `missed` names it."""
        if follower is None:
            return None
        if not follower.away and (follower.bound is None or self._outbox.behind(follower.name, scope)):
            self.flush()
        if follower.away or follower.bound is None or self._outbox.behind(follower.name, scope):
            if follower.error is not None or follower.bound is not None:
                missed.add(follower.name)
            return None
        answers = follower.answers
        try:
            return question(follower.store)
        except UnsupportedError:
            return None
        except BackendError as error:
            if follower.answers == answers:
                self._away(follower, error)
            self._try_later()
            missed.add(follower.name)
            return None

    def rebuild(self, *, progress: Progress | None = None) -> None:
        """Empties the servers and fills them from the ledger; embeds nothing. Raises where one cannot be reached."""
        for follower in self.followers:
            follower.bound = None  # What was made where it was met first may be gone with the rest.
            self._bind(follower)
            self._outbox.refill(follower.name)
            self._drain(follower, progress)
            if waiting := self._outbox.waiting(follower.name):
                raise BackendUnavailableError(
                    f"{_changes(waiting)} still waiting for {follower.name}: another process is at it; try again",
                    operation="rebuild",
                )

    def verify(self) -> list[str]:
        """Every divergence of a server from the ledger, one line each."""
        problems: list[str] = []
        for follower in self.followers:
            self._try(follower, look=True)
            if waiting := self._outbox.waiting(follower.name):
                why = f" ({follower.error})" if follower.error else ""
                problems.append(f"{_changes(waiting)} waiting for {follower.name}{why}")
            elif follower.bound is not None and isinstance(follower.store, Auditable):
                try:
                    problems += self._audit(follower.store)
                except BackendError as error:
                    problems.append(str(error))
        return problems

    def report(self) -> list[dict[str, Any]]:
        """Health and lag of every follower, those of earlier settings included: name, ok, told."""
        found = []
        for follower in self.followers:
            told, ok = "answers", True
            try:
                if isinstance(follower.store, Healthy):
                    told = follower.store.health()
            except BackendError as error:
                told, ok = str(error), False
            waiting = self._outbox.waiting(follower.name)
            lag = f", {_changes(waiting)} behind" if waiting else ", up to date"
            found.append({"name": follower.name, "ok": ok and not waiting, "told": told + lag})
        for name in sorted(set(self._outbox.followers()) - set(self.names)):
            if waiting := self._outbox.waiting(name):
                told = f"not named by this memory, {_changes(waiting)} waiting for it"
                found.append({"name": name, "ok": True, "told": told})
        return found

    def close(self) -> None:
        """Ends what waits for a server, and the connections; what was not applied stays in the outbox."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        for follower in self.followers:
            follower.store.close()

    def _near(self, index: VectorIndex, text: str, vector: Vector, scope: Scope, where: Filter | None) -> list[str]:
        asked: dict[str, Any] = {"scope": scope, "where": where, "limit": NEAREST}
        if isinstance(index, Paired):
            found = index.search_both(text, vector, **asked)
        else:
            found = index.search(vector, **asked)
            if isinstance(index, KeywordIndex):
                found = [*found, *index.search_text(text, **asked)]
        return list(dict.fromkeys(m.id for m in found))

    def _drain(self, follower: Follower, progress: Progress | None = None) -> None:
        if not self._bind(follower) or not self._outbox.rows(follower.name, 1):
            return
        with follower.lock, self._outbox.alone(follower.name) as mine:
            done = 0
            while mine and (rows := self._outbox.rows(follower.name, AT_ONCE)):
                self._apply(follower.store, rows)
                self._outbox.done(follower.name, rows[-1].sequence)
                done += len(rows)
                if progress is not None:
                    progress(done, done + self._outbox.waiting(follower.name))
                if any(row.operation != "put" for row in rows):
                    self._outbox.forgotten()
        follower.answered()

    def _apply(self, store: VectorIndex | GraphStore, rows: Sequence[Waiting]) -> None:
        for operation, group in groupby(rows, lambda row: row.operation):
            part = list(group)
            ids = list(dict.fromkeys(row.record_id for row in part if row.record_id is not None))
            if operation == "erase":
                for scope in dict.fromkeys(row.scope for row in part):
                    store.erase(scope)
            elif operation == "delete":
                store.delete(ids)
            elif isinstance(store, VectorIndex):
                if entries := list(self._outbox.entries(ids)):
                    store.upsert(entries)
            else:
                if anew := self._outbox.related_anew(ids):
                    store.delete(anew)
                found = self._outbox.edges(ids)
                if found.edges:
                    store.upsert(found.nodes, found.edges)

    def _bind(self, follower: Follower) -> bool:
        """Makes the server a follower of the file, and tells it whose vectors come; False while there is no file."""
        with self._guard:
            name, dimensions = "", 0
            if isinstance(follower.store, VectorIndex):
                name, dimensions = self._outbox.embedder() or self._made()
            model = f"{name}/{dimensions}"
            memory = self._outbox.follow(follower.name, model if name else "")
            if memory is not None and follower.bound != model and isinstance(follower.store, Bound):
                follower.store.bind(memory=memory, model=name, dimensions=dimensions)
            new = memory is not None and follower.bound is None
            if new and isinstance(follower.store, Forgetful) and follower.store.is_empty():
                self._outbox.refill(follower.name)
            follower.bound = None if memory is None else model
            return memory is not None

    def _made(self) -> tuple[str, int]:
        embedder = self._embedder()
        return embedder.name, embedder.dimensions

    def _audit(self, store: Any) -> list[str]:
        if isinstance(store, VectorIndex):
            return list(store.divergences(self._outbox.entries()))  # type: ignore[attr-defined]
        graph = self._outbox.whole_graph()
        return list(store.divergences(graph.nodes, graph.edges))

    def _away(self, follower: Follower, error: BackendError) -> None:
        if follower.error is None:
            log.warning("%s is away, the ledger answers until it is back: %s", follower.name, error)
        follower.failed(error)

    def _try_later(self) -> None:
        with self._guard:
            if not self._stop.is_set() and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._retry, name="memlayer-projector", daemon=True)
                self._thread.start()

    def _retry(self) -> None:
        while away := [f for f in self.followers if f.away]:
            if self._stop.wait(max(0.0, min(f.until for f in away) - time.monotonic())):
                return
            for follower in away:
                self._try(follower, look=True)

    def _try(self, follower: Follower, *, look: bool = False) -> None:
        """Brings a server up to date, or notes that it is away; `look` asks it even where nothing waits for it."""
        answers: int | None = follower.answers
        try:
            if look and isinstance(follower.store, Healthy):
                follower.store.health()
            answers = None  # One at a time brings it up to date: whether that works, nobody knows better.
            self._drain(follower)
        except BackendError as error:
            if answers in (None, follower.answers):
                self._away(follower, error)
        else:
            if look:
                follower.answered()


def _changes(count: int) -> str:
    return f"{count} change" if count == 1 else f"{count} changes"


def _name(store: Any) -> str:
    return store.address if isinstance(store, Addressed) else f"{type(store).__module__}.{type(store).__qualname__}"
