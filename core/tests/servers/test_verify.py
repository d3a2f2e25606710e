"""`verify` names whatever somebody did to a server behind the memory's back, and `--repair` undoes it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from raw import connect, cypher

from memlayer import Memory
from memlayer.testing import HashEmbedder

pytestmark = pytest.mark.servers
DONE_TO_OBJECTS: dict[str, tuple[str, Callable[[Any, Any], object]]] = {
    "gone": ("lacks", lambda data, one: data.delete_by_id(one.uuid)),
    "beside": (
        "holds what the record does not",
        lambda data, one: data.insert({**one.properties, "record_id": "forged"}, vector=one.vector),
    ),
    "doubled": (
        "holds what the record does not",
        lambda data, one: data.insert(one.properties, uuid=uuid.uuid4(), vector=one.vector),
    ),
    "text": ("holds another state of", lambda data, one: data.update(one.uuid, {"content": "Forged"})),
    "tags": ("holds another state of", lambda data, one: data.update(one.uuid, {"tags": []})),
    "words": ("holds another state of", lambda data, one: data.update(one.uuid, {"terms": "0"})),
    "time": ("holds another state of", lambda data, one: data.update(one.uuid, {"created_at": 0})),
    "vector": ("holds another state of", lambda data, one: data.update(one.uuid, vector=[1.0] + 63 * [0.0])),
}
DONE_TO_THE_GRAPH = {
    "node gone": ("lacks the node", "MATCH (n:MemlayerEntity {memory: $memory, name: 'Rome'}) DETACH DELETE n"),
    "node beside": (
        "holds a node .* that the record does not",
        "CREATE (:MemlayerEntity {memory: $memory, scope: $memory, uid: $memory + '/forged', name: 'F', type: 'x'})",
    ),
    "node renamed": (
        "another state of the node",
        "MATCH (n:MemlayerEntity {memory: $memory, name: 'Rome'}) SET n.name = 'F'",
    ),
    "node hidden": (
        "another state of the node",
        "MATCH (n:MemlayerEntity {memory: $memory, name: 'Rome'}) SET n.name_key = 'forged'",
    ),
    "edge gone": ("lacks the edge", "MATCH ()-[r:RELATES {memory: $memory}]->() DELETE r"),
    "edge beside": (
        "holds a edge .* that the record does not",
        """MATCH (a:MemlayerEntity {memory: $memory})-[r:RELATES]->(b) WITH a, b, r LIMIT 1
        CREATE (b)-[:RELATES {uid: $memory + '/forged', memory: $memory, scope: r.scope, predicate: 'x'}]->(a)""",
    ),
    "edge turned": (
        "another state of the edge",
        """MATCH (a:MemlayerEntity {memory: $memory})-[r:RELATES]->(b) WITH a, b, r, properties(r) AS p LIMIT 1
        DELETE r WITH a, b, p CREATE (b)-[e:RELATES]->(a) SET e = p""",
    ),
    "edge ended": (
        "another state of the edge",
        "MATCH ()-[r:RELATES {memory: $memory}]->() SET r.valid_to = r.valid_from",
    ),
    "memory gone": ("lacks the memory", "MATCH (m:MemlayerMemory {memory: $memory}) DETACH DELETE m"),
    "mention gone": ("another state of the memory", "MATCH (:MemlayerMemory {memory: $memory})-[r]->() DELETE r"),
    "mention doubled": (
        "another state of the memory",
        "MATCH (m:MemlayerMemory {memory: $memory})-->(n) CREATE (m)-[:MENTIONS]->(n)",
    ),
}


@pytest.fixture
def memory(servers: Any, tmp_path: Path) -> Iterator[Memory]:
    stores = {"vector_store": servers.weaviate, "graph_store": servers.neo4j}
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), **stores) as memory:
        memory.add("My sister Ann lives in Rome. I play chess.", user_id="alice")
        memory.add("I play the oboe.", user_id="bob")
        assert memory.verify() == {"ok": True, "problems": []}
        yield memory
        memory.reset()


def assert_named_and_mended(memory: Memory, told: str) -> None:
    found = memory.verify()
    assert not found["ok"]
    assert any(re.search(told, problem) for problem in found["problems"]), found["problems"]
    assert memory.verify(repair=True) == {"ok": True, "problems": []}
    assert memory.verify() == {"ok": True, "problems": []}
    assert "degraded" not in memory.search("Ann chess", user_id="alice", enable_graph=True)


@pytest.mark.parametrize("what", DONE_TO_OBJECTS)
def test_what_was_done_to_an_object(memory: Memory, servers: Any, what: str) -> None:
    assert memory._core.servers.vectors is not None
    index: Any = memory._core.servers.vectors.store
    told, done = DONE_TO_OBJECTS[what]
    with connect(servers.weaviate) as client:
        collection = client.collections.get(index._name())
        tenant = next(t for t in sorted(collection.tenants.get()) if t.startswith(index._memory))
        inside = collection.with_tenant(tenant)
        done(inside.data, next(iter(inside.iterator(include_vector=True))))
    assert_named_and_mended(memory, told)


@pytest.mark.parametrize("what", DONE_TO_THE_GRAPH)
def test_what_was_done_to_the_graph(memory: Memory, servers: Any, what: str) -> None:
    assert memory._core.servers.graph is not None
    graph: Any = memory._core.servers.graph.store
    told, statement = DONE_TO_THE_GRAPH[what]
    cypher(servers.neo4j, statement, memory=graph._memory)
    assert_named_and_mended(memory, told)
