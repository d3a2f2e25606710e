"""Many writers at once, and texts that would be code somewhere else."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import writer

from memlayer import Memory
from memlayer.testing import HashEmbedder
from memlayer.types import Scope

pytestmark = pytest.mark.servers


@pytest.fixture
def memory(servers: Any, tmp_path: Path) -> Iterator[Memory]:
    stores = {"vector_store": servers.weaviate, "graph_store": servers.neo4j}
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), **stores) as memory:
        yield memory
        memory.reset()


def test_eight_processes_about_fifty_people(memory: Memory, servers: Any) -> None:
    memory.add("My name is Alice.", user_id="alice")
    command = [sys.executable, "-W", "ignore", writer.__file__, str(memory.path), servers.weaviate, servers.neo4j]
    running = [subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE, text=True) for n in range(8)]
    # authlib, which weaviate-client brings, says at every import that a library of its is old.
    told = [(process.communicate()[1], process.returncode) for process in running]
    assert [code for _, code in told] == [0] * 8, told
    assert not any("Error" in text or "away" in text for text, _ in told), told
    assert memory.verify() == {"ok": True, "problems": []}
    said = memory.messages(user_id="alice", limit=1000)["results"]
    assert len(said) == 1 + 8 * len(writer.PEOPLE)
    graph = memory._core.servers.graph
    assert graph is not None
    found = graph.store.find(writer.PEOPLE, scope=Scope(user_id="alice"), limit=1000)
    assert Counter(node.name for node in found) == Counter(writer.PEOPLE)


NASTY = [
    "Robert'); DROP TABLE users; --",
    "x'}) DETACH DELETE n //",
    "`MATCH (n) DETACH DELETE n`",
    '{"query": "{ Get { Memlayer { record_id } } }"}',
    '") { _additional { id } } #',
    "\u202eright to left\u200b\u2066 and a bell",
    "name\\u0027 OR 1=1",
    "*",
    "ü" * 5000 + "'" * 5000,
]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_any_text_changes_nothing_but_its_own_record(memory: Memory, text: str) -> None:
    whose: dict[str, Any] = {"user_id": f"user {text}"[:512].strip()}
    memory.add("My sister Ann lives in Rome.", user_id="bystander")
    before = memory.get_all(user_id="bystander")
    metadata = {"note": text, text[:200]: [text, 1]}
    [added] = memory.add(f"Says {text}", infer=False, metadata=metadata, **whose)["results"]
    graph = memory._core.servers.graph
    assert graph is not None
    assert graph.store.find([text], scope=Scope(**whose)) == []
    found = memory.search(text, filters={"metadata.note": {"eq": text}}, **whose)
    assert "degraded" not in found
    assert [r["id"] for r in found["results"]] == [added["id"]]
    assert found["results"][0]["metadata"] == metadata
    assert memory.search("Says", filters={"metadata.note": {"eq": text + "x"}}, **whose)["results"] == []
    assert memory._core.servers.verify() == []
    memory.delete_all(**whose)
    assert memory.get_all(user_id="bystander") == before
    assert memory._core.servers.verify() == []
