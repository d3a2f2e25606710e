"""The reference meaning of a filter; every backend answers exactly as these few functions do."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from memlayer._filter_tree import (
    FIELD_TYPES,
    OPERATORS,
    ORDERINGS,
    And,
    Compare,
    Filter,
    Not,
    content_hash,
    microseconds,
)
from memlayer.errors import FilterError
from memlayer.types import ID_FIELDS, Record

MISSING: Any = object()
"""What a lookup gives for a field that a record does not have."""

Lookup = Callable[[tuple[str, ...]], Any]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def matches(filter: Filter, record: Record) -> bool:
    """Says whether a record passes a filter.

    On a missing field, and between values of different types, every comparison is false, except that ne and nin are
    always exactly the negation of eq and in. Booleans are not numbers; integers and floats compare by value, strings
    by code point. A list equals a list of the same elements, and equals each of its elements. Null in metadata is a
    value, which equals only None.
    """
    return matcher(filter)(record)


def matcher(filter: Filter) -> Callable[[Record], bool]:
    """`matches` of one filter for many records."""
    holds = predicate(filter)
    return lambda record: holds(lambda field: _of_record(record, field))


def predicate(filter: Filter) -> Callable[[Lookup], bool]:
    """The meaning of a filter over anything that a lookup can find fields in.

    A lookup gives `MISSING` for what is absent, microseconds since 1970 for times, and lists and dicts for JSON.
    """
    if isinstance(filter, Compare):
        return _test(filter)
    if isinstance(filter, Not):
        holds = predicate(filter.term)
        return lambda lookup: not holds(lookup)
    tests = [predicate(term) for term in filter.terms]
    if isinstance(filter, And):
        return lambda lookup: all(test(lookup) for test in tests)
    return lambda lookup: any(test(lookup) for test in tests)


def inside(metadata: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of keys in a JSON object; `MISSING` where there is nothing. Lists are not entered."""
    for key in path:
        if not isinstance(metadata, Mapping) or key not in metadata:
            return MISSING
        metadata = metadata[key]
    return metadata


def comparand(condition: Compare) -> Any:
    """The value of a condition as lookups give it: times in microseconds; raises `FilterError` for a malformed one."""
    name, value = condition.field[0], condition.value
    known = len(condition.field) > 1 if name == "metadata" else len(condition.field) == 1 and name in FIELD_TYPES
    if not known:
        raise FilterError(f"{'.'.join(condition.field)} is not a field of a record; filters.parse makes good filters.")
    if condition.op not in OPERATORS:
        raise FilterError(f"{condition.op!r} is not an operator; filters.parse makes good filters.")
    if FIELD_TYPES.get(name) != "time":
        return value
    values = value if isinstance(value, tuple | list) else (value,)
    if not all(isinstance(moment, datetime) and moment.tzinfo for moment in values):
        raise FilterError(f"{name} compares with aware datetimes, not {value!r}; filters.parse makes them.")
    exact = tuple(microseconds(moment) for moment in values)
    return exact if isinstance(value, tuple | list) else exact[0]


def _of_record(record: Record, field: tuple[str, ...]) -> Any:
    name = field[0]
    if name == "metadata":
        return inside(record.metadata, field[1:])
    if name == "hash":
        return content_hash(record.text)
    found = getattr(record.scope if name in ID_FIELDS else record, name, None)
    if found is None:
        return MISSING
    return microseconds(found) if isinstance(found, datetime) else found


def _test(condition: Compare) -> Callable[[Lookup], bool]:
    field, op, value = condition.field, condition.op, comparand(condition)
    if op == "eq":
        return lambda lookup: _equals(lookup(field), value)
    if op == "ne":
        return lambda lookup: not _equals(lookup(field), value)
    if op == "in":
        return lambda lookup: _among(lookup(field), value)
    if op == "nin":
        return lambda lookup: not _among(lookup(field), value)
    if op in ORDERINGS:
        return lambda lookup: _ordered(_ORDER[op], lookup(field), value)
    if op == "contains":
        return lambda lookup: _contains(lookup(field), value)
    folded = _fold(value)
    return lambda lookup: _contains(_fold(lookup(field)), folded)


def _equals(found: Any, value: Any) -> bool:
    return _same(found, value) or (isinstance(found, list | tuple) and any(_same(one, value) for one in found))


def _among(found: Any, values: Any) -> bool:
    return any(_equals(found, value) for value in values)


def _ordered(order: Callable[[Any, Any], bool], found: Any, value: Any) -> bool:
    comparable = (_number(found) and _number(value)) or (isinstance(found, str) and isinstance(value, str))
    return comparable and order(found, value)


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    return isinstance(found, list | tuple) and any(_same(one, value) for one in found)


def _fold(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [one.casefold() if isinstance(one, str) else one for one in value]
    return value.casefold() if isinstance(value, str) else value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values: booleans are not numbers, tuples are lists."""
    if isinstance(one, str):
        return isinstance(other, str) and one == other
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if _number(one):
        return _number(other) and bool(one == other)
    if isinstance(one, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(_same(a, b) for a, b in zip(one, other, strict=True))
        )
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    return False
