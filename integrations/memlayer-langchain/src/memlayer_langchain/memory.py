"""Classic `BaseMemory` for chains of langchain-classic; new programs use `MemlayerMiddleware`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from langchain_classic.base_memory import BaseMemory
from langchain_core.messages import BaseMessage, SystemMessage, get_buffer_string
from pydantic import Field

from memlayer import AsyncMemory, ConfigurationError, Memory
from memlayer.adapters import chat_row, one_run, person
from memlayer_langchain._faces import async_of, ids_of, sync_of
from memlayer_langchain._messages import transcript


class MemlayerMemory(BaseMemory):
    """Gives a chain what the memory knows about its input and the last messages, and keeps what is said.

    LangChain has deprecated `BaseMemory` (it leaves langchain-classic with 2.0): this is for chains that there are.
    """

    memory: Memory | AsyncMemory = Field(exclude=True)
    """What remembers."""
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    """The conversation: what is recalled is not bound to it, the last messages and `clear` are."""
    app_id: str | None = None
    memory_key: str = "history"
    """The variable that the prompt reads."""
    input_key: str | None = None
    """Which input of the chain the person said; None where there is one only."""
    output_key: str | None = None
    """Which output of the chain was answered; None where there is one only."""
    return_messages: bool = False
    """Gives messages for a chat prompt, the recalled ones in a system message, in place of one text."""
    window: int = Field(default=10, ge=0, le=10_000)
    """So many of the last messages are given as they were said; 0 for none."""
    max_tokens: int = 2000
    """Budget of what is recalled."""

    @property
    def memory_variables(self) -> list[str]:
        """The one variable that this memory fills."""
        return [self.memory_key]

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """What is known about the input, and the last messages."""
        asked, ids = self._asked(inputs), ids_of(self)
        memory = sync_of(self.memory)
        known = memory.context(asked, max_tokens=self.max_tokens, **person(ids)) if asked else ""
        said = memory.messages(last=self.window, **ids)["results"] if self.window else []
        return {self.memory_key: self._shown(known, transcript(said))}

    async def aload_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """What is known about the input, and the last messages."""
        asked, ids = self._asked(inputs), ids_of(self)
        known = await self._async.context(asked, max_tokens=self.max_tokens, **person(ids)) if asked else ""
        said = (await self._async.messages(last=self.window, **ids))["results"] if self.window else []
        return {self.memory_key: self._shown(known, transcript(said))}

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Keeps what was said and what was answered."""
        if turn := self._turn(inputs, outputs):
            sync_of(self.memory).add(turn, **ids_of(self))

    async def asave_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Keeps what was said and what was answered."""
        if turn := self._turn(inputs, outputs):
            await self._async.add(turn, **ids_of(self))

    def clear(self) -> None:
        """Forgets this run for good, and nothing else; raises without a `run_id`."""
        sync_of(self.memory).erase(**one_run(ids_of(self), "clear"))

    async def aclear(self) -> None:
        """Forgets this run for good, and nothing else; raises without a `run_id`."""
        await self._async.erase(**one_run(ids_of(self), "clear"))

    @cached_property
    def _async(self) -> AsyncMemory:
        return async_of(self.memory)

    def _asked(self, inputs: Mapping[str, Any]) -> str:
        key = self._key("input_key", self.input_key, inputs, needed=False)
        said = "" if key is None else inputs[key]
        return str(said.text if isinstance(said, BaseMessage) else said).strip()

    def _turn(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> list[dict[str, Any]]:
        said = inputs[self._key("input_key", self.input_key, inputs)]
        answered = outputs[self._key("output_key", self.output_key, outputs)]
        turn = [_row("user", said), _row("assistant", answered)]
        return [one for one in turn if str(one["content"]).strip()]

    def _key(self, name: str, given: str | None, values: Mapping[str, Any], *, needed: bool = True) -> Any:
        """The key that holds what was said; the memory's own variable is among a chain's inputs and is no candidate."""
        if given is not None:
            if given not in values and needed:
                raise ConfigurationError(f"{name}={given!r} is not among {sorted(values)}")
            return given if given in values else None
        keys = [key for key in values if key not in (*self.memory_variables, "stop")]
        if len(keys) != 1 and (needed or keys):
            raise ConfigurationError(f"one of {sorted(keys)} is what was said: name it with {name}=")
        return keys[0] if keys else None

    def _shown(self, known: str, said: list[BaseMessage]) -> str | list[BaseMessage]:
        if self.return_messages:
            return [SystemMessage(known), *said] if known else said
        return "\n".join(filter(None, (known, get_buffer_string(said))))


def _row(role: str, said: Any) -> dict[str, Any]:
    return chat_row(said) if isinstance(said, BaseMessage) else {"role": role, "content": str(said)}
