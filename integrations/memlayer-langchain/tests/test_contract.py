"""memlayer's contract of an adapter: through a classic memory, and through the middleware of a real agent."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from memlayer import Memory
from memlayer.testing import AdapterContract, AdapterHooks
from memlayer_langchain import MemlayerChatMessageHistory, MemlayerMemory, MemlayerMiddleware

Ids = tuple[str, str] | None


class Classic(AdapterHooks):
    """What a chain of langchain-classic does with its memory."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def of(self, user_id: str, run_id: str | None) -> MemlayerMemory:
        return MemlayerMemory(memory=self.memory, user_id=user_id, run_id=run_id, window=0)

    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Ids = None) -> None:
        human, ai = ids or (None, None)
        self.of(user_id, run_id).save_context(
            {"input": HumanMessage(user_text, id=human)}, {"output": AIMessage(assistant_text, id=ai)}
        )

    async def asave(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Ids = None) -> None:
        human, ai = ids or (None, None)
        await self.of(user_id, run_id).asave_context(
            {"input": HumanMessage(user_text, id=human)}, {"output": AIMessage(assistant_text, id=ai)}
        )

    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        return str(self.of(user_id, run_id).load_memory_variables({"input": query})["history"])

    async def arecall(self, query: str, *, user_id: str, run_id: str) -> str:
        return str((await self.of(user_id, run_id).aload_memory_variables({"input": query}))["history"])

    def clear(self, *, user_id: str, run_id: str | None) -> None:
        self.of(user_id, run_id).clear()

    async def aclear(self, *, user_id: str, run_id: str | None) -> None:
        await self.of(user_id, run_id).aclear()

    def fresh(self) -> Classic:
        return Classic(self.memory)


class TestClassicMemory(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Classic:
        return Classic(memory)


class Scripted(GenericFakeChatModel):
    """Says one thing, and keeps the prompt that it was shown."""

    prompt: Any = None

    def _generate(self, messages: list[BaseMessage], *args: Any, **options: Any) -> Any:
        self.prompt = messages
        return super()._generate(messages, *args, **options)


class Agent(AdapterHooks):
    """Runs of an agent, each conversation in a thread of its checkpointer."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.saver = memory, InMemorySaver()

    def said(self, user_id: str, run_id: str, text: str, answer: AIMessage, ids: Ids, **options: Any) -> Any:
        model = Scripted(messages=iter([answer]))
        middleware = MemlayerMiddleware(self.memory, **options)
        saver = self.saver if middleware._remember else InMemorySaver()
        agent = create_agent(model, middleware=[middleware], context_schema=dict, checkpointer=saver)
        call = {
            "input": {"messages": [HumanMessage(text, id=ids and ids[0])]},
            "config": {"configurable": {"thread_id": run_id}},
            "context": {"user_id": user_id},
        }
        return agent, call, model

    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Ids = None) -> None:
        answer = AIMessage(assistant_text, id=ids and ids[1])
        agent, call, _ = self.said(user_id, run_id, user_text, answer, ids, recall=False)
        agent.invoke(**call)

    async def asave(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Ids = None) -> None:
        answer = AIMessage(assistant_text, id=ids and ids[1])
        agent, call, _ = self.said(user_id, run_id, user_text, answer, ids, recall=False)
        await agent.ainvoke(**call)

    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        agent, call, model = self.said(user_id, run_id, query, AIMessage("…"), None, remember=False)
        agent.invoke(**call)
        return "".join(str(m.text) for m in model.prompt if m.type == "system")

    async def arecall(self, query: str, *, user_id: str, run_id: str) -> str:
        agent, call, model = self.said(user_id, run_id, query, AIMessage("…"), None, remember=False)
        await agent.ainvoke(**call)
        return "".join(str(m.text) for m in model.prompt if m.type == "system")

    def clear(self, *, user_id: str, run_id: str | None) -> None:
        MemlayerChatMessageHistory(self.memory, user_id=user_id, run_id=run_id).clear()

    async def aclear(self, *, user_id: str, run_id: str | None) -> None:
        await MemlayerChatMessageHistory(self.memory, user_id=user_id, run_id=run_id).aclear()

    def fresh(self) -> Agent:
        return Agent(self.memory)


class TestMiddleware(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Agent:
        return Agent(memory)
