"""From sync to async, once, at the edge: each call goes to a worker thread with its context variables."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

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
        self._pool = ThreadPoolExecutor(WAITERS if waits else WORKERS, thread_name_prefix="memlayer")
        self._closed = False

    async def run(self, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """The function's result, computed in a worker; once begun it finishes, though its await is cancelled."""
        if self._closed:
            raise ConfigurationError("this memory is closed; open a new AsyncMemory")
        context = contextvars.copy_context()
        call = partial(context.run, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Waits for what has begun, then ends the threads."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)


def twin(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The async twin of a method: the same signature, awaited. Its class has `sync` and `bridge`."""

    @wraps(method)
    async def call(self: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        bound = getattr(self.sync, method.__name__)
        result: R = await self.bridge.run(bound, *args, **kwargs)
        return result

    return cast("Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]", call)


def complete(coroutine: Coroutine[Any, Any, R]) -> R:
    """The coroutine's result, from a loop of its own: for programs and tests that have none."""
    # Not asyncio.run: it drops the loop that the thread has, unclosed, as LiteLLM makes one when it is imported.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
