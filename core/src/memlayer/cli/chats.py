"""Chats in files, read into conversations: messages as JSON or JSON lines, and what ChatGPT exports."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from memlayer.cli.desk import parse_json, standard_input, utf8

Message = dict[str, Any]
_TEXTS = (".txt", ".md")


@dataclass(frozen=True)
class Conversation:
    """Messages that belong together."""

    messages: list[Message]
    run: str | None = None
    """Its own id where the file has one."""


def read(file: str) -> list[Conversation]:
    """The conversations of a file, "-" for the standard input; messages without an id get one from their content.

    So a file that is taken in again adds nothing, and one that has grown adds what is new.
    """
    if file == "-":
        return conversations(standard_input(), "the standard input")
    if zipfile.is_zipfile(file):
        return conversations(utf8(_unpacked(file), file), file)
    text = utf8(Path(file).read_bytes(), file)
    if file.lower().endswith(_TEXTS):
        return [Conversation(_known([{"role": "user", "content": text}]))] if text.strip() else []
    return conversations(text, file)


def _unpacked(file: str) -> bytes:
    """The conversations in an archive."""
    try:
        with zipfile.ZipFile(file) as archive:
            inside = [name for name in archive.namelist() if name.rsplit("/", 1)[-1] == "conversations.json"]
            if not inside:
                raise click.UsageError(f"{file} holds no conversations.json; is it a ChatGPT export?")
            return archive.read(inside[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        # Damaged, cut off, encrypted, or packed in a way that this Python does not know.
        raise click.UsageError(f"{file} cannot be unpacked: {error}") from error


def conversations(text: str, where: str) -> list[Conversation]:
    """The conversations that a text of JSON or JSON lines holds."""
    try:
        found = json.loads(text)
    except ValueError as error:
        found = _lines(text, where, error)
    except RecursionError as error:
        raise click.UsageError(f"{where} is nested too deep for a chat") from error
    if isinstance(found, Mapping):
        found = [found]
    if not isinstance(found, list):
        raise click.UsageError(f"{where} must hold a list of messages, not {type(found).__name__}")
    loose: list[Message] = []
    whole: list[Conversation] = []
    for number, entry in enumerate(found):
        if isinstance(entry, Mapping) and "mapping" in entry:
            whole.append(_chatgpt(entry, f"{where}, conversation {number + 1}"))
        elif isinstance(entry, Mapping) and isinstance(entry.get("messages"), list):
            run = entry.get("run_id", entry.get("id"))
            whole.append(Conversation(_known(entry["messages"], where), None if run is None else str(run)))
        elif isinstance(entry, list):
            whole.append(Conversation(_known(entry, where)))
        else:
            loose.append(_message(entry, f"{where}, message {number + 1}"))
    if loose:
        whole.append(Conversation(_known(loose)))
    return [conversation for conversation in whole if conversation.messages]


def _lines(text: str, where: str, first: ValueError) -> list[Any]:
    """The values of JSON lines; a file of one broken line is reported as the JSON that it is not."""
    rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(rows) < 2 and not text.lstrip().startswith("{"):
        raise click.UsageError(f"{where} is neither JSON nor JSON lines: {first}") from first
    return [parse_json(line, f"{where}, line {number}") for number, line in rows]


def _message(entry: Any, where: str) -> Message:
    if isinstance(entry, str):
        return {"role": "user", "content": entry}
    if not isinstance(entry, Mapping) or "content" not in entry:
        raise click.UsageError(f'{where} must be a dict such as {{"role": "user", "content": "…"}}')
    return dict(entry)


def _known(messages: Iterable[Any], where: str = "the file") -> list[Message]:
    """The messages with an id each: their own, or the digest of everything up to them."""
    found = []
    digest = hashlib.sha256()
    for number, entry in enumerate(messages, 1):
        message = _message(entry, f"{where}, message {number}")
        digest.update(json.dumps(message, sort_keys=True, default=str).encode("utf-8", "surrogatepass"))
        found.append({**message, "id": message.get("id") or f"file-{digest.hexdigest()[:32]}"})
    return found


def _chatgpt(data: Mapping[str, Any], where: str) -> Conversation:
    """The branch of a ChatGPT conversation that its reader last saw; text of the user and the assistant only."""
    mapping = data["mapping"]
    if not isinstance(mapping, Mapping):
        raise click.UsageError(f"{where}: its mapping must be a dict; is it a ChatGPT export?")
    node: Any = data.get("current_node") or _leaf(mapping)
    path: list[Message] = []
    seen: set[str] = set()
    while isinstance(node, str) and node in mapping and node not in seen:
        seen.add(node)
        here = _object(mapping[node])
        message = _said(_object(here.get("message")), data.get("create_time"))
        if message is not None:
            path.append({**message, "id": node})
        node = here.get("parent")
    run = data.get("conversation_id") or data.get("id")
    return Conversation(path[::-1], None if run is None else str(run))


def _leaf(mapping: Mapping[str, Any]) -> str | None:
    """The newest node without children: what an export without `current_node` ends in."""
    ends = [name for name, node in mapping.items() if not _object(node).get("children")]
    return max(ends, key=lambda name: _born(mapping[name]), default=None)


def _born(node: Any) -> float:
    stamp = _object(_object(node).get("message")).get("create_time")
    return float(stamp) if isinstance(stamp, int | float) else 0.0


def _said(message: Mapping[str, Any], born: Any) -> Message | None:
    """One message of ChatGPT's as ours; None for what nobody said: hidden ones, tools, system prompts."""
    role = _object(message.get("author")).get("role")
    content = _object(message.get("content"))
    if role not in ("user", "assistant") or content.get("content_type") not in ("text", "multimodal_text"):
        return None
    if _object(message.get("metadata")).get("is_visually_hidden_from_conversation"):
        return None
    told = content.get("parts")
    parts = [part for part in told if isinstance(part, str) and part.strip()] if isinstance(told, list) else []
    if not parts:
        return None
    stamp = message.get("create_time") or born
    return {"role": role, "content": "\n".join(parts), **({} if stamp is None else {"timestamp": stamp})}


def _object(value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one for whatever else stands in its place."""
    return value if isinstance(value, Mapping) else {}
