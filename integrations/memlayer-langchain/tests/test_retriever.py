from __future__ import annotations

import asyncio

from langchain_core.load import dumps

from memlayer import AsyncMemory, Memory
from memlayer_langchain import MemlayerRetriever


def test_a_memory_is_a_document(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex", metadata={"source": "chat"})
    [row] = memory.search("Where do I live?", user_id="alex")["results"]
    [found] = MemlayerRetriever(memory=memory, user_id="alex").invoke("Where do I live?")
    assert (found.page_content, found.id) == (row["memory"], row["id"])
    assert found.metadata["score"] == row["score"]
    assert found.metadata["metadata"] == {"source": "chat"}
    assert MemlayerRetriever(memory=memory, user_id="bob").invoke("Where do I live?") == []


def test_a_call_goes_before_the_options_and_the_ids_before_both(memory: Memory) -> None:
    memory.add("I live in Berlin. I like tea. I work at Acme.", user_id="alex")
    memory.add("I live in Rome.", user_id="bob")
    retriever = MemlayerRetriever(memory=memory, user_id="alex", options={"kinds": ["fact"], "threshold": 0.0})
    assert {d.metadata["kind"] for d in retriever.invoke("Berlin tea Acme")} == {"fact"}
    assert {d.metadata["kind"] for d in retriever.invoke("Berlin tea Acme", kinds=["episode"])} == {"episode"}
    assert len(retriever.invoke("Berlin tea Acme", k=1)) == 1
    assert all(d.metadata["user_id"] == "alex" for d in retriever.invoke("Rome", user_id="bob"))


def test_async_does_what_sync_does_and_a_dump_holds_no_text(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex")
    retriever = MemlayerRetriever(memory=memory, user_id="alex")
    other = MemlayerRetriever(memory=AsyncMemory.of(memory), user_id="alex")
    expected = retriever.invoke("Where do I live?")
    assert (
        expected == asyncio.run(retriever.ainvoke("Where do I live?")) == asyncio.run(other.ainvoke("Where do I live?"))
    )
    assert "Berlin" not in dumps(retriever)
