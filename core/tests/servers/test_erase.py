"""Erasing leaves nothing of a user in either server, and touches nothing of anybody else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from raw import connect, cypher, everything_in_neo4j, everything_in_weaviate

from memlayer import Memory
from memlayer.testing import HashEmbedder
from memlayer.types import Scope

pytestmark = pytest.mark.servers


class Counting(HashEmbedder):
    """Counts the texts that it embeds."""

    count = 0

    def embed(self, texts: Sequence[str], *, kind: Any = "document") -> Any:
        self.count += len(texts)
        return super().embed(texts, kind=kind)


@pytest.fixture
def memory(servers: Any, tmp_path: Path) -> Iterator[Memory]:
    stores = {"vector_store": servers.weaviate, "graph_store": servers.neo4j}
    with Memory(tmp_path / "memory.db", embedder=Counting(64), **stores) as memory:
        yield memory
        memory.reset()


@pytest.fixture
def of_others(servers: Any, fresh: str) -> Iterator[str]:
    """What another application keeps in the same servers, about the same user."""
    from weaviate.classes.config import Configure, DataType, Property

    name, user = f"Other{fresh}", f"alice-{fresh}"
    make = """CREATE (a:MemlayerEntity {uid: $uid, user_id: $user, memory: 'another', scope: 'another/u'})
        CREATE (a)-[:RELATES {uid: $uid, user_id: $user, memory: 'another'}]->(:Person {user_id: $user})"""
    with connect(servers.weaviate) as client:
        tenants = Configure.multi_tenancy(enabled=True, auto_tenant_creation=True)
        collection = client.collections.create(
            name, properties=[Property(name="user", data_type=DataType.TEXT)], multi_tenancy_config=tenants
        )
        collection.with_tenant(user).data.insert({"user": user}, uuid=uuid.uuid4())
    cypher(servers.neo4j, make, uid=f"other-{fresh}", user=user)
    yield user
    cypher(servers.neo4j, "MATCH (n {user_id: $user}) DETACH DELETE n", user=user)
    with connect(servers.weaviate) as client:
        client.collections.delete(name)


@pytest.mark.parametrize("verb", ["delete_all", "delete_users", "reset"])
def test_nothing_of_the_user_stays_and_all_of_the_others(
    memory: Memory, servers: Any, of_others: str, fresh: str, verb: str
) -> None:
    theirs = len(everything_in_neo4j(servers.neo4j, of_others)), len(everything_in_weaviate(servers.weaviate, fresh))
    for user in (of_others, f"bob-{fresh}"):
        memory.add(f"My name is {user}. My sister Ann lives in Rome.", user_id=user)
    assert len(everything_in_neo4j(servers.neo4j, of_others)) > theirs[0]
    assert len(everything_in_weaviate(servers.weaviate, of_others)) > theirs[1]
    if verb == "reset":
        memory.reset()
    else:
        getattr(memory, verb)(user_id=of_others)
        assert everything_in_neo4j(servers.neo4j, f"bob-{fresh}")
        assert everything_in_weaviate(servers.weaviate, f"bob-{fresh}")
        assert memory.verify() == {"ok": True, "problems": []}
    assert len(everything_in_neo4j(servers.neo4j, of_others)) == theirs[0]
    assert len(everything_in_weaviate(servers.weaviate, of_others)) == theirs[1]


def test_an_empty_server_is_filled_with_progress_and_without_embedding(memory: Memory) -> None:
    for number in range(30):
        memory.add(f"My friend {chr(65 + number % 26)}ndo{number}n lives in Rome.", user_id="alice")
    for server in (memory._core.servers.vectors, memory._core.servers.graph):
        assert server is not None
        server.store.erase(Scope(user_id="alice"))
    assert not memory.verify()["ok"]
    embedder: Any = memory._core.embedder()
    embedder.count = 0
    told: list[tuple[int, int]] = []
    memory.rebuild(progress=lambda done, of: told.append((done, of)))
    assert embedder.count == 0
    assert told
    assert all(0 < done <= of for done, of in told)
    assert told[-1][0] == told[-1][1]
    assert memory.verify() == {"ok": True, "problems": []}
