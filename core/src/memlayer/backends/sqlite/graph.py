"""People, things and how they relate, as two tables; neighbourhoods breadth first, frontier by frontier."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._codec import dumps, micros, moment
from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite._project import Projection
from memlayer.text import name_key
from memlayer.types import Edge, Node, Scope, Subgraph

_SIDES = ("source", "target")
_NODE = "n.uid, n.user_id, n.agent_id, n.run_id, n.app_id, n.name, n.type, n.aliases"
_EDGE = (
    "e.uid, e.user_id, e.agent_id, e.run_id, e.app_id, e.source, e.predicate, e.target, e.record_id, "
    "e.valid_from, e.valid_to"
)


class SQLiteGraphStore:
    """Implements `GraphStore` in the ledger's file."""

    def __init__(self, database: Database | str | os.PathLike[str]) -> None:
        """Opens nothing yet."""
        self.database = database if isinstance(database, Database) else Database(database)
        self._projection = Projection()

    def upsert(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
        """Stores or replaces nodes and edges by uid; idempotent."""
        with self.database.write() as connection:
            for node in nodes:
                owner = _scope.owner_id(connection, node.scope.owner)
                connection.execute(
                    f"INSERT OR REPLACE INTO nodes VALUES ({', '.join('?' * 10)})",
                    (node.uid, owner, *_ids(node.scope), node.name, name_key(node.name), node.type,
                     dumps({a: name_key(a) for a in node.aliases} or [])),
                )  # fmt: skip
            for edge in edges:
                owner = _scope.owner_id(connection, edge.scope.owner)
                connection.execute(
                    f"INSERT OR REPLACE INTO edges VALUES ({', '.join('?' * 12)})",
                    (edge.uid, owner, *_ids(edge.scope), edge.source, edge.predicate, edge.target, edge.record_id,
                     micros(edge.valid_from), micros(edge.valid_to)),
                )  # fmt: skip

    def find(self, names: Sequence[str], *, scope: Scope, limit: int = 20) -> list[Node]:
        """Nodes of the scope whose name or alias equals one of the names, case and accents aside."""
        keys = dumps([name_key(name) for name in names])
        with self.database.read() as connection:
            inside, values = self._inside(connection, scope)
            rows = connection.execute(
                f"SELECT {_NODE} FROM nodes n WHERE {inside} AND (n.name_key IN (SELECT value FROM json_each(?)) "
                "OR (n.aliases <> '[]' AND EXISTS (SELECT 1 FROM json_each(n.aliases) a "
                "JOIN json_each(?) k ON k.value = a.value))) ORDER BY n.uid LIMIT ?",
                [*values, keys, keys, limit],
            ).fetchall()
        return [_node(row) for row in rows]

    def neighbors(
        self, ids: Sequence[str], *, scope: Scope, depth: int = 1, at: datetime | None = None, limit: int = 100
    ) -> Subgraph:
        """The part of the scope's graph within `depth` steps of the nodes, edges alive at `at` (None: alive now)."""
        moment_ = micros(at if at is not None else datetime.now(timezone.utc))
        order: dict[str, None] = {}
        edges: dict[str, Edge] = {}
        with self.database.read() as connection:
            inside, values = _scope.condition(connection, scope, "e")
            known = self._nodes(connection, ids, scope)
            frontier = [i for i in dict.fromkeys(ids) if i in known]
            order.update(dict.fromkeys(frontier))
            for _ in range(depth):
                if not frontier or len(edges) >= limit:
                    break
                bag = dumps(frontier)
                reached: dict[str, None] = {}
                for side in _SIDES:
                    rows = connection.execute(
                        f"SELECT {_EDGE} FROM json_each(?) f JOIN edges e ON e.{side} = f.value "
                        f"WHERE {inside} AND e.valid_from <= ? AND (e.valid_to IS NULL OR e.valid_to > ?) "
                        "ORDER BY e.uid LIMIT ?",
                        [bag, *values, moment_, moment_, limit - len(edges)],
                    )
                    for row in rows:
                        edge = _edge(row)
                        if edge.uid not in edges and len(edges) < limit:
                            edges[edge.uid] = edge
                            reached[edge.target if side == "source" else edge.source] = None
                frontier = [uid for uid in reached if uid not in order]
                order.update(dict.fromkeys(frontier))
            nodes = self._nodes(connection, list(order), scope)
        return Subgraph(tuple(nodes[uid] for uid in order if uid in nodes), tuple(edges[uid] for uid in sorted(edges)))

    def delete(self, record_ids: Sequence[str]) -> None:
        """Removes the edges that these records say, and nodes that nothing mentions any more."""
        with self.database.write() as connection:
            owners: set[int] = set()
            for record_id in record_ids:
                rows = connection.execute("SELECT DISTINCT owner FROM edges WHERE record_id = ?", (record_id,))
                owners.update(row[0] for row in rows)
                connection.execute("DELETE FROM edges WHERE record_id = ?", (record_id,))
            for owner in owners:
                self._projection.sweep(connection, owner)

    def erase(self, scope: Scope) -> None:
        """Removes every node and edge of the scope."""
        with self.database.write() as connection:
            owners = _scope.owners(connection, scope)
            sql, values = _scope.condition(connection, scope, "edges")
            owners += [r[0] for r in connection.execute(f"SELECT DISTINCT owner FROM edges WHERE {sql}", values)]
            connection.execute(f"DELETE FROM edges WHERE {sql}", values)
            for owner in set(owners):
                self._projection.sweep(connection, owner)

    def edges_of(self, record_ids: Sequence[str]) -> Subgraph:
        """The edges that these records say, with the nodes at their ends."""
        bag = dumps(list(record_ids))
        with self.database.read() as connection:
            rows = connection.execute(
                f"SELECT {_EDGE} FROM json_each(?) f JOIN edges e ON e.record_id = f.value ORDER BY e.uid",
                (bag,),
            ).fetchall()
            edges = [_edge(row) for row in rows]
            ends = list(dict.fromkeys(uid for e in edges for uid in (e.source, e.target)))
            nodes = self._nodes(connection, ends, None)
        return Subgraph(tuple(nodes[u] for u in ends if u in nodes), tuple(edges))

    def close(self) -> None:
        """Closes the file; idempotent."""
        self.database.close()

    def _inside(self, connection: sqlite3.Connection, scope: Scope) -> tuple[str, list[Any]]:
        """The condition that a node is seen in the scope: its owner's, and where more ids are given, by an edge."""
        if scope == Scope(user_id=scope.user_id):
            return _scope.condition(connection, scope, "n")
        sql, values = _scope.condition(connection, scope, "e")
        touched = " OR ".join(f"EXISTS (SELECT 1 FROM edges e WHERE e.{side} = n.uid AND {sql})" for side in _SIDES)
        return f"({touched})", [*values, *values]

    def _nodes(self, connection: sqlite3.Connection, ids: Sequence[str], scope: Scope | None) -> dict[str, Node]:
        sql, values = ("1", []) if scope is None else self._inside(connection, scope)
        rows = connection.execute(
            f"SELECT {_NODE} FROM json_each(?) i JOIN nodes n ON n.uid = i.value WHERE {sql}",
            [dumps(list(ids)), *values],
        )
        return {row[0]: _node(row) for row in rows}


def _ids(scope: Scope) -> tuple[str | None, ...]:
    return scope.user_id, scope.agent_id, scope.run_id, scope.app_id


def _node(row: Sequence[Any]) -> Node:
    uid, user, agent, run, app, name, kind, aliases = row
    # Aliases are kept with the key that each is found by.
    return Node(uid, Scope(user, agent, run, app), name, kind, tuple(json.loads(aliases)))


def _edge(row: Sequence[Any]) -> Edge:
    uid, user, agent, run, app, source, predicate, target, record_id, valid_from, valid_to = row
    start = moment(valid_from)
    assert start is not None
    return Edge(uid, Scope(user, agent, run, app), source, predicate, target, record_id, start, moment(valid_to))
