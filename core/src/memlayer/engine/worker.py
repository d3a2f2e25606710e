"""One thread that reads what was taken in deferred; the queue is in the ledger, so nothing is lost with the thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Worker:
    """Runs a function whenever it was woken, one run at a time, on a thread that is started when first needed."""

    def __init__(self, work: Callable[[], object]) -> None:
        """`work` does everything there is to do and returns."""
        self._work = work
        self._condition = threading.Condition()
        self._wanted = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self.error: BaseException | None = None
        """What ended the last run, or None; the work waits in the ledger and is done at the next run."""

    def wake(self) -> None:
        """Asks for a run soon."""
        with self._condition:
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="memlayer-worker", daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self) -> None:
        """Waits for what was asked for, then ends the thread; idempotent."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._wanted and not self._closed:
                    self._condition.wait()
                if not self._wanted:
                    return
                self._wanted = False
            try:
                self._work()
                self.error = None
            except Exception as error:  # the edge of a thread: told in the log, and kept for `doctor`
                self.error = error
                log.exception("reading deferred messages failed; they stay in the ledger and are read at the next run")
