"""Memories as plain JSON, and back: for moving, for keeping, for leaving."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from memlayer.engine.messages import last_instant, moment
from memlayer.errors import ConfigurationError
from memlayer.filters import check_metadata, make_scope
from memlayer.types import ID_FIELDS, Record, Relation, Scope

FORMAT = "memlayer-export"
VERSION = 1
_TIMES = ("created_at", "recorded_at", "valid_from", "valid_to", "updated_at", "expires_at")
_LISTS = ("supersedes", "categories", "sources")
_PLAIN = (
    "id", "kind", "text", "status", "superseded_by", "immutable", "importance", "feedback", "role", "name",
    "message_id", "session", "position", "subject", "attribute", "value", "negated", "memory_type", "unread",
    "reinforced",
)  # fmt: skip


def dump(record: Record) -> dict[str, Any]:
    """A record as JSON, whole."""
    data: dict[str, Any] = {name: getattr(record, name) for name in _PLAIN}
    data |= {name: at.isoformat() for name in _TIMES if (at := getattr(record, name)) is not None}
    data |= {name: list(getattr(record, name)) for name in _LISTS}
    data["metadata"] = dict(record.metadata)
    data["relations"] = [[r.source, r.predicate, r.target, r.source_type, r.target_type] for r in record.relations]
    return {k: v for k, v in data.items() if v not in (None, [], {}, False)} | record.scope.ids()


def load(data: Any, *, now: datetime, new_id: Callable[[], str]) -> tuple[list[Record], list[dict[str, Any]]]:
    """Records (episodes before the facts that cite them) and items, out of an export or another's `get_all`."""
    if isinstance(data, Mapping) and data.get("format") == FORMAT:
        if data.get("version") != VERSION:
            raise ConfigurationError(f"this export has version {data.get('version')!r}; this memlayer reads {VERSION}")
        records = [_record(d, f"records[{n}]", now) for n, d in enumerate(data.get("records", ()))]
        records.sort(key=lambda r: r.kind != "episode")
        return records, list(data.get("items", ()))
    rows = data.get("results") if isinstance(data, Mapping) else data
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        raise ConfigurationError(
            'import_ takes what export() gave, or {"results": [{"memory": …, "user_id": …}]} as get_all() gives it'
        )
    return [_foreign(row, f"results[{n}]", now, new_id) for n, row in enumerate(rows)], []


def _record(data: Any, where: str, now: datetime) -> Record:
    if not isinstance(data, Mapping):
        raise ConfigurationError(f"{where} must be a dict, not {type(data).__name__}")
    allowed = {*_PLAIN, *_TIMES, *_LISTS, *ID_FIELDS, "metadata", "relations"}
    unknown = sorted(set(data) - allowed)
    if unknown:
        raise ConfigurationError(f"{where} has unknown keys {unknown}; was it written by a newer memlayer?")
    missing = [k for k in ("id", "kind", "text", "created_at") if not isinstance(data.get(k), str)]
    if missing or data.get("kind") not in ("fact", "episode", "procedure"):
        raise ConfigurationError(f"{where} needs id, kind (fact, episode or procedure), text and created_at")
    values: dict[str, Any] = {k: data[k] for k in _PLAIN if k in data}
    values |= {k: moment(data[k], f"{where}.{k}") for k in _TIMES if data.get(k) is not None}
    values |= {k: tuple(data[k]) for k in _LISTS if k in data}
    values.setdefault("recorded_at", now)
    values.setdefault("valid_from", values["created_at"])
    values["metadata"] = check_metadata(data.get("metadata") or {})
    values["relations"] = tuple(Relation(*edge) for edge in data.get("relations", ()))
    return Record(scope=scope_of(data, where), **values)


def _foreign(row: Any, where: str, now: datetime, new_id: Callable[[], str]) -> Record:
    """One memory of another memory layer: its text, scope, times and metadata; its id where it has one."""
    if not isinstance(row, Mapping) or not isinstance(row.get("memory"), str) or not row["memory"].strip():
        raise ConfigurationError(f'{where} must be a dict with a text under "memory"')
    said = moment(row["created_at"], f"{where}.created_at") if row.get("created_at") else now
    ends = row.get("expiration_date")
    return Record(
        id=row["id"] if isinstance(row.get("id"), str) and row["id"] else new_id(),
        kind="fact",
        text=row["memory"],
        scope=scope_of(row, where),
        created_at=said,
        recorded_at=now,
        valid_from=said,
        updated_at=moment(row["updated_at"], f"{where}.updated_at") if row.get("updated_at") else None,
        expires_at=last_instant(ends, f"{where}.expiration_date") if ends else None,
        immutable=bool(row.get("immutable", False)),
        metadata=check_metadata(row.get("metadata") or {}),
        categories=tuple(row.get("categories") or ()),
    )


def scope_of(data: Mapping[str, Any], where: str) -> Scope:
    """The scope that an exported row names."""
    scope = make_scope(**{name: data.get(name) for name in ID_FIELDS})
    if not scope.ids():
        raise ConfigurationError(f"{where} names nobody: it needs user_id, agent_id, run_id or app_id")
    return scope


def fresh(records: Iterable[Record], known: Iterable[Record | None]) -> list[Record]:
    """The records whose ids are not known yet; a known id in another scope is an error."""
    found = []
    for record, held in zip(records, known, strict=True):
        if held is None:
            found.append(replace(record))
        elif held.scope != record.scope:
            raise ConfigurationError(f"record {record.id} exists already, and belongs to {held.scope.ids()}")
    return found
