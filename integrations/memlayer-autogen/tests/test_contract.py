"""What every adapter of memlayer promises, for the memory and the context of AutoGen's agents."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("autogen_core")

from autogen_core.model_context import UnboundedChatCompletionContext
from autogen_core.models import AssistantMessage, SystemMessage, UserMessage

from memlayer import Memory
from memlayer.testing import AdapterContract, AdapterHooks
from memlayer_autogen import MemlayerChatContext, MemlayerMemory


class Hooks(AdapterHooks):
    """An agent's order of calls, each turn by a context that was made anew."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def of(self, user_id: str, run_id: str | None) -> MemlayerMemory:
        return MemlayerMemory(self.memory, user_id=user_id, run_id=run_id)

    async def asave(
        self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: object = None
    ) -> None:
        context = MemlayerChatContext(self.of(user_id, run_id))
        await context.add_message(UserMessage(content=user_text, source="user"))
        await context.add_message(AssistantMessage(content=assistant_text, source="agent"))

    async def arecall(self, query: str, *, user_id: str, run_id: str) -> str:
        context = UnboundedChatCompletionContext()
        await context.add_message(UserMessage(content=query, source="user"))
        await self.of(user_id, run_id).update_context(context)
        return "\n".join(m.content for m in await context.get_messages() if isinstance(m, SystemMessage))

    async def aclear(self, *, user_id: str, run_id: str | None) -> None:
        await self.of(user_id, run_id).clear()

    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: object = None) -> None:
        asyncio.run(self.asave(user_text, assistant_text, user_id=user_id, run_id=run_id))

    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        return asyncio.run(self.arecall(query, user_id=user_id, run_id=run_id))

    def clear(self, *, user_id: str, run_id: str | None) -> None:
        asyncio.run(self.aclear(user_id=user_id, run_id=run_id))

    def fresh(self) -> Hooks:
        return Hooks(self.memory)


class TestContract(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Hooks:
        return Hooks(memory)
