"""What CrewAI hands over when a task ends, as the two messages that it is: what was asked, and what was answered."""

from __future__ import annotations

import re
from typing import Any

from memlayer.adapters import Numbers

_TASK = re.compile(
    r"(?:Task: (?P<task>.*)\nAgent: (?P<agent>.*?)\nExpected result: .*?|Input: (?P<input>.*)\nAgent: (?P<role>.*?))"
    r"\nResult: (?P<result>.*)",
    re.DOTALL,
)
_ANSWER = "Final Answer:"
"""What CrewAI's agents write between their thoughts and what they say."""


def messages(content: str, numbers: Numbers) -> list[dict[str, Any]]:
    """A finished task as messages with ids; anything else is one message of the user without an id.

    In a run, a task that ends again with the same words is the same conversation.
    """
    match = _TASK.fullmatch(content)
    if match is None:
        return [{"role": "user", "content": content}]
    asked = (match["task"] or match["input"] or "").strip()
    answered = match["result"].rpartition(_ANSWER)[2].strip()
    said = [words for words in (("user", asked), ("assistant", answered)) if words[1]]
    numbers.meet(said, new=len(said))
    name = (match["agent"] or match["role"] or "").strip()
    return [
        {"role": role, "content": text, "id": i, **({"name": name} if name and role == "assistant" else {})}
        for (role, text), i in zip(said, numbers.rows(said), strict=True)
    ]
