"""`MemlayerStorage`: the store beneath CrewAI's own memory, for `Memory(storage="memlayer")`.

CrewAI's memory hands its store vectors and never the question, so searches here are by CrewAI's vectors alone.
`MemlayerMemory` searches by words, meaning and relations; prefer it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
from crewai.memory.storage.factory import set_memory_storage_factory
from crewai.memory.types import MemoryRecord

from memlayer import AsyncMemory, ConfigurationError, Memory
from memlayer_crewai._records import OWN, Records, own

_VECTORS = (OWN, "vectors")


def register(client: Memory | AsyncMemory, **ids: str) -> None:
    """Makes `Memory(storage="memlayer")` mean this memory, in this process; other names stay CrewAI's."""
    storage = MemlayerStorage(client, **ids)
    set_memory_storage_factory(lambda spec: storage if spec == "memlayer" else None)


class MemlayerStorage(Records):
    """CrewAI's `StorageBackend`: records are memories in their own words, found by the vectors that came with them."""

    def __init__(self, client: Memory | AsyncMemory, **ids: str | None) -> None:
        """Works on `client`, for whom the ids name."""
        super().__init__(client.sync if isinstance(client, AsyncMemory) else client, ids)

    def save(self, records: list[MemoryRecord]) -> None:
        """Stores records; one whose id is there is replaced."""
        for record in records:
            if self.find(record.id) is not None:
                self.update(record)
                continue
            message = {"role": "user", "content": record.content, "id": record.id, "timestamp": _stamp(record)}
            self.client.add(
                [message], infer=False, metadata=_metadata(record), categories=record.categories, **self.ids
            )
            self._keep_vector(record)

    def search(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        """Records with their cosine similarity to a vector, nearest first."""
        found = self.matching(scope_prefix, categories, metadata_filter)
        keys = [(_VECTORS, record.id) for record in found]
        kept = self.client.items.get_many(keys, **self.ids) if keys else []
        pairs = [(r, item["value"]["vector"]) for r, item in zip(found, kept, strict=True) if item is not None]
        if not pairs:
            return []
        query = np.asarray(query_embedding, dtype=np.float32)
        if any(len(vector) != len(query) for _, vector in pairs):
            raise ConfigurationError("records here have vectors of another embedder than this one; use one embedder")
        matrix = np.asarray([vector for _, vector in pairs], dtype=np.float32)
        scale = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
        scores = matrix @ query / np.where(scale == 0, 1, scale)
        best = sorted(zip((r for r, _ in pairs), scores.tolist(), strict=True), key=lambda pair: -pair[1])
        return [(record, score) for record, score in best if score >= min_score][:limit]

    def update(self, record: MemoryRecord) -> None:
        """Replaces the record of the same id."""
        found = self.find(record.id)
        if found is None:
            raise ConfigurationError(f"there is no record {record.id!r} to update")
        self.client.update(found["id"], record.content, metadata=_metadata(record))
        self._keep_vector(record)

    async def asave(self, records: list[MemoryRecord]) -> None:
        """As `save`."""
        await asyncio.to_thread(self.save, records)

    async def asearch(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        """As `search`."""
        return await asyncio.to_thread(
            self.search, query_embedding, scope_prefix, categories, metadata_filter, limit, min_score
        )

    async def adelete(self, *args: Any, **kwargs: Any) -> int:
        """As `delete`."""
        return await asyncio.to_thread(self.delete, *args, **kwargs)

    def _keep_vector(self, record: MemoryRecord) -> None:
        if record.embedding:
            self.client.items.put(_VECTORS, record.id, {"vector": list(record.embedding)}, **self.ids)


def _metadata(record: MemoryRecord) -> Mapping[str, Any]:
    kept = {"id": record.id, "categories": record.categories}
    return own(record.metadata, record.scope, record.importance, record.source, record.private, **kept)


def _stamp(record: MemoryRecord) -> str:
    moment = record.created_at
    return moment.isoformat() if moment.tzinfo else f"{moment.isoformat()}+00:00"
