"""Filters: one typed tree, the parser of the filter syntax that mem0's users know, and the reference meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Compare:
    """One condition on one field."""

    field: tuple[str, ...]
    """("created_at",) for a field of the record, ("metadata", "food") for a place inside of the metadata."""
    op: str
    """eq, ne, in, nin, gt, gte, lt, lte, contains, icontains."""
    value: Any


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
