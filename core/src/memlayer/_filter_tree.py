"""The filter tree, and the fields of a record that a filter can name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

FieldType = Literal["text", "time", "number", "bool", "list"]

OPERATORS = ("eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "contains", "icontains")
ORDERINGS = ("gt", "gte", "lt", "lte")
MAX_DEPTH = 64
"""How deep filters and metadata may nest."""

FIELD_TYPES: dict[str, FieldType] = {
    "id": "text",
    "kind": "text",
    "text": "text",
    "user_id": "text",
    "agent_id": "text",
    "run_id": "text",
    "app_id": "text",
    "role": "text",
    "name": "text",
    "message_id": "text",
    "categories": "list",
    "created_at": "time",
    "updated_at": "time",
    "recorded_at": "time",
    "valid_from": "time",
    "valid_to": "time",
    "expires_at": "time",
    "immutable": "bool",
    "importance": "number",
    "hash": "text",
    "feedback": "text",
    "memory_type": "text",
    "status": "text",
}
"""What each field of a record holds; everything under "metadata" holds JSON of any type."""

ALIASES = {"memory": "text", "data": "text", "actor_id": "name", "expiration_date": "expires_at"}
"""Names that mem0's users know for a field of ours."""


@dataclass(frozen=True, slots=True)
class Compare:
    """One condition on one field."""

    field: tuple[str, ...]
    """("created_at",) for a field of the record, ("metadata", "food") for a place inside of the metadata."""
    op: str
    """eq, ne, in, nin, gt, gte, lt, lte, contains, icontains."""
    value: Any
    """A tuple for in and nin; aware UTC datetimes where the field is a time (`parse` has resolved bare days)."""


@dataclass(frozen=True, slots=True)
class And:
    """All of the conditions; true when empty."""

    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the conditions; false when empty."""

    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    term: Filter


Filter = Compare | And | Or | Not

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """The exact number of microseconds from 1970-01-01 UTC to an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The aware UTC datetime that `microseconds` made the number of."""
    return _EPOCH + timedelta(microseconds=count)


def content_hash(text: str) -> str:
    """The `hash` of a record: SHA-256 of its text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
