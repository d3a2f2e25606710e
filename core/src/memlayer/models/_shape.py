"""How a model is asked for JSON: by schema where it can, by JSON mode, or in words; what works is remembered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

from memlayer import _answers, _forks

Way = Literal["json_schema", "json_object", "words"]
WAYS: tuple[Way, ...] = ("json_schema", "json_object", "words")

_known: dict[str, Way] = {}
_lock = _forks.Lock()


def way(model: str, first: Way = "json_schema") -> Way:
    """The way that worked for this model in this process; `first` where none was tried."""
    with _lock:
        return _known.get(model, first)


def remember(model: str, found: Way) -> None:
    """Notes that this way works for the model."""
    with _lock:
        _known[model] = found


def down_from(way: Way) -> Sequence[Way]:
    """The way and those that ask less of a server, best first."""
    return WAYS[WAYS.index(way) :]


def response_format(way: Way, schema: dict[str, Any]) -> dict[str, Any] | None:
    """The wire's parameter for a way; None where it needs none."""
    if way == "json_schema":
        return {"type": way, "json_schema": {"name": schema.get("title", "answer"), "strict": True, "schema": schema}}
    return {"type": "json_object"} if way == "json_object" else None


def told(messages: Sequence[dict[str, Any]], way: Way, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages, with the schema in words where the server is not given it."""
    if way == "json_schema":
        return list(messages)
    words = f"Answer with one JSON object and nothing else. It must fit this JSON schema: {json.dumps(schema)}"
    first = dict(messages[0]) if messages and messages[0].get("role") == "system" else None
    if first is not None and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{words}"}, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]


def tidy(text: str, schema: dict[str, Any] | None) -> str:
    """The JSON that an answer holds; the answer as it is where it holds none, or none was asked for."""
    if schema is None:
        return text
    try:
        return json.dumps(_answers.read(text, keys=tuple(schema.get("properties", ()))), ensure_ascii=False)
    except ValueError:
        return text


def descend(
    model: str, ask: Callable[[Way], str], *, refused: Callable[[BaseException], bool], first: Way = "json_schema"
) -> str:
    """Asks in the way that is known to work, then in each that asks less, while the server refuses; remembers which.

    `first` is tried where none is known. Raises the first refusal where none works: the fault was another one then.
    """
    fault: Exception | None = None
    for one in down_from(way(model, first)):
        try:
            answer = ask(one)
        except Exception as error:
            # What a client raises is told by `refused`; everything else goes on up.
            if not refused(error):
                raise
            fault = fault or error
            continue
        remember(model, one)
        return answer
    assert fault is not None
    raise fault
