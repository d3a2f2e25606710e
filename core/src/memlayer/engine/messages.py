"""What callers pass to `add`, read into `Message` values: strings, dicts, lists; each with its own time and id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time, timezone
from typing import TYPE_CHECKING, Any

from memlayer import _drafts
from memlayer.engine import unseen
from memlayer.engine.unseen import SeenMessage, UnseenMessage
from memlayer.errors import ConfigurationError, DocumentError, FilterError, UnsupportedError, brief
from memlayer.filters import instant, text_fault
from memlayer.types import Message, Record

if TYPE_CHECKING:
    from memlayer.extraction.documents import Document, Reader

ROLES = {
    "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "model": "assistant",
    "bot": "assistant", "system": "system", "developer": "system", "tool": "tool", "function": "tool",
}  # fmt: skip
_KEYS = frozenset({"role", "content", "name", "timestamp", "id"})
_IGNORED = frozenset({"tool_calls", "tool_call_id", "function_call", "refusal", "audio", "annotations", "type"})
_UNSAID = frozenset({
    "tool_use", "tool_result", "server_tool_use", "web_search_tool_result", "thinking", "redacted_thinking",
    "reasoning", "refusal", "function_call", "tool_call", "tool_call_chunk", "invalid_tool_call", "server_tool_call",
    "server_tool_result", "tool-call", "tool-result",
})  # fmt: skip
"""Parts that nobody said to anybody: what a model thinks, what it asks of its tools, and what these answer."""


def read(
    messages: Any,
    *,
    at: datetime,
    reader: Callable[[], Reader] | None = None,
    faults: list[Exception] | None = None,
    known: Callable[[str], Record | None] | None = None,
) -> list[Message]:
    """The messages in the order given; `at` dates those without a time of their own; empty contents are left out.

    `reader` is asked for where a content is more than text. A document follows its message, in pieces. A picture that
    nobody can see is left out, and `faults` say why. Nothing is read again for a message that `known` finds, other
    than pictures that nobody had seen.
    """
    if isinstance(messages, str):
        return [_drafts.message("user", _text(messages, "messages"), at)] if messages.strip() else []
    if isinstance(messages, Mapping):
        messages = [messages]
    elif not isinstance(messages, Sequence) or isinstance(messages, bytes):
        raise ConfigurationError(
            f"messages must be a string, a dict with role and content, or a list of them, not {type(messages).__name__}"
        )
    if not messages:
        raise ConfigurationError("messages is empty; pass at least one message")
    found: list[Message] = []
    missed: list[Exception] = [] if faults is None else faults
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if isinstance(message, str):
            message = {"role": "user", "content": message}
        if not isinstance(message, Mapping):
            mend = "; pass its .model_dump()" if hasattr(message, "model_dump") else ""
            told = f"{where} must be a dict with role and content, not {type(message).__name__}{mend}"
            raise ConfigurationError(told)
        contents = _Contents(reader, missed, _kept(message, where, known))
        one = _read(message, where, at, contents)
        if contents.kept is not None:
            if contents.pictures and not contents.unseen:
                found.append(SeenMessage(**_fields(one), episode=contents.kept))
        elif one.text.strip() or (one.id is not None and contents.brief()):
            # What has an id is known by it: a message of nothing but documents is kept by their names.
            found.append(contents.noted(one if one.text.strip() else replace(one, text=contents.brief())))
        found += [piece for document in contents.documents for piece in _pieces(document, one.timestamp)]
    if faults is None and missed:
        raise missed[0]
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
    if found == date.max:  # what many write for "never"
        return datetime.max.replace(tzinfo=timezone.utc)
    return datetime.combine(date.fromordinal(found.toordinal() + 1), time(), timezone.utc)


def _read(message: Mapping[str, Any], where: str, at: datetime, contents: _Contents) -> Message:
    unknown = [k for k in message if k not in _KEYS and k not in _IGNORED]
    if unknown:
        raise ConfigurationError(
            f"{where} has unknown keys {sorted(map(str, unknown))}; a message has role, content, and may have "
            "name, timestamp and id; put anything else into metadata="
        )
    role = message.get("role", "user")
    if not isinstance(role, str) or role.lower() not in ROLES:
        raise ConfigurationError(f"{where}: role must be one of user, assistant, system, tool, not {brief(role)}")
    if "content" not in message:
        raise ConfigurationError(f"{where} has no content")
    stamp = message.get("timestamp")
    return Message(
        role=ROLES[role.lower()],
        text=contents.text(message["content"], f"{where}.content"),
        timestamp=at if stamp is None else moment(stamp, f"{where}.timestamp"),
        name=_word(message.get("name"), f"{where}.name"),
        id=_word(message.get("id"), f"{where}.id"),
    )


def _fields(message: Message) -> dict[str, Any]:
    return {field.name: getattr(message, field.name) for field in fields(Message)}


def _kept(message: Mapping[str, Any], where: str, known: Callable[[str], Record | None] | None) -> Record | None:
    """The episode that keeps the message already, where reading it again would be more than comparing its id."""
    name = _word(message.get("id"), f"{where}.id")
    if known is None or name is None or isinstance(message.get("content"), str | None):
        return None
    return known(name)


def _text(value: str, where: str) -> str:
    if fault := text_fault(value):
        raise ConfigurationError(f"{where} {fault}")
    return value


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


def _pieces(document: Document, at: datetime) -> list[Message]:
    """A document's pieces as messages; their ids are made from its content, so that it is kept once."""
    from memlayer.extraction._pieces import PieceMessage

    return [
        PieceMessage("tool", text, at, name=document.source, id=message_id, document=about)
        for message_id, text, about in document.told()
    ]


