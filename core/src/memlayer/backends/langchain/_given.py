"""Embeddings that hand a store the vectors which the memory has made already."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from memlayer.errors import ConfigurationError

if TYPE_CHECKING:
    from memlayer.types import Vector


class Given:
    """Stands where a store keeps its `Embeddings`: gives what the memory holds out, and passes on what others ask.

    A LangChain store embeds what it is given by itself, and has no common way to be given vectors.
    """

    def __init__(self, inner: Any = None) -> None:
        """`inner` are the embeddings that were there before; the store stays as useful to others as it was."""
        self._inner = inner
        self._here = threading.local()

    @contextmanager
    def of(self, texts: Sequence[str], vectors: Sequence[Vector]) -> Iterator[None]:
        """Holds out the vectors of these texts, in their order."""
        held: dict[str, deque[list[float]]] = {}
        for text, vector in zip(texts, vectors, strict=True):
            held.setdefault(text, deque()).append(vector.tolist())
        self._here.held = held
        try:
            yield
        finally:
            del self._here.held

    @contextmanager
    def asking(self, vector: Vector) -> Iterator[None]:
        """Holds out the vector of the next query, whatever its words."""
        self._here.asked = vector.tolist()
        try:
            yield
        finally:
            del self._here.asked

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        held = getattr(self._here, "held", None)
        if held is None:
            vectors: list[list[float]] = self._other().embed_documents(texts)
            return vectors
        return [held[text].popleft() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        asked: list[float] | None = getattr(self._here, "asked", None)
        if asked is None:
            asked = self._other().embed_query(text)
        return asked

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """As `embed_documents`; the memory itself never asks so."""
        vectors: list[list[float]] = await self._other().aembed_documents(texts)
        return vectors

    async def aembed_query(self, text: str) -> list[float]:
        """As `embed_query`; the memory itself never asks so."""
        vector: list[float] = await self._other().aembed_query(text)
        return vector

    def _other(self) -> Any:
        if self._inner is None:
            raise ConfigurationError("vector_store: this store was made for a memory, and has no embeddings of its own")
        return self._inner


def embeddings(inner: Any = None) -> Given:
    """A `Given` that stores take for LangChain's own class."""
    from langchain_core.embeddings import Embeddings

    Embeddings.register(Given)
    return Given(inner)


def taken(store: Any) -> Given:
    """The `Given` in a store; it takes the place of the store's embeddings where they are an attribute."""
    inner = store.embeddings
    if isinstance(inner, Given):
        return inner
    names = [name for name, value in vars(store).items() if inner is not None and value is inner]
    if not names:
        raise ConfigurationError(
            f"vector_store: {type(store).__name__} does not show its embeddings, so it cannot be given vectors; "
            "make it with memlayer.backends.langchain.embeddings() as its embeddings"
        )
    given = embeddings(inner)
    for name in names:
        setattr(store, name, given)
    return given
