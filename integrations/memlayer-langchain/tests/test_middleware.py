"""Real agents with LangChain's fake models: what they are shown, what is kept, and for whom."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware, ModelCallLimitMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import BaseModel

from memlayer import AsyncMemory, ConfigurationError, ConflictError, Memory
from memlayer.testing import HashEmbedder, SeeingModel
from memlayer_langchain import MemlayerMiddleware

Answer = Callable[[Sequence[BaseMessage]], AIMessage]


@dataclass
class Context:
    user_id: str | None = None


class FakeModel(GenericFakeChatModel):
    """Answers with what `answer` makes of the prompt, and keeps every prompt."""

    answer: Any = None
    prompts: Any = None

    def bind_tools(self, tools: Any, **_: Any) -> FakeModel:
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **options: Any) -> Any:
        self.prompts.append(messages)
        one = self.model_copy(update={"messages": iter([self.answer(messages)])})
        return GenericFakeChatModel._generate(one, messages, *args, **options)


def model(answer: Answer = lambda _: AIMessage("All right.")) -> FakeModel:
    return FakeModel(messages=iter(()), answer=answer, prompts=[])


def shown(prompt: Sequence[BaseMessage]) -> str:
    """The system message of a prompt."""
    return str(prompt[0].text) if prompt[0].type == "system" else ""


def calls(*names: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": n, "args": arguments, "id": f"call-{n}"} for n in names])


def thread(name: str) -> Any:
    return {"configurable": {"thread_id": name}}


def said(memory: Memory, user: str = "alex") -> list[str]:
    return [row["content"] for row in memory.messages(user_id=user)["results"]]


# what a run recalls and keeps


def test_what_was_said_in_one_thread_is_known_in_another(memory: Memory) -> None:
    fake, saver = model(), InMemorySaver()
    agent = create_agent(
        fake,
        system_prompt="Be kind.",
        middleware=[MemlayerMiddleware(memory)],
        context_schema=Context,
        checkpointer=saver,
    )
    agent.invoke({"messages": "I live in Berlin."}, thread("1"), context=Context("alex"))
    found = agent.invoke({"messages": "Where do I live?"}, thread("2"), context=Context("alex"))
    assert shown(fake.prompts[0]) == "Be kind."
    assert shown(fake.prompts[1]).startswith("Be kind.\n\n<memories>")
    assert "Lives in Berlin" in shown(fake.prompts[1])
    assert [m.type for m in found["messages"]] == ["human", "ai"]
    rows = memory.messages(user_id="alex")["results"]
    assert [(r["role"], r["run_id"]) for r in rows] == [
        ("user", "1"),
        ("assistant", "1"),
        ("user", "2"),
        ("assistant", "2"),
    ]
    assert [r["message_id"] for r in rows[2:]] == [m.id for m in found["messages"]]


def test_a_run_keeps_ids_and_never_text(memory: Memory) -> None:
    agent = create_agent(model(), middleware=[MemlayerMiddleware(memory, user_id="alex")], checkpointer=InMemorySaver())
    memory.add("I live in Berlin.", user_id="alex")
    output = agent.invoke({"messages": "Where do I live?"}, thread("1"))
    values = agent.get_state(thread("1")).values
    [known] = memory.search("Where do I live?", user_id="alex", kinds=["fact"])["results"]
    assert known["id"] in values["memlayer_recalled"]["MemlayerMiddleware"]
    assert "Berlin" not in json.dumps(values, default=str)
    assert set(output) == {"messages"}


def test_a_system_message_of_parts_stays_one(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex")
    fake = model()
    prompt = SystemMessage([{"type": "text", "text": "Be kind."}])
    agent = create_agent(fake, system_prompt=prompt, middleware=[MemlayerMiddleware(memory, user_id="alex")])
    agent.invoke({"messages": "Where do I live?"})
    first, second = fake.prompts[0][0].content
    assert first == {"type": "text", "text": "Be kind."}
    assert "Lives in Berlin" in second["text"]


def test_async_runs_do_what_sync_runs_do(memory: Memory) -> None:
    fake = model()
    agent = create_agent(fake, middleware=[MemlayerMiddleware(AsyncMemory.of(memory))], context_schema=Context)

    async def run() -> None:
        await agent.ainvoke({"messages": "I live in Berlin."}, context=Context("alex"))
        await agent.ainvoke({"messages": "Where do I live?"}, context=Context("alex"))

    asyncio.run(run())
    assert "Lives in Berlin" in shown(fake.prompts[1])
    assert said(memory) == ["I live in Berlin.", "All right.", "Where do I live?", "All right."]


@pytest.mark.parametrize("mode", ["values", "updates", "messages"])
def test_streamed_runs_recall_and_remember(memory: Memory, mode: Any) -> None:
    fake = model()
    agent = create_agent(fake, middleware=[MemlayerMiddleware(memory, user_id="alex")])

    async def run() -> list[Any]:
        return [c async for c in agent.astream({"messages": "Where do I live?"}, stream_mode=mode)]

    assert list(agent.stream({"messages": "I live in Berlin."}, stream_mode=mode))
    assert asyncio.run(run())
    assert "Lives in Berlin" in shown(fake.prompts[1])
    assert said(memory) == ["I live in Berlin.", "All right.", "Where do I live?", "All right."]


def test_a_tool_loop_searches_once_and_shows_each_call_what_still_holds(path: Path) -> None:
    class Counting(Memory):
        searches = 0

        def search(self, *args: Any, **options: Any) -> Any:
            self.searches += 1
            return super().search(*args, **options)

    with Counting(path, embedder=HashEmbedder()) as memory:
        memory.add("I live in Berlin. I don't like cheese.", user_id="alex")

        @tool
        def forget() -> str:
            """Forgets the cheese."""
            [known] = [r for r in memory.get_all(user_id="alex")["results"] if "cheese" in r["memory"]]
            memory.delete(known["id"])
            return "Forgotten cheddar."

        def answer(prompt: Sequence[BaseMessage]) -> AIMessage:
            return AIMessage("Done.") if prompt[-1].type == "tool" else calls("forget")

        fake = model(answer)
        agent = create_agent(fake, [forget], middleware=[MemlayerMiddleware(memory, user_id="alex")])
        agent.invoke({"messages": "Where in Berlin is good cheese?"})
        assert memory.searches == 1
        assert ["cheese" in shown(p) for p in fake.prompts] == [True, False]
        assert all("Berlin" in shown(p) for p in fake.prompts)
        assert said(memory)[-2:] == ["Where in Berlin is good cheese?", "Done."]


def test_structured_output_and_other_middleware_go_along(memory: Memory) -> None:
    class City(BaseModel):
        name: str

    memory.add("I live in Berlin.", user_id="alex")
    fake = model(lambda _: calls("City", name="Berlin"))
    agent = create_agent(
        fake,
        middleware=[ModelCallLimitMiddleware(run_limit=3), MemlayerMiddleware(memory, user_id="alex")],
        response_format=ToolStrategy(City),
    )
    assert agent.invoke({"messages": "Where do I live?"})["structured_response"] == City(name="Berlin")
    assert "Lives in Berlin" in shown(fake.prompts[0])
    assert said(memory)[-1] == "Where do I live?"


def test_two_memories_serve_one_agent(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex")
    memory.add("Our office is in Berlin Mitte.", app_id="acme", infer=False)
    fake = model()
    agent = create_agent(
        fake,
        middleware=[
            MemlayerMiddleware(memory, user_id="alex"),
            MemlayerMiddleware(memory, app_id="acme", shared=True, remember=False, name="team", search={"limit": 3}),
        ],
    )
    agent.invoke({"messages": "What is in Berlin?"})
    assert "Lives in Berlin" in shown(fake.prompts[0])
    assert "Our office" in shown(fake.prompts[0])
    assert memory.messages(app_id="acme")["results"][-1]["content"] == "Our office is in Berlin Mitte."


def test_recalling_and_remembering_can_be_left_out(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex")
    fake = model()
    only_keeps = create_agent(fake, middleware=[MemlayerMiddleware(memory, user_id="alex", recall=False)])
    only_shows = create_agent(fake, middleware=[MemlayerMiddleware(memory, user_id="alex", remember=False)])
    only_keeps.invoke({"messages": "Where do I live?"})
    only_shows.invoke({"messages": "And where did I live?"})
    assert ["Berlin" in shown(p) for p in fake.prompts] == [False, True]
    assert said(memory)[1:] == ["Where do I live?", "All right."]


def test_a_message_without_words_asks_and_keeps_nothing(memory: Memory) -> None:
    agent = create_agent(model(lambda _: AIMessage("")), middleware=[MemlayerMiddleware(memory, user_id="alex")])
    picture = HumanMessage([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}])
    agent.invoke({"messages": [picture]})
    assert said(memory) == []


def test_the_model_can_look_after_the_memory_itself(memory: Memory) -> None:
    def answer(prompt: Sequence[BaseMessage]) -> AIMessage:
        if prompt[-1].type == "tool":
            return AIMessage(f"Found {prompt[-1].content}")
        return calls("search_memory", query="Where do I live?")

    memory.add("I live in Berlin.", user_id="alex")
    memory.add("I live in Rome.", user_id="bob")
    agent = create_agent(model(answer), middleware=[MemlayerMiddleware(memory, tools=True)], context_schema=Context)
    found = agent.invoke({"messages": "Look it up."}, context=Context("alex"))["messages"][-1].text
    assert "Lives in Berlin" in found
    assert "Rome" not in found


# interrupts and restarts


def test_a_run_goes_on_after_an_interrupt_and_a_restart(path: Path) -> None:
    sent: list[str] = []

    @tool
    def send(text: str) -> str:
        """Sends a letter."""
        sent.append(text)
        return "sent"

    def answer(prompt: Sequence[BaseMessage]) -> AIMessage:
        return AIMessage("It is on its way.") if prompt[-1].type == "tool" else calls("send", text="Dear Ann")

    saver, fake = InMemorySaver(), model(answer)

    def agent_on(memory: Memory) -> Any:
        middleware = [HumanInTheLoopMiddleware(interrupt_on={"send": True}), MemlayerMiddleware(memory, user_id="alex")]
        return create_agent(fake, [send], middleware=middleware, checkpointer=saver)

    with Memory(path, embedder=HashEmbedder()) as memory:
        memory.add("My sister's name is Ann.", user_id="alex")
        stopped = agent_on(memory).invoke({"messages": "Write to Ann, my sister."}, thread("1"))
        assert "__interrupt__" in stopped
        assert len(said(memory)) == 1
    with Memory(path, embedder=HashEmbedder()) as memory:
        agent_on(memory).invoke(Command(resume={"decisions": [{"type": "approve"}]}), thread("1"))
        assert sent == ["Dear Ann"]
        assert ["Ann" in shown(p) for p in fake.prompts] == [True, True]
        assert said(memory)[1:] == ["Write to Ann, my sister.", "It is on its way."]


# whose memory


def test_many_runs_at_once_never_mix_users(memory: Memory) -> None:
    users = [f"user{n}" for n in range(8)]
    for user in users:
        memory.add(f"My secret word is zebra{user}.", user_id=user)

    def answer(prompt: Sequence[BaseMessage]) -> AIMessage:
        return AIMessage(shown(prompt) or "nothing")

    agent = create_agent(model(answer), middleware=[MemlayerMiddleware(memory, remember=False)], context_schema=Context)
    question = {"messages": "What is my secret word?"}

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(agent.ainvoke(question, context=Context(user)) for user in users))

    with ThreadPoolExecutor(4) as pool:
        threads = list(pool.map(lambda user: agent.invoke(question, context=Context(user)), users))
    for found in (asyncio.run(all_at_once()), threads):
        for user, result in zip(users, found, strict=True):
            told = result["messages"][-1].text
            assert [other for other in users if f"zebra{other}" in told] == [user]


def test_a_run_without_a_user_is_refused(memory: Memory) -> None:
    agent = create_agent(model(), middleware=[MemlayerMiddleware(memory, agent_id="cook")], context_schema=Context)
    for context in (None, Context()):
        with pytest.raises(ConfigurationError, match="whose memory is this"):
            agent.invoke({"messages": "Hello"}, thread("1"), context=context)
    team = create_agent(model(), middleware=[MemlayerMiddleware(memory, agent_id="cook", shared=True)])
    team.invoke({"messages": "Hello"})
    assert len(memory.messages(agent_id="cook")["results"]) == 2


def test_a_run_that_contradicts_the_middleware_is_refused(memory: Memory) -> None:
    agent = create_agent(model(), middleware=[MemlayerMiddleware(memory, user_id="alex")], context_schema=Context)
    agent.invoke({"messages": "Hello"}, context=Context("alex"))
    with pytest.raises(ConflictError, match="bob"):
        agent.invoke({"messages": "Hello"}, context=Context("bob"))


def test_a_scope_can_be_read_out_of_any_context(memory: Memory) -> None:
    class Session(BaseModel):
        account: str

    agent = create_agent(
        model(),
        middleware=[MemlayerMiddleware(memory, app_id="shop", scope=lambda run: {"user_id": run.context.account})],
        context_schema=Session,
    )
    agent.invoke({"messages": "Hello"}, context=Session(account="alex"))
    assert {(r["user_id"], r["app_id"]) for r in memory.messages(user_id="alex")["results"]} == {("alex", "shop")}
    plain = create_agent(model(), middleware=[MemlayerMiddleware(memory)], context_schema=dict)
    plain.invoke({"messages": "Hello"}, context={"user_id": "bob", "run_id": "r1"})
    assert {r["run_id"] for r in memory.messages(user_id="bob")["results"]} == {"r1"}


def test_an_error_of_the_memory_is_an_error_of_the_run(memory: Memory) -> None:
    agent = create_agent(model(), middleware=[MemlayerMiddleware(memory, user_id="alex")])
    memory.close()
    with pytest.raises(ConfigurationError, match="closed"):
        agent.invoke({"messages": "Hello"})


# what is sent again

TALK = ["I live in Berlin.", "yes", "I like tea.", "yes"]


def agent_for(memory: Memory, **options: Any) -> Any:
    return create_agent(model(), middleware=[MemlayerMiddleware(memory, user_id="alex")], **options)


def test_a_conversation_that_grows_by_messages_is_kept_once(memory: Memory) -> None:
    agent, messages = agent_for(memory), []
    for text in TALK:
        messages = agent.invoke({"messages": [*messages, HumanMessage(text)]})["messages"]
    assert said(memory) == [part for text in TALK for part in (text, "All right.")]


def test_a_conversation_that_grows_by_dicts_without_ids_is_kept_once(memory: Memory) -> None:
    agent = agent_for(memory)
    messages: list[Any] = []
    for text in TALK:
        messages.append({"role": "user", "content": text})
        messages.append({"role": "assistant", "content": agent.invoke({"messages": messages})["messages"][-1].content})
    assert said(memory) == [part for text in TALK for part in (text, "All right.")]


def test_a_conversation_with_ids_of_its_own_is_kept_whole_and_once(memory: Memory) -> None:
    agent = agent_for(memory)
    history = [HumanMessage("I live in Berlin.", id="m1"), AIMessage("Nice.", id="m2"), HumanMessage("Bye.", id="m3")]
    agent.invoke({"messages": history})
    agent.invoke({"messages": [*history, AIMessage("Bye!", id="m4"), HumanMessage("Hello.", id="m5")]})
    ids = [r["message_id"] for r in memory.messages(user_id="alex")["results"]]
    assert [i for i in ids if i and i.startswith("m")] == ["m1", "m2", "m3", "m4", "m5"]


def test_a_thread_is_kept_once_with_all_that_came_into_it(memory: Memory) -> None:
    agent = agent_for(memory, checkpointer=InMemorySaver())
    agent.invoke(
        {"messages": [HumanMessage("I live in Berlin."), AIMessage("Nice."), HumanMessage("Bye.")]}, thread("1")
    )
    agent.invoke({"messages": "Hello."}, thread("1"))
    assert said(memory) == ["I live in Berlin.", "Nice.", "Bye.", "All right.", "Hello.", "All right."]


def test_in_a_thread_of_two_people_each_keeps_their_own_words(memory: Memory) -> None:
    agent = create_agent(
        model(), middleware=[MemlayerMiddleware(memory)], context_schema=Context, checkpointer=InMemorySaver()
    )
    agent.invoke({"messages": [HumanMessage("I live in Berlin.", id="m1")]}, thread("1"), context=Context("alex"))
    agent.invoke({"messages": [HumanMessage("I live in Rome.", id="m2")]}, thread("1"), context=Context("bob"))
    assert said(memory, "alex") == ["I live in Berlin.", "All right."]
    assert said(memory, "bob") == ["I live in Rome.", "All right."]


def test_a_failed_run_is_kept_by_the_next(memory: Memory) -> None:
    answers = [AIMessage("Hello."), ValueError("no model"), AIMessage("I am back.")]

    def answer(_: Sequence[BaseMessage]) -> AIMessage:
        one = answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    middleware = [MemlayerMiddleware(memory, user_id="alex")]
    agent = create_agent(model(answer), middleware=middleware, checkpointer=InMemorySaver())
    agent.invoke({"messages": "Hi."}, thread("1"))
    with pytest.raises(ValueError, match="no model"):
        agent.invoke({"messages": "I live in Berlin."}, thread("1"))
    agent.invoke({"messages": "Are you there?"}, thread("1"))
    assert said(memory) == ["Hi.", "Hello.", "I live in Berlin.", "Are you there?", "I am back."]


def test_tool_results_and_system_messages_are_not_what_was_said(memory: Memory) -> None:
    agent = agent_for(memory, checkpointer=InMemorySaver())
    call = calls("look")
    history = [SystemMessage("Be kind."), HumanMessage("Look."), call, ToolMessage("A cat.", tool_call_id="call-look")]
    agent.invoke({"messages": history}, thread("1"))
    assert said(memory) == ["Look.", "All right."]


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
        agent = create_agent(model(), middleware=[MemlayerMiddleware(memory)], context_schema=Context)
        agent.invoke({"messages": [HumanMessage(parts)]}, context=Context("alex"))
        rows = memory.messages(user_id="alex")["results"]
        cats = "\n[image: A grey cat.]" * 2 if sees else ""
        assert [row["content"] for row in rows][:2] == [f"Look!{cats}", "The code is 4711."]
        assert "(rule: loopback)" in rows[0]["metadata"].pop("unread_parts")[0]
        assert rows[0]["metadata"] == ({} if sees else {"unseen_pictures": 2})
