"""mem0ai's whole memory as both kinds of benchmarks run it: embedded Qdrant, vectors, keywords and entities.

Two parts come from a model hub when it is used for the first time, and are made good here, so that a machine without
one compares the same work: the stop words of its keyword search (fastembed's own BM25 encoder reads them from here),
and spaCy's small model, which finds the entities of texts and queries and stands in no package registry, so that a
rule that takes no time finds the names instead. Without keyword search it ranks by the vector of a text alone.

    pip install mem0ai fastembed
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memlayer.text import STOP

MODULES = ("mem0", "fastembed")
INSTALL = "mem0ai fastembed"
"""What pip calls the parts."""
_NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]+")


def mem0(folder: Path, embed: Callable[[list[str]], list[list[float]]], dimensions: int) -> Any:
    """A new `mem0.Memory` that keeps its files in the folder, its telemetry off."""
    os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=str(folder), OPENAI_API_KEY="unused")
    logging.disable(logging.WARNING)
    from fastembed.sparse.bm25 import Bm25
    from mem0 import Memory
    from mem0.memory import main
    from mem0.vector_stores.qdrant import Qdrant

    main.extract_entities = _names
    main.extract_entities_batch = lambda texts, **_: [_names(text) for text in texts]
    encoder = Bm25("Qdrant/bm25", specific_model_path=str(folder), stopwords=set(STOP))
    Qdrant._get_bm25_encoder = lambda self: encoder
    config = {
        "vector_store": {"provider": "qdrant", "config": {
            "path": str(folder / "qdrant"), "on_disk": True, "embedding_model_dims": dimensions}},
        "history_db_path": str(folder / "history.db"),
    }  # fmt: skip
    memory = Memory.from_config(config)
    memory.embedding_model = _Embedding(embed, dimensions)
    return memory


class _Embedding:
    """mem0's embedder interface."""

    def __init__(self, embed: Callable[[list[str]], list[list[float]]], dimensions: int) -> None:
        self._embed = embed
        self.config = type("Config", (), {"embedding_dims": dimensions})()

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        return self._embed([text])[0]

    def embed_batch(self, texts: list[str], memory_action: str | None = None) -> list[list[float]]:
        return self._embed(texts)


def _names(text: str) -> list[tuple[str, str]]:
    """The capitalised words within a text as (type, name), as mem0's entity extraction gives them."""
    return [("PROPER", name) for name in dict.fromkeys(_NAME.findall(text))]
