"""The real servers: those that are named in the environment, else those that tools/servers started."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass

import pytest
from reach import tool


@dataclass(frozen=True)
class Servers:
    """Where both are. A server that is named and cannot be reached fails the test that asks for it."""

    weaviate: str
    neo4j: str


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things is no server that is away: what is bound here is the time of a hang."""
    from memlayer.backends.neo4j import Neo4jGraphStore
    from memlayer.backends.weaviate import WeaviateVectorIndex

    for store in (Neo4jGraphStore, WeaviateVectorIndex):
        usual = store.__init__.__kwdefaults__
        monkeypatch.setitem(usual, "timeout", 60.0)


@pytest.fixture(scope="session")
def servers() -> Servers:
    weaviate, neo4j = os.environ.get("MEMLAYER_TEST_WEAVIATE_URL"), os.environ.get("MEMLAYER_TEST_NEO4J_URI")
    if not (weaviate and neo4j):
        tool("start")
        states = json.loads(tool("status", "--json"))
        weaviate, neo4j = weaviate or states["weaviate"]["url"], neo4j or states["neo4j"]["url"]
    return Servers(weaviate, neo4j)


@pytest.fixture
def fresh() -> str:
    """A name that no other test has: two memories in one server see nothing of each other."""
    return uuid.uuid4().hex[:12]
