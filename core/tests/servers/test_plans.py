"""Neo4j answers a step from the node's own relations, whatever it had counted when it planned the question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from raw import plan

from memlayer.testing.contract import NOON
from memlayer.types import Edge, Node, Scope

pytestmark = pytest.mark.servers
ALICE = Scope(user_id="alice")
Asked = list[tuple[str, dict[str, Any]]]
"""Statements that the store runs by themselves, with their parameters."""
SCOPES = [ALICE, Scope(user_id="alice", run_id="r"), Scope(agent_id="a")]


@pytest.fixture
def store(servers: Any, fresh: str) -> Iterator[Any]:
    from memlayer.backends.neo4j import Neo4jGraphStore

    store = Neo4jGraphStore(servers.neo4j, memory=fresh)
    yield store
    store.erase(Scope())
    store.close()


@pytest.fixture
def asked(store: Any, monkeypatch: pytest.MonkeyPatch) -> Asked:
    found: Asked = []
    read = store._client.read

    def noted(query: str, **values: Any) -> list[Any]:
        found.append((query, values))
        rows: list[Any] = read(query, **values)
        return rows

    monkeypatch.setattr(store._client, "read", noted)
    return found


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_a_step_walks_no_index_of_relations(store: Any, servers: Any, scope: Scope, asked: Asked) -> None:
    from neo4j.exceptions import CypherSyntaxError

    store.upsert([Node("a", scope, "A"), Node("b", scope, "B")], [Edge("e", scope, "a", "knows", "b", "r", NOON)])
    assert len(store.neighbors(["a"], scope=scope, depth=2).edges) == 1
    if not scope.spans_owners:
        assert store.find(["A"], scope=scope)
    for query, values in asked:
        steps = plan(servers.neo4j, query, **values)
        assert not any("Relationship" in step or "Scan" in step for step in steps), steps
        # No index of relations can answer it, so that none does while the planner has not counted them yet.
        told = query.replace("(m:MemlayerEntity) WHERE", "(m:MemlayerEntity) USING INDEX r:RELATES(scope) WHERE")
        if told != query:
            with pytest.raises(CypherSyntaxError, match="Cannot use index hint"):
                plan(servers.neo4j, told, **values)


def test_an_owner_is_forgotten_by_an_index(store: Any, servers: Any, asked: Asked) -> None:
    store.upsert([Node("a", ALICE, "A"), Node("b", ALICE, "B")], [Edge("e", ALICE, "a", "knows", "b", "r", NOON)])
    store.erase(Scope(user_id="alice", run_id="r"))
    store.erase(ALICE)
    assert len(asked) == 5
    for query, values in asked:
        steps = plan(servers.neo4j, query, **values)
        assert not any("Scan" in step for step in steps), steps
