"""Chat histories: whole, in order, and remembered."""

from __future__ import annotations

import asyncio
import base64
import warnings

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage

from memlayer import AsyncMemory, Memory, UnsupportedError
from memlayer.testing import HashEmbedder, SeeingModel
from memlayer_langchain import MemlayerChatMessageHistory, history

PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n the rest").decode()
TALK: list[BaseMessage] = [
    SystemMessage("Be kind.", id="0"),
    HumanMessage("I live in Berlin.", id="1", name="Alex"),
    AIMessage("Nice.", id="2"),
    ChatMessage(role="user", content="yes", id="3"),
    HumanMessage("yes"),
]


def test_messages_come_back_in_order_and_are_remembered(memory: Memory) -> None:
    kept = MemlayerChatMessageHistory(memory, user_id="alex", run_id="1")
    assert kept.messages == []
    kept.add_messages(TALK)
    found = kept.messages
    assert [(m.type, m.content) for m in found] == [
        ("system", "Be kind."), ("human", "I live in Berlin."), ("ai", "Nice."), ("human", "yes"), ("human", "yes"),
    ]  # fmt: skip
    assert [m.id for m in found[:4]] == ["0", "1", "2", "3"]
    assert found[1].name == "Alex"
    assert "lives in Berlin" in memory.search("Where do I live?", user_id="alex")["results"][0]["memory"]
    assert "Be kind." not in {r["memory"] for r in memory.search("Be kind", user_id="alex")["results"]}


def test_what_comes_again_is_not_doubled(memory: Memory) -> None:
    kept = MemlayerChatMessageHistory(memory, user_id="alex", run_id="1")
    kept.add_messages(TALK)
    kept.add_messages(kept.messages)
    assert len(kept.messages) == len(TALK)
    kept.add_messages([HumanMessage("yes")])
    assert len(kept.messages) == len(TALK) + 1


def test_one_run_is_one_history(memory: Memory) -> None:
    one, two = (MemlayerChatMessageHistory(memory, user_id="alex", run_id=run) for run in "12")
    one.add_user_message("I live in Berlin.")
    two.add_ai_message("Hello.")
    assert [m.content for m in one.messages] == ["I live in Berlin."]
    one.clear()
    assert one.messages == []
    assert [m.content for m in two.messages] == ["Hello."]
    with pytest.raises(UnsupportedError, match="erase"):
        MemlayerChatMessageHistory(memory, user_id="alex").clear()


def test_async_does_what_sync_does(memory: Memory) -> None:
    async def run(kept: MemlayerChatMessageHistory) -> None:
        await kept.aadd_messages(TALK)
        assert [m.content for m in await kept.aget_messages()] == [m.content for m in TALK]
        await kept.aclear()
        assert await kept.aget_messages() == []

    asyncio.run(run(MemlayerChatMessageHistory(memory, user_id="alex", run_id="1")))
    asyncio.run(run(MemlayerChatMessageHistory(AsyncMemory.of(memory), user_id="alex", run_id="1")))


def test_a_history_of_many_pages_is_whole(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 3)
    for count in (3, 4, 6, 7):
        kept = MemlayerChatMessageHistory(memory, user_id="alex", run_id=str(count))
        kept.add_messages([HumanMessage(f"number {n}") for n in range(count)])
        assert [m.content for m in kept.messages] == [f"number {n}" for n in range(count)]
        assert asyncio.run(kept.aget_messages()) == kept.messages


def test_tool_calls_are_no_part_of_what_was_said(memory: Memory) -> None:
    kept = MemlayerChatMessageHistory(memory, user_id="alex", run_id="1")
    call = AIMessage("", tool_calls=[{"name": "look", "args": {}, "id": "1"}])
    kept.add_messages([HumanMessage("Look."), call, ToolMessage("A cat.", tool_call_id="1"), AIMessage("A cat!")])
    assert [m.content for m in kept.messages] == ["Look.", "A cat!"]


def test_a_runnable_with_history_remembers(memory: Memory) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # RunnableWithMessageHistory says that it is deprecated
        from langchain_core.runnables.history import RunnableWithMessageHistory

        chain = RunnableWithMessageHistory(
            FakeListChatModel(responses=["Nice.", "In Berlin."]),
            lambda session_id: MemlayerChatMessageHistory(memory, user_id="alex", run_id=session_id),
        )
        for text in ("I live in Berlin.", "Where do I live?"):
            chain.invoke([HumanMessage(text)], {"configurable": {"session_id": "1"}})
    assert [m.content for m in MemlayerChatMessageHistory(memory, user_id="alex", run_id="1").messages] == [
        "I live in Berlin.", "Nice.", "Where do I live?", "In Berlin.",
    ]  # fmt: skip


def test_pictures_and_documents_are_kept_and_a_history_stays_short() -> None:
    leave = base64.b64encode(b"The door code is 4711.").decode()
    parts = [
        {"type": "text", "text": "Look!"},
        {"type": "image", "base64": PICTURE, "mime_type": "image/png"},
        {"type": "file", "base64": leave, "mime_type": "text/plain"},
        {"type": "audio", "base64": PICTURE, "mime_type": "audio/wav"},
    ]
    model = SeeingModel()
    with Memory(":memory:", llm=model, embedder=HashEmbedder()) as memory:
        kept = MemlayerChatMessageHistory(memory, user_id="alex", run_id="1")
        for _ in range(2):
            kept.add_messages([HumanMessage(parts, id="1"), AIMessage("A cat.", id="2")])
        assert [m.content for m in kept.messages] == ["Look!\n[image: A grey cat.]", "A cat."]
        assert "4711" in memory.search("door code", user_id="alex")["results"][0]["memory"]
        assert model.pictures == 1
