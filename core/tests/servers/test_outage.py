"""Nothing acknowledged is lost, doubled or left behind while a server is away."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from raw import connect, cypher, everything_in_neo4j, everything_in_weaviate
from reach import tool

from memlayer import Memory
from memlayer.errors import BackendError, BackendTimeoutError
from memlayer.testing import HashEmbedder
from memlayer.types import Scope

pytestmark = pytest.mark.servers
BATCH = 10


@pytest.fixture
def own() -> Iterator[dict[str, Any]]:
    """The servers that tools/servers started, which alone may be killed; they run again afterwards."""
    tool("start")
    yield json.loads(tool("status", "--json"))
    tool("start")


@pytest.fixture
def memory(own: dict[str, Any], tmp_path: Path) -> Iterator[Memory]:
    stores = {"vector_store": own["weaviate"]["url"], "graph_store": own["neo4j"]["url"]}
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), **stores) as memory:
        yield memory
        memory.reset()


def take_in(memory: Memory, calls: int, midway: Callable[[], None]) -> list[str]:
    """Adds ten messages a call; `midway` begins in the middle of them and ends beside them, before the last ones."""
    told: list[str] = []
    beside = threading.Thread(target=midway)
    number = 0
    while number < calls or beside.is_alive():
        if number == calls // 2:
            beside.start()
        texts = [f"Note {number * BATCH + n}: crate {number * BATCH + n} of Ann" for n in range(BATCH)]
        memory.add([{"role": "user", "content": t} for t in texts], user_id="alice", infer=False)
        told += texts
        number += 1
    beside.join()
    memory.add("My sister Ann lives in Rome.", user_id="alice")
    return told


def everything(memory: Memory) -> list[str]:
    found: list[str] = []
    page: int | None = 1
    while page:
        told = memory.get_all(user_id="alice", page=page, page_size=1000)
        found += [r["memory"] for r in told["results"] if r["memory"].startswith("Note ")]
        page = told["next"]
    return found[::-1]


@contextmanager
def awake() -> Iterator[None]:
    """Fails where this thread sleeps: the drivers would ask a dead server again and again, between long sleeps."""
    mine, sleep = threading.current_thread(), time.sleep

    def slept(seconds: float) -> None:
        assert threading.current_thread() is not mine, f"slept for {seconds} s"
        sleep(seconds)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(time, "sleep", slept)
        yield


def assert_nothing_lost(memory: Memory, name: str, calls: int) -> None:
    with awake():
        acknowledged = take_in(memory, calls, lambda: tool("kill", name))
    found = memory.search(f"crate {len(acknowledged) - 1}", user_id="alice", limit=3, enable_graph=True)
    assert found.get("degraded") is True
    assert acknowledged[-1] in [r["memory"] for r in found["results"]]
    assert any(r["target"] == "Rome" for r in memory.search("Ann", user_id="alice", enable_graph=True)["relations"])
    tool("start")
    assert memory.verify() == {"ok": True, "problems": []}
    assert everything(memory) == acknowledged
    again = memory.search(f"crate {len(acknowledged) - 1}", user_id="alice", limit=3, enable_graph=True)
    assert "degraded" not in again
    # The first is the same; what follows is chosen among the servers' candidates, and may change places.
    assert again["results"][0]["id"] == found["results"][0]["id"]


@pytest.mark.parametrize("name", ["weaviate", "neo4j"])
def test_a_kill_in_the_middle_loses_nothing(memory: Memory, name: str) -> None:
    assert_nothing_lost(memory, name, 12)


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(20))
def test_twenty_kills_in_the_middle_of_a_thousand_lose_nothing(memory: Memory, round_: int) -> None:
    assert_nothing_lost(memory, random.Random(round_).choice(["weaviate", "neo4j"]), 100)


def test_what_is_erased_while_both_are_away_is_gone_from_both(memory: Memory, own: dict[str, Any], fresh: str) -> None:
    for user in (f"alice-{fresh}", f"bob-{fresh}"):
        memory.add(f"My name is {user}. I live in Rome and my dog is called Rex.", user_id=user)
    tenants = len(everything_in_weaviate(own["weaviate"]["url"], f"-{fresh}"))
    assert tenants >= 2
    tool("kill", "weaviate", "neo4j")
    memory.delete_all(user_id=f"alice-{fresh}")
    tool("start")
    assert memory.verify() == {"ok": True, "problems": []}
    for found in (
        everything_in_weaviate(own["weaviate"]["url"], f"-{fresh}"),
        everything_in_neo4j(own["neo4j"]["url"], f"-{fresh}"),
    ):
        assert [text for text in found if f"alice-{fresh}" in text] == []
        assert [text for text in found if f"bob-{fresh}" in text] != []
    assert memory._core.servers.vectors is not None
    index: Any = memory._core.servers.vectors.store
    assert not index.has_tenant(Scope(user_id=f"alice-{fresh}"))
    assert index.has_tenant(Scope(user_id=f"bob-{fresh}"))


def test_a_memory_that_names_no_server_leaves_none_behind(memory: Memory, own: dict[str, Any], fresh: str) -> None:
    memory.add("I play chess.", user_id=f"alice-{fresh}")
    memory.add("I play chess.", user_id=f"bob-{fresh}")
    with Memory(memory.path, embedder=HashEmbedder(64)) as plain:
        plain.add("I live in Oslo.", user_id=f"bob-{fresh}")
        plain.delete_all(user_id=f"alice-{fresh}")
    assert memory.verify() == {"ok": True, "problems": []}
    found = "\n".join(everything_in_weaviate(own["weaviate"]["url"], f"-{fresh}"))
    assert "alice" not in found
    assert "Oslo" in found


def test_a_memory_that_is_older_than_its_servers_fills_them(own: dict[str, Any], tmp_path: Path) -> None:
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64)) as plain:
        plain.add("I play chess and my sister is called Ann.", user_id="alice")
    stores = {"vector_store": own["weaviate"]["url"], "graph_store": own["neo4j"]["url"]}
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), **stores) as memory:
        assert "degraded" not in memory.search("chess", user_id="alice", enable_graph=True)
        assert memory.verify() == {"ok": True, "problems": []}
        memory.reset()


def test_another_embedder_moves_the_servers_along(own: dict[str, Any], tmp_path: Path) -> None:
    stores = {"vector_store": own["weaviate"]["url"], "graph_store": own["neo4j"]["url"]}
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), **stores) as memory:
        memory.add("I play chess.", user_id="alice")
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(32), **stores) as memory:
        memory.reembed()
        assert "degraded" not in memory.search("chess", user_id="alice")
        assert memory.verify() == {"ok": True, "problems": []}
        memory.reset()


def forget_everything(memory: Memory, own: dict[str, Any]) -> None:
    """What a server looks like whose disk was lost."""
    index: Any = memory._core.servers.vectors.store  # type: ignore[union-attr]
    with connect(own["weaviate"]["url"]) as client:
        client.collections.delete(index._name())
    graph: Any = memory._core.servers.graph.store  # type: ignore[union-attr]
    cypher(own["neo4j"]["url"], "MATCH (n {memory: $memory}) DETACH DELETE n", memory=graph._memory)
    cypher(own["neo4j"]["url"], "DROP CONSTRAINT memlayer_entity_uid")


def test_a_server_that_lost_everything_is_filled_anew(memory: Memory, own: dict[str, Any]) -> None:
    def asked(memory: Memory) -> Any:
        return memory.search("Ann", user_id="alice", enable_graph=True)

    memory.add("My sister Ann lives in Rome.", user_id="alice")
    before = asked(memory)
    forget_everything(memory, own)
    # Whoever meets the loss is answered by the ledger, until the server has everything again.
    found = asked(memory)
    assert found.pop("degraded") is True
    assert [r["id"] for r in found["results"]] == [r["id"] for r in before["results"]]
    end = time.monotonic() + 60
    while "degraded" in asked(memory):
        assert time.monotonic() < end
    memory.rebuild()
    assert memory.verify() == {"ok": True, "problems": []}
    forget_everything(memory, own)
    stores = {"vector_store": own["weaviate"]["url"], "graph_store": own["neo4j"]["url"]}
    with Memory(memory.path, embedder=HashEmbedder(64), **stores) as again:
        assert asked(again) == before
        assert again.verify() == {"ok": True, "problems": []}


@pytest.mark.parametrize("name", ["vector_store", "graph_store"])
def test_repair_mends_what_verify_names(memory: Memory, name: str) -> None:
    memory.add("My sister Ann lives in Rome. I play chess.", user_id="alice")
    server = memory._core.servers.vectors if name == "vector_store" else memory._core.servers.graph
    assert server is not None
    server.store.erase(Scope(user_id="alice"))
    found = memory.verify()
    assert not found["ok"]
    assert all("lacks" in problem for problem in found["problems"])
    assert memory.verify(repair=True) == {"ok": True, "problems": []}


def test_the_report_says_who_is_away_and_how_far_behind(memory: Memory) -> None:
    memory.add("I play chess.", user_id="alice")
    assert [line["ok"] for line in memory._core.servers.report()] == [True, True]
    tool("kill", "weaviate")
    memory.add("I play go.", user_id="alice")
    vectors, graph = memory._core.servers.report()
    assert not vectors["ok"]
    assert "cannot be reached; start it" in vectors["told"]
    assert "behind" in vectors["told"]
    assert graph["ok"]


def meet(store: Any) -> None:
    """Has a store that waits for seconds only talk to its server, however long a busy machine takes for that."""
    for _ in range(100):
        with suppress(BackendError):
            store.health()
            return
    store.health()


@pytest.mark.parametrize("number", [0, 1], ids=["weaviate", "neo4j"])
def test_whoever_meets_a_server_that_hangs_is_told_in_time(own: dict[str, Any], fresh: str, number: int) -> None:
    from memlayer.backends.neo4j import Neo4jGraphStore
    from memlayer.backends.weaviate import WeaviateVectorIndex

    server = list(own.values())[number]
    make: list[Any] = [WeaviateVectorIndex, Neo4jGraphStore]
    store = make[number](server["url"], memory=fresh, timeout=2.0)
    meet(store)
    os.kill(server["pid"], signal.SIGSTOP)
    try:
        with pytest.raises(BackendTimeoutError, match="within"):
            store.health()
    finally:
        os.kill(server["pid"], signal.SIGCONT)
        store.close()
