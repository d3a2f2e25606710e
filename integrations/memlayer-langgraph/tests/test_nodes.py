"""Compiled graphs with the two nodes: what they find, what they keep, and for whom."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt
from pydantic import BaseModel
from typing_extensions import TypedDict

from memlayer import AsyncMemory, ConfigurationError, ConflictError, Memory
from memlayer.testing import HashEmbedder, SeeingModel
from memlayer_langgraph import MemlayerStore, MemoryState, recall_node, remember_node


@dataclass
class Context:
    user_id: str | None = None


class State(MessagesState, MemoryState): ...


def answer(state: State) -> dict[str, Any]:
    return {"messages": [AIMessage(state["memory_context"] or "I do not know.")]}


def graph_of(
    memory: Memory | AsyncMemory, model: Callable[[State], Any] = answer, *, saver: Any = None, **options: Any
) -> Any:
    return (
        StateGraph(State, context_schema=Context)
        .add_node("recall", recall_node(memory, **options))
        .add_node("model", model)
        .add_node("remember", remember_node(memory, **options))
        .add_edge(START, "recall")
        .add_edge("recall", "model")
        .add_edge("model", "remember")
        .add_edge("remember", END)
        .compile(checkpointer=saver)
    )


def thread(name: str) -> Any:
    return {"configurable": {"thread_id": name}}


def said(memory: Memory, user: str = "alex") -> list[str]:
    return [row["content"] for row in memory.messages(user_id=user)["results"]]


ASK = {"messages": [HumanMessage("Where do I live?")]}
TELL = {"messages": [HumanMessage("I live in Berlin.")]}


def test_one_thread_knows_what_another_was_told(memory: Memory) -> None:
    graph = graph_of(memory, saver=InMemorySaver())
    graph.invoke(TELL, thread("1"), context=Context("alex"))
    found = graph.invoke(ASK, thread("2"), context=Context("alex"))
    assert "Lives in Berlin" in found["messages"][-1].text
    assert found["memories"][0]["user_id"] == "alex"
    assert {row["run_id"] for row in memory.messages(user_id="alex")["results"]} == {"1", "2"}


def test_async_does_what_sync_does(memory: Memory) -> None:
    graph = graph_of(AsyncMemory.of(memory))

    async def run() -> Any:
        await graph.ainvoke(TELL, context=Context("alex"))
        return await graph.ainvoke(ASK, context=Context("alex"))

    assert "Lives in Berlin" in asyncio.run(run())["messages"][-1].text
    assert said(memory)[0] == "I live in Berlin."


@pytest.mark.parametrize("mode", ["values", "updates", "custom", "debug"])
def test_streamed_runs_recall_and_remember(memory: Memory, mode: Any) -> None:
    graph = graph_of(memory, user_id="alex")
    list(graph.stream(TELL, stream_mode=mode))

    async def run() -> None:
        async for _ in graph.astream(ASK, stream_mode=mode):
            pass

    asyncio.run(run())
    assert said(memory)[0] == "I live in Berlin."
    assert "Lives in Berlin" in said(memory)[-1]


def test_a_subgraph_has_the_context_of_its_parent(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex")
    parent = StateGraph(State, context_schema=Context).add_node("inner", graph_of(memory)).add_edge(START, "inner")
    for found in (
        parent.compile().invoke(ASK, context=Context("alex")),
        asyncio.run(parent.compile().ainvoke(ASK, context=Context("alex"))),
    ):
        assert "Lives in Berlin" in found["messages"][-1].text


def test_a_state_has_only_the_keys_that_it_needs(memory: Memory) -> None:
    class Small(TypedDict):
        messages: list[Any]
        memory_context: str

    memory.add("I live in Berlin.", user_id="alex")
    graph = (
        StateGraph(Small)
        .add_node("recall", recall_node(memory, user_id="alex"))
        .add_node("remember", remember_node(memory, user_id="alex"))
        .add_edge(START, "recall")
        .add_edge("recall", "remember")
        .compile()
    )
    found = graph.invoke({"messages": [{"role": "user", "content": "Where do I live?"}]})
    assert "Lives in Berlin" in found["memory_context"]
    assert set(found) == {"messages", "memory_context"}
    assert said(memory)[-1] == "Where do I live?"


def test_a_state_can_be_a_model_with_names_of_its_own(memory: Memory) -> None:
    class Ticket(BaseModel):
        talk: list[Any] = []
        subject: str = ""
        memories: list[Any] = []

    memory.add("I live in Berlin.", user_id="alex")
    graph = (
        StateGraph(Ticket)
        .add_node("recall", recall_node(memory, user_id="alex", query=lambda state: state.subject, limit=1))
        .add_node("remember", remember_node(memory, user_id="alex", messages_key="talk", infer=False))
        .add_edge(START, "recall")
        .add_edge("recall", "remember")
        .compile()
    )
    found = graph.invoke({"subject": "Berlin", "talk": ["I moved."]})
    assert [row["memory"] for row in found["memories"]] == ["Lives in Berlin"]
    assert memory.get_all(user_id="alex")["results"][0]["memory"] == "I moved."


def test_nothing_asked_finds_nothing_and_nothing_said_keeps_nothing(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex")
    graph = graph_of(memory, lambda _: {}, user_id="alex")
    for found in (graph.invoke({"messages": []}), asyncio.run(graph.ainvoke({"messages": []}))):
        assert (found["memories"], found["memory_context"]) == ([], "")
    assert len(said(memory)) == 1


def test_a_run_goes_on_after_an_interrupt_and_a_restart(path: Path) -> None:
    def ask_first(state: State) -> dict[str, Any]:
        allowed = interrupt("May I?")
        return {"messages": [AIMessage(f"{allowed}: {state['memory_context']}")]}

    saver = InMemorySaver()
    with Memory(path, embedder=HashEmbedder()) as memory:
        memory.add("I live in Berlin.", user_id="alex")
        assert "__interrupt__" in graph_of(memory, ask_first, saver=saver, user_id="alex").invoke(ASK, thread("1"))
        assert len(said(memory)) == 1
    with Memory(path, embedder=HashEmbedder()) as memory:
        graph = graph_of(memory, ask_first, saver=saver, user_id="alex")
        found = graph.invoke(Command(resume="yes"), thread("1"))["messages"][-1].text
        assert found.startswith("yes: <memories>")
        assert said(memory)[1:] == ["Where do I live?", found]


def test_many_runs_at_once_never_mix_users(memory: Memory) -> None:
    users = [f"user{n}" for n in range(8)]
    for user in users:
        memory.add(f"My secret word is zebra{user}.", user_id=user)
    graph = graph_of(memory)
    question = {"messages": [HumanMessage("What is my secret word?")]}

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(graph.ainvoke(question, context=Context(user)) for user in users))

    with ThreadPoolExecutor(4) as pool:
        threads = list(pool.map(lambda user: graph.invoke(question, context=Context(user)), users))
    for found in (asyncio.run(all_at_once()), threads):
        for user, result in zip(users, found, strict=True):
            told = result["messages"][-1].text
            assert [other for other in users if f"zebra{other}" in told] == [user]


def test_a_run_without_a_user_is_refused(memory: Memory) -> None:
    graph = graph_of(memory, agent_id="cook", saver=InMemorySaver())
    for context in (None, Context()):
        with pytest.raises(ConfigurationError, match="whose memory is this"):
            graph.invoke(ASK, thread("1"), context=context)
    graph_of(memory, agent_id="cook", shared=True).invoke(TELL)
    assert len(memory.messages(agent_id="cook")["results"]) == 2
    with pytest.raises(ConflictError, match="bob"):
        graph_of(memory, user_id="alex").invoke(ASK, context=Context("bob"))


def test_a_node_runs_outside_of_a_graph(memory: Memory) -> None:
    remember_node(memory, user_id="alex").invoke(TELL)
    assert "Lives in Berlin" in recall_node(memory, user_id="alex").invoke(ASK)["memory_context"]


def test_a_scope_can_be_read_out_of_the_runtime(memory: Memory) -> None:
    graph = graph_of(memory, app_id="shop", scope=lambda runtime: {"user_id": runtime.context.user_id.lower()})
    graph.invoke(TELL, context=Context("ALEX"))
    assert {(r["user_id"], r["app_id"]) for r in memory.messages(user_id="alex")["results"]} == {("alex", "shop")}


# messages


def test_messages_without_ids_are_kept_once_in_a_thread(memory: Memory) -> None:
    class Plain(TypedDict):
        messages: list[Any]

    graph = (
        StateGraph(Plain)
        .add_node("remember", remember_node(memory, user_id="alex"))
        .add_edge(START, "remember")
        .compile(checkpointer=InMemorySaver())
    )
    talk = [("user", "I live in Berlin."), ("ai", "ok"), ("user", "yes"), ("ai", "ok"), ("user", "yes")]
    for length in (1, 3, 5, 5):
        graph.invoke({"messages": [{"role": r, "content": t} for r, t in talk[:length]]}, thread("1"))
    assert said(memory) == [text for _, text in talk]


def test_in_a_thread_of_two_people_each_keeps_their_own_words(memory: Memory) -> None:
    graph = graph_of(memory, saver=InMemorySaver())
    graph.invoke({"messages": [HumanMessage("I live in Berlin.", id="m1")]}, thread("1"), context=Context("alex"))
    graph.invoke({"messages": [HumanMessage("I live in Rome.", id="m2")]}, thread("1"), context=Context("bob"))
    assert "I live in Rome." not in said(memory, "alex")
    assert said(memory, "bob")[0] == "I live in Rome."
    assert len(said(memory, "bob")) == 2


def test_a_thread_whose_start_is_cut_off_goes_on(memory: Memory) -> None:
    class Plain(TypedDict, total=False):
        messages: list[Any]
        memory_kept: str

    graph = (
        StateGraph(Plain)
        .add_node("remember", remember_node(memory, user_id="alex"))
        .add_edge(START, "remember")
        .compile(checkpointer=InMemorySaver())
    )
    talk = [HumanMessage("one", id="1"), AIMessage("two", id="2"), HumanMessage("three", id="3")]
    graph.invoke({"messages": talk}, thread("1"))
    summary = [HumanMessage("Earlier: one to three.", id="s"), AIMessage("four", id="4"), HumanMessage("five", id="5")]
    graph.invoke({"messages": summary}, thread("1"))
    assert said(memory) == ["one", "two", "three", "five"]


# the store in a graph


def test_nodes_meet_the_store_of_their_graph(memory: Memory) -> None:
    def note(state: MessagesState, runtime: Runtime[Context]) -> dict[str, Any]:
        assert runtime.store is not None
        runtime.store.put(("notes", runtime.context.user_id or ""), "last", {"text": state["messages"][-1].text})
        return {}

    async def read(state: MessagesState, runtime: Runtime[Context]) -> dict[str, Any]:
        assert runtime.store is not None
        [found] = await runtime.store.asearch(("notes", runtime.context.user_id or ""), query="city", limit=1)
        return {"messages": [AIMessage(found.value["text"])]}

    store = MemlayerStore(memory, scope_of=lambda namespace: {"user_id": namespace[1]})
    graph = (
        StateGraph(MessagesState, context_schema=Context)
        .add_node("note", note)
        .add_node("read", read)
        .add_edge(START, "note")
        .add_edge("note", "read")
        .compile(store=store)
    )
    for user, city in (("alex", "Berlin"), ("bob", "Rome")):
        found = asyncio.run(graph.ainvoke({"messages": [HumanMessage(f"My city is {city}.")]}, context=Context(user)))
        assert found["messages"][-1].text == f"My city is {city}."
    assert memory.items.namespaces(user_id="alex") == [("notes", "alex")]


@pytest.mark.parametrize("sees", [True, False])
def test_pictures_and_documents_are_kept_and_none_fails_the_turn(sees: bool) -> None:
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n the rest").decode()
    parts = [
        {"type": "text", "text": "Look!"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
        {"type": "image", "base64": picture, "mime_type": "image/png"},
        {"type": "file", "base64": base64.b64encode(b"The code is 4711.").decode(), "mime_type": "text/plain"},
        {"type": "file", "url": "http://127.0.0.1/a.pdf", "mime_type": "application/pdf"},
    ]
    with Memory(":memory:", llm=SeeingModel() if sees else None, embedder=HashEmbedder()) as memory:
        agent = graph_of(memory)
        agent.invoke({"messages": [HumanMessage(parts)]}, context=Context("alex"))
        rows = memory.messages(user_id="alex")["results"]
        cats = "\n[image: A grey cat.]" * 2 if sees else ""
        assert [row["content"] for row in rows][:2] == [f"Look!{cats}", "The code is 4711."]
        assert "(rule: loopback)" in rows[0]["metadata"].pop("unread_parts")[0]
        assert rows[0]["metadata"] == ({} if sees else {"unseen_pictures": 2})
