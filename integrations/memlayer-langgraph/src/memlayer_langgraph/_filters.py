"""LangGraph's filters as memlayer's, with LangGraph's meaning. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memlayer import FilterError
from memlayer.filters import And, Compare, Filter, Not

_ORDER = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}


def translate(filter: Mapping[str, Any] | None) -> Filter | None:
    """The filter over an item's value; nested objects match by the keys that they name, lists whole."""
    if not filter:
        return None
    return And(tuple(_field(("metadata", key), value) for key, value in filter.items()))


def _field(path: tuple[str, ...], value: Any) -> Filter:
    if not isinstance(value, Mapping):
        return _equal(path, value)
    if not value:
        raise FilterError(f"the filter on {'.'.join(path[1:])!r} is empty; give a value or an operator such as $gte")
    if any(str(key).startswith("$") for key in value):
        return And(tuple(_operator(path, str(name), wanted) for name, wanted in value.items()))
    return And(tuple(_field((*path, key), inner) for key, inner in value.items()))


def _operator(path: tuple[str, ...], name: str, wanted: Any) -> Filter:
    if name == "$eq":
        return _equal(path, wanted)
    if name == "$ne":
        return Not(_equal(path, wanted))
    if name not in _ORDER:
        raise FilterError(f"{name!r} is not an operator of LangGraph's stores: $eq, $ne, $gt, $gte, $lt, $lte")
    return Compare(path, _ORDER[name], wanted)


def _equal(path: tuple[str, ...], value: Any) -> Filter:
    # memlayer's eq is also true of a list that holds the value, which LangGraph's equality is not.
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return And((Compare(path, "gte", value), Compare(path, "lte", value)))
    value = list(value) if isinstance(value, tuple) else value
    return And((Compare(path, "eq", value), Not(Compare(path, "contains", value))))
