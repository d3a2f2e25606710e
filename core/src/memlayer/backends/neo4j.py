"""People, things and how they relate in Neo4j: fixed queries, every name and predicate a parameter.

(:MemlayerMemory)-[:MENTIONS]->(:MemlayerEntity)-[:RELATES {predicate, valid_from, valid_to}]->(:MemlayerEntity)
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote, urlsplit

from memlayer.errors import (
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    ConflictError,
    MemlayerError,
    MissingDependencyError,
)
from memlayer.filters import from_microseconds, microseconds
from memlayer.text import name_key
from memlayer.types import ID_FIELDS, Edge, Node, Scope, Subgraph

AT_ONCE = 500
"""Rows in one statement."""
LONGEST = 500
"""Characters of a name or an id that are looked up as they are: an index takes 8 kB in all, and refuses the rest."""
OLDEST = (5, 26)
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds before a transaction that met another writer is tried again."""
_SCHEMA = (
    "CREATE CONSTRAINT memlayer_entity_uid IF NOT EXISTS FOR (n:MemlayerEntity) REQUIRE n.uid IS UNIQUE",
    "CREATE CONSTRAINT memlayer_memory_uid IF NOT EXISTS FOR (n:MemlayerMemory) REQUIRE n.uid IS UNIQUE",
    "CREATE CONSTRAINT memlayer_relates_uid IF NOT EXISTS FOR ()-[r:RELATES]-() REQUIRE r.uid IS UNIQUE",
    "CREATE INDEX memlayer_entity_name IF NOT EXISTS FOR (n:MemlayerEntity) ON (n.scope, n.name_key)",
    "CREATE INDEX memlayer_entity_alias IF NOT EXISTS FOR (n:MemlayerEntity) ON (n.scope, n.aliased)",
    "CREATE INDEX memlayer_entity_of IF NOT EXISTS FOR (n:MemlayerEntity) ON (n.memory)",
    "CREATE INDEX memlayer_memory_of IF NOT EXISTS FOR (n:MemlayerMemory) ON (n.memory, n.scope)",
    "CREATE INDEX memlayer_relates_scope IF NOT EXISTS FOR ()-[r:RELATES]-() ON (r.scope)",
    "CREATE INDEX memlayer_relates_record IF NOT EXISTS FOR ()-[r:RELATES]-() ON (r.record_uid)",
)
_NODES = "UNWIND $rows AS row MERGE (n:MemlayerEntity {uid: row.uid}) SET n = row"
_MOVED = """UNWIND $rows AS row
    MATCH (a:MemlayerEntity)-[r:RELATES {uid: row.uid}]->(b:MemlayerEntity) USING INDEX r:RELATES(uid)
    WHERE a.uid <> row.source OR b.uid <> row.target DELETE r"""
_EDGES = """UNWIND $rows AS row
    MATCH (a:MemlayerEntity {uid: row.source}) MATCH (b:MemlayerEntity {uid: row.target})
    MERGE (a)-[r:RELATES {uid: row.uid}]->(b) SET r = row.relation
    MERGE (m:MemlayerMemory {uid: row.relation.record_uid}) SET m += row.mention
    MERGE (m)-[:MENTIONS]->(a) MERGE (m)-[:MENTIONS]->(b)
    RETURN count(*) AS written"""
_ALIVE = "r.valid_from <= $at AND (r.valid_to IS NULL OR r.valid_to > $at)"
_N, _M = (
    f"[{v}.uid, {', '.join(f'{v}.{name}' for name in ID_FIELDS)}, {v}.name, {v}.type, {v}.aliases, {v}.scope]"
    for v in "nm"
)
_RELATION = (
    f"[r.uid, {', '.join(f'r.{name}' for name in ID_FIELDS)}, r.predicate, r.record_id, r.valid_from, r.valid_to]"
)
_SIDE = f"""CALL (n) {{{{ MATCH (n)%s[r:RELATES]%s(m:MemlayerEntity) WHERE {{within}} AND {_ALIVE}
    WITH r, m ORDER BY r.uid LIMIT $left RETURN collect([{_RELATION}, {_M}]) AS %s }}}}"""
