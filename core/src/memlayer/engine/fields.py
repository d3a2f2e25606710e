"""Which texts of an item's value are embedded: paths such as "$", "text", "notes[*].body", "tags[0]". Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memlayer.errors import ConfigurationError

_STEP = re.compile(r"([^.\[\]]+)|\[(\*|-?\d+)\]")


def texts_at(value: Mapping[str, Any], index: bool | str | Sequence[str] | None) -> dict[str, str]:
    """Text by path: True or "$" takes the whole value as JSON, a list of paths those fields, False or None nothing."""
    if index is None or index is False:
        return {}
    paths = ["$"] if index is True else [index] if isinstance(index, str) else list(index)
    found: dict[str, str] = {}
    for path in paths:
        for place, inner in _at(value, path):
            text = inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False, sort_keys=True)
            if text.strip():
                found[place] = text
    return found


def _at(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if path == "$":
        yield path, value
        return
    steps = [m.groups() for m in _STEP.finditer(path)]
    if not steps:
        raise ConfigurationError(f'index path {path!r} is empty; write "$" or a field, as in "notes[*].text"')
    yield from _walk(value, steps, "")


def _walk(value: Any, steps: list[tuple[str | None, ...]], place: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        if value is not None:
            yield place, value
        return
    key, number = steps[0]
    if key is not None:
        if isinstance(value, Mapping) and key in value:
            yield from _walk(value[key], steps[1:], f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        assert number is not None
        chosen = range(len(value)) if number == "*" else [int(number)]
        for i in chosen:
            if -len(value) <= i < len(value):
                yield from _walk(value[i], steps[1:], f"{place}[{i}]")
