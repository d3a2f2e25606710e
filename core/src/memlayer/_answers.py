"""Reads the JSON out of what a language model wrote: fences, chatter, thoughts and small slips of syntax aside."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_THOUGHT_START = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_STRING = r'"(?:\\.|[^"\\])*"'
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LITERAL = re.compile(r"\b(?:true|false|null)\b")
_PYTHON = {"true": "True", "false": "False", "null": "None"}
_MOST_STARTS = 50
"""How many braces are tried as the beginning of the answer."""


def read(text: str, *, keys: Sequence[str] = ()) -> Any:
    """The JSON object or list that the text holds; of several, the last that has one of the keys, else the longest.

    Raises ValueError with what is wrong with the text, in words that a model can be told.
    """
    told = _THOUGHT.sub("", text.lstrip("\ufeff"))
    if parts := _THOUGHT_END.split(told):
        told = parts[-1]
    if _THOUGHT_START.search(told):
        raise ValueError("the answer ends within its thoughts")
    told = told.strip()
    if not told:
        raise ValueError("the answer is empty")
    found = list(_values(told))
    named = [value for value, _ in found if isinstance(value, dict) and any(k in value for k in keys)]
    if named:
        return named[-1]
    if found and (not keys or any(isinstance(value, list) for value, _ in found)):
        return max(found, key=lambda pair: pair[1])[0]
    if found:
        raise ValueError(f"the answer has none of the keys {', '.join(keys)}")
    if "{" not in told and "[" not in told:
        raise ValueError("the answer is not JSON")
    raise ValueError("the answer is cut off" if _open(told) else "the answer is not valid JSON")


def _values(text: str) -> Iterator[tuple[Any, int]]:
    """Every object or list that stands in the text, with the length of its words."""
    blocks = [m.group(1).strip() for m in _FENCE.finditer(text)]
    for block in (text, *blocks):
        if block[:1] in ("{", "[") and (value := _whole(block)) is not None:
            yield value, len(block)
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
    mended = _TRAILING_COMMA.sub(r"\1", _COMMENT.sub(r"\1", text)) if text else text
    for attempt in dict.fromkeys((text, mended)):
        try:
            value = json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict | list) else None
    try:
        value = ast.literal_eval(_LITERAL.sub(lambda m: _PYTHON[m.group()], mended))
        json.dumps(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, dict | list) else None


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
