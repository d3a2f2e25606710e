"""A record as JSON and back, every field as it was: what a store keeps beside the fields that it searches by."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from memlayer.types import Record, Relation, Scope

_TIMES = tuple(part.name for part in fields(Record) if "datetime" in str(part.type))


def dumped(record: Record, *, without: str = "") -> str:
    """The record as JSON, the same for the same record; one field may be left out."""
    found: dict[str, Any] = {}
    for part in fields(Record):
        value = getattr(record, part.name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, Scope):
            value = value.ids()
        elif part.name == "relations":
            value = [[r.source, r.predicate, r.target, r.source_type, r.target_type] for r in value]
        elif part.name == "metadata":
            value = dict(value)
        if part.name != without:
            found[part.name] = value
    return json.dumps(found, separators=(",", ":"), sort_keys=True)


def loaded(text: str, /, **more: Any) -> Record:
    """The record in JSON; `more` stands in for fields that were left out."""
    data = {**more, **json.loads(text)}
    for name in _TIMES:
        if data[name] is not None:
            data[name] = datetime.fromisoformat(data[name])
    for name in ("supersedes", "sources", "categories"):
        data[name] = tuple(data[name])
    data["relations"] = tuple(Relation(*edge) for edge in data["relations"])
    data["scope"] = Scope(**data["scope"])
    return Record(**data)
