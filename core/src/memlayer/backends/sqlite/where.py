"""Filters as SQL over `records r`, exactly as `memlayer.filters.matches` means them.

Every condition comes to 0 or 1, never NULL. What SQL cannot say exactly (the type of a value in a list, a real number
in JSON, keys that JSON writes with escapes) and what is too large for SQLite's limits is decided by `matches` itself,
through the SQL function `memlayer_matches`, which gets the filter as text and the columns that it reads.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from memlayer.filters import (
    FIELD_TYPES,
    MISSING,
    And,
    Compare,
    Filter,
    Lookup,
    Not,
    Or,
    comparand,
    from_microseconds,
    inside,
    predicate,
)

SQL = tuple[str, list[Any]]

MAX_TERMS = 500
"""More conditions than these are decided by `matches`; SQLite's own limits lie at 1,000 levels and 999 values."""
MAX_LEVELS = 12
"""Deeper nesting is decided by `matches`; the stack of SQLite's parser has 100 places."""
MAX_VALUES = 900

_INLINE = 8  # so many values of a list stand in the statement itself; more are read from one JSON value
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_OPPOSITES = {"ne": "eq", "nin": "in"}

# Keys that stand in JSON text as they are, with or without ASCII escapes, and so can stand in a JSON path.
_PLAIN_KEY = re.compile(r"[ !#-\[\]-~]+")


def register(connection: sqlite3.Connection) -> None:
    """Installs the functions that the statements of `compile_where` call."""
    connection.create_function("memlayer_casefold", 1, _casefold, deterministic=True)
    connection.create_function("memlayer_matches", -1, _matches, deterministic=True)


def compile_where(filter: Filter | None) -> SQL:
    """A condition over `records r` that is 1 for the records that pass and else 0, with its values."""
    if filter is None:
        return "1", []
    simple = _gather(filter)
    if _terms(simple) > MAX_TERMS or _levels(simple) > MAX_LEVELS:
        return _by_function(simple)
    sql, values = _compile(simple)
    return (sql, values) if len(values) <= MAX_VALUES else _by_function(simple)


def _gather(filter: Filter) -> Filter:
    """The same filter with the alternatives for one field in one list, which SQL looks up instead of trying each."""
    if isinstance(filter, Not):
        return Not(_gather(filter.term))
    if isinstance(filter, Compare):
        return filter
    one, many = ("eq", "in") if isinstance(filter, Or) else ("ne", "nin")
    lists: dict[tuple[str, ...], list[Any]] = {}
    rest: list[Filter] = []
    for term in map(_gather, filter.terms):
        if isinstance(term, Compare) and term.op in (one, many):
            lists.setdefault(term.field, []).extend(term.value if term.op == many else [term.value])
        else:
            rest.append(term)
    gathered = [Compare(f, one, v[0]) if len(v) == 1 else Compare(f, many, tuple(v)) for f, v in lists.items()]
    return type(filter)((*gathered, *rest))


def _terms(filter: Filter) -> int:
    if isinstance(filter, Compare):
        return 1
    return sum(map(_terms, filter.terms)) if isinstance(filter, And | Or) else _terms(filter.term)


def _levels(filter: Filter) -> int:
    if isinstance(filter, Compare):
        return 0
    return 1 + (max(map(_levels, filter.terms), default=0) if isinstance(filter, And | Or) else _levels(filter.term))


def _compile(filter: Filter) -> SQL:
    if isinstance(filter, Compare):
        return _condition(filter)
    if isinstance(filter, Not):
        return _not(_compile(filter.term))
    neutral, word = ("1", "AND") if isinstance(filter, And) else ("0", "OR")
    return _balanced([_compile(term) for term in filter.terms], word, neutral)


def _balanced(parts: Sequence[SQL], word: str, neutral: str) -> SQL:
    """Joins conditions as a tree of small depth: SQLite counts a OR b OR c as nested."""
    if len(parts) < 2:
        return parts[0] if parts else (neutral, [])
    middle = len(parts) // 2
    left, right = _balanced(parts[:middle], word, neutral), _balanced(parts[middle:], word, neutral)
    return f"({left[0]} {word} {right[0]})", left[1] + right[1]


