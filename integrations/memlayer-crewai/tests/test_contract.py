"""What every adapter of memlayer promises."""

from __future__ import annotations

import pytest

from memlayer import Memory
from memlayer.testing import AdapterContract, AdapterHooks
from memlayer_crewai import MemlayerMemory


class Hooks(AdapterHooks):
    """The order of calls of an agent that carries out one task, each with a memory that was made anew."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def of(self, user_id: str, run_id: str | None) -> MemlayerMemory:
        return MemlayerMemory(self.memory, user_id=user_id, run_id=run_id)

    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: object = None) -> None:
        crew = self.of(user_id, run_id)
        raw = f"Task: {user_text}\nAgent: helper\nExpected result: an answer\nResult: {assistant_text}"
        crew.remember_many(crew.extract_memories(raw), agent_role="helper")
        crew.drain_writes()

    async def asave(
        self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: object = None
    ) -> None:
        crew = self.of(user_id, run_id)
        raw = f"Input: {user_text}\nAgent: helper\nResult: {assistant_text}"
        for content in await crew.aextract_memories(raw):
            await crew.aremember(content)

    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        return "\n".join(match.format() for match in self.of(user_id, run_id).recall(query, limit=5))

    async def arecall(self, query: str, *, user_id: str, run_id: str) -> str:
        return "\n".join(match.format() for match in await self.of(user_id, run_id).arecall(query, limit=5))

    def clear(self, *, user_id: str, run_id: str | None) -> None:
        self.of(user_id, run_id).reset()

    async def aclear(self, *, user_id: str, run_id: str | None) -> None:
        self.of(user_id, run_id).reset_all()

    def fresh(self) -> Hooks:
        return Hooks(self.memory)


class TestContract(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Hooks:
        return Hooks(memory)
