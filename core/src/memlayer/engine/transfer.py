"""Memories as plain JSON, and back: for moving, for keeping, for leaving."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID, uuid5

from memlayer.engine.messages import last_instant, moment
from memlayer.errors import ConfigurationError, brief
from memlayer.filters import check_metadata, make_scope, text_fault
from memlayer.types import ID_FIELDS, Item, Kind, Record, Relation, Scope, Status

FORMAT = "memlayer-export"
VERSION = 1
RATINGS = ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE")
_LARGEST = 2**63 - 1
_NAMELESS = UUID("1d0f7c52-6f0b-4f0e-9f3a-5f4f3f0e7b61")


def _text(value: Any) -> bool:
    return isinstance(value, str) and text_fault(value) is None


def _name(value: Any) -> bool:
    return _text(value) and bool(value.strip())


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_text, value))


def _edges(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_texts(edge) and 3 <= len(edge) <= 5 for edge in value)


def _among(*values: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: isinstance(value, str) and value in values, f"one of {', '.join(values)}"


Shape = tuple[Callable[[Any], bool], str]
_A_TEXT: Shape = (_text, "a text")
_A_NAME: Shape = (_name, "a text that is not blank")
_A_FLAG: Shape = (_flag, "true or false")
_A_COUNT: Shape = (_count, "a whole number from 0")
_A_LIST: Shape = (_texts, "a list of texts")
_PLAIN: dict[str, Shape] = {
    "id": _A_NAME, "kind": _among(*get_args(Kind)), "text": _A_TEXT, "status": _among(*get_args(Status)),
    "superseded_by": _A_TEXT, "immutable": _A_FLAG, "importance": (_share, "a number from 0 to 1"),
    "feedback": _among(*RATINGS), "role": _A_TEXT, "name": _A_TEXT, "message_id": _A_TEXT, "session": _A_TEXT,
    "position": _A_COUNT, "subject": _A_TEXT, "attribute": _A_TEXT, "value": _A_TEXT, "negated": _A_FLAG,
    "memory_type": _A_TEXT, "unread": _A_FLAG, "reinforced": _A_COUNT,
}  # fmt: skip
_TIMES = ("created_at", "recorded_at", "valid_from", "valid_to", "updated_at", "expires_at")
_LISTS: dict[str, Shape] = {"supersedes": _A_LIST, "categories": _A_LIST, "sources": _A_LIST}
_RELATIONS: dict[str, Shape] = {"relations": (_edges, "a list of [source, predicate, target, …] in texts")}
_ITEM: dict[str, Shape] = {
    "namespace": (lambda v: _texts(v) and bool(v) and all(v), "a list of labels"),
    "key": (lambda v: _text(v) and bool(v), "a text that is not empty"),
    "index": (lambda v: _flag(v) or _texts(v), "a list of fields"),
}


@dataclass(frozen=True, slots=True)
class Carried:
    """An item on its way from one memory into another."""

    scope: Scope
    item: Item
    index: Any
    """What it is found by, as `items.put` takes it."""


def dump(record: Record) -> dict[str, Any]:
    """A record as JSON, whole."""
    data: dict[str, Any] = {name: getattr(record, name) for name in _PLAIN}
    data |= {name: at.isoformat() for name in _TIMES if (at := getattr(record, name)) is not None}
    data |= {name: list(getattr(record, name)) for name in _LISTS}
    data["metadata"] = dict(record.metadata)
    data["relations"] = [[r.source, r.predicate, r.target, r.source_type, r.target_type] for r in record.relations]
    # An importance of 0 is a value, and the only number that does not stand for "nothing".
    return {k: v for k, v in data.items() if k == "importance" or v not in (None, [], {}, False)} | record.scope.ids()


def load(data: Any, *, now: datetime) -> tuple[list[Record], list[Carried]]:
    """Records (episodes before the facts that cite them) and items, out of an export or another's `get_all`.

    Everything is checked before anything is taken in: an export may have been written or edited by hand.
    """
    if is_export(data):
        if data.get("version") != VERSION:
            raise ConfigurationError(f"this export has version {data.get('version')!r}; this memlayer reads {VERSION}")
        records = [_record(row, f"records[{n}]", now) for n, row in enumerate(_rows(data, "records"))]
        return _in_order(records), [_item(row, f"items[{n}]", now) for n, row in enumerate(_rows(data, "items"))]
    rows = data.get("results") if isinstance(data, Mapping) else data
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        raise ConfigurationError(
            'import_ takes what export() gave, or {"results": [{"memory": …, "user_id": …}]} as get_all() gives it'
        )
    return [_foreign(row, f"results[{n}]", now) for n, row in enumerate(rows)], []


def is_export(data: Any) -> bool:
    """Says whether it is what `export` gave; else it comes from another memory."""
    return isinstance(data, Mapping) and data.get("format") == FORMAT


def _in_order(records: Sequence[Record]) -> list[Record]:
    """The records as they stand, but each fact behind the episodes that it cites."""
    found: list[Record] = []
    ahead = {r.id for r in records if r.kind == "episode"}
    waiting: deque[Record] = deque()
    for record in records:
        if record.kind == "episode":
            ahead.discard(record.id)
            found.append(record)
        else:
            waiting.append(record)
        while waiting and ahead.isdisjoint(waiting[0].sources):
            found.append(waiting.popleft())
    return found


def _rows(data: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = data.get(name, ())
    if not isinstance(found, list | tuple):
        raise ConfigurationError(f"{name} of an export must be a list, not {type(found).__name__}")
    return found


def _given(row: Any, where: str) -> dict[str, Any]:
    """What a row says; null says nothing."""
    if not isinstance(row, Mapping):
        raise ConfigurationError(f"{where} must be a dict, not {type(row).__name__}")
    return {name: value for name, value in row.items() if value is not None}


def _check(data: Mapping[str, Any], shapes: Mapping[str, Shape], where: str) -> None:
    for name, (fits, what) in shapes.items():
        if name in data and not fits(data[name]):
            raise ConfigurationError(f"{where}.{name} must be {what}, not {brief(data[name])}")


def _record(row: Any, where: str, now: datetime) -> Record:
    data = _given(row, where)
    allowed = {*_PLAIN, *_TIMES, *_LISTS, *ID_FIELDS, "metadata", "relations"}
    unknown = sorted(map(str, set(data) - allowed))
    if unknown:
        raise ConfigurationError(f"{where} has unknown keys {unknown}; was it written by a newer memlayer?")
    if not all(k in data for k in ("id", "kind", "text", "created_at")):
        raise ConfigurationError(f"{where} needs id, kind (fact, episode or procedure), text and created_at")
    _check(data, _PLAIN | _LISTS | _RELATIONS, where)
    values: dict[str, Any] = {k: data[k] for k in _PLAIN if k in data}
    values |= {k: moment(data[k], f"{where}.{k}") for k in _TIMES if k in data}
    values |= {k: tuple(data[k]) for k in _LISTS if k in data}
    values.setdefault("recorded_at", now)
    values.setdefault("valid_from", values["created_at"])
    values["metadata"] = check_metadata(data.get("metadata", {}), f"{where}.metadata")
    values["relations"] = tuple(Relation(*edge) for edge in data.get("relations", ()))
    return Record(scope=scope_of(data, where), **values)


def _item(row: Any, where: str, now: datetime) -> Carried:
    data = _given(row, where)
    if not all(k in data for k in ("namespace", "key", "value")):
        raise ConfigurationError(f"{where} needs namespace, key and value")
    _check(data, _ITEM, where)
    times = {k: moment(data[k], f"{where}.{k}") for k in ("created_at", "updated_at", "expires_at") if k in data}
    born = times.get("created_at", now)
    value = check_metadata(data["value"], f"{where}.value")
    item = Item(
        tuple(data["namespace"]), data["key"], value, born, times.get("updated_at", born), times.get("expires_at")
    )
    return Carried(scope_of(data, where), item, data.get("index"))


def _foreign(row: Any, where: str, now: datetime) -> Record:
    """One memory of another memory layer: its text, scope, times and metadata.

    Without an id it gets one from what it says, so that it is known when it comes again.
    """
    data = {name: value for name, value in _given(row, where).items() if value != ""}
    if not _name(data.get("memory")):
        raise ConfigurationError(f'{where} must be a dict with a text under "memory"')
    _check(data, {"immutable": _A_FLAG, "categories": _A_LIST}, where)
    times = {k: moment(data[k], f"{where}.{k}") for k in ("created_at", "updated_at") if k in data}
    said, ends = times.get("created_at", now), data.get("expiration_date")
    scope, metadata = scope_of(data, where), check_metadata(data.get("metadata", {}), f"{where}.metadata")
    told = json.dumps([scope.ids(), data["memory"], str(times.get("created_at")), metadata], sort_keys=True)
    return Record(
        id=data["id"] if _name(data.get("id")) else str(uuid5(_NAMELESS, told)),
        kind="fact",
        text=data["memory"],
        scope=scope,
        created_at=said,
        recorded_at=now,
        valid_from=said,
        updated_at=times.get("updated_at"),
        expires_at=None if ends is None else last_instant(ends, f"{where}.expiration_date"),
        immutable=data.get("immutable", False),
        metadata=metadata,
        categories=tuple(data.get("categories", ())),
    )


def scope_of(data: Mapping[str, Any], where: str) -> Scope:
    """The scope that an exported row names."""
    scope = make_scope(**{name: data.get(name) for name in ID_FIELDS})
    if not scope.ids():
        raise ConfigurationError(f"{where} names nobody: it needs user_id, agent_id, run_id or app_id")
    return scope


def fresh(records: Sequence[Record], known: Sequence[Record | None]) -> list[Record]:
    """The records whose ids are not known yet, each id once; a known id in another scope is an error."""
    found: dict[str, Record] = {}
    for record, held in zip(records, known, strict=True):
        if held is None:
            found.setdefault(record.id, record)
        elif held.scope != record.scope:
            raise ConfigurationError(f"record {record.id} exists already, and belongs to {held.scope.ids()}")
    return list(found.values())


def renamed(record: Record, twins: Mapping[str, str]) -> Record:
    """The record with what it speaks of under the ids that these have here."""
    followed = record.superseded_by
    return replace(
        record,
        sources=tuple(dict.fromkeys(twins.get(s, s) for s in record.sources)),
        supersedes=tuple(dict.fromkeys(twins.get(s, s) for s in record.supersedes)),
        superseded_by=None if followed is None else twins.get(followed, followed),
    )
