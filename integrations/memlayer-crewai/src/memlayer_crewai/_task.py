"""What CrewAI hands over when a task ends, as the two messages that it is: what was asked, and what was answered."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

_TASK = re.compile(
    r"(?:Task: (?P<task>.*)\nAgent: (?P<agent>.*?)\nExpected result: .*?|Input: (?P<input>.*)\nAgent: (?P<role>.*?))"
    r"\nResult: (?P<result>.*)",
    re.DOTALL,
)
_ANSWER = "Final Answer:"
"""What CrewAI's agents write between their thoughts and what they say."""
_KINDS = {"user": "human", "assistant": "ai"}


def messages(content: str) -> list[dict[str, Any]]:
    """A finished task as messages with stable ids; anything else is one message of the user without an id."""
    match = _TASK.fullmatch(content)
    if match is None:
        return [{"role": "user", "content": content}]
    asked = (match["task"] or match["input"] or "").strip()
    answered = match["result"].rpartition(_ANSWER)[2].strip()
    found = [] if not asked else [{"role": "user", "content": asked, "id": message_id("user", asked)}]
    if answered:
        role = (match["agent"] or match["role"] or "").strip()
        answer = {"role": "assistant", "content": answered, "id": message_id("assistant", answered)}
        found.append({**answer, "name": role} if role else answer)
    return found


def message_id(role: str, text: str, number: int = 0) -> str:
    """The id of the `number`th message of a conversation, from 0, with this role and these words.

    Every adapter of memlayer counts like this, so that a conversation has the same ids in each of them. A task that
    runs again with the same outcome is the same conversation.
    """
    told = json.dumps([_KINDS[role], None, text])
    return hashlib.sha256(f"{number} {told}".encode()).hexdigest()[:32]
