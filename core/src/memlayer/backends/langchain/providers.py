"""The vector stores of a configuration that are reached through LangChain; the entry points lead here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from memlayer.backends.langchain._given import embeddings
from memlayer.backends.langchain.index import LangChainVectorIndex
from memlayer.errors import ConfigurationError, MissingDependencyError


def langchain(
    client: Any = None, *, collection_name: str = "", embedding_model_dims: int | None = None
) -> LangChainVectorIndex:
    """Any store: {"client": instance}. `collection_name` tells two stores of one class apart."""
    if client is None:
        raise ConfigurationError(
            'vector_store: the provider \'langchain\' needs the store: {"provider": "langchain", "client": store}'
        )
    return LangChainVectorIndex(client, name=collection_name, dimensions=int(embedding_model_dims or 0))


def chroma(
    *,
    collection_name: str = "memlayer",
    path: str | None = None,
    host: str | None = None,
    port: int | None = None,
    client: Any = None,
    embedding_model_dims: int | None = None,
) -> LangChainVectorIndex:
    """Chroma in a folder (`path`), on a server (`host`, `port`), behind a client, or in memory."""

    def make(dimensions: int) -> Any:
        store, chromadb = _module("langchain_chroma", "langchain-chroma"), _module("chromadb", "langchain-chroma")
        there = client
        if there is None:
            silent = chromadb.config.Settings(anonymized_telemetry=False)
            if host:
                there = chromadb.HttpClient(host=host, port=port or 8000, settings=silent)
            elif path:
                there = chromadb.PersistentClient(path=path, settings=silent)
            else:
                there = chromadb.EphemeralClient(settings=silent)
        return store.Chroma(
            collection_name, embedding_function=embeddings(), client=there,
            collection_metadata={"hnsw:space": "cosine"},
        )  # fmt: skip

    _module("langchain_chroma", "langchain-chroma")
    where = f"{host}:{port or 8000}" if host else path or "memory"
    return _index(make, f"chroma/{where}/{collection_name}", embedding_model_dims)


def faiss(
    *,
    collection_name: str = "memlayer",
    path: str | None = None,
    embedding_model_dims: int | None = None,
    distance_strategy: str = "cosine",
) -> LangChainVectorIndex:
    """FAISS in memory, filled from the ledger at each start.

    `path` is not written to, since the ledger is the record; every `distance_strategy` of mem0 gives unit vectors the
    same order, so that it changes nothing.
    """
    if distance_strategy not in ("cosine", "euclidean", "inner_product"):
        raise ConfigurationError(f"vector_store 'faiss': unknown distance_strategy {distance_strategy!r}")

    def make(dimensions: int) -> Any:
        library = _module("faiss", "langchain-community faiss-cpu")
        stores = _module("langchain_community.vectorstores", "langchain-community faiss-cpu")
        kept = _module("langchain_community.docstore.in_memory", "langchain-community faiss-cpu")
        return stores.FAISS(embeddings(), library.IndexFlatL2(dimensions), kept.InMemoryDocstore(), {})

    _module("langchain_community", "langchain-community faiss-cpu")
    _module("faiss", "langchain-community faiss-cpu")
    return _index(make, f"faiss/{collection_name}", embedding_model_dims)


def qdrant(
    *,
    collection_name: str = "memlayer",
    path: str | None = None,
    host: str | None = None,
    port: int | None = None,
    url: str | None = None,
    api_key: str | None = None,
    client: Any = None,
    on_disk: bool = False,
    embedding_model_dims: int | None = None,
) -> LangChainVectorIndex:
    """Qdrant in a folder (`path`), on a server (`url`, or `host` and `port`), behind a client, or in memory."""

    def make(dimensions: int) -> Any:
        store, library = _module("langchain_qdrant", "langchain-qdrant"), _module("qdrant_client", "langchain-qdrant")
        there = client
        if there is None:
            if url or host:
                there = library.QdrantClient(url=url, host=host, port=port or 6333, api_key=api_key)
            else:
                there = library.QdrantClient(path=path) if path else library.QdrantClient(":memory:")
        if not there.collection_exists(collection_name):
            size = library.models.VectorParams(
                size=dimensions, distance=library.models.Distance.COSINE, on_disk=on_disk
            )
            there.create_collection(collection_name, vectors_config=size)
        return store.QdrantVectorStore(
            there, collection_name, embedding=embeddings(), validate_embeddings=False, validate_collection_config=False
        )

    _module("langchain_qdrant", "langchain-qdrant")
    where = url or (f"{host}:{port or 6333}" if host else path or "memory")
    name = f"qdrant/{where.rpartition('@')[2]}/{collection_name}"
    return _index(
        make, name, embedding_model_dims, end=None if client is not None else lambda store: store.client.close()
    )


def _index(
    make: Callable[[int], Any], name: str, dimensions: int | None, *, end: Callable[[Any], Any] | None = None
) -> LangChainVectorIndex:
    return LangChainVectorIndex(make, name=name, dimensions=int(dimensions or 0), end=end)


def _module(name: str, install: str) -> Any:
    """A package's module; where it is missing, the error names the pip line."""
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(name.partition(".")[0], install) from error
