"""Weaviate and Neo4j keep every promise of the stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from memlayer.testing import GraphStoreContract, KeywordIndexContract, VectorIndexContract
from memlayer.types import Scope

pytestmark = pytest.mark.servers


class TestWeaviateVectors(VectorIndexContract):
    @pytest.fixture
    def vector_index(self, servers: Any, fresh: str) -> Iterator[Any]:
        from memlayer.backends.weaviate import WeaviateVectorIndex

        index = WeaviateVectorIndex(servers.weaviate, dimensions=16, memory=fresh)
        yield index
        index.erase(Scope())
        index.close()


class TestWeaviateKeywords(KeywordIndexContract):
    @pytest.fixture
    def keyword_index(self, servers: Any, fresh: str) -> Iterator[Any]:
        from memlayer.backends.weaviate import WeaviateVectorIndex

        index = WeaviateVectorIndex(servers.weaviate, dimensions=16, memory=fresh)
        yield index
        index.erase(Scope())
        index.close()


class TestNeo4jGraph(GraphStoreContract):
    @pytest.fixture
    def graph_store(self, servers: Any, fresh: str) -> Iterator[Any]:
        from memlayer.backends.neo4j import Neo4jGraphStore

        store = Neo4jGraphStore(servers.neo4j, memory=fresh)
        yield store
        store.erase(Scope())
        store.close()
