"""The suite of a whole memory: every body runs on `Memory` and on `AsyncMemory`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memlayer._bridge import complete
from memlayer.aio import AsyncMemory
from memlayer.memory import Memory
from memlayer.testing.contract import Contract
from memlayer.testing.fakes import FixedClock, HashEmbedder
from memlayer.testing.memory_rules import RuleTests
from memlayer.testing.memory_verbs import VerbTests
from memlayer.testing.memory_views import ViewTests


class Awaited:
    """An async memory whose calls are awaited at once, each on an event loop of its own."""

    def __init__(self, wrapped: Any) -> None:
        """`wrapped` is an `AsyncMemory`, or a part of one."""
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._wrapped, name)
        if name in ("items", "documents"):
            return Awaited(found)
        if not inspect.iscoroutinefunction(found):
            return found
        return lambda *args, **kwargs: complete(found(*args, **kwargs))


class MemoryContract(RuleTests, VerbTests, ViewTests, Contract):
    """What a memory promises, whatever its parts.

    The fixture `memory` gives an empty `Memory` on the fixture `clock`; the default one is embedded, with an embedder
    that knows words and no meaning. `m` is that memory, sync and async.
    """

    @pytest.fixture
    def clock(self) -> FixedClock:
        """The memory's clock; it only goes on when a test says so."""
        return FixedClock()

    @pytest.fixture
    def memory(self, tmp_path: Path, clock: FixedClock) -> Iterator[Memory]:
        """An empty memory on `clock`."""
        with Memory(tmp_path / "memory.db", embedder=HashEmbedder(), clock=clock) as memory:
            yield memory

    @pytest.fixture(params=["sync", "async"])
    def m(self, request: pytest.FixtureRequest, memory: Memory) -> Any:
        """The memory through one of its two faces."""
        return memory if request.param == "sync" else Awaited(AsyncMemory.of(memory))
