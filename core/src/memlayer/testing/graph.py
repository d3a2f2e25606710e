"""The suite of a `GraphStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from memlayer.protocols import GraphStore
from memlayer.testing.contract import ALICE, BOB, Contract, later
from memlayer.types import Edge, Node, Scope, Subgraph

RUN = Scope(user_id="alice", run_id="r1")


class GraphStoreContract(Contract):
    """What a graph store promises; the fixture `graph_store` gives an empty one."""

    @pytest.fixture
    def graph_store(self) -> GraphStore:
        """An empty store."""
        raise NotImplementedError("give your suite a fixture `graph_store`")

    def store(self, graph: Any, nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
        """Brings nodes and edges into the store; one that needs the records first overrides this hook."""
        graph.upsert(nodes, edges)

    def test_it_is_a_graph_store(self, graph_store: GraphStore) -> None:
        """Has every method of the protocol."""
        assert isinstance(graph_store, GraphStore)

    def test_nodes_and_edges_come_back_whole(self, graph_store: GraphStore) -> None:
        """Stores nodes and edges with every field."""
        nodes = [node("ann", "Ann", type="person", aliases=("Annie", "A.")), node("oslo", "Oslo", type="place")]
        link = edge("e1", "ann", "oslo", valid_from=later(-60), valid_to=FAR)
        self.store(graph_store, nodes, [link])
        found = graph_store.neighbors(["ann"], scope=ALICE)
        assert found == Subgraph(tuple(nodes), (link,))

    def test_upsert_replaces_by_uid(self, graph_store: GraphStore) -> None:
        """Stores or replaces nodes and edges by uid; idempotent."""
        self.store(graph_store, [node("ann"), node("oslo")], [edge("e1", "ann", "oslo")])
        self.store(graph_store, [node("ann"), node("oslo")], [edge("e1", "ann", "oslo")])
        changed = edge("e1", "ann", "oslo", predicate="works_in")
        self.store(graph_store, [node("ann", type="person"), node("oslo")], [changed])
        found = graph_store.neighbors(["oslo"], scope=ALICE)
        assert found == Subgraph((node("oslo"), node("ann", type="person")), (changed,))

    @pytest.mark.parametrize("name", ["José Núñez", "josé núñez", "JOSE NUNEZ", "jose  nunez", "Pepe", "PEPÉ"])
    def test_find_knows_names_and_aliases(self, graph_store: GraphStore, name: str) -> None:
        """Nodes whose name or alias equals one of the names, case and accents aside."""
        jose = node("jose", "José Núñez", aliases=("Pepe", "El Profe"))
        self.store(graph_store, [jose, node("oslo"), node("jo", "José")], star("jose", "oslo", "jo"))
        assert graph_store.find([name], scope=ALICE) == [jose]
        assert graph_store.find(["nobody", name, name], scope=ALICE) == [jose]

    def test_find_of_parts_finds_nothing(self, graph_store: GraphStore) -> None:
        """A name equals, it does not begin or contain; wildcards are letters like any other."""
        self.store(graph_store, [node("ann", "Ann Lee"), node("oslo", "Oslo")], [edge("e1", "ann", "oslo")])
        assert graph_store.find(["Ann", "Lee", "ann%", "*", "", "Ann Le_"], scope=ALICE) == []
        assert graph_store.find([], scope=ALICE) == []

    def test_find_stays_in_scope(self, graph_store: GraphStore) -> None:
        """Nodes of the scope; the same name of another owner is another node."""
        theirs = [node("b-ann", "Ann", scope=BOB), node("b-oslo", "Oslo", scope=BOB)]
        self.store(graph_store, [node("ann", "Ann"), node("oslo", "Oslo")], [edge("e1", "ann", "oslo")])
        self.store(graph_store, theirs, [edge("e2", "b-ann", "b-oslo", scope=BOB)])
        assert uids(graph_store.find(["Ann"], scope=ALICE)) == {"ann"}
        assert uids(graph_store.find(["Ann"], scope=BOB)) == {"b-ann"}
        assert graph_store.find(["Ann"], scope=Scope("Alice")) == []
        assert graph_store.find(["Ann"], scope=RUN) == []

    def test_find_is_limited(self, graph_store: GraphStore) -> None:
        """At most `limit` nodes."""
        nodes = [node(f"n{n}", f"Name {n}") for n in range(6)]
        self.store(graph_store, nodes, star(*(n.uid for n in nodes)))
        assert len(graph_store.find([n.name for n in nodes], scope=ALICE, limit=3)) == 3

    @pytest.mark.parametrize(("depth", "expected"), [
        (0, ["a"]), (1, ["a", "b", "f"]), (2, ["a", "b", "f", "c"]), (3, ["a", "b", "f", "c", "d"]),
    ])  # fmt: skip
    def test_neighbors_go_so_many_steps(self, graph_store: GraphStore, depth: int, expected: list[str]) -> None:
        """The part of the graph within `depth` steps of the nodes, in either direction, nearest first."""
        links = [edge("ab", "a", "b"), edge("cb", "c", "b"), edge("cd", "c", "d"), edge("fa", "f", "a")]
        self.store(graph_store, [node(uid) for uid in "abcdf"], links)
        found = graph_store.neighbors(["a"], scope=ALICE, depth=depth)
        order = [n.uid for n in found.nodes]
        assert sorted(order) == sorted(expected)
        steps = {"a": 0, "b": 1, "f": 1, "c": 2, "d": 3}
        assert [steps[uid] for uid in order] == sorted(steps[uid] for uid in order)
        inner = {1: {"ab", "fa"}, 2: {"ab", "fa", "cb"}, 3: {"ab", "fa", "cb", "cd"}}.get(depth, set())
        assert [e.uid for e in found.edges] == sorted(inner)

    def test_a_ring_ends(self, graph_store: GraphStore) -> None:
        """Nodes and edges come once, however the graph turns."""
        self.store(graph_store, [node(uid) for uid in "abc"], [edge("1", "a", "b"), edge("2", "b", "c"),
                                                               edge("3", "c", "a"), edge("4", "a", "a")])  # fmt: skip
        found = graph_store.neighbors(["a", "a", "b"], scope=ALICE, depth=9)
        assert sorted(n.uid for n in found.nodes) == ["a", "b", "c"]
        assert [e.uid for e in found.edges] == ["1", "2", "3", "4"]

    def test_neighbors_show_edges_alive_at_a_time(self, graph_store: GraphStore) -> None:
        """Edges alive at `at`, their first instant included and their last not; None means alive now."""
        rome = edge("rome", "ann", "rome", valid_from=later(0), valid_to=later(10))
        bern = edge("bern", "ann", "bern", valid_from=later(10))
        mars = edge("mars", "ann", "mars", valid_from=FAR)
        self.store(graph_store, [node(u) for u in ("ann", "rome", "bern", "mars")], [rome, bern, mars])
        instant = timedelta(microseconds=1)
        expected = [(later(0) - instant, []), (later(0), [rome]), (later(10) - instant, [rome]), (later(10), [bern]),
                    (None, [bern]), (FAR, [bern, mars])]  # fmt: skip
        for at, edges in expected:
            assert list(graph_store.neighbors(["ann"], scope=ALICE, at=at).edges) == edges

    def test_neighbors_stay_in_scope(self, graph_store: GraphStore) -> None:
        """No depth reaches an edge or a node of another scope."""
        nodes = [node("ann"), node("oslo"), node("secret", scope=BOB), node("eve", scope=BOB)]
        links = [edge("e1", "ann", "oslo", scope=RUN), edge("e2", "oslo", "secret", scope=BOB),
                 edge("e3", "secret", "eve", scope=BOB)]  # fmt: skip
        self.store(graph_store, nodes, links)
        for scope in (ALICE, RUN):
            found = graph_store.neighbors(["ann", "secret"], scope=scope, depth=5)
            assert (uids(found.nodes), [e.uid for e in found.edges]) == ({"ann", "oslo"}, ["e1"])
        assert graph_store.neighbors(["ann"], scope=Scope("alice", run_id="r2"), depth=5) == Subgraph()

    def test_neighbors_are_limited(self, graph_store: GraphStore) -> None:
        """At most `limit` edges, each with both of its ends."""
        nodes = [node(f"n{n}") for n in range(9)]
        self.store(graph_store, nodes, star(*(n.uid for n in nodes)))
        found = graph_store.neighbors(["n0"], scope=ALICE, depth=2, limit=3)
        assert len(found.edges) == 3
        assert {uid for e in found.edges for uid in (e.source, e.target)} == uids(found.nodes)

    def test_neighbors_of_nothing(self, graph_store: GraphStore) -> None:
        """Unknown uids are no error."""
        assert graph_store.neighbors(["nobody"], scope=ALICE) == Subgraph()
        assert graph_store.neighbors([], scope=ALICE) == Subgraph()

    def test_delete_removes_what_records_say(self, graph_store: GraphStore) -> None:
        """Removes the edges that these records say, and nodes that nothing mentions any more."""
        links = [edge("e1", "ann", "oslo", record_id="r1"), edge("e2", "ann", "bern", record_id="r2"),
                 edge("e3", "ann", "rome", record_id="r3")]  # fmt: skip
        self.store(graph_store, [node(u) for u in ("ann", "oslo", "bern", "rome")], links)
        graph_store.delete(["r1", "r3", "unknown"])
        graph_store.delete(["r1"])
        found = graph_store.neighbors(["ann"], scope=ALICE)
        assert (uids(found.nodes), [e.uid for e in found.edges]) == ({"ann", "bern"}, ["e2"])
        assert graph_store.find(["oslo", "rome"], scope=ALICE) == []

    def test_erase_removes_the_scope(self, graph_store: GraphStore) -> None:
        """Removes every node and edge of the scope, and nothing beside it."""
        links = [edge("e1", "ann", "oslo", scope=RUN, record_id="r1"), edge("e2", "ann", "bern", record_id="r2")]
        self.store(graph_store, [node(u) for u in ("ann", "oslo", "bern")], links)
        theirs = [node("b-ann", "Ann", scope=BOB), node("b-oslo", "Oslo", scope=BOB)]
        self.store(graph_store, theirs, [edge("e3", "b-ann", "b-oslo", scope=BOB, record_id="r3")])
        graph_store.erase(RUN)
        found = graph_store.neighbors(["ann"], scope=ALICE)
        assert (uids(found.nodes), [e.uid for e in found.edges]) == ({"ann", "bern"}, ["e2"])
        graph_store.erase(ALICE)
        assert graph_store.find(["ann", "oslo", "bern"], scope=ALICE) == []
        assert uids(graph_store.neighbors(["b-ann"], scope=BOB).nodes) == {"b-ann", "b-oslo"}

    @pytest.mark.parametrize(
        "text",
        ["drop-table'; --", "}) DETACH DELETE n //", 'Ann"`', "名前 🙂", "a.b", "\\",
         pytest.param("ü" * 5000 + "'`" * 2500, id="10 kB")],
    )  # fmt: skip
    def test_any_text_is_only_text(self, graph_store: GraphStore, text: str) -> None:
        """Names and predicates reach no query language."""
        nodes = [node("x", text), node("oslo")]
        link = edge("e1", "x", "oslo", predicate=text, record_id=text)
        self.store(graph_store, nodes, [link])
        assert graph_store.find([text], scope=ALICE) == [nodes[0]]
        assert graph_store.neighbors(["x"], scope=ALICE).edges == (link,)
        graph_store.delete([text])
        assert graph_store.neighbors(["x"], scope=ALICE).edges == ()

    def test_close_is_idempotent(self, graph_store: GraphStore) -> None:
        """Frees files and connections; idempotent."""
        graph_store.close()
        graph_store.close()


FAR = datetime(2100, 1, 1, tzinfo=timezone.utc)


def node(uid: str, name: str | None = None, **changes: Any) -> Node:
    """A node of Alice's, named like its uid."""
    return replace(Node(uid, ALICE, name or uid), **changes)


def edge(uid: str, source: str, target: str, **changes: Any) -> Edge:
    """An edge of Alice's that a record of its own says."""
    return replace(Edge(uid, ALICE, source, "knows", target, f"record-{uid}", later(0)), **changes)


def star(centre: str, *others: str) -> list[Edge]:
    """Edges from the first node to each of the others."""
    return [edge(f"{centre}-{other}", centre, other) for other in others]


def uids(nodes: Sequence[Node]) -> set[str]:
    """The nodes' uids."""
    return {n.uid for n in nodes}
