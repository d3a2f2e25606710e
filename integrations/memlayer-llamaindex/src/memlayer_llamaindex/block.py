"""`MemlayerMemoryBlock`: memlayer as one block of LlamaIndex's `Memory`."""

from __future__ import annotations

from typing import Any

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.memory import BaseMemoryBlock
from pydantic import Field, PrivateAttr

from memlayer import AsyncMemory, Memory
from memlayer.adapters import Numbers, faces, person
from memlayer_llamaindex._chat import Ids, question
from memlayer_llamaindex.memory import MemlayerContext


class MemlayerMemoryBlock(BaseMemoryBlock[str]):
    """Recalls for every question, and keeps what LlamaIndex's `Memory` hands to its blocks.

    `Memory` hands a block only what no longer fits its own token limit. For an agent whose every turn is to be
    remembered, use `MemlayerMemory`.
    """

    name: str = Field(default="memlayer", description="The name of the block in the prompt.")
    context: MemlayerContext = Field(description="Whose memory it is.")
    max_tokens: int = Field(default=2000, ge=1, description="Budget of what is recalled.")
    client: Memory | AsyncMemory = Field(exclude=True, repr=False, description="The memory beneath.")

    _twin: AsyncMemory = PrivateAttr()
    _ids: Ids = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Takes the async face of the client."""
        _, self._twin = faces(self.client)
        self._ids = self._counted([])

    async def _aget(self, messages: list[ChatMessage] | None = None, **block_kwargs: Any) -> str:
        """What is recalled for the question that the messages end with; "" where nothing is asked or known."""
        query = question(messages or [], 1)
        if not query:
            return ""
        shown = messages or []
        ids = self._counted(shown)
        await ids.ameet(shown, new=False)
        return await self._twin.context(
            query,
            filters={"message_id": {"nin": ids.of(shown)}},
            max_tokens=self.max_tokens,
            **person(self.context.ids()),
        )

    async def _aput(self, messages: list[ChatMessage]) -> None:
        """Keeps messages that leave the conversation's window."""
        await self._ids.ameet(messages, new=True)
        if said := self._ids.read(messages):
            await self._twin.add(said, **self.context.ids())

    def _counted(self, said: list[ChatMessage]) -> Ids:
        return Ids(Numbers(self._twin, self.context.ids()), said)
