"""People, things and how they relate in Neo4j: fixed queries, every name and predicate a parameter.

(:MemlayerMemory)-[:MENTIONS]->(:MemlayerEntity)-[:RELATES {predicate, valid_from, valid_to}]->(:MemlayerEntity)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from memlayer.backends.neo4j._client import Client, Run, address
from memlayer.backends.neo4j._cypher import (
    EDGES,
    EVERY_EDGE,
    EVERY_MEMORY,
    EVERY_NODE,
    GONE,
    MOVED,
    NODE,
    NODES,
    ORPHANS,
    STEP,
    UNSAID,
)
from memlayer.errors import ConflictError
from memlayer.filters import from_microseconds, microseconds
from memlayer.text import name_key
from memlayer.types import ID_FIELDS, Edge, Node, Scope, Subgraph

AT_ONCE = 500
"""Rows in one statement."""
LONGEST = 500
"""Characters of a name or an id that are looked up as they are: an index takes 8 kB in all, and refuses the rest."""


class Neo4jGraphStore:
    """Implements `GraphStore` on a Neo4j server, Community or larger, 5.26 or newer; safe for threads."""

    def __init__(
        self,
        url: str = "neo4j://127.0.0.1:7687",
        *,
        username: str | None = None,
        password: str | None = None,
        database: str | None = None,
        memory: str = "",
        timeout: float = 10.0,
    ) -> None:
        """Connects nothing. `memory` keeps several memories in one database apart; `timeout` is in seconds per call."""
        there = address(url, username=username, password=password, database=database)
        self._client = Client(there, timeout=timeout)
        self._memory = memory

    def __repr__(self) -> str:
        return f"Neo4jGraphStore({self.address!r})"

    @property
    def address(self) -> str:
        """Where the graph is, without its password: what an outbox calls it by."""
        return str(self._client.address)

    def bind(self, *, memory: str, model: str = "", dimensions: int = 0) -> None:
        """Says whose graph it is from now on."""
        self._memory = memory

    def health(self) -> str:
        """The server's version; raises where it cannot be reached."""
        self._client.read("RETURN 1")
        return f"Neo4j {self._client.version}"

    def is_empty(self) -> bool:
        """Says whether the database was made, or emptied, since this was asked last."""
        return self._client.was_new()

    def upsert(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
        """Stores or replaces nodes and edges by uid; idempotent."""
        rows = sorted({n.uid: self._node(n) for n in nodes}.values(), key=lambda r: str(r["uid"]))
        links = sorted({e.uid: self._edge(e) for e in edges}.values(), key=lambda r: str(r["uid"]))

        def work(run: Run) -> None:
            for part in _parts(rows):
                run(NODES, rows=part)
            for part in _parts(links):
                run(MOVED, rows=part)
                [written] = run(EDGES, rows=part)
                if written["written"] != len(part):
                    raise ConflictError(
                        f"{len(part) - written['written']} edges begin or end at a node that is not stored"
                    )

        if rows or links:
            self._client.write("store nodes and edges", work)

    def find(self, names: Sequence[str], *, scope: Scope, limit: int = 20) -> list[Node]:
        """Nodes of the scope whose name or alias equals one of the names, case and accents aside."""
        keys = sorted({_key(name) for name in names})
        if not keys:
            return []
        inside, values = self._inside(scope)
        if scope.spans_owners:
            found = f"""MATCH (n:MemlayerEntity {{memory: $memory}})
                WHERE {inside} AND (n.name_key IN $keys OR any(k IN n.alias_keys WHERE k IN $keys))
                RETURN {NODE} AS found ORDER BY n.uid LIMIT $limit"""
        else:
            found = f"""CALL () {{
                MATCH (n:MemlayerEntity) WHERE n.scope = $scope AND n.name_key IN $keys RETURN n UNION
                MATCH (n:MemlayerEntity {{scope: $scope, aliased: true}}) WHERE any(k IN n.alias_keys WHERE k IN $keys)
                RETURN n }} WITH n WHERE {inside} RETURN {NODE} AS found ORDER BY n.uid LIMIT $limit"""
        return [self._node_of(row["found"]) for row in self._client.read(found, keys=keys, limit=limit, **values)]

    def neighbors(
        self, ids: Sequence[str], *, scope: Scope, depth: int = 1, at: datetime | None = None, limit: int = 100
    ) -> Subgraph:
        """The part of the scope's graph within `depth` steps of the nodes, edges alive at `at` (None: alive now)."""
        inside, values = self._inside(scope)
        within, _ = self._within(scope, beside=True)
        moment = microseconds(at if at is not None else datetime.now(timezone.utc))
        frontier = list(dict.fromkeys(self._uid(i) for i in ids))
        nodes: dict[str, Any] = {}
        order: dict[str, None] = {}
        edges: dict[str, Edge] = {}
        for step in range(max(1, depth)):
            left = limit - len(edges) if depth else 0
            if not frontier or (step and left <= 0):
                break
            query = STEP.format(inside="true" if step else inside, within=within)
            rows = self._client.read(query, uids=frontier, at=moment, left=left, **values)
            if not step:
                nodes = {row["n"][0]: row["n"] for row in rows}
                order = dict.fromkeys(uid for uid in frontier if uid in nodes)
            reached: dict[str, None] = {}
            for side in ("out", "into"):
                links = [(row["n"][0], relation, other) for row in rows for relation, other in row[side]]
                for uid, relation, other in sorted(links, key=lambda link: str(link[1][0]))[: limit - len(edges)]:
                    there = other[0]
                    edge = self._edge_of(relation, *((uid, there) if side == "out" else (there, uid)))
                    if edge.uid not in edges:
                        edges[edge.uid] = edge
                        reached[there] = None
                    if scope.spans_owners or other[-1] == values["scope"]:
                        nodes.setdefault(there, other)
            frontier = [uid for uid in reached if uid not in order]
            order.update(dict.fromkeys(frontier))
        shown = tuple(self._node_of(nodes[uid]) for uid in order if uid in nodes)
        return Subgraph(shown, tuple(edges[uid] for uid in sorted(edges)))

    def delete(self, record_ids: Sequence[str]) -> None:
        """Removes the edges that these records say, and nodes that nothing mentions any more."""
        uids = sorted({self._record(i) for i in record_ids})

        def work(run: Run) -> None:
            ends: set[str] = set()
            for part in _parts(uids):
                for row in run(GONE, uids=part):
                    ends.update(row["ends"])
                run(UNSAID, uids=part)
            for part in _parts(sorted(ends)):
                run(ORPHANS, uids=part)

        if uids:
            self._client.write("delete relations", work)

    def erase(self, scope: Scope) -> None:
        """Removes every node and edge of the scope."""
        within, values = self._within(scope)
        within = within.replace("r.", "n.")
        # What every node has is asked for as well where the index is of two properties.
        if scope.spans_owners:
            said, held, index = "n.memory = $memory AND n.scope IS NOT NULL", "n.memory = $memory", ""
        else:
            said, held = "n.memory = $memory AND n.scope = $scope", "n.scope = $scope AND n.name_key IS NOT NULL"
            index = "USING INDEX n:RELATES(scope)"
        if scope == Scope(user_id=scope.user_id):
            self._remove(f"(n:MemlayerMemory) WHERE {said}", values)
            self._remove(f"(n:MemlayerEntity) WHERE {held}", values)
            return
        self._remove(f"(:MemlayerEntity)-[n:RELATES]->(:MemlayerEntity) {index} WHERE {within}", values)
        self._remove(f"(n:MemlayerMemory) WHERE {said} AND {within}", values)
        self._remove(f"(n:MemlayerEntity) WHERE {held} AND NOT (n)-[:RELATES]-()", values)

    def _remove(self, found: str, values: Mapping[str, Any]) -> None:
        """Deletes every `n`, nodes or relations, that a pattern finds, in parts."""
        self._client.read(f"MATCH {found} CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF 1000 ROWS", **values)

    def divergences(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[str]:
        """What the graph lacks, holds beside these, or holds otherwise; one line each."""
        wanted, held = self._wanted(nodes, edges), dict(self._held())
        for key in sorted(held.keys() | wanted.keys()):
            what = f"{key[0]} {key[1]}"
            if key not in held:
                yield f"{self.address} lacks the {what}"
            elif key not in wanted:
                yield f"{self.address} holds a {what} that the record does not"
            elif held[key] != wanted[key]:
                yield f"{self.address} holds another state of the {what}"

    def _wanted(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> dict[tuple[str, str], Any]:
        """Every property that the graph is to hold, by kind and id."""
        found: dict[tuple[str, str], Any] = {("node", n.uid): _set(self._node(n)) for n in nodes}
        for edge in edges:
            row = self._edge(edge)
            ends, said = (row["source"], row["target"]), row["relation"]["record_uid"]
            found["edge", edge.uid] = (*ends, _set(row["relation"]))
            memory, mentioned = found.get(("memory", self._plain(said)), ({}, ()))
            memory |= _set({**row["mention"], "uid": said})
            found["memory", self._plain(said)] = (memory, tuple(sorted({*mentioned, *ends})))
        return found

    def _held(self) -> Iterator[tuple[tuple[str, str], Any]]:
        """Every property that the graph holds, by kind and id."""
        for row in self._client.read(EVERY_NODE, memory=self._memory):
            yield ("node", self._plain(row["it"].get("uid", ""))), row["it"]
        for row in self._client.read(EVERY_EDGE, memory=self._memory):
            yield ("edge", self._plain(row["it"].get("uid", ""))), (row["source"], row["target"], row["it"])
        for row in self._client.read(EVERY_MEMORY, memory=self._memory):
            yield ("memory", self._plain(row["it"].get("uid", ""))), (row["it"], tuple(sorted(row["mentioned"])))

    def close(self) -> None:
        """Frees the connections; idempotent."""
        self._client.close()

    def _inside(self, scope: Scope) -> tuple[str, dict[str, Any]]:
        """The condition that a node `n` is seen in the scope: its owner's, and where more ids are given, by an edge."""
        within, values = self._within(scope, beside=True)
        if scope == Scope(user_id=scope.user_id):
            return ("n.scope = $scope" if scope.user_id is not None else "n.memory = $memory"), values
        return f"EXISTS {{ (n)-[r:RELATES]-() WHERE {within} }}", values

    def _within(self, scope: Scope, *, beside: bool = False) -> tuple[str, dict[str, Any]]:
        """The condition that a relation `r`, perhaps one beside a node that is known, belongs to the scope.

        Beside a node it is told so that no index of relations can answer it: a plan that was made while the graph was
        small, or not yet counted, would go through all relations of the scope instead of the few of the node.
        """
        owner = "coalesce(r.scope, '') = $scope" if beside else "r.scope = $scope"
        values: dict[str, Any] = {"memory": self._memory, "scope": self._uid(scope.owner), **scope.ids()}
        terms = ["r.memory = $memory"] if scope.spans_owners else [owner]
        return " AND ".join([*terms, *(f"r.{name} = ${name}" for name in scope.ids())]), values

    def _node(self, node: Node) -> dict[str, Any]:
        return {
            **_ids(node.scope), "uid": self._uid(node.uid), "memory": self._memory,
            "scope": self._uid(node.scope.owner), "name": node.name, "name_key": _key(node.name),
            "type": node.type, "aliases": list(node.aliases), "alias_keys": [_key(a) for a in node.aliases],
            "aliased": True if node.aliases else None,
        }  # fmt: skip

    def _edge(self, edge: Edge) -> dict[str, Any]:
        whose = {**_ids(edge.scope), "memory": self._memory, "scope": self._uid(edge.scope.owner)}
        return {
            "uid": self._uid(edge.uid), "source": self._uid(edge.source), "target": self._uid(edge.target),
            "mention": whose,
            "relation": {
                **whose, "uid": self._uid(edge.uid), "predicate": edge.predicate, "record_id": edge.record_id,
                "record_uid": self._record(edge.record_id), "valid_from": microseconds(edge.valid_from),
                "valid_to": None if edge.valid_to is None else microseconds(edge.valid_to),
            },
        }  # fmt: skip

    def _node_of(self, found: Sequence[Any]) -> Node:
        uid, user, agent, run, app, name, kind, aliases, _ = found
        return Node(self._plain(uid), Scope(user, agent, run, app), name, kind, tuple(aliases or ()))

    def _edge_of(self, found: Sequence[Any], source: str, target: str) -> Edge:
        uid, user, agent, run, app, predicate, record_id, starts, ends = found
        return Edge(
            self._plain(uid), Scope(user, agent, run, app), self._plain(source), predicate, self._plain(target),
            record_id, from_microseconds(starts), None if ends is None else from_microseconds(ends),
        )  # fmt: skip

    def _uid(self, uid: str) -> str:
        return f"{self._memory}/{uid}" if self._memory else uid

    def _record(self, record_id: str) -> str:
        return self._uid(_short(record_id))

    def _plain(self, uid: str) -> str:
        return uid[len(self._memory) + 1 :] if self._memory else uid


def _key(name: str) -> str:
    return _short(name_key(name))


def _short(text: str) -> str:
    """A text that fits into an index, and is another one wherever the text is."""
    return text if len(text) <= LONGEST else hashlib.sha256(text.encode()).hexdigest()


def _set(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as a graph holds them: one that is null is none."""
    return {name: value for name, value in properties.items() if value is not None}


def _ids(scope: Scope) -> dict[str, str | None]:
    return {name: getattr(scope, name) for name in ID_FIELDS}


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def neo4j(
    url: str = "neo4j://127.0.0.1:7687",
    *,
    username: str | None = None,
    password: str | None = None,
    database: str | None = None,
    **options: Any,
) -> Neo4jGraphStore:
    """The provider "neo4j": an address, or the keys that mem0's configuration has for it."""
    return Neo4jGraphStore(url, username=username, password=password, database=database, **options)
