"""memlayer against what the machine can do: search against bare NumPy and FTS5, durable add against bare SQLite.

search: the public call against (embed the query + exact NumPy search over one owner's matrix + one FTS5 query).
add: `add(infer=False)`, one message a call, against one transaction with the same rows (message, fact, their events,
the index entry with its vector, the citation) in the same file format, both durable (WAL, synchronous=FULL), in turns.
Embedding is taken out of add: memlayer's embedder there hands out one ready vector, the bare rows hold theirs.
Search uses the local model on both sides.

    python benchmarks/speed/limits.py
"""

from __future__ import annotations

import sqlite3
import tempfile
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from _bare import Bare, Ready
from _bench import options, p50, p95, progress, report, talk, times

from memlayer import Memory
from memlayer.models.minilm import MiniLMEmbedder

WARM = 20
"""Adds that do not count."""


class Floor:
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
        below = Floor(texts, model.embed(texts), model)
        ours, floor = [], []
        for query in progress(list(islice(said, args.runs)), "searching"):
            floor += times(lambda q=query: below.search(q), runs=1, warm=0)
            ours += times(lambda q=query: memory.search(q, user_id="user"), runs=1, warm=0)
        rows += [_row("search", "memlayer", ours), _row("search", "embed + NumPy + FTS5", floor)]
        rows.append(_row("search", "ratio", ours, by=floor))
        adds, bare_adds = durable(home, list(islice(said, 10 * args.runs)))
        rows += [_row("durable add", "memlayer", adds), _row("durable add", "bare SQLite, same rows", bare_adds)]
        rows.append(_row("durable add", "ratio", adds, by=bare_adds))
    report("Against the limit: search at most 2.0, durable add at most 2.0", rows, as_json=args.json)


def durable(home: Path, texts: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of each add and of the bare write of its rows, in turns: what the machine does meets both."""
    with Memory(home / "rows.db", embedder=Ready()) as memory:
        for text in texts:
            memory.add(text, user_id="user", infer=False)
    bare = Bare(home / "rows.db", home / "bare.db")
    ours, theirs = [], []
    with Memory(home / "add.db", embedder=Ready()) as memory:
        for number, text in enumerate(progress(texts, "adding")):
            ours += times(lambda t=text: memory.add(t, user_id="user", infer=False), runs=1, warm=0)
            theirs += times(lambda n=number: bare.write(n), runs=1, warm=0)
    bare.close()
    return ours[WARM:], theirs[WARM:]


def _row(what: str, side: str, values: list[float], by: list[float] | None = None) -> dict[str, Any]:
    """Median, 95th percentile and mean (what makes the rate) of a side, or as multiples of another one's."""
    columns = {"p50 ms": p50, "p95 ms": p95, "mean ms": mean}
    return {"what": what, "side": side, **{n: f(values) / (1.0 if by is None else f(by)) for n, f in columns.items()}}


if __name__ == "__main__":
    main()
