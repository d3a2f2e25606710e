"""What every adapter of memlayer promises."""

from __future__ import annotations

import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import ChatMemoryBuffer

from memlayer import Memory
from memlayer.testing import AdapterContract, AdapterHooks
from memlayer_llamaindex import MemlayerMemory
from memlayer_llamaindex._chat import HEAD


class Hooks(AdapterHooks):
    """A chat engine's order of calls, each turn by a memory that was made anew."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def chat(self, user_id: str, run_id: str | None) -> MemlayerMemory:
        context = {"user_id": user_id, "run_id": run_id}
        return MemlayerMemory.from_client(context, self.memory, primary_memory=ChatMemoryBuffer.from_defaults())

    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: object = None) -> None:
        chat = self.chat(user_id, run_id)
        chat.put(ChatMessage(user_text, role="user"))
        chat.put(ChatMessage(assistant_text, role="assistant"))

    async def asave(
        self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: object = None
    ) -> None:
        talk = [ChatMessage(user_text, role="user"), ChatMessage(assistant_text, role="assistant")]
        await self.chat(user_id, run_id).aput_messages(talk)

    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        return shown(self.chat(user_id, run_id).get(query))

    async def arecall(self, query: str, *, user_id: str, run_id: str) -> str:
        return shown(await self.chat(user_id, run_id).aget(query))

    def clear(self, *, user_id: str, run_id: str | None) -> None:
        self.chat(user_id, run_id).reset()

    async def aclear(self, *, user_id: str, run_id: str | None) -> None:
        await self.chat(user_id, run_id).areset()

    def fresh(self) -> Hooks:
        return Hooks(self.memory)


def shown(messages: list[ChatMessage]) -> str:
    text = "\n".join(m.content or "" for m in messages)
    return text if text.startswith(HEAD) else ""


class TestContract(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Hooks:
        return Hooks(memory)
