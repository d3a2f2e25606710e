"""Vectors and keywords over the ledger's own entries: exact, and as large as the file."""

from __future__ import annotations

import math
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite._project import Projection
from memlayer.backends.sqlite.where import compile_where
from memlayer.errors import DimensionMismatchError
from memlayer.filters import Filter
from memlayer.text import query_terms
from memlayer.types import Change, Entry, Match, Scope

if TYPE_CHECKING:
    from memlayer.types import Vector

_BLOCK = 4096
K1, B = 1.2, 0.75


class _Index:
    """What both indexes share: the entries of a scope that pass a filter, and their removal."""

    def __init__(self, database: Database | str | os.PathLike[str]) -> None:
        self.database = database if isinstance(database, Database) else Database(database)
        self._projection = Projection()

    def delete(self, ids: Sequence[str]) -> None:
        """Removes entries; ids that are absent are no error."""
        with self.database.write() as connection:
            for record_id in ids:
                connection.execute(
                    "DELETE FROM entries WHERE (owner, seq) IN (SELECT owner, seq FROM records WHERE id = ?)",
                    (record_id,),
                )

    def erase(self, scope: Scope) -> None:
        """Removes every entry of the scope."""
        with self.database.write() as connection:
            sql, values = _scope.condition(connection, scope, "r")
            connection.execute(
                f"DELETE FROM entries WHERE (owner, seq) IN (SELECT r.owner, r.seq FROM records r WHERE {sql})",
                values,
            )

    def close(self) -> None:
        """Closes the file; idempotent."""
        self.database.close()

    def _entries(
        self, connection: sqlite3.Connection, columns: str, scope: Scope, where: Filter | None
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Blocks of the entries' columns, owner by owner in the order of insertion."""
        sql, values = _scope.condition(connection, scope, "r", owner=False)
        if where is not None:
            more, bound = compile_where(where)
            sql, values = f"{sql} AND ({more})", [*values, *bound]
        for owner in _scope.owners(connection, scope):
            cursor = connection.execute(
                f"SELECT {columns} FROM entries e JOIN records r ON r.seq = e.seq "
                f"WHERE e.owner = ? AND {sql} ORDER BY e.seq",
                [owner, *values],
            )
            while block := cursor.fetchmany(_BLOCK):
                yield block


class SQLiteVectorIndex(_Index):
    """Implements `VectorIndex` by exact search; reads only what the scope holds."""

    def __init__(self, database: Database | str | os.PathLike[str], *, dimensions: int) -> None:
        """`dimensions` is the length of every vector."""
        super().__init__(database)
        self.dimensions = dimensions

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Stores or replaces entries of records that the ledger holds; idempotent."""
        with self.database.write() as connection:
            for entry in entries:
                vector = entry.vector
                if vector is None or vector.shape != (self.dimensions,):
                    shape = None if vector is None else vector.shape
                    raise DimensionMismatchError(f"entry {entry.id}: expected ({self.dimensions},), got {shape}")
                row = connection.execute("SELECT owner, seq, version FROM records WHERE id = ?", (entry.id,)).fetchone()
                if row is not None:
                    change = Change("UPDATE", replace(entry.record, id=entry.id), vector)
                    self._projection.enter(connection, change, owner=row[0], seq=row[1], version=row[2])

    def search(self, vector: Vector, *, scope: Scope, where: Filter | None = None, limit: int = 10) -> list[Match]:
        """The nearest entries of the scope that pass the filter, best first; scores are cosines clipped to [0, 1]."""
        if vector.shape != (self.dimensions,):
            raise DimensionMismatchError(f"the query has {vector.shape} dimensions, the index ({self.dimensions},)")
        best: list[tuple[float, int, str]] = []
        with self.database.read() as connection:
            for block in self._entries(connection, "e.seq, e.id, e.vector", scope, where):
                rows = [r for r in block if r[2] is not None]
                if not rows:
                    continue
                matrix = np.frombuffer(b"".join(r[2] for r in rows), dtype="<f4").reshape(len(rows), -1)
                cosines = matrix @ vector
                top = np.argsort(-cosines, kind="stable")[:limit]
                best += [(-float(cosines[i]), rows[i][0], rows[i][1]) for i in top]
                best = sorted(best)[:limit]
        return [Match(id_, min(1.0, max(0.0, -negative))) for negative, _, id_ in best]


class SQLiteKeywordIndex(_Index):
    """Implements `KeywordIndex` by BM25 with the statistics of the scope, not of the file."""

    def search_text(self, query: str, *, scope: Scope, where: Filter | None = None, limit: int = 10) -> list[Match]:
        """The entries of the scope that share words with the query and pass the filter, best first."""
        wanted = query_terms(query)
        if not len(wanted):
            return []
        found: list[tuple[int, str, Counter[int], int]] = []
        documents, length = 0, 0
        with self.database.read() as connection:
            for block in self._entries(connection, "e.seq, e.id, e.terms", scope, where):
                for seq, id_, blob in block:
                    terms = np.frombuffer(blob, dtype="<i8")
                    documents += 1
                    length += len(terms)
                    shared = terms[np.isin(terms, wanted)]
                    if len(shared):
                        found.append((seq, id_, Counter(shared.tolist()), len(terms)))
        frequency = Counter(term for _, _, hits, _ in found for term in hits)
        weight = {t: math.log(1 + (documents - n + 0.5) / (n + 0.5)) for t, n in frequency.items()}
        unseen = math.log(1 + (documents + 0.5) / 0.5)
        total = sum(weight.get(t, unseen) for t in wanted.tolist()) * (K1 + 1)
        average = length / max(documents, 1)
        scored = []
        for seq, id_, hits, size in found:
            norm = K1 * (1 - B + B * size / average)
            score = sum(weight[t] * n * (K1 + 1) / (n + norm) for t, n in hits.items())
            scored.append((-score / total, seq, id_))
        return [Match(id_, min(1.0, -negative)) for negative, _, id_ in sorted(scored)[:limit]]
