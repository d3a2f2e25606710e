"""LangChain messages out of what memlayer keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, HumanMessage, SystemMessage

_KINDS: dict[str, type[BaseMessage]] = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}


def transcript(told: Sequence[Mapping[str, Any]]) -> list[BaseMessage]:
    """Messages of LangChain's out of rows of `Memory.messages`, without the pieces of documents that came with them."""
    return [_message(said) for said in told if "piece" not in ((said["metadata"] or {}).get("document") or ())]


def _message(said: Mapping[str, Any]) -> BaseMessage:
    rest = {"content": said["content"], "name": said["name"], "id": said["message_id"] or said["id"]}
    kind = _KINDS.get(said["role"])
    return ChatMessage(role=said["role"], **rest) if kind is None else kind(**rest)
