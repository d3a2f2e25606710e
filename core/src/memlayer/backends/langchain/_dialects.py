"""How stores are asked for a part of what they hold: LangChain leaves filters and lists to each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

Told = tuple[str, Mapping[str, Any]]
"""An id in the store, and the metadata there."""


class Dialect(Protocol):
    """One store's own ways."""

    def narrowed(self, key: str, value: str) -> dict[str, Any]:
        """Keywords of `similarity_search` for what has this value in its metadata."""
        ...

    def held(self, store: Any, key: str, value: str) -> Iterator[Told] | None:
        """All that has this value in its metadata; None where the store has no way to tell."""
        ...


class Unknown:
    """A store of which nothing is known: it is asked for more and more."""

    def narrowed(self, key: str, value: str) -> dict[str, Any]:
        """No keywords."""
        return {}

    def held(self, store: Any, key: str, value: str) -> Iterator[Told] | None:
        """Nothing to tell by."""
        return None


class Chroma(Unknown):
    """langchain-chroma: dicts."""

    def narrowed(self, key: str, value: str) -> dict[str, Any]:
        """The field's value."""
        return {"filter": {key: value}}

    def held(self, store: Any, key: str, value: str) -> Iterator[Told]:
        """By the collection's own listing."""
        found = store.get(where={key: value}, include=["metadatas"])
        return zip(found["ids"], found["metadatas"], strict=True)


class Faiss(Unknown):
    """langchain-community's FAISS: a filter would be applied after the search, so none is given."""

    def held(self, store: Any, key: str, value: str) -> Iterator[Told]:
        """By the documents in memory."""
        ids = list(store.index_to_docstore_id.values())
        return ((d.id, d.metadata) for d in store.get_by_ids(ids) if d.metadata.get(key) == value)


class Qdrant(Unknown):
    """langchain-qdrant: the client's own conditions on the payload."""

    def narrowed(self, key: str, value: str) -> dict[str, Any]:
        """A condition on the payload."""
        return {"filter": self._where(key, value, "metadata")}

    def held(self, store: Any, key: str, value: str) -> Iterator[Told]:
        """Page by page."""
        inside, page = store.metadata_payload_key, None
        where = self._where(key, value, inside)
        while True:
            points, page = store.client.scroll(store.collection_name, where, limit=1000, offset=page, with_payload=True)
            yield from ((str(point.id), point.payload.get(inside) or {}) for point in points)
            if page is None:
                return

    def _where(self, key: str, value: str, inside: str) -> Any:
        from qdrant_client import models

        match = models.MatchValue(value=value)
        return models.Filter(must=[models.FieldCondition(key=f"{inside}.{key}", match=match)])


_KNOWN: dict[tuple[str, str], Dialect] = {
    ("langchain_chroma", "Chroma"): Chroma(),
    ("langchain_community", "FAISS"): Faiss(),
    ("langchain_qdrant", "QdrantVectorStore"): Qdrant(),
}


def dialect(store: Any) -> Dialect:
    """The ways of a store, those of a subclass included."""
    for kind in type(store).__mro__:
        found = _KNOWN.get((kind.__module__.partition(".")[0], kind.__name__))
        if found is not None:
            return found
    return Unknown()
