"""memlayer against what the machine can do: search against bare NumPy and FTS5, durable add against bare SQLite.

search: the public call against (embed the query + exact NumPy search over one owner's matrix + one FTS5 query).
add: `add(infer=False)`, one message a call, against one transaction with the same rows (message, fact, their events,
the index entry with its vector, the citation) in the same file format, both durable (WAL, synchronous=FULL).
Embedding is taken out of add: memlayer's embedder there hands out one ready vector, the bare rows hold theirs.
Search uses the local model on both sides.

    python benchmarks/speed/limits.py
"""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from _bench import options, p50, p95, progress, report, talk, times

from memlayer import Memory
from memlayer.models.minilm import MiniLMEmbedder


class Ready:
    """An embedder that takes no time: one vector for every text."""

    name, dimensions = "ready", 384

    def __init__(self) -> None:
        self._vector = np.full((1, self.dimensions), self.dimensions**-0.5, np.float32)

    def embed(self, texts: Sequence[str], *, kind: str = "document") -> Any:
        return np.repeat(self._vector, len(texts), axis=0)


class Bare:
    """The floor of search: a matrix, a query's vector, an FTS5 table."""

    def __init__(self, texts: list[str], vectors: Any, embedder: Any) -> None:
        self._embedder = embedder
        self._matrix = np.array(vectors, np.float32)
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'porter unicode61')")
        self._db.executemany("INSERT INTO texts VALUES (?)", ((t,) for t in texts))

    def search(self, query: str) -> tuple[Any, Any]:
        vector = self._embedder.embed([query], kind="query")[0]
        cosines = self._matrix @ vector
        best = np.argpartition(-cosines, 100)[:100]
        words = " OR ".join(f'"{w}"' for w in query.strip(".").split())
        rows = self._db.execute(
            "SELECT rowid, rank FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 100", (words,)
        ).fetchall()
        return best[np.argsort(-cosines[best])], rows


def copy_of_writes(source: Path, target: Path) -> tuple[sqlite3.Connection, list[list[tuple[str, tuple[Any, ...]]]]]:
    """An empty file of the same schema, and the rows of each add as plain inserts."""
    held = sqlite3.connect(source)
    bare = sqlite3.connect(target, isolation_level=None)
    bare.execute("PRAGMA page_size = 8192")
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    for (sql,) in held.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    ):
        bare.execute(sql)
    groups: dict[int, list[tuple[str, tuple[Any, ...]]]] = {}
    facts = dict(held.execute("SELECT fact, episode FROM citations"))
    for table, key in (("records", "seq"), ("entries", "seq"), ("citations", "fact")):
        cursor = held.execute(f"SELECT * FROM {table}")
        place = [c[0] for c in cursor.description].index(key)
        for row in cursor:
            group = facts.get(row[place], row[place])
            groups.setdefault(group, []).append((f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row))
    numbers = dict(held.execute("SELECT id, seq FROM records"))
    for row in held.execute("SELECT * FROM events"):
        seq = numbers[row[1]]
        sql = f"INSERT INTO events VALUES ({', '.join('?' * len(row))})"
        groups[facts.get(seq, seq)].append((sql, row))
    return bare, list(groups.values())


def write(bare: sqlite3.Connection, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
    """One transaction with the rows of one add."""
    bare.execute("BEGIN IMMEDIATE")
    for sql, row in rows:
        bare.execute(sql, row)
    bare.execute("COMMIT")


def main() -> None:
    """Measures both pairs in turn and prints the ratios."""
    args = options(__doc__ or "", memories=3000, runs=60)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        said = talk()
        texts = list(islice(said, args.memories))
        model = MiniLMEmbedder()
        memory = Memory(home / "search.db", embedder=model)
        for start in progress(range(0, len(texts), 250), "filling"):
            part = [{"role": "user", "content": t} for t in texts[start : start + 250]]
            memory.add(part, user_id="user", infer=False)
        bare = Bare(texts, model.embed(texts), model)
        ours, floor = [], []
        for query in progress(list(islice(said, args.runs)), "searching"):
            floor += times(lambda q=query: bare.search(q), runs=1, warm=0)
            ours += times(lambda q=query: memory.search(q, user_id="user"), runs=1, warm=0)
        rows += [_row("search", "memlayer", ours), _row("search", "embed + NumPy + FTS5", floor)]
        rows.append(
            {"what": "search", "side": "ratio", "p50 ms": p50(ours) / p50(floor), "p95 ms": p95(ours) / p95(floor)}
        )

        instant = Memory(home / "add.db", embedder=Ready())
        instant.add("warm", user_id=str(uuid.uuid4()), infer=False)
        adds = times(lambda: instant.add(next(said), user_id="user", infer=False), runs=10 * args.runs)
        instant.close()
        target, groups = copy_of_writes(home / "add.db", home / "bare.db")
        bare_adds = []
        for group in groups:
            bare_adds += times(lambda g=group: write(target, g), runs=1, warm=0)
        rows += [_row("durable add", "memlayer", adds), _row("durable add", "bare SQLite, same rows", bare_adds)]
        ratio = {"p50 ms": p50(adds) / p50(bare_adds), "p95 ms": p95(adds) / p95(bare_adds)}
        rows.append({"what": "durable add", "side": "ratio", **ratio})
    report("Against the limit: search at most 2.0, durable add at most 2.0", rows, as_json=args.json)


def _row(what: str, side: str, values: list[float]) -> dict[str, Any]:
    return {"what": what, "side": side, "p50 ms": p50(values), "p95 ms": p95(values)}


if __name__ == "__main__":
    main()
