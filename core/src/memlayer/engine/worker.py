"""Who reads what was taken in deferred: a thread of this process, or `run` in one of its own.

The queue is the ledger: an episode waits until its facts are written, in the same transaction that marks it as read.
So nothing is lost with a process, and nothing is written twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from memlayer import _forks
from memlayer.engine import waiting
from memlayer.engine.ingest import Ingest, Outcome
from memlayer.engine.stores import Store
from memlayer.errors import BackendError, ExtractionError
from memlayer.types import Record, Scope

log = logging.getLogger(__name__)

LOOK = 1000
"""How many waiting episodes one look at the queue sees."""
LONGEST_PAUSE = 60.0
"""Most seconds that `run` waits after a failure."""
SHORTEST_PAUSE = 0.05
LOOK_AGAIN = 1.0
"""Seconds between looks at what another process is reading, at first and at most."""
IDLE = 5.0
"""Seconds that a worker's thread waits to be woken before it ends, and lets go of a memory that nobody holds."""


class Backlog:
    """Reads what waits: in order within an owner, several owners at once."""

    def __init__(self, store: Store, ingest: Ingest, *, lanes: int = 1) -> None:
        """`lanes` is how many owners are read at once: more than one pays where a model is waited for."""
        self._store = store
        self._ingest = ingest
        self._lanes = lanes

    def read(self, scope: Scope | None = None, *, ended: threading.Event | None = None) -> list[Outcome]:
        """Reads everything that waits in the scope, and says what came of it.

        An owner that another process reads is waited for, until `ended` is set. What cannot be read stays, and so does
        what its owner said after it; the first such error is raised when everything else is read. Where the model
        cannot be reached nothing further is tried.
        """
        outcomes: list[Outcome] = []
        errors: list[ExtractionError] = []
        stuck: set[str] = set()
        ended, pause = ended or threading.Event(), SHORTEST_PAUSE
        with ThreadPoolExecutor(self._lanes, thread_name_prefix="memlayer-read") as pool:
            while todo := self._next(scope or Scope(), stuck):
                found = list(pool.map(self._group, todo))
                failed = [(g[0].scope.owner, e) for g, e in zip(todo, found, strict=True) if isinstance(e, Exception)]
                errors += [error for _, error in failed]
                stuck.update(owner for owner, _ in failed)
                outcomes += [outcome for outcome in found if isinstance(outcome, Outcome)]
                if any(waiting.unreachable(error) for error in errors):
                    break
                if any(one is not None for one in found):
                    pause = SHORTEST_PAUSE
                elif ended.wait(pause):
                    break
                else:
                    pause = min(LOOK_AGAIN, 2 * pause)
        if errors:
            raise errors[0]
        return outcomes

    def _next(self, scope: Scope, stuck: set[str]) -> list[list[Record]]:
        """The first group of each owner that has something to read."""
        owners: dict[str, list[Record]] = {}
        for record in self._store.unread(scope=scope, limit=LOOK):
            owner = record.scope.owner
            if owner not in stuck and not self._ingest.claims.taken(record.id):
                owners.setdefault(owner, []).append(record)
        return [self._ingest.groups(records[: waiting.AT_ONCE])[0] for records in owners.values()]

    def _group(self, group: Sequence[Record]) -> Outcome | ExtractionError | None:
        """What came of reading a group; None where somebody else is at this owner."""
        with self._ingest.claims.free([r.id for r in group], group[0].scope.owner) as mine:
            if not mine:
                return None
            try:
                return self._ingest.read_again([r for r in group if r.id in mine], scope=group[0].scope)
            except ExtractionError as error:
                return error


class Reads(Protocol):
    """What `run` works on: the core of a memory."""

    def read_unread(self, scope: Scope | None = None, *, ended: threading.Event | None = None) -> list[Outcome]:
        """Reads everything that waits; what another process reads is waited for until `ended` is set."""
        ...


def run(
    core: Reads,
    *,
    once: bool = False,
    poll: float = 1.0,
    stop: threading.Event | None = None,
    told: Callable[[int, int], None] | None = None,
) -> int:
    """Reads what waits, and goes on looking every `poll` seconds until `stop` is set; says how many facts were written.

    `once` ends when nothing waits, and raises what could not be read. Else a failure is logged, and tried again after
    pauses that grow. `told` gets the number of conversations and of facts after each look that found something.
    """
    stop = stop or threading.Event()
    facts, pause = 0, poll
    while not stop.is_set():
        try:
            outcomes = core.read_unread(ended=stop)
            pause = poll
        except (ExtractionError, BackendError) as error:
            if once:
                raise
            outcomes, pause = [], min(LONGEST_PAUSE, max(poll, pause * 2))
            log.warning("reading failed, and is tried again in %.0f s: %s", pause, error)
        written = sum(len(outcome.written) for outcome in outcomes)
        facts += written
        if outcomes and told is not None:
            told(len(outcomes), written)
        if once:
            break
        stop.wait(pause)
    return facts


class Worker:
    """Runs a function whenever it was woken, one run at a time, on a thread that is started when first needed."""

    def __init__(self, work: Callable[[threading.Event], object], *, idle: float = IDLE) -> None:
        """`work` does everything there is to do and returns; it waits for nobody once the event is set."""
        self._work = work
        self._idle = idle
        self._closed = False
        self.error: BaseException | None = None
        """What ended the last run, or None; the work waits in the ledger and is done at the next run."""
        self.born()
        _forks.follow(self)

    def born(self) -> None:
        """Has no thread, as in a forked child; what was asked for there is its parent's to do."""
        self._ended = threading.Event()
        self._condition = threading.Condition()
        self._wanted = False
        self._thread: threading.Thread | None = None
        if self._closed:
            self._ended.set()

    def wake(self) -> None:
        """Asks for a run soon."""
        with self._condition:
            self._wanted = True
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="memlayer-worker", daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self) -> None:
        """Waits for what was asked for, then ends the thread; idempotent."""
        with self._condition:
            self._closed = True
            self._ended.set()
            self._condition.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                if not (self._wanted or self._closed):
                    self._condition.wait(self._idle)
                if not self._wanted:
                    self._thread = None
                    return
                self._wanted = False
            try:
                self._work(self._ended)
                self.error = None
            except Exception as error:  # the edge of a thread: told in the log, and kept for `doctor`
                self.error = error
                log.exception("reading deferred messages failed; they stay in the ledger and are read at the next run")
