"""Reads what models and their servers answer: JSON, fences, chatter, thoughts and small slips of syntax aside."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

_THOUGHT = re.compile(
    r"<\|?(?P<end>/?)\|?(?:think|thinking|thoughts?|reasoning|reflection|analysis)(?: [^<>]*)?\|?>", re.IGNORECASE
)
_FENCE = re.compile(r"```[\w-]*[ \t]*\r?\n(.*?)(?:```|\Z)", re.DOTALL)
# A string that is not closed goes to the end, else each quote in it would be tried as the begin of one.
_STRING = r'"(?:\\.|[^"\\])*(?:"|\\?\Z)'
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LITERAL = re.compile(rf"{_STRING}|'(?:\\.|[^'\\])*(?:'|\\?\Z)|\b(?:true|false|null)\b", re.DOTALL)
_PYTHON = {"true": "True", "false": "False", "null": "None"}
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TOO_LONG = re.compile(
    r"context.?(?:length|window|size)|max\w*.{0,40}tokens|tokens?.{0,30}(?:limit|max|exceed)|exceed\w*.{0,40}(?:token|length)"
    r"|too (?:long|large|many tokens)|input length|reduce the length|\b413\b",
    re.IGNORECASE,
)
_OF_ANSWER = re.compile(r"max_(?:completion_|output_|new_)?tokens")
_MOST_STARTS = 50
"""How many braces are tried as the beginning of the answer."""
_DEEPEST = 3
"""How many lists, objects and strings may be wrapped around the answer."""
_MOST_LEVELS = 100
"""How deep an answer may nest: what is deeper is no answer, whatever the parser of this Python takes."""


def read(text: str, *, keys: Sequence[str] = ()) -> Any:
    """The JSON object or list that the text holds; of several, the last that has most of the keys, else the longest.

    Raises ValueError with what is wrong with the text, in words that a model can be told.
    """
    text = text.lstrip("\ufeff").strip()
    if _known(value := _unwrapped(_whole(text), keys), keys):
        return _clean(value)
    told = _thoughtless(text).strip()
    if not told:
        raise ValueError("the answer is empty")
    found = [(_unwrapped(value, keys), size) for value, size in _values(told)]
    named = [value for value, _ in found if _known(value, keys)]
    if named:
        return _clean(max(reversed(named), key=lambda value: _known(value, keys)))
    if found and (not keys or any(isinstance(value, list) for value, _ in found)):
        return _clean(max(found, key=lambda pair: pair[1])[0])
    if found:
        raise ValueError(f"the answer has none of the keys {', '.join(keys)}")
    if "{" not in told and "[" not in told:
        raise ValueError("the answer is not JSON")
    raise ValueError("the answer is cut off" if _open(told) else "the answer is not valid JSON")


def words(content: Any) -> str:
    """The text of a message's content, which is a string or a list of parts; of others, thoughts say, it has none."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(p if isinstance(p, str) else str(p.get("text") or "") for p in parts if isinstance(p, str | dict))


def too_long(told: str) -> bool:
    """Says whether a server's words refuse a request because its texts are longer than the model can read."""
    # A limit of the answer ("max_tokens is too large") is another matter.
    return bool(_TOO_LONG.search(told)) and ("context" in told.lower() or not _OF_ANSWER.search(told))


def _thoughtless(text: str) -> str:
    """The text without its thoughts; what stands before an end without a beginning is a thought as well."""
    kept: list[str] = []
    begin: int | None = 0
    for mark in _THOUGHT.finditer(text):
        if not mark["end"]:
            if begin is not None:
                kept.append(text[begin : mark.start()])
            begin = None
            continue
        if begin is not None:
            kept.clear()
        begin = mark.end()
    if begin is None:
        raise ValueError("the answer ends within its thoughts")
    return "".join(kept) + text[begin:]


def _known(value: Any, keys: Sequence[str]) -> int:
    """How many of the keys an object has."""
    return sum(key in value for key in keys) if isinstance(value, dict) else 0


def _unwrapped(value: Any, keys: Sequence[str]) -> Any:
    """The object that has the keys, where an object or a list around it, or quotes, hold nothing else."""
    inner = value
    for _ in range(_DEEPEST):
        if _known(inner, keys):
            return inner
        if isinstance(inner, dict | list) and len(inner) == 1:
            inner = next(iter(inner.values() if isinstance(inner, dict) else inner))
        if isinstance(inner, str):
            inner = _whole(inner.strip())
    return inner if _known(inner, keys) else value


def _clean(value: Any) -> Any:
    """The value with texts that can be kept: without control characters and halves of surrogate pairs."""
    if isinstance(value, str):
        return _NO_TEXT.sub(" ", value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(one) for key, one in value.items()}
    return value


def _values(text: str) -> Iterator[tuple[Any, int]]:
    """Every object or list that stands in the text, with the length of its words."""
    blocks = [m.group(1).strip() for m in _FENCE.finditer(text)]
    whole = [(value, len(block)) for block in (text, *blocks) if (value := _whole(block)) is not None]
    if whole:
        yield from whole
        return
    for block in blocks or [text]:
        yield from _within(block)


def _within(text: str) -> Iterator[tuple[Any, int]]:
    """Objects and lists among other words."""
    at = 0
    for _ in range(_MOST_STARTS):
        start = min((p for p in (text.find("{", at), text.find("[", at)) if p >= 0), default=-1)
        if start < 0:
            return
        end = _end(text, start)
        if end is None:
            return  # cut off: what lies within is only a part of the answer
        value = _whole(text[start:end])
        if value is not None:
            yield value, end - start
            at = end
        else:
            at = start + 1


def _whole(text: str) -> Any:
    """The value of a text that is JSON, mended where that is enough; None where it is not. Scalars are no answer."""
    if text[:1] not in ("{", "[", '"'):
        return None
    mended = _TRAILING_COMMA.sub(r"\1", _COMMENT.sub(r"\1", text))
    for attempt in dict.fromkeys((text, mended)):
        try:
            value = json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
        # The answer may be quoted as a whole.
        return _whole(value.strip()) if isinstance(value, str) else value if _shallow(value) else None
    try:
        value = ast.literal_eval(_LITERAL.sub(lambda m: _PYTHON.get(m.group(), m.group()), mended))
        json.dumps(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, dict | list) and _shallow(value) else None


def _shallow(value: Any) -> bool:
    """Says whether a value nests no deeper than an answer may."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return True
    return False


def _end(text: str, start: int) -> int | None:
    """Where the bracket that opens at `start` is closed; None where it is not."""
    depth, quoted, skip = 0, False, False
    for place in range(start, len(text)):
        letter = text[place]
        if skip:
            skip = False
        elif quoted:
            skip = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "{[":
            depth += 1
        elif letter in "}]":
            depth -= 1
            if depth == 0:
                return place + 1
    return None


def _open(text: str) -> bool:
    starts = [p for p in (text.find("{"), text.find("[")) if p >= 0]
    return bool(starts) and _end(text, min(starts)) is None