def _not(part: SQL) -> SQL:
    return f"(NOT {part[0]})", part[1]


def _condition(condition: Compare) -> SQL:
    value, op = comparand(condition), condition.op
    if op in _OPPOSITES:
        return _not(_condition(Compare(condition.field, _OPPOSITES[op], condition.value)))
    name = condition.field[0]
    if name == "metadata":
        sql = _metadata(condition)
    elif name == "categories":
        sql = _categories(op, value)
    elif op == "in":
        wanted = [one for one in value if _fits(name, one)]
        sql = _among(f"r.{name}", wanted)
    elif not _fits(name, value):
        sql = "0", []
    elif op == "eq":
        sql = f"(r.{name} IS ?)", [value]
    elif op in _SIGNS:
        sql = ("0", []) if FIELD_TYPES[name] == "bool" else _present(name, f"r.{name} {_SIGNS[op]} ?", value)
    elif FIELD_TYPES[name] != "text":
        sql = "0", []
    elif op == "contains":
        sql = _present(name, f"instr(r.{name}, ?) > 0", value)
    else:
        sql = _present(name, f"instr(memlayer_casefold(r.{name}), ?) > 0", value.casefold())
    return sql if sql is not None else _by_function(condition)


def _fits(name: str, value: Any) -> bool:
    """Says whether a value has the type of a column; SQLite would turn one into the other and call them equal."""
    kind = FIELD_TYPES[name]
    if kind == "text":
        return isinstance(value, str)
    return isinstance(value, bool) if kind == "bool" else _number(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _present(name: str, sql: str, value: Any) -> SQL:
    return f"(r.{name} IS NOT NULL AND {sql})", [value]


def _among(found: str, values: Sequence[Any], bound: Sequence[Any] = ()) -> SQL:
    """Says that an expression, which holds the values `bound`, is one of strings and integers."""
    if not values:
        return "0", []
    if len(values) <= _INLINE or any(isinstance(value, float) for value in values):
        choice, given = f"({', '.join('?' * len(values))})", list(values)
    else:
        choice, given = "(SELECT value FROM json_each(?))", [json.dumps(list(values), ensure_ascii=False)]
    return f"({found} IS NOT NULL AND {found} IN {choice})", [*bound, *bound, *given]


def _categories(op: str, value: Any) -> SQL | None:
    if op in _SIGNS:
        return "0", []
    values = list(value) if op == "in" else [value]
    if any(isinstance(one, list | tuple) for one in values):
        return None  # the whole list is meant
    wanted = [one for one in values if isinstance(one, str)]
    fold = op == "icontains"
    sql, bound = _among(_folded("e.value", fold), [one.casefold() for one in wanted] if fold else wanted)
    return f"EXISTS (SELECT 1 FROM json_each(r.categories) AS e WHERE {sql})", bound


def _metadata(condition: Compare) -> SQL | None:
    """A condition on a place in the metadata, or None where only `matches` can decide it."""
    keys = condition.field[1:]
    if not all(map(_PLAIN_KEY.fullmatch, keys)):
        return None
    path = "$" + "".join(f'."{key}"' for key in keys)
    op, value = condition.op, condition.value
    values = list(value) if op == "in" else [value]
    cases = _Cases(path)
    if all(isinstance(one, str) for one in values):
        _strings(cases, op, values)
    elif all(map(_number, values)) and (op != "in" or not any(isinstance(one, float) for one in values)):
        if op in ("contains", "icontains"):
            cases.add("array", _by_function(condition))
        else:
            _numbers(cases, op, values, condition)
    elif op in _SIGNS:
        return "0", []
    elif op != "in" and isinstance(value, bool):
        if op == "eq":
            cases.add(json.dumps(value), ("1", []))
        cases.add("array", _by_function(condition))
    else:
        return None
    return cases.sql()


class _Cases:
    """A CASE over the JSON type of what stands at a path; 0 for every other type and where nothing stands."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._parts: list[SQL] = []

    def add(self, kind: str, then: SQL) -> None:
        self._parts.append((f"WHEN '{kind}' THEN {then[0]}", then[1]))

    def sql(self) -> SQL:
        text = " ".join(part for part, _ in self._parts)
        bound = [value for _, values in self._parts for value in values]
        return f"(CASE json_type(r.metadata, ?) {text} ELSE 0 END)", [self.path, *bound]


def _strings(cases: _Cases, op: str, values: list[str]) -> None:
    found, fold = "json_extract(r.metadata, ?)", op == "icontains"
    wanted = [value.casefold() for value in values] if fold else values
    if op in _SIGNS:
        cases.add("text", (f"({found} {_SIGNS[op]} ?)", [cases.path, wanted[0]]))
        return
    if op in ("contains", "icontains"):
        cases.add("text", (f"(instr({_folded(found, fold)}, ?) > 0)", [cases.path, wanted[0]]))
    else:
        cases.add("text", _among(found, wanted, [cases.path]))
    sql, bound = _among(_folded("e.value", fold), wanted)
    one = f"EXISTS (SELECT 1 FROM json_each(r.metadata, ?) AS e WHERE e.type = 'text' AND {sql})"
    cases.add("array", (one, [cases.path, *bound]))


def _numbers(cases: _Cases, op: str, values: list[Any], condition: Compare) -> None:
    found = "json_extract(r.metadata, ?)"
    if op in _SIGNS:
        cases.add("integer", (f"({found} {_SIGNS[op]} ?)", [cases.path, values[0]]))
    else:
        cases.add("integer", _among(found, values, [cases.path]))
    # SQLite may read the last digit of a real number differently, and in a list 1 may stand as 1.0.
    function, bound = _by_function(condition)
    cases.add("real", (function, bound))
    if op not in _SIGNS:
        cases.add("array", (function, bound))


def _folded(sql: str, fold: bool) -> str:
    return f"memlayer_casefold({sql})" if fold else sql


def _by_function(filter: Filter) -> SQL:
    columns = sorted(_columns(filter))
    return f"memlayer_matches({', '.join(('?', *(f'r.{name}' for name in columns)))})", [json.dumps(_dump(filter))]


def _columns(filter: Filter) -> set[str]:
    if isinstance(filter, Compare):
        return {filter.field[0]}
    return set().union(*map(_columns, filter.terms)) if isinstance(filter, And | Or) else _columns(filter.term)


def _dump(filter: Filter) -> list[Any]:
    if isinstance(filter, Compare):
        return ["is", filter.field, filter.op, comparand(filter)]
    if isinstance(filter, Not):
        return ["not", _dump(filter.term)]
    return ["and" if isinstance(filter, And) else "or", [_dump(term) for term in filter.terms]]


def _load(dumped: list[Any]) -> Filter:
    if dumped[0] == "not":
        return Not(_load(dumped[1]))
    if dumped[0] != "is":
        return (And if dumped[0] == "and" else Or)(tuple(map(_load, dumped[1])))
    _, field, op, value = dumped
    if FIELD_TYPES.get(field[0]) == "time":
        value = [from_microseconds(one) for one in value] if isinstance(value, list) else from_microseconds(value)
    return Compare(tuple(field), op, value)


@lru_cache(maxsize=64)
def _prepared(text: str) -> tuple[Callable[[Lookup], bool], list[str]]:
    filter = _load(json.loads(text))
    return predicate(filter), sorted(_columns(filter))


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _matches(text: str, *row: Any) -> bool:
    holds, columns = _prepared(text)
    found = {name: _READ.get(name, _same)(value) for name, value in zip(columns, row, strict=True)}

    def lookup(field: tuple[str, ...]) -> Any:
        if field[0] == "metadata":
            return inside(found["metadata"], field[1:])
        value = found[field[0]]
        return MISSING if value is None else value

    return holds(lookup)


def _same(value: Any) -> Any:
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "metadata": lambda value: json.loads(value) if value is not None else {},
    "categories": lambda value: json.loads(value) if value is not None else [],
    "immutable": bool,
}
