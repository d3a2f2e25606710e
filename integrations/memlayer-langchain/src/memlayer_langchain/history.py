"""A chat history that is also remembered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage

from memlayer import AsyncMemory, Memory
from memlayer.adapters import chat_row, one_run
from memlayer_langchain._faces import async_of, ids_of, sync_of
from memlayer_langchain._messages import transcript

_PAGE = 1000


class MemlayerChatMessageHistory(BaseChatMessageHistory):
    """The messages of one run, in order; what they say is remembered for the person beyond it.

    Keeps human, AI and system messages in words, pictures in those of a model that sees, and what their documents say;
    tool calls and their results are not part of it.
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
    ) -> None:
        """`run_id` is the conversation, what LangChain calls a session."""
        self.memory = memory
        self.user_id, self.agent_id, self.run_id, self.app_id = user_id, agent_id, run_id, app_id

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """All messages, in the order in which they were said."""
        found: list[dict[str, Any]] = []
        while len(page := self._page(found)) == _PAGE:
            found += page
        return transcript([*found, *page])

    async def aget_messages(self) -> list[BaseMessage]:
        """All messages, in the order in which they were said."""
        found: list[dict[str, Any]] = []
        while len(page := await self._apage(found)) == _PAGE:
            found += page
        return transcript([*found, *page])

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Keeps messages under their ids; one whose id is there already is left out."""
        if said := _said(messages):
            sync_of(self.memory).add(said, **ids_of(self))

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Keeps messages under their ids; one whose id is there already is left out."""
        if said := _said(messages):
            await self._async.add(said, **ids_of(self))

    def clear(self) -> None:
        """Forgets this run for good, and nothing else; raises without a `run_id`."""
        sync_of(self.memory).erase(**one_run(ids_of(self), "clear"))

    async def aclear(self) -> None:
        """Forgets this run for good, and nothing else; raises without a `run_id`."""
        await self._async.erase(**one_run(ids_of(self), "clear"))

    @cached_property
    def _async(self) -> AsyncMemory:
        return async_of(self.memory)

    def _page(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        after = found[-1]["id"] if found else None
        return sync_of(self.memory).messages(limit=_PAGE, after=after, **ids_of(self))["results"]

    async def _apage(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        after = found[-1]["id"] if found else None
        return (await self._async.messages(limit=_PAGE, after=after, **ids_of(self)))["results"]


def _said(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """The rows of messages that say something; one without an id gets one, so that it keeps it when it comes back."""
    told = [chat_row(one) for one in messages if one.type in ("human", "ai", "system", "chat")]
    return [{**one, "id": one["id"] or str(uuid.uuid4())} for one in told if str(one["content"]).strip()]
