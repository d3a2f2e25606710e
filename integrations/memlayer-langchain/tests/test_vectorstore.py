"""What LangChain's suite does not ask of a vector store."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding

from memlayer import ConfigurationError, Memory
from memlayer_langchain import MemlayerVectorStore


@pytest.fixture
def store(memory: Memory) -> MemlayerVectorStore:
    texts = ["a red apple", "a green apple", "a blue sky"]
    metadatas = [{"kind": "fruit", "n": 1}, {"kind": "fruit", "n": 2}, {"kind": "view", "created_at": "old"}]
    return MemlayerVectorStore.from_texts(texts, None, metadatas, ids=list("abc"), memory=memory, user_id="alex")


def ids(found: list[Document]) -> list[str | None]:
    return [document.id for document in found]


def test_the_nearest_come_first_with_scores_that_mean_something(store: MemlayerVectorStore) -> None:
    found = store.similarity_search_with_score("red apple", k=3)
    assert ids([d for d, _ in found])[0] == "a"
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= s <= 1 for _, s in store.similarity_search_with_relevance_scores("red apple", k=3))
    assert found == asyncio.run(store.asimilarity_search_with_score("red apple", k=3))


def test_filters_speak_of_the_documents_metadata(store: MemlayerVectorStore) -> None:
    assert set(ids(store.similarity_search("apple", filter={"kind": "fruit"}))) == {"a", "b"}
    assert ids(store.similarity_search("apple", filter={"kind": "fruit", "n": {"gt": 1}})) == ["b"]
    assert ids(store.similarity_search("apple", filter={"created_at": "old"})) == ["c"]
    either = {"OR": [{"n": 1}, {"kind": "view"}]}
    assert set(ids(store.similarity_search("apple", filter=either))) == {"a", "c"}
    assert set(ids(store.similarity_search("apple", filter={"NOT": {"n": 1}}))) == {"b", "c"}


def test_stores_of_two_people_or_namespaces_never_meet(store: MemlayerVectorStore, memory: Memory) -> None:
    bob = MemlayerVectorStore(memory, user_id="bob")
    other = MemlayerVectorStore(memory, user_id="alex", namespace="other")
    for empty in (bob, other):
        assert empty.similarity_search("apple") == []
        assert empty.get_by_ids(["a"]) == []
        empty.delete()
    assert len(store.similarity_search("apple")) == 3
    memory.erase(user_id="alex")
    assert store.get_by_ids(["a"]) == []


def test_delete_without_ids_empties_the_namespace(store: MemlayerVectorStore) -> None:
    store.delete()
    assert store.similarity_search("apple") == []
    store.add_texts(["a pear"])
    asyncio.run(store.adelete())
    assert store.similarity_search("pear") == []


def test_as_a_retriever_it_gives_documents(store: MemlayerVectorStore) -> None:
    retriever = store.as_retriever(search_kwargs={"k": 1})
    assert ids(retriever.invoke("blue sky")) == ids(asyncio.run(retriever.ainvoke("blue sky"))) == ["c"]
    scored = store.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.99})
    assert ids(scored.invoke("a blue sky")) == ["c"]


def test_what_it_cannot_do_is_refused_by_name(store: MemlayerVectorStore, memory: Memory) -> None:
    with pytest.raises(ConfigurationError, match="Memory\\(embedder"):
        MemlayerVectorStore.from_texts(["x"], DeterministicFakeEmbedding(size=4), memory=memory, user_id="alex")
    with pytest.raises(ConfigurationError, match="memory=Memory"):
        MemlayerVectorStore.from_texts(["x"], None, user_id="alex")
    with pytest.raises(ConfigurationError, match="whose documents"):
        MemlayerVectorStore(memory)
    with pytest.raises(ConfigurationError, match="fetch_k"):
        store.similarity_search("apple", fetch_k=3)
    with pytest.raises(ConfigurationError, match="2 texts came with 1 ids"):
        store.add_texts(["x", "y"], ids=["a"])


def test_an_async_store_is_made_of_texts(memory: Memory) -> None:
    async def run() -> list[Document]:
        store = await MemlayerVectorStore.afrom_texts(["a pear"], None, ids=["p"], memory=memory, user_id="bob")
        return await store.asimilarity_search("pear")

    assert ids(asyncio.run(run())) == ["p"]
