"""`MemlayerChatContext`: a model context that keeps what is said, since AutoGen itself never saves to a memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core import Component, ComponentModel
from autogen_core.model_context import ChatCompletionContext, UnboundedChatCompletionContext
from autogen_core.models import LLMMessage, SystemMessage
from pydantic import BaseModel
from typing_extensions import Self

from memlayer_autogen._chat import Said
from memlayer_autogen.memory import MemlayerMemory, spoken


class MemlayerChatContextConfig(BaseModel):
    """The two components that it is made of."""

    memory: ComponentModel
    inner: ComponentModel
    users: list[str]


class MemlayerChatContext(ChatCompletionContext, Component[MemlayerChatContextConfig]):
    """Hands every word that is said to a memory, and shows the model what that memory recalled.

    What was recalled is shown and never held: it is in no saved state, and does not pile up.
    """

    component_config_schema = MemlayerChatContextConfig
    component_provider_override = "memlayer_autogen.context.MemlayerChatContext"

    def __init__(
        self,
        memory: MemlayerMemory,
        inner: ChatCompletionContext | None = None,
        *,
        users: Sequence[str] = ("user",),
    ) -> None:
        """`inner` holds the conversation, unbounded by default; `users` are the names of the people in it.

        Give the agent the same memory in `memory=[…]`, or it keeps and does not recall.
        """
        super().__init__()
        self.inner = UnboundedChatCompletionContext() if inner is None else inner
        self.memory = memory
        self.users = tuple(users)
        self.recalled = ""
        self.numbers = memory.store.numbers()
        self._said: list[Said] | None = None

    async def add_message(self, message: LLMMessage) -> None:
        """Adds a message to the conversation and, if it has words, to memory."""
        said = await self._history()
        await self.inner.add_message(message)
        if new := spoken([message], self.users):
            said += new
            await self.memory.store.akeep(said, self.numbers, new=len(new))

    async def get_messages(self) -> list[LLMMessage]:
        """The conversation as `inner` gives it, and what was recalled last."""
        messages = await self.inner.get_messages()
        return [*messages, SystemMessage(content=self.recalled)] if self.recalled else messages

    async def clear(self) -> None:
        """Empties the conversation; memory stays."""
        self.recalled, self._said, self.numbers = "", None, self.memory.store.numbers()
        await self.inner.clear()

    async def save_state(self) -> Mapping[str, Any]:
        """The conversation alone."""
        return await self.inner.save_state()

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """The conversation alone."""
        self._said, self.numbers = None, self.memory.store.numbers()
        await self.inner.load_state(state)

    async def _history(self) -> list[Said]:
        """Everything that was said, also what a bounded `inner` no longer shows: the number of each word's saying."""
        if self._said is None:
            held = _Messages.model_validate(await self.inner.save_state())
            self._said = spoken(held.messages, self.users)
        return self._said

    def _to_config(self) -> MemlayerChatContextConfig:
        return MemlayerChatContextConfig(
            memory=self.memory.dump_component(), inner=self.inner.dump_component(), users=list(self.users)
        )

    @classmethod
    def _from_config(cls, config: MemlayerChatContextConfig) -> Self:
        return cls(
            MemlayerMemory.load_component(config.memory),
            ChatCompletionContext.load_component(config.inner),
            users=config.users,
        )


class _Messages(BaseModel):
    messages: list[LLMMessage]
