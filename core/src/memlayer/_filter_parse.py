"""Reads the filter syntax that mem0's users know into the tree, and lifts ids into the scope."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, NoReturn

from memlayer._filter_tree import (
    ALIASES,
    FIELD_TYPES,
    MAX_DEPTH,
    OPERATORS,
    ORDERINGS,
    And,
    Compare,
    Filter,
    Not,
    Or,
)
from memlayer._filter_values import id_fault, instant, json_fault, plain
from memlayer.errors import ConflictError, FilterError, brief
from memlayer.types import ID_FIELDS, Scope

_LOGIC = ("AND", "OR", "NOT")
_NAMES = (*FIELD_TYPES, *ALIASES, "metadata")

# Ways in which other filter languages, and fingers, write our operators. None of them names a metadata key inside of a
# condition; who has such a key writes its path with dots.
_OPERATOR_SLIPS = {
    "=": "eq", "==": "eq", "equals": "eq", "equal": "eq", "is": "eq",
    "!=": "ne", "<>": "ne", "neq": "ne", "not_eq": "ne", "not_equals": "ne",
    "not_in": "nin", "notin": "nin", "not in": "nin", "any_of": "in", "one_of": "in",
    ">": "gt", "greater_than": "gt", ">=": "gte", "ge": "gte", "=>": "gte", "gtee": "gte",
    "<": "lt", "less_than": "lt", "<=": "lte", "le": "lte", "=<": "lte", "ltee": "lte",
    "contain": "contains", "like": "contains", "ilike": "icontains", "icontain": "icontains",
    "startswith": "contains", "starts_with": "contains", "endswith": "contains", "ends_with": "contains",
    "regex": "contains", "between": "gte", "exists": "", "and": "AND", "or": "OR", "not": "NOT",
}  # fmt: skip
# Logical operators of other filter languages, and how ours say the same.
_OTHER_LOGIC = {
    "xor": "{'OR': [{'AND': [a, {'NOT': b}]}, {'AND': [{'NOT': a}, b]}]}",
    "xnor": "{'OR': [{'AND': [a, b]}, {'NOT': [a, b]}]}",
    "nand": "{'NOT': {'AND': [a, b]}}",
    "nor": "{'NOT': [a, b]}",
}
_FIELD_SLIPS = {"user": "user_id", "agent": "agent_id", "run": "run_id", "app": "app_id", "uid": "user_id"}


def parse(filters: Mapping[str, Any] | None) -> tuple[Filter | None, Scope]:
    """The tree of a filter, and the scope of the ids that it fixes; None for a filter that leaves nothing to check.

    An id that is a key of the filter itself, or of a condition in its AND (and in the AND of these), with a plain
    value or eq, is lifted into the scope and leaves the tree. Under OR, NOT, in and every other operator an id stays
    a condition and only narrows. Two values for one id raise `ConflictError`, everything malformed `FilterError`.
    `{"AND": []}` is true, `{"OR": []}` and `{"in": []}` are false; a NOT with a list means that none of it holds.
    """
    if filters is None:
        return None, Scope()
    reader = _Reader(Scope())
    terms = reader.mapping(filters, "filters", depth=0, lift=True)
    return (_all(terms) if terms else None), reader.scope


def condition(field: str, op: str, value: Any) -> Filter:
    """One condition as `parse` reads it: `condition("created_at", "lte", "2024-07-31")`."""
    return _all(_Reader(Scope()).mapping({field: {op: value}}, "filters", depth=0, lift=False))


@dataclass(slots=True)
class _Reader:
    """One pass over a filter; keeps the ids that it lifts."""

    scope: Scope

    def mapping(self, found: object, path: str, *, depth: int, lift: bool) -> list[Filter]:
        """The conditions of one dict, all of which must hold."""
        if not isinstance(found, Mapping):
            mend = "a list belongs under AND, OR or NOT" if isinstance(found, list | tuple) else "write {field: value}"
            raise FilterError(f"{path} must be a dict of conditions, not {type(found).__name__}; {mend}.")
        _check_depth(depth, path)
        terms: list[Filter] = []
        for key, value in found.items():
            if not isinstance(key, str):
                raise FilterError(f"{path}: the key {brief(key)} is a {type(key).__name__}, not the name of a field.")
            here = f"{path}.{key}"
            if key in _LOGIC:
                terms += self._logic(key, value, here, depth=depth, lift=lift)
            elif lift and key in ID_FIELDS:
                terms += self._id(key, value, here)
            elif key == "metadata":
                terms += _metadata(value, here, depth=depth + 1)
            else:
                _no_logic(key, value, path)
                terms += _conditions(_field(key, path), value, here, depth=depth + 1)
        return terms

    def _logic(self, key: str, found: object, path: str, *, depth: int, lift: bool) -> list[Filter]:
        """The conditions that an AND, OR or NOT comes to."""
        if key == "NOT" and isinstance(found, Mapping):
            return [Not(_all(self._branch(found, path, depth=depth, lift=False)))]
        if not isinstance(found, list | tuple):
            mend = f"write {{{key!r}: [{{…}}, {{…}}]}}"
            raise FilterError(f"{path} must be a list of conditions, not {type(found).__name__}; {mend}.")
        lift = lift and key == "AND"
        branches = [self._branch(one, f"{path}[{i}]", depth=depth, lift=lift) for i, one in enumerate(found)]
        if key == "AND":
            return [term for branch in branches for term in branch]
        any_of = Or(tuple(_all(branch) for branch in branches))
        return [any_of] if key == "OR" else [Not(any_of)]

    def _branch(self, found: object, path: str, *, depth: int, lift: bool) -> list[Filter]:
        if isinstance(found, Mapping) and not found:
            # It would be true of everything, and an OR with it too: never what was meant.
            raise FilterError(f"{path} is an empty condition; leave it out, or write {{field: value}}.")
        return self.mapping(found, path, depth=depth + 1, lift=lift)

    def _id(self, field: str, value: object, path: str) -> list[Filter]:
        """Lifts an id that is fixed; the other conditions on it stay."""
        rest = dict(value) if isinstance(value, Mapping) else {"eq": value}
        if "eq" in rest:
            fixed = _value((field,), "eq", rest.pop("eq"), path)
            held = getattr(self.scope, field)
            if held not in (None, fixed):
                raise ConflictError(
                    f"{path}: {field} is {fixed!r} here and {held!r} elsewhere in the filter; give one of them, "
                    f'or to allow several write {{"{field}": {{"in": [...]}}}}.'
                )
            self.scope = replace(self.scope, **{field: fixed})
            if not rest:
                return []
        return _conditions((field,), rest, path, depth=0)


def _all(terms: list[Filter]) -> Filter:
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _check_depth(depth: int, path: str) -> None:
    if depth > MAX_DEPTH:
        start = path if len(path) <= 80 else f"{path[:80]}…"
        raise FilterError(f"{start} is nested deeper than {MAX_DEPTH} levels; flatten it.")


def _field(key: str, path: str) -> tuple[str, ...]:
    """The field that a key outside of metadata names; an unknown name is a key of the metadata."""
    name = ALIASES.get(key, key)
    if name in FIELD_TYPES:
        return (name,)
    slip = _operator_slip(key)
    if slip is not None:
        mend = f"Did you mean {slip!r}?" if slip in _LOGIC else f"Write {{'field': {{'{slip or 'eq'}': value}}}}."
        raise FilterError(
            f"{path}: {brief(key)} is an operator where a field belongs. {mend} "
            f"For a metadata key of that name write 'metadata.{key}'."
        )
    parts = tuple(key.split("."))
    meant = None if parts[0] == "metadata" else _FIELD_SLIPS.get(key) or _near_name(parts[0], dotted=len(parts) > 1)
    if meant is not None:
        raise FilterError(
            f"{path}: there is no field {brief(key)}. Did you mean {meant!r}? "
            f"For a metadata key of that name write 'metadata.{key}'."
        )
    if not all(parts):
        raise FilterError(
            f"{path}: {brief(key)} has an empty part. Write 'metadata.a.b' for a path, "
            "or {'metadata': {'…': value}} for a key with dots in it."
        )
    _check_depth(len(parts), path)
    _check_text(key, path)
    return parts if parts[0] == "metadata" else ("metadata", *parts)


def _no_logic(key: str, found: object, path: str) -> None:
    """Refuses a logical operator that there is none of: "XOR", or any other plain word with a list of conditions."""
    meant = _OTHER_LOGIC.get(key.strip().casefold().lstrip("$"))
    several = isinstance(found, list | tuple) and any(isinstance(one, Mapping) for one in found)
    if meant is None and (not several or "." in key or key in _NAMES or _operator_slip(key) is not None):
        return
    mend = f"Write {meant}." if meant else "Conditions are joined by AND, OR and NOT."
    raise FilterError(
        f"{path}: there is no logical operator {brief(key)}. {mend} "
        f"For a metadata key of that name write {{'metadata.{key}': {{'eq': value}}}}."
    )


def _near_name(key: str, *, dotted: bool) -> str | None:
    """The field that a name was most likely meant to be; longer names only, short ones are near to everything."""

    def bare(name: str) -> str:
        return re.sub("[^a-z]", "", name.casefold())

    names = {bare(name): name for name in _NAMES if len(name) >= 6}
    exact = names if dotted else {bare(name): name for name in (*_NAMES, *_LOGIC)}
    if bare(key) in exact:
        return exact[bare(key)]
    near = difflib.get_close_matches(bare(key), names, n=1, cutoff=0.88)
    return names[near[0]] if near else None


def _operator_slip(key: str) -> str | None:
    """The operator that a key is or was meant to be; None for what reads like a name."""
    word = key.strip().casefold().lstrip("$")
    known = {name.casefold(): name for name in (*OPERATORS, *_LOGIC)}
    meant = known.get(word) or _OPERATOR_SLIPS.get(word)
    if meant is None and key.startswith("$"):
        return next(iter(difflib.get_close_matches(word, OPERATORS, n=1)), "eq")
    return meant


def _metadata(found: object, path: str, *, depth: int) -> list[Filter]:
    """The conditions of a nested metadata object; its keys are taken as they are, dots included."""
    if not isinstance(found, Mapping) or not found:
        what = "is empty" if isinstance(found, Mapping) else f"must be a dict of metadata keys, not {brief(found)}"
        raise FilterError(f"{path} {what}; write {{'metadata': {{'key': value}}}}.")
    return _nested(("metadata",), found, path, depth=depth)


def _nested(field: tuple[str, ...], found: Mapping[Any, Any], path: str, *, depth: int) -> list[Filter]:
    _check_depth(depth, path)
    terms: list[Filter] = []
    for key, value in found.items():
        if not isinstance(key, str):
            raise FilterError(f"{path}: the key {brief(key)} is a {type(key).__name__}; pass {brief(str(key))}.")
        slip = _operator_slip(key)
        if slip is not None:
            if slip in _LOGIC:
                mend = f"AND, OR and NOT stand outside of metadata: {{{slip!r}: [{{'metadata': {{…}}}}, …]}}."
            elif len(field) > 1 and key not in OPERATORS:
                _unknown_operator(key, path, f" For a metadata key of that name write '{'.'.join((*field, key))}'.")
            else:
                mend = f"Operators stand under a key and alone: {{'metadata': {{'key': {{{slip or 'eq'!r}: …}}}}}}."
            raise FilterError(
                f"{path}: {brief(key)} is an operator where a metadata key belongs. {mend} "
                f"For a key of that name write '{'.'.join((*field, key))}'."
            )
        _check_text(key, path)
        terms += _conditions((*field, key), value, f"{path}.{key}", depth=depth + 1)
    return terms


def _conditions(field: tuple[str, ...], found: object, path: str, *, depth: int) -> list[Filter]:
    """The conditions on one field: a plain value, a dict of operators, or in metadata a deeper object."""
    if not isinstance(found, Mapping):
        if isinstance(found, str) and found == "*" and field[0] not in ID_FIELDS:
            raise FilterError(
                f"{path}: '*' is no wildcard here. Leave the key out to allow every value, "
                "or write {'eq': '*'} for the character."
            )
        return [_compare(field, "eq", found, path)]
    if not found:
        raise FilterError(f"{path} has no condition; give a value, or a dict of operators such as {{'gte': 3}}.")
    if field[0] == "metadata" and not any(key in OPERATORS for key in found):
        return _nested(field, found, path, depth=depth)
    for key in found:
        if key not in OPERATORS:
            _unknown_operator(key, path)
    return [_compare(field, op, value, f"{path}.{op}") for op, value in found.items()]


def _unknown_operator(key: object, path: str, mend: str = "") -> NoReturn:
    near = difflib.get_close_matches(str(key).casefold(), OPERATORS, n=1)
    meant = _operator_slip(key) if isinstance(key, str) else None
    if meant is None and near:
        meant = near[0]
    raise FilterError(
        f"{path}: {brief(key)} is not an operator. {f'Did you mean {meant!r}? ' if meant else ''}"
        f"Operators are {', '.join(OPERATORS)}.{mend}"
    )


def _compare(field: tuple[str, ...], op: str, found: object, path: str) -> Filter:
    if op in ("in", "nin"):
        if not isinstance(found, list | tuple | set | frozenset):
            raise FilterError(f"{path} takes a list of values, not {brief(found)}; write {{'{op}': [{brief(found)}]}}.")
        values = [_value(field, op, value, f"{path}[{i}]") for i, value in enumerate(found)]
        if FIELD_TYPES.get(field[0]) != "time":
            return Compare(field, op, tuple(values))
        any_of = Or(tuple(_moment(field[0], "eq", value) for value in values))
        return any_of if op == "in" else Not(any_of)
    value = _value(field, op, found, path)
    if FIELD_TYPES.get(field[0]) != "time":
        return Compare(field, op, value)
    return Not(_moment(field[0], "eq", value)) if op == "ne" else _moment(field[0], op, value)


def _value(field: tuple[str, ...], op: str, found: object, path: str) -> Any:
    """A checked value to compare a field with."""
    name, searching = field[0], op in ("contains", "icontains")
    kind = FIELD_TYPES.get(name)
    if name in ID_FIELDS and (fault := id_fault(found, whole=not searching and op not in ORDERINGS)):
        raise FilterError(f"{path} {fault}.")
    if kind == "time":
        if searching:
            raise FilterError(f"{path}: {op} searches text and lists, and {name} is a time; use gte and lte.")
        return instant(found, path)
    if isinstance(found, date):
        raise FilterError(f"{path}: metadata and text hold no dates as such; compare with the .isoformat() you stored.")
    if fault := json_fault(found, path):
        raise FilterError(fault)
    if found is None and (kind is not None or op in ORDERINGS or searching):
        raise FilterError(f"{path}: None is no value to compare {'.'.join(field)} with; leave the condition out.")
    if isinstance(found, list | tuple | Mapping):
        if op in ORDERINGS or searching:
            raise FilterError(f"{path} takes one value, not a {type(found).__name__}; for several write an AND or OR.")
        if kind not in (None, "list") or (kind == "list" and isinstance(found, Mapping)):
            mend = "write the value itself" if isinstance(found, Mapping) else 'to allow several write {"in": [...]}'
            raise FilterError(f"{path}: {name} is never a {type(found).__name__}; {mend}.")
    return plain(found)


def _check_text(key: str, path: str) -> None:
    if fault := json_fault(key, f"{path}: the key {brief(key)}"):
        raise FilterError(fault)


def _moment(name: str, op: str, value: datetime | date) -> Filter:
    """A condition on a time, where a bare day means the whole of it in UTC."""
    if isinstance(value, datetime):
        return Compare((name,), op, value)
    start = datetime.combine(value, time(), timezone.utc)
    end = start + timedelta(days=1) if value < date.max else datetime.max.replace(tzinfo=timezone.utc)
    # A day is [start, end). What expires on a day lives to its end, and so has its instant in (start, end].
    if name == "expires_at":
        edges = {"gte": ("gt", start), "lte": ("lte", end), "gt": ("gt", end), "lt": ("lte", start)}
    else:
        edges = {"gte": ("gte", start), "lte": ("lt", end), "gt": ("gte", end), "lt": ("lt", start)}
    return _all([Compare((name,), *edges[bound]) for bound in (("gte", "lte") if op == "eq" else (op,))])
