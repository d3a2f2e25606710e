"""A memory with servers is the same memory as the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory
from memlayer.testing import FixedClock, HashEmbedder, MemoryContract

pytestmark = pytest.mark.servers


class TestServedMemory(MemoryContract):
    @pytest.fixture
    def memory(self, servers: Any, tmp_path: Path, clock: FixedClock) -> Iterator[Memory]:
        stores = {"vector_store": servers.weaviate, "graph_store": servers.neo4j}
        with Memory(tmp_path / "memory.db", embedder=HashEmbedder(), clock=clock, **stores) as memory:
            yield memory
            problems = memory._core.servers.verify()
            memory.reset()
            assert problems == []

    @pytest.fixture
    def m(self, memory: Memory) -> Memory:
        """The async face is the same memory; the embedded suite proves it."""
        return memory
