"""From sync to async, once, at the edge: each call goes to a worker thread with its context variables."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from memlayer import _forks
from memlayer.errors import ConfigurationError

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

WORKERS = max(2, os.cpu_count() or 2)
"""Threads for work that computes: more would only take turns."""
WAITERS = 128
"""Threads for work that mostly waits, for a model or a server."""


class Bridge:
    """A pool of its own for one memory: the loop's default pool is left to the program."""

    def __init__(self, *, waits: bool = False) -> None:
        """`waits` widens the pool for a memory whose calls wait for models or servers."""
        self._workers = WAITERS if waits else WORKERS
        self.closed = False
        """True once nothing more is begun."""
        self._made: tuple[int, ThreadPoolExecutor] | None = None
        self._lock = _forks.Lock()

    async def run(self, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """The function's result, computed in a worker; once begun it finishes, though its await is cancelled."""
        context = contextvars.copy_context()

        def call() -> R:
            if self.closed:
                raise _over()
            return context.run(function, *args, **kwargs)

        # Not kept by name: a future that failed holds this frame by its error, and both would wait for the collector.
        return await asyncio.wrap_future(self._begin(call))

    def _begin(self, call: Callable[[], R]) -> Future[R]:
        with self._lock:
            if self.closed:
                raise _over()
            return self._pool().submit(call)

    def close(self) -> None:
        """Waits for what has begun, then ends the threads; what has not begun raises."""
        with self._lock:
            self.closed = True
            made, self._made = self._made, None
        if made is not None and made[0] == os.getpid():
            made[1].shutdown(wait=True)

    def _pool(self) -> ThreadPoolExecutor:
        """The threads of this process: a forked child has none of its parent's, and would wait for them for ever."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = os.getpid(), ThreadPoolExecutor(self._workers, thread_name_prefix="memlayer")
        return self._made[1]


def _over() -> ConfigurationError:
    return ConfigurationError("this memory is closed; open a new AsyncMemory")


def twin(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The async twin of a method: the same signature, awaited. Its class has `sync` and `bridge`."""

    @wraps(method)
    async def call(self: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        bound = getattr(self.sync, method.__name__)
        result: R = await self.bridge.run(bound, *args, **kwargs)
        return result

    return cast("Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]", call)


def like(method: Callable[Concatenate[S, P], R]) -> Callable[[Callable[..., R]], Callable[Concatenate[Any, P], R]]:
    """Lends a function that hands everything on the signature of the method that takes it."""

    def lend(function: Callable[..., R]) -> Callable[Concatenate[Any, P], R]:
        return cast("Callable[Concatenate[Any, P], R]", wraps(method)(function))

    return lend


def complete(coroutine: Coroutine[Any, Any, R]) -> R:
    """The coroutine's result, from a loop of its own: for programs and tests that have none."""
    # Not asyncio.run: it drops the loop that the thread has, unclosed, as LiteLLM makes one when it is imported.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