_STEP = f"""UNWIND $uids AS uid MATCH (n:MemlayerEntity {{{{uid: uid}}}}) WHERE {{inside}}
    {_SIDE % ("-", "->", "out")} {_SIDE % ("<-", "-", "into")} RETURN {_N} AS n, out, into"""
_GONE = """UNWIND $uids AS uid MATCH (a:MemlayerEntity)-[r:RELATES {record_uid: uid}]->(b:MemlayerEntity)
    USING INDEX r:RELATES(record_uid) WITH r, [a.uid, b.uid] AS ends DELETE r RETURN ends"""
_UNSAID = "UNWIND $uids AS uid MATCH (m:MemlayerMemory {uid: uid}) DETACH DELETE m"
_ORPHANS = """UNWIND $uids AS uid MATCH (n:MemlayerEntity {uid: uid})
    WHERE NOT (n)-[:RELATES]-() DETACH DELETE n"""
_EVERY_NODE = "MATCH (n:MemlayerEntity {memory: $memory}) RETURN properties(n) AS it"
_EVERY_EDGE = """MATCH (a:MemlayerEntity {memory: $memory})-[r:RELATES]->(b:MemlayerEntity) WHERE r.memory = $memory
    RETURN a.uid AS source, b.uid AS target, properties(r) AS it"""
