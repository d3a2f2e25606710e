"""`memlayer_plugin`: a memory for the agents of AG2 1.x."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from ag2.annotations import Context
from ag2.events import (
    BaseEvent,
    BinaryInput,
    BinaryType,
    FileIdInput,
    Input,
    ModelRequest,
    ModelResponse,
    TextInput,
    UrlInput,
)
from ag2.middleware import BaseMiddleware, Middleware
from ag2.middleware.base import AgentTurn, LLMCall
from ag2.plugin import Plugin

from memlayer import AsyncMemory, Memory
from memlayer_autogen._chat import Said, Store


def memlayer_plugin(
    client: Memory | AsyncMemory | None = None,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    app_id: str | None = None,
    max_tokens: int = 2000,
) -> Plugin:
    """A plugin that recalls before the model is called and keeps what was said in a turn: `Agent(plugins=[…])`."""
    ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
    return Plugin(middleware=[Middleware(MemlayerMiddleware, store=Store(client, ids, max_tokens))])


class MemlayerMiddleware(BaseMiddleware):
    """One turn of an agent with a memory; AG2 makes one for each turn."""

    def __init__(self, event: BaseEvent, context: Context, *, store: Store) -> None:
        """`store` is what `memlayer_plugin` made of its client and ids."""
        super().__init__(event, context)
        self._store = store
        self._recalled: str | None = None

    async def on_llm_call(self, call_next: LLMCall, events: Sequence[BaseEvent], context: Context) -> ModelResponse:
        """Adds what is recalled to the prompt for this call; searches once per turn."""
        if self._recalled is None:
            self._recalled = await self._store.arecall(_said(events), self._store.numbers())
        if not self._recalled:
            return await call_next(events, context)
        prompt = context.prompt
        context.prompt = [*prompt, self._recalled]
        try:
            return await call_next(events, context)
        finally:
            context.prompt = prompt

    async def on_turn(self, call_next: AgentTurn, event: BaseEvent, context: Context) -> ModelResponse:
        """Keeps what was said, when the turn has ended."""
        response = await call_next(event, context)
        said = _said(list(await context.stream.history.get_events()))
        await self._store.akeep(said, self._store.numbers())
        return response


def _said(events: Sequence[BaseEvent]) -> list[Said]:
    found: list[Said] = []
    for event in events:
        if isinstance(event, ModelRequest):
            text = "\n".join(part.content for part in event.parts if isinstance(part, TextInput))
            said = Said("user", text, None, tuple(part for p in event.parts if (part := _part(p))))
        elif isinstance(event, ModelResponse):
            said = Said("assistant", event.content or "", None)
        else:
            continue
        if said:
            found.append(said)
    return found


def _part(part: Input) -> dict[str, Any] | None:
    """A picture or a document as `Memory.add` takes it; None for everything else."""
    if isinstance(part, BinaryInput) and part.kind in (BinaryType.IMAGE, BinaryType.DOCUMENT):
        return {"type": "file", "base64": base64.b64encode(part.data).decode()}
    if isinstance(part, UrlInput) and part.kind in (BinaryType.IMAGE, BinaryType.DOCUMENT):
        return {"type": "image" if part.kind == BinaryType.IMAGE else "file", "url": part.url}
    if isinstance(part, FileIdInput):
        return {"type": "file", "file_id": part.file_id}
    return None
