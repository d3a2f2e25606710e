"""The conversation that `MemlayerMemory` holds where the caller brings no memory for it."""

from __future__ import annotations

from typing import Any

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.memory import BaseMemory, ChatMemoryBuffer
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore

TOKENS = 30_000
"""What LlamaIndex's `Memory` shows a model of a conversation by default."""


class Window(ChatMemoryBuffer):
    """The whole conversation in plain lists; `get` shows the newest messages that fit the token limit.

    LlamaIndex's `Memory` keeps a conversation in SQLite behind an event loop: its sync methods leave a connection
    whose loop is closed, and every turn pays a few milliseconds. `ChatMemoryBuffer` counts all the tokens again for
    each message that it leaves out.
    """

    @classmethod
    def class_name(cls) -> str:
        """The name in serialised form."""
        return "MemlayerWindow"

    def get(self, input: str | None = None, initial_token_count: int = 0, **kwargs: Any) -> list[ChatMessage]:
        """The newest messages that fit, never beginning with an answer whose question was left out."""
        messages = self.get_all()
        left, first = self.token_limit - initial_token_count, len(messages)
        while first and (left := left - self._tokens(messages[first - 1])) >= 0:
            first -= 1
        if first:
            while first < len(messages) and messages[first].role in (MessageRole.ASSISTANT, MessageRole.TOOL):
                first += 1
        # A single message over the limit is for the model to refuse.
        return messages[first:] or messages[-1:]

    def _tokens(self, message: ChatMessage) -> int:
        return len(self.tokenizer_fn(message.content or ""))


def detached(memory: BaseMemory) -> BaseMemory:
    """A copy that can be pickled: LlamaIndex empties what it pickles, and a connection cannot go along."""
    copy = memory.model_copy()
    if isinstance(copy, ChatMemory) and isinstance(copy.sql_store, SQLAlchemyChatStore):
        copy.sql_store = SQLAlchemyChatStore(**copy.sql_store.model_dump())
    return copy
