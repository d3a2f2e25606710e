"""What "it" and "she" mean in the call after: only what the same speaker said in the same conversation just before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from talks import SCOPE

from memlayer import Memory
from memlayer.engine.lazily import Lazily
from memlayer.extraction.local import LocalExtractor
from memlayer.testing import HashEmbedder
from memlayer.types import Message, Record

BEGIN = datetime(2024, 4, 13, 9, 0, tzinfo=timezone.utc)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(path=tmp_path / "m.db", embedder=HashEmbedder()) as memory:
        yield memory


def tell(memory: Memory, text: str, minute: int, run: str | None = None) -> None:
    memory.add(text, user_id="u", run_id=run, timestamp=BEGIN + timedelta(minutes=minute))


def facts(memory: Memory) -> set[str]:
    return {fact["memory"] for fact in memory.get_all(user_id="u")["results"]}


def test_it_is_the_thing_of_the_call_before(memory: Memory) -> None:
    tell(memory, "I'm reading Emma.", 0)
    tell(memory, "I finished it yesterday.", 1)
    assert facts(memory) == {"Finished Emma on 2024-04-12"}


def test_she_is_the_one_of_the_call_before(memory: Memory) -> None:
    tell(memory, "My sister Vera works at Nokia.", 0)
    tell(memory, "She lives in Turku.", 1)
    assert "The user's sister Vera lives in Turku" in facts(memory)


def test_another_message_between_is_not_skipped(memory: Memory) -> None:
    tell(memory, "I live in Bonn.", 0)
    tell(memory, "I own a kayak.", 1)
    tell(memory, "I moved to Kiel.", 2)
    tell(memory, "I sold it.", 3)
    assert "Owns a kayak" in facts(memory)


def test_a_message_between_counts_though_its_fact_is_replaced(memory: Memory) -> None:
    tell(memory, "I own a kayak.", 0)
    tell(memory, "My rent is 900 euros.", 1)
    tell(memory, "My rent is 950 euros now.", 2)
    tell(memory, "I sold it.", 3)
    assert "Owns a kayak" in facts(memory)


def test_another_conversation_is_not_meant(memory: Memory) -> None:
    tell(memory, "I own a kayak.", 0, run="one")
    tell(memory, "I sold it.", 1, run="two")
    assert "Owns a kayak" in facts(memory)


def test_what_was_said_long_ago_is_not_meant(memory: Memory) -> None:
    tell(memory, "I own a kayak.", 0)
    tell(memory, "I sold it.", 61)
    assert "Owns a kayak" in facts(memory)


def test_what_came_later_is_not_meant(memory: Memory) -> None:
    tell(memory, "I own a kayak.", 5)
    tell(memory, "I sold it.", 1)
    assert "Owns a kayak" in facts(memory)


@pytest.mark.parametrize("text", ["I walked it off.", "It was raining.", "She smiled at me.", "I love it here."])
def test_nothing_is_looked_up_where_no_verb_ends_a_fact(text: str) -> None:
    def load() -> list[Record]:
        raise AssertionError("the store was asked")

    message = Message("user", text, BEGIN, None, "m", "m")
    assert all(c.value is None for c in LocalExtractor().extract([message], scope=SCOPE, known=Lazily(load)))
