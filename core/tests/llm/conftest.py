"""Servers that end with their test; the tests share `clients.py`, which lies beside them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memlayer.models import _shape
from memlayer.testing.openai_server import OpenAIServer, Script

sys.path.insert(0, str(Path(__file__).parent))

from clients import Make, Waits, close


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with models of which nothing is known."""
    monkeypatch.setattr(_shape, "_known", {})


@pytest.fixture
def serve() -> Iterator[Make]:
    """Starts scripted servers; they end with the test."""
    started: list[OpenAIServer] = []

    def make(script: Script = (), **options: Any) -> OpenAIServer:
        started.append(OpenAIServer(script, **options).start())
        return started[-1]

    yield make
    close()
    # What a test left open is met here, in the test whose it is.
    gc.collect()
    for server in started:
        server.stop()


@pytest.fixture
def waits() -> Waits:
    return Waits()
