"""The same operations and queries, sent to SQLite and to the servers, have the same answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memlayer import Memory
from memlayer.backends.sqlite.graph import SQLiteGraphStore
from memlayer.backends.sqlite.index import SQLiteVectorIndex
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.filters import And, Compare, Not, Or
from memlayer.testing import FixedClock, HashEmbedder, Ids
from memlayer.testing.contract import NOON, make_record
from memlayer.types import Change, Edge, Entry, Node, Scope

pytestmark = pytest.mark.servers
CHECKS = [HealthCheck.function_scoped_fixture]
FEW = settings(max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=CHECKS)
"""The same ones each time: a landing is decided by its change alone."""
MANY = settings(max_examples=100, database=None, deadline=None, suppress_health_check=CHECKS)
"""New ones each time, in the long form."""

USERS = st.sampled_from(["alice", "bob"])
RUNS = st.sampled_from([None, "r1", "r2"])
SCOPES = st.builds(Scope, user_id=USERS, run_id=RUNS)
WORDS = st.lists(st.sampled_from("tea chess Rome oboe bread Ann snow".split()), min_size=1, max_size=3).map(" ".join)
VALUES = st.sampled_from(["rice", "Rice", "", " rice", 1, 1.0, 2, True, None, ["rice", 1], {"a": 1}])
METADATA = st.dictionaries(st.sampled_from(["food", "size", "when.x"]), VALUES, max_size=2)
FIELDS = st.sampled_from([("metadata", "food"), ("metadata", "size"), ("metadata", "when.x")])
COMPARES = st.one_of(
    st.builds(Compare, FIELDS, st.sampled_from(["eq", "ne"]), VALUES),
    st.builds(Compare, FIELDS, st.sampled_from(["in", "nin"]), st.lists(VALUES, max_size=3).map(tuple)),
    st.builds(Compare, FIELDS, st.sampled_from(["gt", "gte", "lt", "lte"]), st.sampled_from(["rice", 1, 2.5])),
    st.builds(Compare, FIELDS, st.sampled_from(["contains", "icontains"]), st.sampled_from(["ric", "RICE", "rice"])),
    st.builds(Compare, st.just(("run_id",)), st.sampled_from(["eq", "ne"]), st.sampled_from(["r1", "r2"])),
    st.builds(Compare, st.just(("created_at",)), st.sampled_from(["gt", "gte", "lt", "lte", "eq"]),
              st.integers(0, 9).map(lambda n: NOON + timedelta(minutes=n))),
)  # fmt: skip
FILTERS = st.recursive(
    COMPARES,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, max_size=3).map(tuple)), st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=4,
)  # fmt: skip


@contextmanager
def weaviate(servers: Any, dimensions: int) -> Iterator[Any]:
    from memlayer.backends.weaviate import WeaviateVectorIndex

    index = WeaviateVectorIndex(servers.weaviate, dimensions=dimensions, memory=uuid.uuid4().hex[:12])
    try:
        yield index
    finally:
        index.erase(Scope())
        index.close()


VECTORS = given(
    said=st.lists(st.tuples(SCOPES, METADATA), min_size=1, max_size=10),
    asked=st.lists(st.tuples(SCOPES, st.none() | FILTERS, st.integers(1, 5)), min_size=3, max_size=8),
    seed=st.integers(0, 99),
)


def vectors(servers: Any, tmp_path_factory: Any, said: Any, asked: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    drawn = random.normal(size=(len(said) + len(asked), 16)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    entries = []
    for number, (scope, metadata) in enumerate(said):
        record = make_record(f"r{number}", scope=scope, metadata=metadata, minute=number)
        entries.append(Entry(record.id, scope, record, drawn[number]))
    ledger = SQLiteLedger(tmp_path_factory.mktemp("ledger") / "memory.db")
    ledger.append([Change("ADD", e.record, e.vector) for e in entries], scope=Scope())
    exact = SQLiteVectorIndex(ledger.database, dimensions=16)
    with weaviate(servers, 16) as index:
        index.upsert(entries)
        for (scope, where, limit), vector in zip(asked, drawn[len(said) :], strict=True):
            expected = exact.search(vector, scope=scope, where=where, limit=limit)
            found = index.search(vector, scope=scope, where=where, limit=limit)
            assert [m.score for m in found] == pytest.approx([m.score for m in expected], abs=1e-3)
            # All that point away have one score, 0, and no order among themselves.
            near = [m.id for m in expected if m.score > 0.001]
            assert [m.id for m in found][: len(near)] == near
    ledger.close()


NODES = [Node(f"n{n}", Scope(user_id="alice"), f"Name {n}") for n in range(6)]
EDGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 4), st.none() | st.integers(5, 9), RUNS),
    min_size=1, max_size=12,
)  # fmt: skip


GRAPHS = given(
    drawn=EDGES,
    gone=st.lists(st.integers(0, 11), max_size=3),
    asked=st.lists(st.tuples(st.integers(0, 5), RUNS, st.integers(0, 3), st.integers(0, 9), st.integers(1, 6)),
                   min_size=3, max_size=8),
)  # fmt: skip


def neighbourhoods(servers: Any, tmp_path_factory: Any, drawn: Any, gone: Any, asked: Any) -> None:
    from memlayer.backends.neo4j import Neo4jGraphStore

    edges = [
        Edge(f"e{n}", Scope(user_id="alice", run_id=run), f"n{a}", "knows", f"n{b}", f"r{n}",
             NOON + timedelta(minutes=start), None if end is None else NOON + timedelta(minutes=end))
        for n, (a, b, start, end, run) in enumerate(drawn)
    ]  # fmt: skip
    touched = {uid for e in edges for uid in (e.source, e.target)}
    nodes = [n for n in NODES if n.uid in touched]
    exact = SQLiteGraphStore(tmp_path_factory.mktemp("graph") / "memory.db")
    store = Neo4jGraphStore(servers.neo4j, memory=uuid.uuid4().hex[:12])
    try:
        for graph in (exact, store):
            graph.upsert(nodes, edges)
            graph.delete([f"r{n}" for n in gone])
        names = [n.name for n in NODES]
        for start, run, depth, minute, limit in asked:
            scope, at = Scope(user_id="alice", run_id=run), NOON + timedelta(minutes=minute)
            assert store.find(names, scope=scope) == exact.find(names, scope=scope)
            expected = exact.neighbors([f"n{start}"], scope=scope, depth=depth, at=at, limit=limit)
            found = store.neighbors([f"n{start}"], scope=scope, depth=depth, at=at, limit=limit)
            assert found.edges == expected.edges
            assert set(found.nodes) == set(expected.nodes)
    finally:
        store.erase(Scope())
        store.close()
        exact.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), SCOPES, WORDS, METADATA),
        st.tuples(st.just("live"), SCOPES, st.sampled_from(["Rome", "Oslo", "Bern"]), METADATA),
        st.tuples(st.just("delete"), USERS, st.integers(0, 9), st.none()),
        st.tuples(st.just("forget"), SCOPES, st.none(), st.none()),
    ),
    min_size=2, max_size=8,
)  # fmt: skip


LIVES = given(steps=STEPS, asked=st.lists(st.tuples(SCOPES, WORDS), min_size=2, max_size=4))


def answers(servers: Any, tmp_path_factory: Any, steps: Any, asked: Any) -> None:
    folder: Path = tmp_path_factory.mktemp("memories")
    told = []
    for name in ("embedded", "served"):
        stores = {"vector_store": servers.weaviate, "graph_store": servers.neo4j} if name == "served" else {}
        clock = FixedClock()
        with Memory(folder / f"{name}.db", embedder=HashEmbedder(64), clock=clock, new_id=Ids(), **stores) as memory:
            told.append(lived(memory, clock, steps, asked))
            assert memory.verify()["problems"] == []
            memory.reset()
    assert told[0] == told[1]


def lived(memory: Memory, clock: FixedClock, steps: Any, asked: Any) -> list[Any]:
    """What the steps and the questions gave."""
    found: list[Any] = []
    for what, whose, words, metadata in steps:
        clock.advance(60)
        if what == "add":
            memory.add(f"About {words}", infer=False, metadata=metadata, **whose.ids())
        elif what == "live":
            memory.add(f"I live in {words}.", metadata=metadata, **whose.ids())
        elif what == "forget":
            memory.delete_all(**whose.ids())
        else:
            held = memory.get_all(user_id=whose)["results"]
            if held:
                memory.delete(held[words % len(held)]["id"])
    for scope, words in asked:
        ids = scope.ids()
        found.append(memory.get_all(page_size=3, **ids))
        for more in ({}, {"as_of": clock.now - timedelta(seconds=90)}, {"filters": {"metadata": {"food": "rice"}}}):
            answer = memory.search(f"{words} I live", limit=4, enable_graph=True, **ids, **more)
            assert "degraded" not in answer
            relations = sorted(str(sorted(r.items())) for r in answer.pop("relations"))
            found.append((answer, relations))
    return found


test_vectors_come_in_the_same_order = FEW(VECTORS(vectors))
test_neighbourhoods_are_the_same = FEW(GRAPHS(neighbourhoods))
test_a_served_memory_answers_like_an_embedded_one = FEW(LIVES(answers))
test_many_vectors_come_in_the_same_order = pytest.mark.slow(MANY(VECTORS(vectors)))
test_many_neighbourhoods_are_the_same = pytest.mark.slow(MANY(GRAPHS(neighbourhoods)))
test_many_served_memories_answer_like_embedded_ones = pytest.mark.slow(MANY(LIVES(answers)))
