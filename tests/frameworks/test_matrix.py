"""One memory, five frameworks: every ordered pair of them, in real agent runs with each framework's fake model."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from frameworks.speakers import SPEAKERS, Speaker
from frameworks.table import FIVE, MARKS, table
from repository import ROOT

from memlayer import Memory

Seen = dict[tuple[str, str, str], bool]
PAIRS = [*itertools.permutations(FIVE, 2)]
WHERE = "Which city do I live in?"


@pytest.fixture(scope="module", params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def memory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    folder: Path = tmp_path_factory.mktemp("five")
    with Memory(folder / "memory.db", **(servers() if request.param == "servers" else {})) as memory:
        yield memory


def servers() -> dict[str, str]:
    """The servers that the environment names, else those that tools/servers starts."""
    weaviate, neo4j = os.environ.get("MEMLAYER_TEST_WEAVIATE_URL"), os.environ.get("MEMLAYER_TEST_NEO4J_URI")
    if not (weaviate and neo4j):
        tool = [sys.executable, str(ROOT / "tools" / "servers")]
        subprocess.run([*tool, "start"], check=True, capture_output=True)
        status = subprocess.run([*tool, "status", "--json"], check=True, capture_output=True, text=True)
        states = json.loads(status.stdout)
        weaviate, neo4j = weaviate or states["weaviate"]["url"], neo4j or states["neo4j"]["url"]
    return {"vector_store": weaviate, "graph_store": neo4j}


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    first, second = request.param
    return first, second


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """Somebody whom no other test knows."""
    return f"{request.node.name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def first(memory: Memory, pair: tuple[str, str]) -> Speaker:
    return SPEAKERS[pair[0]](memory)


@pytest.fixture
def second(memory: Memory, pair: tuple[str, str]) -> Speaker:
    return SPEAKERS[pair[1]](memory)


def test_said_through_one_recalled_through_the_other(
    first: Speaker, second: Speaker, user: str, pair: tuple[str, str], seen: Seen
) -> None:
    seen[(*pair, "said")] = False
    first.say("I live in Lisbon.", user, "one")
    assert "Lives in Lisbon" in second.ask(WHERE, user, "two")
    seen[(*pair, "said")] = True


def test_changed_through_the_other_seen_as_changed_through_the_one(
    first: Speaker, second: Speaker, user: str, pair: tuple[str, str], seen: Seen
) -> None:
    seen[(*pair, "changed")] = False
    first.say("I live in Lisbon.", user, "one")
    second.say("I moved to Porto.", user, "two")
    shown = first.ask(WHERE, user, "three")
    assert "Porto" in shown
    assert "Lives in Lisbon" not in shown
    seen[(*pair, "changed")] = True


def test_erased_through_one_gone_in_the_other(
    first: Speaker, second: Speaker, memory: Memory, user: str, pair: tuple[str, str], seen: Seen
) -> None:
    seen[(*pair, "erased")] = False
    first.say("I live in Lisbon.", user, "one")
    second.say("I am allergic to peanuts.", user, "two")
    first.forget(user, "one")
    shown = second.ask("Which city do I live in, and what am I allergic to?", user, "three")
    assert "Lisbon" not in shown
    assert "peanuts" in shown
    assert not any("Lisbon" in m["content"] for m in memory.messages(user_id=user)["results"])
    seen[(*pair, "erased")] = True


def test_two_users_never_meet(first: Speaker, second: Speaker, user: str, pair: tuple[str, str], seen: Seen) -> None:
    seen[(*pair, "apart")] = False
    first.say("I live in Lisbon.", user, "one")
    assert "Lisbon" not in second.ask(WHERE, f"{user}-other", "one")
    seen[(*pair, "apart")] = True


def test_the_same_conversation_through_two_adapters_is_one(memory: Memory) -> None:
    """LlamaIndex, CrewAI and AutoGen bear no ids of messages, and count alike what is said."""
    counts = []
    for name in ("LlamaIndex", "CrewAI", "AutoGen"):
        SPEAKERS[name](memory).say("I live in Lisbon.", "same", "one")
        told = [m["content"] for m in memory.messages(user_id="same")["results"] if m["role"] == "user"]
        counts.append((told, memory.get_all(user_id="same")["count"]))
    assert counts == [(["I live in Lisbon."], 1)] * 3


def test_memory_is_whole_after_all_of_them(memory: Memory) -> None:
    assert memory.verify() == {"ok": True, "problems": []}


def test_the_table_in_the_readme_is_what_was_seen(seen: Seen) -> None:
    if len(seen) < len(PAIRS) * len(MARKS):
        pytest.skip("only some of the pairs were tried")
    page = (ROOT / "integrations" / "README.md").read_text(encoding="utf-8")
    kept = re.search(r"<!-- matrix -->\n(.*?)\n<!-- /matrix -->", page, re.DOTALL)
    assert kept
    assert kept[1] == table(seen)
