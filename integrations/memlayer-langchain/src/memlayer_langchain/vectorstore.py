"""A vector store on the items of a memory: documents that are looked up, beside what is remembered."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from memlayer import AsyncMemory, ConfigurationError, Memory
from memlayer_langchain._faces import async_of, ids_of, sync_of

_LOGIC = ("AND", "OR", "NOT")
_ALL = 1 << 40


class MemlayerVectorStore(VectorStore):
    """Documents of one namespace, found by meaning; the memory's own embedder embeds them.

    Belongs to exactly the ids that it is given, and is erased with them.
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        namespace: str | Sequence[str] = "documents",
    ) -> None:
        """Opens nothing yet; documents of two namespaces never meet."""
        self.memory = memory
        self.user_id, self.agent_id, self.run_id, self.app_id = user_id, agent_id, run_id, app_id
        self.namespace = (namespace,) if isinstance(namespace, str) else tuple(namespace)
        if not ids_of(self):
            raise ConfigurationError("whose documents are these? Give user_id=, agent_id=, run_id= or app_id=")

    @cached_property
    def _async(self) -> AsyncMemory:
        return async_of(self.memory)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Stores texts, all or none, and returns their ids; a text whose id is there replaces it."""
        entries = self._entries(texts, metadatas, ids, kwargs)
        sync_of(self.memory).items.put_many(entries, **ids_of(self))
        return [entry["key"] for entry in entries]

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Stores texts, all or none, and returns their ids; a text whose id is there replaces it."""
        entries = self._entries(texts, metadatas, ids, kwargs)
        await self._async.items.put_many(entries, **ids_of(self))
        return [entry["key"] for entry in entries]

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Removes documents, all of the namespace without `ids`; those that are not there are no error."""
        _nothing_else("delete", kwargs)
        items = sync_of(self.memory).items
        if ids is None:
            ids = [row["key"] for row in items.search(self.namespace, limit=_ALL, **ids_of(self))]
        items.delete_many([(self.namespace, key) for key in ids], **ids_of(self))
        return True

    async def adelete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Removes documents, all of the namespace without `ids`; those that are not there are no error."""
        _nothing_else("delete", kwargs)
        items = self._async.items
        if ids is None:
            ids = [row["key"] for row in await items.search(self.namespace, limit=_ALL, **ids_of(self))]
        await items.delete_many([(self.namespace, key) for key in ids], **ids_of(self))
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of those ids that are there, in the order of the ids."""
        rows = sync_of(self.memory).items.get_many([(self.namespace, key) for key in ids], **ids_of(self))
        return [_document(row) for row in rows if row is not None]

    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of those ids that are there, in the order of the ids."""
        rows = await self._async.items.get_many([(self.namespace, key) for key in ids], **ids_of(self))
        return [_document(row) for row in rows if row is not None]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The documents nearest to a query, nearest first; `filter` takes memlayer's filters on their metadata."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    async def asimilarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The documents nearest to a query, nearest first; `filter` takes memlayer's filters on their metadata."""
        return [document for document, _ in await self.asimilarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """The nearest documents with the cosine of their angle to the query, -1 to 1, higher is nearer."""
        _nothing_else("similarity_search", kwargs)
        options = {"query": query, "filters": _on_metadata(filter), "limit": k, **ids_of(self)}
        return _scored(sync_of(self.memory).items.search(self.namespace, **options))

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, filter: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """The nearest documents with the cosine of their angle to the query, -1 to 1, higher is nearer."""
        _nothing_else("similarity_search", kwargs)
        options = {"query": query, "filters": _on_metadata(filter), "limit": k, **ids_of(self)}
        return _scored(await self._async.items.search(self.namespace, **options))

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> MemlayerVectorStore:
        """A store that holds these texts; takes `memory` and the other keywords of the class."""
        made = cls(**_own(embedding, kwargs))
        made.add_texts(texts, metadatas, ids=ids)
        return made

    @classmethod
    async def afrom_texts(
        cls,
        texts: list[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> MemlayerVectorStore:
        """A store that holds these texts; takes `memory` and the other keywords of the class."""
        made = cls(**_own(embedding, kwargs))
        await made.aadd_texts(texts, metadatas, ids=ids)
        return made

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: max(0.0, cosine)

    def _entries(
        self,
        texts: Iterable[str],
        metadatas: Sequence[Mapping[str, Any]] | None,
        ids: Sequence[str | None] | None,
        rest: Mapping[str, Any],
    ) -> list[dict[str, Any]]:
        _nothing_else("add_texts", rest)
        told = list(texts)
        for name, given in (("metadatas", metadatas), ("ids", ids)):
            if given is not None and len(given) != len(told):
                raise ConfigurationError(f"{len(told)} texts came with {len(given)} {name}; give one for each")
        return [
            {
                "namespace": self.namespace,
                "key": (ids[n] if ids else None) or str(uuid.uuid4()),
                "value": {"page_content": text, "metadata": dict(metadatas[n]) if metadatas else {}},
                "index": ["page_content"],
            }
            for n, text in enumerate(told)
        ]


def _own(embedding: Embeddings | None, kwargs: dict[str, Any]) -> dict[str, Any]:
    if embedding is not None:
        raise ConfigurationError("the memory embeds: give Memory(embedder=…) and leave embedding out (None)")
    if "memory" not in kwargs:
        raise ConfigurationError("documents lie in a memory: give memory=Memory(…)")
    return kwargs


def _nothing_else(verb: str, given: Mapping[str, Any]) -> None:
    if given:
        raise ConfigurationError(f"{verb}() does not take {', '.join(sorted(given))}")


def _document(row: Mapping[str, Any]) -> Document:
    return Document(row["value"]["page_content"], id=row["key"], metadata=row["value"]["metadata"])


def _scored(rows: Sequence[Mapping[str, Any]]) -> list[tuple[Document, float]]:
    """Documents that have a vector, which all have but those without a word in them."""
    return [(_document(row), row["score"]) for row in rows if "score" in row]


def _on_metadata(filter: Any) -> Any:
    """The filter with every field meant as a field of a document's metadata."""
    if not isinstance(filter, Mapping):
        return filter
    logic = {key: [_on_metadata(term) for term in _list(value)] for key, value in filter.items() if key in _LOGIC}
    fields = {key: value for key, value in filter.items() if key not in _LOGIC}
    return {**logic, "metadata": fields} if fields else logic


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
