"""The same questions through memlayer and its peers, side by side in one run.

    pip install mem0ai fastembed langgraph llama-index-core
    python benchmarks/quality/peers.py --data locomo10.json
    python benchmarks/quality/peers.py --data longmemeval_oracle.json --pool 50

Everybody gets every turn, as its speaker's words ("Anna: …" where speakers have names), and everybody embeds with
memlayer's local model; memlayer runs with its defaults, mem0ai with `infer=False`, the others with their own. A peer
that is not installed is named with the pip line, and left out. Recall counts the turns that results cite, in order.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Protocol

sys.path.append(str(Path(__file__).parents[1]))
from _mem0 import INSTALL, MODULES, mem0
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table
from run import LIMIT, flatten, page
from scores import Tally, figures, newest_above, rounded
from sets import Ask, Session, Talk, Turn, locomo, longmemeval

from memlayer import Memory
from memlayer.models.minilm import MiniLMEmbedder

COLUMNS = ("recall@5", "recall@10", "recall@20", "mrr", "session any@5", "session all@5", "newest above older")


class Shared:
    """The local model for everybody: what is stored is embedded once for all of them, questions each time anew."""

    def __init__(self, texts: Iterable[str], console: Console) -> None:
        self._model = MiniLMEmbedder()
        self._held: dict[str, list[float]] = {}
        new = list(dict.fromkeys(texts))
        for start in track(range(0, len(new), 64), "embedding", console=console):
            part = new[start : start + 64]
            self._held.update(zip(part, self._model.embed(part).tolist(), strict=True))

    def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._held.get(text) or self._model.embed([text], kind="query")[0].tolist() for text in texts]


class System(Protocol):
    """One memory under test."""

    def add(self, owner: str, session: Session) -> None: ...

    def search(self, owner: str, question: str) -> list[str]:
        """Ids of turns, best first."""
        ...


def said(turn: Turn) -> str:
    return f"{turn.name}: {turn.text}" if turn.name else turn.text


class Ours:
    """memlayer's default."""

    def __init__(self, folder: Path, embed: Shared) -> None:
        self._memory = Memory(folder / "memory.db")

    def add(self, owner: str, session: Session) -> None:
        self._memory.add(session.messages(), user_id=owner, run_id=session.id)

    def search(self, owner: str, question: str) -> list[str]:
        return flatten(self._memory.search(question, user_id=owner, limit=LIMIT)["results"])


class FTS5:
    """SQLite's full-text search with its Porter stemmer: any word of the question, by BM25."""

    def __init__(self, folder: Path, embed: Shared) -> None:
        self._database = sqlite3.connect(folder / "fts.db")
        self._database.execute(
            "CREATE VIRTUAL TABLE turns USING fts5(id UNINDEXED, owner UNINDEXED, text, tokenize='porter unicode61')"
        )

    def add(self, owner: str, session: Session) -> None:
        rows = [(turn.id, owner, said(turn)) for turn in session.turns]
        self._database.executemany("INSERT INTO turns VALUES (?, ?, ?)", rows)

    def search(self, owner: str, question: str) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        found = self._database.execute(
            "SELECT id FROM turns WHERE turns MATCH ? AND owner = ? ORDER BY rank LIMIT ?", (words, owner, LIMIT)
        )
        return [row[0] for row in found]


class Mem0:
    """mem0ai on its embedded Qdrant, by vectors and keywords, `infer=False`: each turn as it is."""

    def __init__(self, folder: Path, embed: Shared) -> None:
        self._memory = mem0(folder, embed, 384)

    def add(self, owner: str, session: Session) -> None:
        for turn in session.turns:
            message = {"role": turn.role, "content": said(turn)}
            self._memory.add([message], user_id=owner, infer=False, metadata={"turn": turn.id})

    def search(self, owner: str, question: str) -> list[str]:
        found = self._memory.search(question, filters={"user_id": owner}, top_k=LIMIT)["results"]
        return [row["metadata"]["turn"] for row in found]


class LangGraph:
    """LangGraph's InMemoryStore: one item per turn, by its text's vector."""

    def __init__(self, folder: Path, embed: Shared) -> None:
        from langgraph.store.memory import InMemoryStore

        self._store = InMemoryStore(index={"dims": 384, "embed": embed, "fields": ["text"]})

    def add(self, owner: str, session: Session) -> None:
        for turn in session.turns:
            self._store.put((owner,), turn.id, {"text": said(turn)})

    def search(self, owner: str, question: str) -> list[str]:
        return [item.key for item in self._store.search((owner,), query=question, limit=LIMIT)]


