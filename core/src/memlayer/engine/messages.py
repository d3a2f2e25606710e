"""What callers pass to `add`, read into `Message` values: strings, dicts, lists; each with its own time and id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timezone
from typing import Any

from memlayer.errors import ConfigurationError, FilterError, UnsupportedError
from memlayer.filters import instant, text_fault
from memlayer.types import Message

ROLES = {
    "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "model": "assistant",
    "bot": "assistant", "system": "system", "developer": "system", "tool": "tool", "function": "tool",
}  # fmt: skip
_KEYS = frozenset({"role", "content", "name", "timestamp", "id"})
_IGNORED = frozenset({"tool_calls", "tool_call_id", "function_call", "refusal", "audio", "annotations", "type"})


def read(messages: Any, *, at: datetime) -> list[Message]:
    """The messages in the order given; `at` dates those without a time of their own; empty contents are left out."""
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    elif isinstance(messages, Mapping):
        messages = [messages]
    elif not isinstance(messages, Sequence) or isinstance(messages, bytes):
        raise ConfigurationError(
            f"messages must be a string, a dict with role and content, or a list of them, not {type(messages).__name__}"
        )
    if not messages:
        raise ConfigurationError("messages is empty; pass at least one message")
    found = []
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if isinstance(message, str):
            message = {"role": "user", "content": message}
        if not isinstance(message, Mapping):
            raise ConfigurationError(f"{where} must be a dict with role and content, not {type(message).__name__}")
        one = _read(message, where, at)
        if one.text.strip():
            found.append(one)
    return found


def moment(value: Any, where: str) -> datetime:
    """An aware UTC datetime from ISO 8601, a datetime, a date (its midnight) or Unix seconds."""
    try:
        found = instant(value, where)
    except FilterError as error:
        raise ConfigurationError(str(error)) from error
    return found if isinstance(found, datetime) else datetime.combine(found, time(), timezone.utc)


def last_instant(value: Any, where: str) -> datetime:
    """When something that bears this expiration date ends: a bare day counts whole, in UTC."""
    try:
        found = instant(value, where)
    except FilterError as error:
        raise ConfigurationError(str(error)) from error
    if isinstance(found, datetime):
        return found
    return datetime.combine(date.fromordinal(found.toordinal() + 1), time(), timezone.utc)


def _read(message: Mapping[str, Any], where: str, at: datetime) -> Message:
    unknown = [k for k in message if k not in _KEYS and k not in _IGNORED]
    if unknown:
        raise ConfigurationError(
            f"{where} has unknown keys {sorted(map(str, unknown))}; a message has role, content, and may have "
            "name, timestamp and id; put anything else into metadata="
        )
    role = message.get("role", "user")
    if not isinstance(role, str) or role.lower() not in ROLES:
        raise ConfigurationError(f"{where}: role must be one of user, assistant, system, tool, not {role!r}")
    if "content" not in message:
        raise ConfigurationError(f"{where} has no content")
    stamp = message.get("timestamp")
    return Message(
        role=ROLES[role.lower()],
        text=_text(message["content"], f"{where}.content"),
        timestamp=at if stamp is None else moment(stamp, f"{where}.timestamp"),
        name=_word(message.get("name"), f"{where}.name"),
        id=_word(message.get("id"), f"{where}.id"),
    )


def _word(value: Any, where: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ConfigurationError(f"{where} must be a string, not {type(value).__name__}")
    if fault := text_fault(value):
        raise ConfigurationError(f"{where} {fault}")
    return value.strip() or None


def _text(content: Any, where: str) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        if fault := text_fault(content):
            raise ConfigurationError(f"{where} {fault}")
        return content
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise ConfigurationError(f"{where} must be a string, a part or a list of parts, not {type(content).__name__}")
    return "\n".join(filter(None, (_part(p, f"{where}[{n}]") for n, p in enumerate(content))))


def _part(part: Any, where: str) -> str:
    if isinstance(part, str):
        return _text(part, where)
    if not isinstance(part, Mapping):
        raise ConfigurationError(f"{where} must be a string or a dict with a type, not {type(part).__name__}")
    kind = part.get("type")
    if kind in ("text", "input_text", "output_text"):
        return _text(part.get("text"), f"{where}.text")
    raise UnsupportedError(
        f"{where}: a part of type {kind!r} cannot be read; turn it into a text part first (nothing was stored)"
    )
