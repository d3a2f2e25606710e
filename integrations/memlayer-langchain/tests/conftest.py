from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memlayer import Memory
from memlayer.testing import FixedClock, HashEmbedder


def pytest_configure(config: pytest.Config) -> None:
    """LangChain's suites have coroutines for tests; how they run is no setting of the whole repository."""
    config.option.asyncio_mode = "auto"


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
