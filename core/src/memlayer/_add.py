"""What `add` does with its keywords and messages before and after they are taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memlayer import _shapes
from memlayer._ask import flag, several, words
from memlayer._core import Core
from memlayer.config import check_categories
from memlayer.engine import messages as reading
from memlayer.engine import unseen
from memlayer.engine.ingest import Outcome, Request
from memlayer.errors import ConfigurationError, UnsupportedError, brief
from memlayer.filters import check_metadata
from memlayer.types import AddResult, Guidance, Messages, Record, Scope

_UNPROMPTED = (None, None, None)
_UNGUIDED = Guidance()


def add(
    core: Core,
    messages: Messages,
    scope: Scope,
    *,
    metadata: Mapping[str, Any] | None,
    infer: bool,
    mode: str,
    timestamp: Any,
    expiration_date: Any,
    immutable: bool,
    categories: Sequence[str] | None,
    custom_categories: Sequence[Mapping[str, str]] | None,
    prompts: tuple[str | None, str | None, str | None],
    memory_type: str | None,
    enable_graph: bool | None,
) -> AddResult:
    """Checks what `add` was given, and takes it in."""
    if mode not in ("now", "deferred"):
        raise ConfigurationError(f'mode must be "now" or "deferred", not {brief(mode)}')
    if any(prompts) and core.settings.llm is None:
        raise UnsupportedError(
            "includes=, excludes= and prompt= speak to a language model, and this memory has none: give Memory(llm=…)"
        )
    if memory_type not in (None, "procedural_memory"):
        raise ConfigurationError(f'memory_type must be "procedural_memory" or left out, not {brief(memory_type)}')
    graph = flag("enable_graph", enable_graph)
    at = core.clock() if timestamp is None else reading.moment(timestamp, "timestamp")
    faults: list[Exception] = []
    request = Request(
        messages=reading.read(
            messages, at=at, reader=core.reader, faults=faults, known=lambda name: _kept(core, name, scope)
        ),
        scope=scope,
        infer=flag("infer", infer, default=True),
        metadata=check_metadata(metadata) if metadata is not None else {},
        categories=None if categories is None else _names("categories", categories),
        custom_categories=check_categories(custom_categories),
        expires_at=None if expiration_date is None else reading.last_instant(expiration_date, "expiration_date"),
        immutable=flag("immutable", immutable),
        memory_type=memory_type,
        deferred=mode == "deferred",
        guidance=_guidance(prompts, custom_categories, procedure=memory_type is not None),
    )
    outcome = core.ingest.add(request)
    more = unseen.complete(request.messages, request, store=core.ledger, ingest=core.ingest, embedder=core.embedder)
    if more is not None:
        outcome = Outcome(outcome.written + more.written, outcome.episodes + more.episodes)
    if request.deferred:
        core.worker.wake()
    if faults:
        raise faults[0]
    return _outcome(outcome, graph=graph)


def _kept(core: Core, message_id: str, scope: Scope) -> Record | None:
    """The episode that keeps a message of this scope already."""
    found = core.ledger.messages_known([message_id], scope).get(message_id)
    return None if found is None else core.ledger.get([found])[0]


def _outcome(outcome: Outcome, *, graph: bool) -> AddResult:
    found: AddResult = {
        "results": [_shapes.added(w) for w in outcome.written],
        "episodes": [e.id for e in outcome.episodes],
    }
    if graph:
        said = dict.fromkeys(edge for w in outcome.written for edge in w.record.relations)
        found["relations"] = [_shapes.relation(edge) for edge in said]
    return found


def _names(name: str, values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, list | tuple) and not values:
        return ()
    return tuple(dict.fromkeys(value.strip() for value in several(name, values)))


def _guidance(prompts: tuple[Any, Any, Any], custom: Any, *, procedure: bool) -> Guidance:
    if prompts == _UNPROMPTED and custom is None and not procedure:
        return _UNGUIDED
    includes, excludes, prompt = (
        None if told is None else words(name, told)
        for name, told in zip(("includes", "excludes", "prompt"), prompts, strict=True)
    )
    return Guidance(includes, excludes, prompt, check_categories(custom), procedure)
