"""Records as rows and as the JSON of events, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from memlayer import _drafts
from memlayer.types import Record, Relation, Scope

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)

COLUMNS = (
    "id", "user_id", "agent_id", "run_id", "app_id", "kind", "status", "text", "role", "name", "message_id",
    "session", "position", "created_at", "recorded_at", "updated_at", "valid_from", "valid_to", "expires_at",
    "immutable", "importance", "feedback", "memory_type", "subject", "attribute", "value", "negated",
    "superseded_by", "supersedes", "sources", "categories", "metadata", "relations", "unread", "reinforced",
)  # fmt: skip
SELECT = ", ".join(f"r.{c}" for c in COLUMNS)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_EMPTY = {"supersedes": "[]", "sources": "[]", "categories": "[]", "metadata": "{}", "relations": "[]"}
_ZERO = {"position": 0, "immutable": 0, "negated": 0, "unread": 0, "reinforced": 0}
_PLAIN = tuple({**_EMPTY, **_ZERO}.get(c) for c in COLUMNS)
"""What an event leaves out."""


def micros(value: datetime | None) -> int | None:
    """Microseconds since 1970 in UTC."""
    return None if value is None else (value - EPOCH) // _MICROSECOND


def moment(value: int | None) -> datetime | None:
    """The inverse of `micros`."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


def dumps(value: Any) -> str:
    """Compact JSON, characters as they are."""
    return _encode(value)


def to_row(r: Record) -> tuple[Any, ...]:
    """The record's values in the order of `COLUMNS`."""
    scope = r.scope
    return (
        r.id, scope.user_id, scope.agent_id, scope.run_id, scope.app_id, r.kind, r.status, r.text, r.role, r.name,
        r.message_id, r.session, r.position, micros(r.created_at), micros(r.recorded_at), micros(r.updated_at),
        micros(r.valid_from), micros(r.valid_to), micros(r.expires_at), int(r.immutable), r.importance, r.feedback,
        r.memory_type, r.subject, r.attribute, r.value, int(r.negated), r.superseded_by,
        dumps(r.supersedes) if r.supersedes else "[]",
        dumps(r.sources) if r.sources else "[]",
        dumps(r.categories) if r.categories else "[]",
        dumps(r.metadata) if r.metadata else "{}",
        dumps([_edge(x) for x in r.relations]) if r.relations else "[]",
        int(r.unread), r.reinforced,
    )  # fmt: skip


def from_row(row: Sequence[Any]) -> Record:
    """A record from values in the order of `COLUMNS`."""
    (
        id_, user, agent, run, app, kind, status, text, role, name, message_id, session, position, created, recorded,
        updated, valid_from, valid_to, expires, immutable, importance, feedback, memory_type, subject, attribute,
        value, negated, superseded_by, supersedes, sources, categories, metadata, relations, unread, reinforced,
    ) = row  # fmt: skip
    born = EPOCH + timedelta(microseconds=created)
    # In the order of the fields: naming each of so many takes as long as all the rest.
    return _drafts.record(
        id_, kind, text, _scope(user, agent, run, app),
        born, EPOCH + timedelta(microseconds=recorded),
        born if valid_from == created else EPOCH + timedelta(microseconds=valid_from),
        moment(valid_to), moment(updated), moment(expires), status,
        superseded_by, strings(supersedes), bool(immutable),
        json.loads(metadata) if metadata != "{}" else {}, _labels(categories), importance, feedback,
        role, name, message_id, session, position, strings(sources),
        subject, attribute, value, bool(negated), memory_type, bool(unread), reinforced,
        tuple(Relation(*x) for x in json.loads(relations)) if relations != "[]" else (),
    )  # fmt: skip


def encode(row: Sequence[Any]) -> str:
    """The JSON of an event: the row's columns that say something."""
    return dumps({c: v for c, v, plain in zip(COLUMNS, row, _PLAIN, strict=True) if v is not None and v != plain})


def decode(text: str) -> Record:
    """A record from the JSON of an event."""
    data: Mapping[str, Any] = json.loads(text)
    return from_row([data.get(c, plain) for c, plain in zip(COLUMNS, _PLAIN, strict=True)])


def _edge(relation: Relation) -> tuple[str, ...]:
    return (relation.source, relation.predicate, relation.target, relation.source_type, relation.target_type)


def strings(text: str) -> tuple[str, ...]:
    """A JSON list of strings."""
    if text == "[]":
        return ()
    # Strings without an escape, as ids and categories are, need no parser.
    return tuple(json.loads(text)) if "\\" in text else tuple(text[2:-2].split('","'))


# What many rows have in common is made once.
_scope = lru_cache(maxsize=1024)(Scope)
_labels = lru_cache(maxsize=1024)(strings)