_EVERY_MEMORY = """MATCH (m:MemlayerMemory) WHERE m.memory = $memory AND m.scope IS NOT NULL
    OPTIONAL MATCH (m)-[:MENTIONS]->(n:MemlayerEntity) RETURN properties(m) AS it, collect(n.uid) AS mentioned"""


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
        parts = urlsplit(url)
        schemes = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
        if parts.scheme not in schemes or not parts.hostname or parts.query or not _is_port(parts.netloc):
            raise ConfigurationError(
                "graph_store: a Neo4j address looks like neo4j://neo4j:PASSWORD@host:7687/database"
            )
        self._uri = f"{parts.scheme}://{parts.hostname}:{parts.port or 7687}"
        self._user = username or unquote(parts.username or "") or os.environ.get("NEO4J_USERNAME") or "neo4j"
        self._password = password or unquote(parts.password or "") or os.environ.get("NEO4J_PASSWORD") or None
        self._database = database or parts.path.strip("/") or None
        self._memory = memory
        self._timeout = timeout
        self._lock = threading.Lock()
        self._made: Any = None
        self._pid = 0
        self._version = ""

    def __repr__(self) -> str:
        return f"Neo4jGraphStore({self.address!r})"

    @property
    def address(self) -> str:
        """Where the graph is, without its password: what an outbox calls it by."""
        return f"{self._uri}/{self._database or ''}".rstrip("/")

    def bind(self, *, memory: str, model: str = "", dimensions: int = 0) -> None:
        """Says whose graph it is from now on."""
        self._memory = memory

    def health(self) -> str:
        """The server's version; raises where it cannot be reached."""
        self._read("RETURN 1")
        return f"Neo4j {self._version}"

    def upsert(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
        """Stores or replaces nodes and edges by uid; idempotent."""
        rows = sorted({n.uid: self._node(n) for n in nodes}.values(), key=lambda r: str(r["uid"]))
        links = sorted({e.uid: self._edge(e) for e in edges}.values(), key=lambda r: str(r["uid"]))

        def work(run: Callable[..., list[Any]]) -> None:
            for part in _parts(rows):
                run(_NODES, rows=part)
            for part in _parts(links):
                run(_MOVED, rows=part)
                [written] = run(_EDGES, rows=part)
                if written["written"] != len(part):
                    raise ConflictError(
                        f"{len(part) - written['written']} edges begin or end at a node that is not stored"
                    )

        if rows or links:
            self._write("store nodes and edges", work)

    def find(self, names: Sequence[str], *, scope: Scope, limit: int = 20) -> list[Node]:
        """Nodes of the scope whose name or alias equals one of the names, case and accents aside."""
        keys = sorted({_key(name) for name in names})
        if not keys:
            return []
        inside, values = self._inside(scope)
        if scope.spans_owners:
            found = f"""MATCH (n:MemlayerEntity {{memory: $memory}})
                WHERE {inside} AND (n.name_key IN $keys OR any(k IN n.alias_keys WHERE k IN $keys))
                RETURN {_N} AS found ORDER BY n.uid LIMIT $limit"""
        else:
            found = f"""CALL () {{
                MATCH (n:MemlayerEntity) WHERE n.scope = $scope AND n.name_key IN $keys RETURN n UNION
                MATCH (n:MemlayerEntity {{scope: $scope, aliased: true}}) WHERE any(k IN n.alias_keys WHERE k IN $keys)
                RETURN n }} WITH n WHERE {inside} RETURN {_N} AS found ORDER BY n.uid LIMIT $limit"""
        return [self._node_of(row["found"]) for row in self._read(found, keys=keys, limit=limit, **values)]

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
            query = _STEP.format(inside="true" if step else inside, within=within)
            rows = self._read(query, uids=frontier, at=moment, left=left, **values)
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

        def work(run: Callable[..., list[Any]]) -> None:
            ends: set[str] = set()
            for part in _parts(uids):
                for row in run(_GONE, uids=part):
                    ends.update(row["ends"])
                run(_UNSAID, uids=part)
            for part in _parts(sorted(ends)):
                run(_ORPHANS, uids=part)

        if uids:
            self._write("delete relations", work)

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
        self._read(f"MATCH {found} CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF 1000 ROWS", **values)

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
        for row in self._read(_EVERY_NODE, memory=self._memory):
            yield ("node", self._plain(row["it"].get("uid", ""))), row["it"]
        for row in self._read(_EVERY_EDGE, memory=self._memory):
            yield ("edge", self._plain(row["it"].get("uid", ""))), (row["source"], row["target"], row["it"])
        for row in self._read(_EVERY_MEMORY, memory=self._memory):
            yield ("memory", self._plain(row["it"].get("uid", ""))), (row["it"], tuple(sorted(row["mentioned"])))

    def close(self) -> None:
        """Frees the connections; idempotent."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None and self._pid == os.getpid():
            made.close()

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

    def _read(self, query: str, **values: Any) -> list[Any]:
        """Runs one statement in a transaction of its own."""
        from neo4j import Query

        with self._translated("read"), self._driver().session(database=self._database) as session:
            return list(session.run(Query(query, timeout=3 * self._timeout), values))

    def _write(self, operation: str, work: Callable[[Callable[..., list[Any]]], None]) -> None:
        """Runs statements in one transaction, again where other writers were in the way.

        The driver's own managed transactions would also wait for a server that is away; the outbox does that better.
        """
        with self._translated(operation), self._driver().session(database=self._database) as session:
            pauses = iter(PAUSES)
            while not self._written(session, work, next(pauses, None)):
                pass

    def _written(self, session: Any, work: Callable[[Callable[..., list[Any]]], None], pause: float | None) -> bool:
        """Says whether the work is done; where another writer was in the way, waits for so many seconds instead."""
        try:
            with session.begin_transaction(timeout=3 * self._timeout) as transaction:
                work(lambda query, **values: list(transaction.run(query, values)))
                transaction.commit()
        except Exception as error:
            if pause is None or not _in_the_way(error):
                raise
            time.sleep(pause * random.uniform(0.5, 1.5))
            return False
        return True

    def _driver(self) -> Any:
        with self._lock:
            if self._made is None or self._pid != os.getpid():
                self._made, self._pid = self._connect(), os.getpid()
            return self._made

    def _connect(self) -> Any:
        try:
            from neo4j import GraphDatabase, NotificationMinimumSeverity
        except ImportError as error:
            raise MissingDependencyError("neo4j", '"memlayer-core[neo4j]"') from error
        driver = GraphDatabase.driver(
            self._uri, auth=None if self._password is None else (self._user, self._password),
            connection_timeout=self._timeout, connection_acquisition_timeout=self._timeout,
            max_transaction_retry_time=self._timeout / 2, liveness_check_timeout=30.0, telemetry_disabled=True,
            notifications_min_severity=NotificationMinimumSeverity.OFF, user_agent="memlayer",
        )  # fmt: skip
        _bound(driver, 3 * self._timeout + 1)
        try:
            self._version = driver.get_server_info().agent.partition("/")[2]
            if tuple(int(n) for n in self._version.split(".")[:2]) < OLDEST:
                raise BackendError(f"{self.address} is Neo4j {self._version}; memlayer needs 5.26 or newer",
                                   backend="neo4j", operation="connect")  # fmt: skip
            self._prepare(driver)
        except BaseException:
            driver.close()
            raise
        return driver

    def _prepare(self, driver: Any) -> None:
        """Makes the constraints and indexes that are not there yet."""
        shown = driver.execute_query("SHOW INDEXES YIELD name", database_=self._database).records
        known = {row["name"] for row in shown}
        # CREATE INDEX its_name …
        if missing := [statement for statement in _SCHEMA if statement.split()[2] not in known]:
            for statement in missing:
                driver.execute_query(statement, database_=self._database)
            driver.execute_query("CALL db.awaitIndexes(60)", database_=self._database)

    @contextmanager
    def _translated(self, operation: str) -> Iterator[None]:
        try:
            yield
        except MemlayerError:
            raise
        except Exception as error:
            told = self._told(operation, error)
            if told is None:
                raise
            raise told from error

    def _told(self, operation: str, error: Exception) -> BackendError | None:
        """The driver's error as memlayer's; None for one that is not the driver's."""
        from neo4j import exceptions as driver

        more = {"backend": "neo4j", "operation": operation}
        if isinstance(error, driver.AuthError):
            return BackendError(f"{self.address} refuses user {self._user!r} or the password; give the right ones in "
                                "the address: neo4j://user:PASSWORD@host:7687", **more)  # fmt: skip
        late = isinstance(error, driver.Neo4jError) and "TransactionTimedOut" in (error.code or "")
        if late or isinstance(error.__cause__, TimeoutError):
            return BackendTimeoutError(f"{self.address} did not {operation} within {3 * self._timeout:.0f} s", **more)
        if isinstance(error, driver.ServiceUnavailable | driver.SessionExpired | driver.ConfigurationError | OSError):
            return BackendUnavailableError(
                f"{self.address} cannot be reached; start it, or give graph_store= its right address", **more
            )
        if isinstance(error, driver.Neo4jError | driver.DriverError):
            return BackendError(f"{self.address} could not {operation}: {str(error)[:500]}", **more)
        return None


def _bound(driver: Any, seconds: float) -> None:
    """Ends the wait for a server that took a question and never answers; the driver has no setting for it (6.4)."""
    pool = driver._pool
    opened = pool.opener

    def opener(*args: Any, **options: Any) -> Any:
        connection = opened(*args, **options)
        wire = connection.socket
        # 5.28 calls it settimeout.
        (wire.set_read_timeout if hasattr(wire, "set_read_timeout") else wire.settimeout)(seconds)
        return connection

    pool.opener = opener


def _in_the_way(error: Exception) -> bool:
    """Says whether another writer had the locks, or made the same node in the same moment."""
    code = str(getattr(error, "code", None) or "")
    return code.startswith("Neo.TransientError.Transaction") or code.endswith("ConstraintValidationFailed")


def _is_port(netloc: str) -> bool:
    port = netloc.rpartition("@")[2].rpartition(":")[2] if ":" in netloc.rpartition("@")[2] else ""
    return port == "" or port.endswith("]") or (port.isdecimal() and int(port) < 65_536)


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
