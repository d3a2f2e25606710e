"""LangChain's vector stores keep the promises of a vector index, and a memory with one is the same memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory
from memlayer.backends.langchain import LangChainVectorIndex
from memlayer.errors import ConfigurationError
from memlayer.testing import HashEmbedder, VectorIndexContract
from memlayer.types import Scope

core = pytest.importorskip("langchain_core.vectorstores")
pytest.importorskip("langchain_chroma")
pytest.importorskip("langchain_qdrant")
pytest.importorskip("langchain_community")
pytest.importorskip("faiss")

SIZE = 64


def own_embeddings(size: int) -> Any:
    from langchain_core.embeddings import DeterministicFakeEmbedding

    return DeterministicFakeEmbedding(size=size)


def chroma(size: int) -> Any:
    import uuid

    import chromadb
    from langchain_chroma import Chroma

    silent = chromadb.config.Settings(anonymized_telemetry=False)
    there = chromadb.EphemeralClient(settings=silent)
    return Chroma(f"c{uuid.uuid4().hex}", embedding_function=own_embeddings(size), client=there)


def faiss(size: int) -> Any:
    from faiss import IndexFlatL2
    from langchain_community.docstore.in_memory import InMemoryDocstore
    from langchain_community.vectorstores import FAISS

    return FAISS(own_embeddings(size), IndexFlatL2(size), InMemoryDocstore(), {})


def qdrant(size: int) -> Any:
    from langchain_qdrant import QdrantVectorStore
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    client.create_collection("c", vectors_config=models.VectorParams(size=size, distance=models.Distance.COSINE))
    return QdrantVectorStore(client, "c", embedding=own_embeddings(size))


def in_memory(size: int) -> Any:
    """A store that memlayer knows nothing of."""
    return core.InMemoryVectorStore(own_embeddings(size))


MAKERS = {"chroma": chroma, "faiss": faiss, "qdrant": qdrant, "unknown": in_memory}
every_store = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


class TestChroma(VectorIndexContract):
    @pytest.fixture
    def vector_index(self) -> LangChainVectorIndex:
        return LangChainVectorIndex(chroma(16), dimensions=16, memory="m")


class TestFaiss(VectorIndexContract):
    @pytest.fixture
    def vector_index(self) -> LangChainVectorIndex:
        return LangChainVectorIndex(faiss(16), dimensions=16, memory="m")


class TestQdrant(VectorIndexContract):
    @pytest.fixture
    def vector_index(self) -> LangChainVectorIndex:
        return LangChainVectorIndex(qdrant(16), dimensions=16, memory="m")


class TestUnknown(VectorIndexContract):
    @pytest.fixture
    def vector_index(self) -> LangChainVectorIndex:
        return LangChainVectorIndex(in_memory(16), dimensions=16, memory="m")


@pytest.fixture
def open_memory(tmp_path: Path) -> Iterator[Callable[..., Memory]]:
    opened: list[Memory] = []

    def opener(spec: Any, **options: Any) -> Memory:
        memory = Memory(tmp_path / "memory.db", vector_store=spec, **{"embedder": HashEmbedder(SIZE), **options})
        opened.append(memory)
        return memory

    yield opener
    for memory in opened:
        memory.close()


@every_store
def test_a_memory_finds_filters_and_forgets(make: Any, open_memory: Any) -> None:
    memory = open_memory({"provider": "langchain", "client": make(SIZE)})
    for n in range(150):
        metadata = {"crate": "red" if n == 77 else "grey"}
        memory.add(f"Crate {n} stands in hall {n % 7}", user_id="alice", infer=False, metadata=metadata)
    memory.add("Crate 1 belongs to Bob", user_id="bob", infer=False)
    found = memory.search("Crate 3 stands in hall 3", user_id="alice", limit=3)
    assert "degraded" not in found
    assert "Crate 3 stands in hall 3" in [r["memory"] for r in found["results"]]
    rare = memory.search("crate", user_id="alice", filters={"metadata": {"crate": "red"}}, limit=1)
    assert [r["memory"] for r in rare["results"]] == ["Crate 77 stands in hall 0"]
    index = memory._core.servers.vectors.store
    near = index.search(HashEmbedder(SIZE).embed(["crate"])[0], scope=Scope("bob"), limit=10)
    assert [memory.get(m.id)["user_id"] for m in near] == ["bob"]
    assert memory.verify() == {"ok": True, "problems": []}
    memory.delete_all(user_id="alice")
    assert not list(index._held(index._made, "memlayer_owner", index._owner(Scope("alice"))))
    assert memory.search("crate", user_id="bob")["results"]
    assert memory.verify() == {"ok": True, "problems": []}


@every_store
def test_the_documents_of_others_stay_as_they_are(make: Any, open_memory: Any) -> None:
    store = make(SIZE)
    store.add_texts(["The manual of the oven"], ids=["00000000-0000-4000-8000-000000000001"])
    memory = open_memory({"provider": "langchain", "config": {"client": store}})
    memory.add("I play chess.", user_id="alice")
    assert memory.search("chess", user_id="alice")["results"]
    assert memory.verify() == {"ok": True, "problems": []}
    memory.reset()
    store.add_texts(["The manual of the fridge"], ids=["00000000-0000-4000-8000-000000000002"])
    found = [d.page_content for d in store.similarity_search("The manual of the oven", k=10)]
    assert found == ["The manual of the oven", "The manual of the fridge"]


@every_store
def test_a_store_that_lost_everything_is_filled_anew(make: Any, open_memory: Any) -> None:
    first = open_memory({"provider": "langchain", "client": make(SIZE)})
    first.add("I play chess.", user_id="alice")
    first.close()
    memory = open_memory({"provider": "langchain", "client": make(SIZE)})
    found = memory.search("chess", user_id="alice")
    assert "degraded" not in found
    assert found["results"]
    assert not memory._core.servers.vectors.store.is_empty()
    assert memory.verify() == {"ok": True, "problems": []}


@every_store
def test_repair_mends_what_verify_names(make: Any, open_memory: Any) -> None:
    memory = open_memory({"provider": "langchain", "client": make(SIZE)})
    memory.add("My sister Ann lives in Rome.", user_id="alice")
    memory._core.servers.vectors.store.erase(Scope("alice"))
    found = memory.verify()
    assert found["problems"]
    assert all("lacks" in problem for problem in found["problems"])
    assert memory.verify(repair=True) == {"ok": True, "problems": []}


@pytest.mark.parametrize(
    ("provider", "config"),
    [
        ("chroma", {"collection_name": "mem0", "path": "{folder}/chroma"}),
        ("faiss", {"collection_name": "mem0", "path": "{folder}/faiss", "distance_strategy": "euclidean"}),
        ("qdrant", {"collection_name": "mem0", "path": "{folder}/qdrant", "embedding_model_dims": SIZE}),
        ("qdrant", {"collection_name": "mem0"}),
    ],
)
def test_the_configuration_of_mem0_names_a_store(provider: str, config: Any, open_memory: Any, tmp_path: Path) -> None:
    told = {k: v.format(folder=tmp_path) if isinstance(v, str) else v for k, v in config.items()}
    for fact in ("I play chess.", "I live in Oslo."):
        memory = open_memory({"provider": provider, "config": told})
        memory.add(fact, user_id="alice")
        assert "degraded" not in memory.search("Oslo chess", user_id="alice")
        assert memory.verify() == {"ok": True, "problems": []}
        memory.close()
    assert len(open_memory({"provider": provider, "config": told}).get_all(user_id="alice")["results"]) == 2


def test_what_a_store_raises_is_told_and_the_ledger_answers(open_memory: Any) -> None:
    memory = open_memory({"provider": "langchain", "client": qdrant(SIZE // 2)})
    memory.add("I play chess.", user_id="alice")
    found = memory.search("chess", user_id="alice")
    assert found["degraded"] is True
    assert [r["memory"] for r in found["results"]] == ["Plays chess"]
    [line] = memory._core.servers.report()
    assert not line["ok"]


def test_what_is_no_store_is_refused(open_memory: Any) -> None:
    with pytest.raises(ConfigurationError, match="VectorStore"):
        open_memory({"provider": "langchain", "client": "chroma"}).search("x", user_id="a")
    with pytest.raises(ConfigurationError, match="needs the store"):
        open_memory({"provider": "langchain"}).search("x", user_id="a")
