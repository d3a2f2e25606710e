"""LlamaIndex's chat messages in memlayer's shape, each with an id that stays the same when it is sent again."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, DocumentBlock, ImageBlock, MessageRole, TextBlock
from llama_index.core.memory.memory import InsertMethod

from memlayer.adapters import Numbers

HEAD = "What is remembered from earlier conversations:"
"""First line of what is recalled, by which it is known again and never stored."""

SAID = {
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
}
"""Roles whose words are kept; instructions and the output of tools are nobody's words."""


class Ids:
    """Numbers what is said in one conversation: the same words said twice are two messages, sent twice they are one."""

    def __init__(self, numbers: Numbers, history: Iterable[ChatMessage] = ()) -> None:
        """`history` was said before."""
        self._numbers = numbers
        self._times = Counter(_keys(history))

    def meet(self, messages: Iterable[ChatMessage], *, new: bool) -> None:
        """Looks up how often messages were said in other conversations, where there is no run to tell."""
        said = _keys(messages)
        self._numbers.meet(said, new=len(said) if new else 0)

    async def ameet(self, messages: Iterable[ChatMessage], *, new: bool) -> None:
        """As `meet`."""
        said = _keys(messages)
        await self._numbers.ameet(said, new=len(said) if new else 0)

    def read(self, messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
        """The messages for `Memory.add`, numbered on from what was said before."""
        found = []
        for message in messages:
            if key := _key(message):
                role, text = key
                parts = list(_parts(message))
                content = [text, *parts] if parts else text
                found.append({"role": role, "content": content, "id": self._numbers.id(key, self._times[key])})
                self._times[key] += 1
        return found

    def of(self, messages: Iterable[ChatMessage]) -> list[str]:
        """Every id that these messages can have been given."""
        return [one for key in set(_keys(messages)) for one in self._numbers.ids(key, self._times[key])]


def question(messages: Sequence[ChatMessage], limit: int) -> str:
    """The newest `limit` things the user said, when the last word is not the assistant's; "" when nothing is asked."""
    spoken = _keys(messages)
    if not spoken or spoken[-1][0] != "user":
        return ""
    return "\n".join([text for role, text in spoken if role == "user"][-limit:])


def with_memories(history: Sequence[ChatMessage], recalled: str, where: InsertMethod) -> list[ChatMessage]:
    """The history with what was recalled: before the newest words of the user, or as one leading system message."""
    found = own_only(history)
    if not recalled:
        return found
    text = f"{HEAD}\n{recalled}"
    last = next((n for n in reversed(range(len(found))) if found[n].role == MessageRole.USER), None)
    if where == InsertMethod.USER and last is not None:
        asked = found[last]
        found[last] = asked.model_copy(update={"blocks": [TextBlock(text=text), *asked.blocks]})
    else:
        first = next((n for n, m in enumerate(found) if m.role != MessageRole.SYSTEM), len(found))
        found.insert(first, ChatMessage(role=MessageRole.SYSTEM, content=text))
    return found


def own_only(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """The messages without what an earlier `get` put in."""
    found = []
    for message in messages:
        blocks = [b for b in message.blocks if not (isinstance(b, TextBlock) and b.text.startswith(HEAD))]
        if len(blocks) == len(message.blocks):
            found.append(message)
        elif blocks:
            found.append(message.model_copy(update={"blocks": blocks}))
    return found


def _keys(messages: Iterable[ChatMessage]) -> list[tuple[str, str]]:
    return [key for m in messages if (key := _key(m))]


def _key(message: ChatMessage) -> tuple[str, str] | None:
    role, text = SAID.get(message.role), message.content or ""
    shown = any(isinstance(block, ImageBlock | DocumentBlock) for block in message.blocks)
    return (role, text) if role and (text.strip() or shown) else None


def _parts(message: ChatMessage) -> Iterator[dict[str, Any]]:
    """The pictures and documents of a message; the turn does not fail over one that cannot be read."""
    for block in message.blocks:
        if isinstance(block, ImageBlock):
            told = {"type": "image", "mime_type": block.image_mimetype}
            data = block.image
        elif isinstance(block, DocumentBlock):
            told = {"type": "file", "mime_type": block.document_mimetype, "filename": block.title}
            data = block.data
        else:
            continue
        if block.path is not None:
            told["base64"] = base64.b64encode(Path(block.path).read_bytes()).decode()
        elif data is None:
            told["url"] = str(block.url)
        else:
            # What LlamaIndex holds is in base64 already.
            told["base64"] = (data if isinstance(data, bytes) else data.read()).decode()
        yield {name: value for name, value in told.items() if value} | {"optional": True}
