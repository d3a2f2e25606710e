from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memlayer import Memory
from memlayer.testing import FixedClock, HashEmbedder


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def memory(path: Path, clock: FixedClock) -> Iterator[Memory]:
    with Memory(path, embedder=HashEmbedder(), clock=clock) as made:
        yield made