class LlamaIndex:
    """LlamaIndex's VectorMemory: a user's message with what the assistant answered, by their vector."""

    def __init__(self, folder: Path, embed: Shared) -> None:
        from llama_index.core.base.embeddings.base import BaseEmbedding

        class Embedding(BaseEmbedding):  # type: ignore[misc]
            def _get_text_embedding(self, text: str) -> list[float]:
                return embed([text])[0]

            def _get_query_embedding(self, query: str) -> list[float]:
                return embed([query])[0]

            async def _aget_query_embedding(self, query: str) -> list[float]:
                return embed([query])[0]

        self._embedding = Embedding()
        self._memories: dict[str, Any] = {}

    def add(self, owner: str, session: Session) -> None:
        from llama_index.core.llms import ChatMessage
        from llama_index.core.memory import VectorMemory

        if owner not in self._memories:
            self._memories[owner] = VectorMemory.from_defaults(
                embed_model=self._embedding, retriever_kwargs={"similarity_top_k": LIMIT}
            )
        for turn in session.turns:
            message = ChatMessage(role=turn.role, content=said(turn), additional_kwargs={"turn": turn.id})
            self._memories[owner].put(message)

    def search(self, owner: str, question: str) -> list[str]:
        return [message.additional_kwargs["turn"] for message in self._memories[owner].get(question)]


SYSTEMS: dict[str, tuple[Any, tuple[str, ...], str]] = {
    "memlayer": (Ours, ("memlayer",), "memlayer-core"),
    "mem0ai, infer=False": (Mem0, MODULES, INSTALL),
    "LangGraph InMemoryStore": (LangGraph, ("langgraph",), "langgraph"),
    "LlamaIndex VectorMemory": (LlamaIndex, ("llama_index",), "llama-index-core"),
    "FTS5": (FTS5, ("sqlite3",), ""),
}
"""How each is made, the modules that show whether it is installed, and what pip calls them."""


def measure(system: System, talks: Sequence[Talk], name: str, console: Console) -> dict[str, float]:
    """Mean figures over all questions with evidence, the adversarial ones aside."""
    tally, seconds = Tally(), []
    for talk in track(talks, f"{name}: adding", console=console):
        for session in talk.sessions:
            system.add(talk.owner, session)
    pairs = [(talk, ask) for talk in talks for ask in talk.asks if ask.gold and ask.category != "adversarial"]
    for talk, ask in track(pairs, f"{name}: asking", console=console):
        start = time.perf_counter()
        found = list(dict.fromkeys(system.search(talk.owner, ask.question)))
        seconds.append(time.perf_counter() - start)
        tally.add(("all",), _figures(talk, ask, found))
    return tally.means()["all"] | {"ms p50": 1000 * median(seconds)}


def _figures(talk: Talk, ask: Ask, found: Sequence[str]) -> dict[str, float]:
    values = figures(talk, ask, found)
    if ask.category == "knowledge-update" and (above := newest_above(talk, ask, found)) is not None:
        values["newest above older"] = above
    return values


def read(file: Path, *, pool: int, seed: int) -> list[Talk]:
    """Either data set, told apart by what it looks like."""
    entries = json.loads(file.read_text(encoding="utf-8"))
    if entries and "haystack_sessions" in entries[0]:
        return longmemeval(file, pool=pool, seed=seed)
    return locomo(file)


def show(rows: dict[str, dict[str, float]]) -> None:
    columns = [name for name in COLUMNS if any(name in found for found in rows.values())]
    heads = (*columns, "ms p50")
    table = Table(Column("", no_wrap=True), *(Column(head, justify="right") for head in heads))
    for system, found in rows.items():
        cells = [f"{100 * found[c]:.1f}" if c in found else "" for c in columns]
        table.add_row(system, *cells, f"{found['ms p50']:.1f}")
    page().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo's or LongMemEval's own JSON file")
    parser.add_argument("--pool", type=int, default=50, help="LongMemEval: sessions in one memory")
    parser.add_argument("--seed", type=int, default=0, help="LongMemEval: of the order in which questions are packed")
    parser.add_argument("--talks", type=int, help="only the first so many conversations or pools")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    console = Console(stderr=True)
    logging.disable(logging.WARNING)
    talks = read(options.data, pool=options.pool, seed=options.seed)[: options.talks]
    embed = Shared((said(turn) for talk in talks for s in talk.sessions for turn in s.turns), console)
    rows: dict[str, dict[str, float]] = {}
    for name, (make, modules, package) in SYSTEMS.items():
        if not all(map(importlib.util.find_spec, modules)):
            console.print(f"{name} is left out: pip install {package}")
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            rows[name] = measure(make(Path(folder), embed), talks, name, console)
    if options.json:
        print(json.dumps(rounded(rows), indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main()
