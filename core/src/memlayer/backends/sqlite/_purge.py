"""Purging a large or a busy file in the background, so that erasing costs what is erased and not what is kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from memlayer.errors import BackendTimeoutError

log = logging.getLogger(__name__)

RETRY = 1.0
"""Seconds between two looks for a moment in which nobody else writes."""


class Purger:
    """A thread that is there while there is something to purge."""

    def __init__(self, purge: Callable[[], None]) -> None:
        """`purge` leaves no byte of what was erased, or raises `BackendTimeoutError` while others are in its way."""
        self._purge = purge
        self._condition = threading.Condition()
        self._wanted = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def soon(self) -> None:
        """Asks for a purge as soon as it can be."""
        with self._condition:
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="memlayer-purge", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Waits for the purge that was asked for; what others keep from being purged is told in the log."""
        with self._condition:
            self._closed = True
            self._condition.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._wanted:
                    self._thread = None
                    return
                self._wanted = False
            try:
                self._purge()
            except BackendTimeoutError as error:
                with self._condition:
                    if self._closed:
                        log.warning("%s", error)
                        self._thread = None
                        return
                    self._wanted = True
                    self._condition.wait(RETRY)
            except Exception:  # the edge of a thread: the next purge or `verify` meets the same fault
                log.exception("purging what was erased failed")
