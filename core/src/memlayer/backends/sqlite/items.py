"""The key-value side in the ledger's file."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._codec import dumps, micros, moment
from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite.where import compile_where
from memlayer.filters import Filter
from memlayer.types import Item, ItemEntry, Scope

if TYPE_CHECKING:
    from memlayer.types import Vector

_COLUMNS = "r.seq, r.namespace, r.key, r.value, r.created_at, r.updated_at, r.expires_at"
_PUT = (
    "INSERT INTO items (owner, user_id, agent_id, run_id, app_id, namespace, key, value, created_at, updated_at, "
    "expires_at, ttl) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# An owner that holds nothing any more: its row would go on naming somebody.
_NOBODY = (
    "DELETE FROM owners WHERE NOT EXISTS (SELECT 1 FROM records WHERE owner = owners.id) "
    "AND NOT EXISTS (SELECT 1 FROM items WHERE owner = owners.id)"
)


class SQLiteItemStore:
    """Implements `ItemStore`."""

    def __init__(
        self,
        database: Database | str | os.PathLike[str],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Opens nothing yet; `clock` decides what has expired."""
        self.database = database if isinstance(database, Database) else Database(database)
        self._clock = clock

    def put(self, entries: Sequence[ItemEntry], *, scope: Scope) -> None:
        """Stores or replaces values in one transaction; the last of several for one key wins."""
        now = self._clock()
        with self.database.write() as connection:
            owner = _scope.owner_id(connection, scope.owner)
            for entry in entries:
                born, changed, until = _times(entry, now)
                value = dumps(entry.value)
                row = self._find(connection, (entry.namespace, entry.key), scope, None)
                if row is None:
                    seq = connection.execute(
                        _PUT,
                        (owner, scope.user_id, scope.agent_id, scope.run_id, scope.app_id, dumps(entry.namespace),
                         entry.key, value, born, changed, until, entry.ttl),
                    ).lastrowid  # fmt: skip
                else:
                    seq = row[0]
                    if row[6] is None or row[6] > (micros(now) or 0):
                        born = row[4]
                    connection.execute(
                        "UPDATE items SET value = ?, created_at = ?, updated_at = ?, expires_at = ?, ttl = ? "
                        "WHERE seq = ?",
                        (value, born, changed, until, entry.ttl, seq),
                    )
                    connection.execute("DELETE FROM item_vectors WHERE item = ?", (seq,))
                for field, vector in entry.vectors.items():
                    connection.execute(
                        "INSERT INTO item_vectors VALUES (?, ?, ?)", (seq, field, vector.astype("<f4").tobytes())
                    )

    def get(
        self, keys: Sequence[tuple[tuple[str, ...], str]], *, scope: Scope, refresh: bool = False
    ) -> list[Item | None]:
        """Items in the order of `keys`, None where absent or expired; `refresh` starts their time to live anew."""
        now = micros(self._clock())
        with self.database.read() as connection:
            rows = [self._find(connection, key, scope, now) for key in keys]
        until = self._refresh([row for row in rows if row is not None]) if refresh else {}
        return [None if row is None else _item(row, until=until) for row in rows]

    def delete(self, keys: Sequence[tuple[tuple[str, ...], str]], *, scope: Scope) -> int:
        """Removes items and says how many there were; keys that are absent are no error."""
        count = 0
        with self.database.write() as connection:
            for key in keys:
                row = self._find(connection, key, scope, None)
                if row is not None:
                    connection.execute("DELETE FROM item_vectors WHERE item = ?", (row[0],))
                    count += connection.execute("DELETE FROM items WHERE seq = ?", (row[0],)).rowcount
            connection.execute(f"{_NOBODY} AND owner = ?", (scope.owner,))
        return count

    def search(
        self,
        prefix: tuple[str, ...] = (),
        *,
        scope: Scope,
        where: Filter | None = None,
        vector: Vector | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh: bool = False,
        exact: bool = True,
    ) -> list[Item]:
        """Items below a namespace that pass the filter; nearest first with a vector, else last changed first."""
        with self.database.read() as connection:
            sql, values = self._below(connection, prefix, scope, exact=exact)
            if where is not None:
                more, bound = compile_where(where)
                sql, values = f"{sql} AND ({more})", [*values, *bound]
            source = f"FROM (SELECT i.*, i.value AS metadata FROM items i) r WHERE {sql}"
            order = "ORDER BY r.updated_at DESC, r.seq DESC"
            if vector is None:
                rows = connection.execute(
                    f"SELECT {_COLUMNS} {source} {order} LIMIT ? OFFSET ?",
                    [*values, limit, offset],
                ).fetchall()
                scores: dict[int, float] = {}
            else:
                scores = self._scores(connection, source, values, vector)
                found = [row[0] for row in connection.execute(f"SELECT r.seq {source} {order}", values)]
                found.sort(key=lambda seq: -scores.get(seq, -2.0))
                read = f"SELECT {_COLUMNS} FROM items r WHERE r.seq = ?"
                rows = [connection.execute(read, (seq,)).fetchone() for seq in found[offset : offset + limit]]
        until = self._refresh(rows) if refresh else {}
        return [_item(row, scores.get(row[0]), until=until) for row in rows]

    def namespaces(self, *, scope: Scope) -> list[tuple[str, ...]]:
        """Every namespace that holds an item, sorted."""
        with self.database.read() as connection:
            sql, values = self._below(connection, (), scope, exact=True)
            rows = connection.execute(f"SELECT DISTINCT r.namespace FROM items r WHERE {sql}", values)
            return sorted(tuple(json.loads(row[0])) for row in rows)

    def everything(self, *, scope: Scope) -> list[tuple[Scope, Item, list[str]]]:
        """Every item that `scope` covers, with its own scope and the fields that it is found by; last changed last."""
        with self.database.read() as connection:
            sql, values = self._below(connection, (), scope, exact=False)
            rows = connection.execute(
                "SELECT r.user_id, r.agent_id, r.run_id, r.app_id, (SELECT json_group_array(v.field) "
                f"FROM item_vectors v WHERE v.item = r.seq), {_COLUMNS} FROM items r WHERE {sql} "
                "ORDER BY r.updated_at, r.seq",
                values,
            ).fetchall()
        return [(Scope(*row[:4]), _item(row[5:]), json.loads(row[4])) for row in rows]

    def sweep(self) -> int:
        """Removes what has expired, in all scopes, and says how many there were."""
        now = micros(self._clock())
        with self.database.write() as connection:
            gone = "SELECT seq FROM items WHERE expires_at IS NOT NULL AND expires_at <= ?"
            connection.execute(f"DELETE FROM item_vectors WHERE item IN ({gone})", (now,))
            count = connection.execute(
                "DELETE FROM items WHERE expires_at IS NOT NULL AND expires_at <= ?", (now,)
            ).rowcount
            connection.execute(_NOBODY)
        return count

    def _below(
        self, connection: sqlite3.Connection, prefix: tuple[str, ...], scope: Scope, *, exact: bool
    ) -> tuple[str, list[Any]]:
        sql, values = _scope.condition(connection, scope, "r", exact=exact)
        sql += " AND (r.expires_at IS NULL OR r.expires_at > ?)"
        values.append(micros(self._clock()))
        if prefix:
            # Namespaces are JSON lists, so all below ["a","b"] start with '["a","b",' or are '["a","b"]'.
            start = dumps(prefix)[:-1]
            sql += " AND (r.namespace = ? OR (r.namespace >= ? AND r.namespace < ?))"
            values += [start + "]", start + ",", start + "-"]
        return sql, values

    def _find(
        self, connection: sqlite3.Connection, key: tuple[tuple[str, ...], str], scope: Scope, now: int | None
    ) -> Sequence[Any] | None:
        sql, values = _scope.condition(connection, scope, "r", exact=True)
        sql += " AND r.namespace = ? AND r.key = ?"
        values += [dumps(key[0]), key[1]]
        if now is not None:
            sql += " AND (r.expires_at IS NULL OR r.expires_at > ?)"
            values.append(now)
        row: Sequence[Any] | None = connection.execute(
            f"SELECT {_COLUMNS} FROM items r WHERE {sql}",
            values,
        ).fetchone()
        return row

    def _scores(
        self, connection: sqlite3.Connection, source: str, values: Sequence[Any], vector: Vector
    ) -> dict[int, float]:
        # Vectors of another size come from another embedder; they wait for `reembed`.
        rows = connection.execute(
            f"SELECT v.item, v.vector FROM item_vectors v WHERE v.item IN (SELECT r.seq {source}) "
            "AND length(v.vector) = ?",
            [*values, 4 * len(vector)],
        ).fetchall()
        if not rows:
            return {}
        vectors = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f4").reshape(len(rows), len(vector))
        scores: dict[int, float] = {}
        for item, cosine in zip((item for item, _ in rows), (vectors @ vector).tolist(), strict=True):
            scores[item] = max(cosine, scores.get(item, -1.0))
        return scores

    def _refresh(self, rows: Sequence[Sequence[Any]]) -> dict[int, int]:
        """Starts the time to live of these rows anew; says until when each of them lives now."""
        mortal = [row[0] for row in rows if row[6] is not None]
        if not mortal:
            return {}
        now = micros(self._clock())
        fresh: dict[int, int] = {}
        with self.database.write() as connection:
            for seq in mortal:
                connection.execute(
                    "UPDATE items SET expires_at = ? + CAST(ttl * 1000000 AS INTEGER) WHERE seq = ?", (now, seq)
                )
                # Nothing where it is gone meanwhile.
                fresh.update(connection.execute("SELECT seq, expires_at FROM items WHERE seq = ?", (seq,)))
        return fresh


def _times(entry: ItemEntry, now: datetime) -> tuple[int | None, int | None, int | None]:
    """When an item was put first, when it was changed, and when it expires."""
    if entry.carried is not None:
        return micros(entry.carried.created_at), micros(entry.carried.updated_at), micros(entry.carried.expires_at)
    until = None if entry.ttl is None else now + timedelta(seconds=entry.ttl)
    return micros(now), micros(now), micros(until)


def _item(row: Sequence[Any], score: float | None = None, *, until: Mapping[int, int] | None = None) -> Item:
    seq, namespace, key, value, created, updated, expires = row
    expires = until.get(seq, expires) if until else expires
    born, changed = moment(created), moment(updated)
    assert born is not None
    assert changed is not None
    return Item(tuple(json.loads(namespace)), key, json.loads(value), born, changed, moment(expires), score)
