"""`MemlayerMemory`: what an AutoGen agent takes in `memory=[…]`."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from autogen_core import CancellationToken, Component, Image
from autogen_core.memory import Memory as AutoGenMemory
from autogen_core.memory import MemoryContent, MemoryMimeType, MemoryQueryResult, UpdateContextResult
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage
from pydantic import BaseModel
from typing_extensions import Self

from memlayer import AsyncMemory, Memory, UnsupportedError
from memlayer.adapters import one_run, person
from memlayer_autogen._chat import HEAD, Said, Store

T = TypeVar("T")


class MemlayerMemoryConfig(BaseModel):
    """What a memory is made from; holds no key."""

    path: str | None = None
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None
    limit: int = 10
    max_tokens: int = 2000


class MemlayerMemory(AutoGenMemory, Component[MemlayerMemoryConfig]):
    """Recalls what matters for a conversation from everything that was said in earlier ones.

    AutoGen itself saves nothing: give the agent a `MemlayerChatContext`, too, and what is said is kept.
    """

    component_type = "memory"
    component_config_schema = MemlayerMemoryConfig
    component_provider_override = "memlayer_autogen.memory.MemlayerMemory"

    def __init__(
        self,
        client: Memory | AsyncMemory | None = None,
        *,
        path: str | Path | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        limit: int = 10,
        max_tokens: int = 2000,
    ) -> None:
        """Works on `client`, or on the memory in the file `path`; `run_id` is one conversation.

        `limit` is how many memories `query` gives, `max_tokens` the budget of what is shown to the model.
        """
        if client is not None and path is not None:
            raise ValueError("give client= or path=, not both")
        ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
        self.store = Store(Memory(path) if client is None else client, ids, max_tokens)
        self.store.owned = client is None
        self._path = path
        self._limit = limit

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Shows the model what is known about the newest words; what an earlier call showed is taken out."""
        said = spoken(await model_context.get_messages(), getattr(model_context, "users", ("user",)))
        numbers = getattr(model_context, "numbers", None) or self.store.numbers()
        recalled = await self.store.arecall(said, numbers)
        await show(model_context, recalled)
        found = [] if not recalled else [MemoryContent(content=recalled, mime_type=MemoryMimeType.TEXT)]
        return UpdateContextResult(memories=MemoryQueryResult(results=found))

    async def query(
        self,
        query: str | MemoryContent = "",
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """The memories that answer a query, best first; for an empty one the newest. Takes the keywords of `search`."""
        text = query if isinstance(query, str) else _text(query)
        ids = {**person(self.store.ids), "limit": self._limit, **kwargs}
        aio = self.store.aio
        call: Coroutine[Any, Any, Any] = aio.search(text, **ids) if text.strip() else aio.get_all(**ids)
        found = await _linked(call, cancellation_token)
        return MemoryQueryResult(results=[_content(item) for item in found["results"]])

    async def add(self, content: MemoryContent, cancellation_token: CancellationToken | None = None) -> None:
        """Takes something in as said by the user, with its metadata: words, a picture, or a document's bytes."""
        metadata = dict(content.metadata or {})
        told = {"role": "user", "content": _part(content) or _text(content)}
        await _linked(self.store.aio.add(told, metadata=metadata or None, **self.store.ids), cancellation_token)

    async def clear(self) -> None:
        """Forgets this conversation and nothing else; raises without a `run_id`, which is what names it."""
        await self.store.aio.erase(**one_run(self.store.ids, "clear"))

    async def close(self) -> None:
        """Closes the memory's file if it was opened here."""
        await self.store.close()

    def _to_config(self) -> MemlayerMemoryConfig:
        if not self.store.owned:
            raise UnsupportedError(
                "a config holds no client, whose settings and keys it would have to hold; "
                "make the memory with MemlayerMemory(path=…) where agents are saved as components"
            )
        path = None if self._path is None else str(self._path)
        return MemlayerMemoryConfig(path=path, limit=self._limit, max_tokens=self.store.max_tokens, **self.store.ids)

    @classmethod
    def _from_config(cls, config: MemlayerMemoryConfig) -> Self:
        return cls(**config.model_dump())


def spoken(messages: Sequence[LLMMessage], users: Sequence[str] = ("user",)) -> list[Said]:
    """What people and agents said and showed; `users` are the names of the human ones."""
    found: list[Said] = []
    for message in messages:
        if isinstance(message, UserMessage):
            parts = [message.content] if isinstance(message.content, str) else message.content
            text = "\n".join(part for part in parts if isinstance(part, str))
            human = message.source in users
            pictures = tuple(_picture(part) for part in parts if isinstance(part, Image))
            said = Said("user" if human else "assistant", text, None if human else message.source, pictures)
        elif isinstance(message, AssistantMessage) and isinstance(message.content, str):
            said = Said("assistant", message.content, message.source)
        else:
            continue
        if said:
            found.append(said)
    return found


async def show(model_context: ChatCompletionContext, recalled: str) -> None:
    """Puts what was recalled into a context in place of what was recalled before."""
    from memlayer_autogen.context import MemlayerChatContext

    if isinstance(model_context, MemlayerChatContext):
        model_context.recalled = recalled
        return
    state = await model_context.save_state()
    kept = [message for message in state["messages"] if not _is_recalled(message)]
    if len(kept) < len(state["messages"]):
        await model_context.load_state({**state, "messages": kept})
    if recalled:
        await model_context.add_message(SystemMessage(content=recalled))


def _is_recalled(message: dict[str, Any]) -> bool:
    return message["type"] == "SystemMessage" and str(message["content"]).startswith(HEAD)


def _text(content: MemoryContent) -> str:
    if isinstance(content.content, str):
        return content.content
    if isinstance(content.content, dict):
        return json.dumps(content.content, ensure_ascii=False)
    kind = type(content.content).__name__
    raise UnsupportedError(f"memlayer keeps text; turn this {kind} into words first (nothing was stored)")


def _part(content: MemoryContent) -> dict[str, Any] | None:
    """A picture or a document as `Memory.add` takes it; None for words."""
    if isinstance(content.content, Image):
        return _picture(content.content)
    if isinstance(content.content, bytes):
        return {"type": "file", "base64": base64.b64encode(content.content).decode()}
    return None


def _picture(image: Image) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": image.data_uri}}


def _content(item: Mapping[str, Any]) -> MemoryContent:
    metadata = {name: item[name] for name in ("id", "score", "kind", "created_at", "categories") if name in item}
    return MemoryContent(
        content=item["memory"],
        mime_type=MemoryMimeType.TEXT,
        metadata={**(item["metadata"] or {}), **metadata},
    )


async def _linked(call: Coroutine[Any, Any, T], token: CancellationToken | None) -> T:
    """The result of a call that the token can cancel."""
    future: asyncio.Future[T] = asyncio.ensure_future(call)
    if token is not None:
        _ = token.link_future(future)
    return await future
