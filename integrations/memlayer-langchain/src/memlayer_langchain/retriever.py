"""A retriever over memories."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from memlayer import AsyncMemory, Memory
from memlayer.types import MemoryItem
from memlayer_langchain._faces import async_of, ids_of, sync_of


class MemlayerRetriever(BaseRetriever):
    """Finds the memories that answer a query, as documents: the text, and in the metadata everything else."""

    memory: Memory | AsyncMemory = Field(exclude=True)
    """What remembers."""
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None
    k: int = Field(default=10, ge=1)
    """The most documents that one query gives; `invoke(query, k=3)` goes first."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Keywords of `Memory.search`: filters, threshold, kinds, as_of, …"""

    @cached_property
    def _async(self) -> AsyncMemory:
        return async_of(self.memory)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None, **more: Any
    ) -> list[Document]:
        found = sync_of(self.memory).search(query, **self._keywords(k, more))
        return [_document(row) for row in found["results"]]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None, **more: Any
    ) -> list[Document]:
        found = await self._async.search(query, **self._keywords(k, more))
        return [_document(row) for row in found["results"]]

    def _keywords(self, k: int | None, more: dict[str, Any]) -> dict[str, Any]:
        return {**self.options, **more, "limit": self.k if k is None else k, **ids_of(self)}


def _document(row: MemoryItem) -> Document:
    """A memory as a document; its own metadata stay apart from memlayer's fields."""
    return Document(row["memory"], id=row["id"], metadata={k: v for k, v in row.items() if k != "memory"})
