"""LangChain messages as memlayer's, each under one id for good."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage

_ROLES = {"human": "user", "ai": "assistant"}
# Blocks that a memory reads beside the words; sound, videos and what models think are not among them.
_PARTS = frozenset("image image_url input_image file input_file document text-plain".split())
# Ids that the framework gives anew to a message that comes without one, each time that it comes.
_MADE = re.compile(r"lc_|run-|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def question(messages: Sequence[BaseMessage]) -> str:
    """What the last human message asks; "" where there is none."""
    return next((str(m.text) for m in reversed(messages) if m.type == "human"), "").strip()


def content(message: BaseMessage) -> str | list[Any]:
    """What a message says, and its pictures and documents: the turn does not fail over one that cannot be read."""
    words = str(message.text)
    blocks = message.content if isinstance(message.content, list) else []
    parts = [{**b, "optional": True} for b in blocks if isinstance(b, dict) and b.get("type") in _PARTS]
    return [words, *parts] if parts else words


def rows(messages: Sequence[BaseMessage], *, threaded: bool, kept: str | None = None) -> list[dict[str, Any]]:
    """What people and models said, with its ids, so that nothing that is sent again counts twice.

    In a thread everything after the message `kept` is new: what came before it belongs to whose run brought it. Without
    a thread a conversation that comes again has new ids, so only its last turn is new, and earlier messages are those
    that bear an id of the caller's.
    """
    names = _names(messages)
    start = names.index(kept) + 1 if kept in names else 0 if threaded and kept is None else _last_turn(messages)
    found = []
    for number, message in enumerate(messages):
        if message.type not in _ROLES or not str(content(message)).strip():
            continue
        if number < start and (threaded or message.id is None or _MADE.match(message.id)):
            continue
        found.append(
            {
                "role": _ROLES[message.type],
                "content": content(message),
                "name": message.name,
                "id": names[number] if threaded else message.id,
            }
        )
    return found


def mark(messages: Sequence[BaseMessage]) -> str:
    """What names the last message, for the run that goes on from here."""
    return _names(messages)[-1]


def _names(messages: Sequence[BaseMessage]) -> list[str]:
    """The ids of messages; those without one are told apart by what they say and how often it was said before."""
    seen: Counter[str] = Counter()
    found = []
    for message in messages:
        if message.id:
            found.append(message.id)
            continue
        said = str(message.text) or json.dumps(content(message), default=str)
        told = json.dumps([message.type, message.name, said])
        found.append(hashlib.sha256(f"{seen[told]} {told}".encode()).hexdigest()[:32])
        seen[told] += 1
    return found


def _last_turn(messages: Sequence[BaseMessage]) -> int:
    """Where the last turn starts: the human messages since a model last spoke, and all that follows."""
    start = max((n for n, m in enumerate(messages) if m.type == "human"), default=0)
    while start > 0 and messages[start - 1].type not in ("ai", "tool"):
        start -= 1
    return start