class _Contents:
    """Reads the content of one message: its text, and the documents that come with it.

    Of one that is kept already only pictures are read that nobody had seen.
    """

    def __init__(self, reader: Callable[[], Reader] | None, faults: list[Exception], kept: Record | None) -> None:
        self.documents: list[Document] = []
        self.kept = kept
        self.pictures = kept is not None and kept.status != "retracted" and unseen.number(kept.metadata) > 0
        """True for a kept message whose pictures are to be read."""
        self._reader = reader
        self._faults = faults
        self._before = len(faults)
        self._blind = 0
        self._unread: list[str] = []

    @property
    def unseen(self) -> int:
        """How many pictures nobody could see."""
        return len(self._faults) - self._before + self._blind

    def brief(self) -> str:
        """The names of the documents that came with it."""
        names = [document.source for document in self.documents] + ["not read"] * len(self._unread)
        return "\n".join(f"[document: {name}]" for name in names)

    def noted(self, message: Message) -> Message:
        """The message, and what it is kept without."""
        if not self.unseen and not self._unread:
            return message
        return UnseenMessage(**_fields(message), pictures=self.unseen, parts=tuple(self._unread))

    def text(self, content: Any, where: str) -> str:
        """The text; pictures have become words."""
        if content is None:
            return ""
        if isinstance(content, str):
            return _text(content, where)
        if isinstance(content, bytes | bytearray):
            raise ConfigurationError(f"{where} must be a string, a part or a list of parts, not bytes")
        if isinstance(content, Mapping) or not isinstance(content, Sequence):
            content = [content]
        return "\n".join(filter(None, (self._part(p, f"{where}[{n}]") for n, p in enumerate(content))))

    def _part(self, part: Any, where: str) -> str:
        if isinstance(part, str):
            return self.text(part, where)
        if isinstance(part, Mapping) and part.get("type") in ("text", "input_text", "output_text"):
            return self.text(part.get("text"), f"{where}.text")
        if isinstance(part, Mapping) and part.get("type") in _UNSAID:
            return ""
        from memlayer.engine import parts
        from memlayer.extraction.documents import Document, Reader

        if isinstance(part, Document):
            self.documents.append(part)
            return ""
        if not isinstance(part, Mapping):
            raise ConfigurationError(
                f"{where} must be a string, a Document or a dict with a type, not {type(part).__name__}"
            )
        if self.kept is not None and not (self.pictures and parts.is_picture(part, where)):
            return ""
        reader = self._reader() if self._reader else Reader()
        if part.get("optional"):
            found = self._optional(part, where, reader)
        else:
            found = parts.read(part, where, reader, self._faults)
        if isinstance(found, Document):
            self.documents.append(found)
            return ""
        return found or ""

    def _optional(self, part: Mapping[str, Any], where: str, reader: Reader) -> str | Document | None:
        """A part that the message may be kept without: what an agent was shown, which its turn must not fail over."""
        from memlayer.engine import parts

        missed: list[Exception] = []
        try:
            found = parts.read(part, where, reader, missed)
        except (ConfigurationError, DocumentError, UnsupportedError) as error:
            self._unread.append(str(error))
            return None
        blind = [fault for fault in missed if isinstance(fault, UnsupportedError)]
        self._blind += len(blind)
        self._faults += [fault for fault in missed if fault not in blind]
        return found
