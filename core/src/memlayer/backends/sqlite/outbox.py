"""What servers that follow the ledger have not heard of yet: rows written with the changes, taken out when applied."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from memlayer.backends.sqlite._codec import SELECT, dumps, from_row
from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite._followers import FOLLOWS
from memlayer.backends.sqlite.graph import SQLiteGraphStore
from memlayer.types import Entry, Scope, Subgraph, Waiting

PATIENCE = 2.0
"""Seconds that a writer waits for another one that is bringing the same server up to date."""
_BLOCK = 500


class SQLiteOutbox:
    """Implements `Outbox` in the ledger's file."""

    def __init__(self, database: Database) -> None:
        """Opens nothing yet."""
        self._database = database
        self._graph = SQLiteGraphStore(database)

    def follow(self, target: str, model: str = "") -> str | None:
        """Makes the target a follower, and gives the memory's own name; None while there is no file.

        A new follower hears of everything, and so does one that was filled with another model's vectors. From then on
        every writer of the file writes rows for it, whether it names the server or not.
        """
        if not self._database.path.exists():
            return None
        key = FOLLOWS + target
        known = self._meta("memory", key)
        if "memory" in known and known.get(key) == model:
            return known["memory"]
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('memory', ?)", (uuid.uuid4().hex[:12],))
            if key not in known or (known[key] and known[key] != model):
                self._refill(connection, target, whole=key in known)
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, model))
        return self._meta("memory")["memory"]

    def _meta(self, *keys: str) -> dict[str, str]:
        with self._database.look() as connection:
            sql = f"SELECT key, value FROM meta WHERE key IN ({', '.join('?' * len(keys))})"
            return dict(connection.execute(sql, keys).fetchall())

    def followers(self) -> list[str]:
        """Everyone that rows are written for, named by this memory or by an earlier one."""
        with self._database.look() as connection:
            rows = connection.execute("SELECT key FROM meta WHERE key >= ? AND key < 'follows;'", (FOLLOWS,))
            return [row[0].removeprefix(FOLLOWS) for row in rows]

    def rows(self, target: str, limit: int) -> list[Waiting]:
        """The oldest rows of a target, in order."""
        with self._database.look() as connection:
            rows = connection.execute(
                "SELECT seq, operation, record_id, user_id, agent_id, run_id, app_id FROM outbox "
                "WHERE target = ? ORDER BY seq LIMIT ?",
                (target, limit),
            ).fetchall()
        return [Waiting(row[0], row[1], row[2], Scope(*row[3:])) for row in rows]

    def done(self, target: str, sequence: int) -> None:
        """Takes out the rows up to a sequence."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM outbox WHERE target = ? AND seq <= ?", (target, sequence))

    def forgotten(self) -> None:
        """Leaves no byte of the ids that rows of erasures had."""
        self._database.purge_soon()

    def waiting(self, target: str) -> int:
        """How many rows a target has not heard of."""
        with self._database.look() as connection:
            return int(connection.execute("SELECT count(*) FROM outbox WHERE target = ?", (target,)).fetchone()[0])

    def behind(self, target: str, scope: Scope) -> bool:
        """Says whether rows wait that a reader of the scope would miss."""
        with self._database.look() as connection:
            found = connection.execute(
                "SELECT 1 FROM outbox WHERE target = :target "
                "AND (:user IS NULL OR user_id IS :user OR operation <> 'put') LIMIT 1",
                {"target": target, "user": scope.user_id},
            ).fetchone()
        return found is not None

    def refill(self, target: str) -> None:
        """Has the target forget everything, and hear of every record anew."""
        with self._database.write() as connection:
            self._refill(connection, target, whole=True)

    def embedder(self) -> tuple[str, int] | None:
        """Name and dimensions of the embedder that the file's vectors were made with; None before the first."""
        name, _, dimensions = self._meta("embedder").get("embedder", "").rpartition("/")
        return (name, int(dimensions)) if dimensions else None

    def entries(self, ids: Sequence[str] | None = None) -> Iterator[Entry]:
        """The index entries of these records, or of all, in the order in which the records were written."""
        query = f"SELECT {SELECT}, e.vector FROM records r JOIN entries e ON e.owner = r.owner AND e.seq = r.seq"
        if ids is not None:
            query += " WHERE r.id IN (SELECT value FROM json_each(?))"
        with self._database.read() as connection:
            cursor = connection.execute(f"{query} ORDER BY r.seq", () if ids is None else (dumps(list(ids)),))
            while block := cursor.fetchmany(_BLOCK):
                for *row, blob in block:
                    record = from_row(row)
                    vector = None if blob is None else np.frombuffer(blob, "<f4").astype(np.float32)
                    yield Entry(record.id, record.scope, record, vector)

    def edges(self, ids: Sequence[str]) -> Subgraph:
        """The edges that these records say, with the nodes at their ends."""
        return self._graph.edges_of(ids)

    def whole_graph(self) -> Subgraph:
        """Every node and edge."""
        with self._database.read() as connection:
            ids = [row[0] for row in connection.execute("SELECT DISTINCT record_id FROM edges")]
        return self._graph.edges_of(ids)

    def related_anew(self, ids: Sequence[str]) -> list[str]:
        """Those of the records that said other relations before."""
        with self._database.look() as connection:
            rows = connection.execute(
                "SELECT e.record_id FROM json_each(?) i JOIN events e ON e.record_id = i.value GROUP BY e.record_id "
                "HAVING count(DISTINCT ifnull(json_extract(e.after, '$.relations'), '')) > 1",
                (dumps(list(ids)),),
            ).fetchall()
        return [row[0] for row in rows]

    @contextmanager
    def alone(self, target: str) -> Iterator[bool]:
        """Holds the target for one process and thread; gives False where another one kept it for `PATIENCE`."""
        digest = hashlib.sha256(target.encode()).hexdigest()[:8]
        path = self._database.path
        descriptor = os.open(path.with_name(f"{path.name}-{digest}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            end, pause = time.monotonic() + PATIENCE, 0.001
            while not (mine := _locked(descriptor)) and time.monotonic() < end:
                time.sleep(pause)
                pause = min(0.02, 2 * pause)
            yield mine
        finally:
            os.close(descriptor)

    def _refill(self, connection: sqlite3.Connection, target: str, *, whole: bool) -> None:
        connection.execute("DELETE FROM outbox WHERE target = ?", (target,))
        if whole:
            connection.execute("INSERT INTO outbox (target, operation) VALUES (?, 'erase')", (target,))
        connection.execute(
            "INSERT INTO outbox (target, operation, record_id, user_id, agent_id, run_id, app_id) "
            "SELECT ?, 'put', id, user_id, agent_id, run_id, app_id FROM records ORDER BY seq",
            (target,),
        )


def _locked(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
