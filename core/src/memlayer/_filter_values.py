"""What may stand in ids, times, metadata and filter values, and the errors that say why something may not."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from memlayer._filter_tree import MAX_DEPTH, from_microseconds
from memlayer.errors import ConfigurationError, ConflictError, FilterError, brief
from memlayer.types import ID_FIELDS, Scope

MAX_ID = 512
"""Longest id, in characters."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


def text_fault(value: str) -> str | None:
    """What keeps a string from being stored or compared; None for a good one."""
    if "\0" in value:
        return "holds a NUL character; remove it"
    if _SURROGATE.search(value):
        return "holds half of a surrogate pair, which is no text; decode it properly first"
    return None


def id_fault(value: object, *, whole: bool = True) -> str | None:
    """What keeps a value from being an id, or with whole=False a part of one; None for a good one."""
    if not isinstance(value, str):
        return f"must be a string, not {type(value).__name__}; {_id_mend(value)}"
    if not value.strip():
        return "is empty or blank, which names nobody; leave it out, or give a real id"
    if value.strip() == "*":
        return "is '*', and there are no wildcards here; leave it out, or name the ids that you mean"
    if whole and value != value.strip():
        return f"has white space around it ({brief(value)}); pass {brief(value.strip())}"
    if len(value) > MAX_ID:
        return f"has {len(value)} characters, the limit is {MAX_ID}; pass a shorter id, such as a hash of it"
    return text_fault(value)


def _id_mend(value: object) -> str:
    if value is None:
        return "leave it out"
    if isinstance(value, list | tuple | set | frozenset):
        return 'to allow several, write {"in": [...]} in filters'
    return f"pass {brief(str(value))}" if isinstance(value, int) and not isinstance(value, bool) else "pass its text"


def check_id(field: str, value: object) -> str:
    """Returns an id that may stand in a scope, or raises `ConfigurationError` that says why it may not."""
    fault = id_fault(value)
    if fault is not None or not isinstance(value, str):
        raise ConfigurationError(f"{field} {fault}.")
    return str.__str__(value)  # the text of a string enum, whose own str() is its name


def make_scope(
    *, user_id: object = None, agent_id: object = None, run_id: object = None, app_id: object = None
) -> Scope:
    """The scope of checked ids; None means that an id was not given."""
    try:
        return _scope(user_id, agent_id, run_id, app_id)
    except TypeError:  # what cannot be hashed is no id
        return _scope.__wrapped__(user_id, agent_id, run_id, app_id)


@lru_cache(maxsize=1024, typed=True)
def _scope(*ids: object) -> Scope:
    return Scope(*(None if i is None else check_id(field, i) for field, i in zip(ID_FIELDS, ids, strict=True)))


def merge(first: Scope, second: Scope) -> Scope:
    """The scope with the ids of both; raises `ConflictError` where they name different ones."""
    ids = first.ids()
    for field, value in second.ids().items():
        if ids.setdefault(field, value) != value:
            raise ConflictError(
                f"{field} is given twice with different values, {ids[field]!r} and {value!r}; give one of them. "
                f'To allow several, write {{"OR": [{{"{field}": …}}, …]}} in filters.'
            )
    return Scope(**{field: ids.get(field) for field in ID_FIELDS})


def instant(value: object, path: str) -> datetime | date:
    """Reads an ISO 8601 string, a datetime, a date or Unix seconds: an aware UTC datetime, or a date for a bare day.

    A time without a zone is UTC; fractions finer than a microsecond are cut off. Raises `FilterError` naming `path`.
    """
    try:
        if isinstance(value, datetime):
            return _utc(value)
        if isinstance(value, date):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return from_microseconds(round(value * 1_000_000))
        if isinstance(value, str) and (found := _TIME.fullmatch(value.strip())):
            return _read(found)
    except (ValueError, OverflowError):  # a thirteenth month, a year 10000, an infinite number
        pass
    raise FilterError(
        f"{path}: {brief(value)} is not a time. Write a day ('2024-07-31'), a time ('2024-07-31T12:00:00Z'), "
        "a datetime, a date or Unix seconds."
    )


def _read(found: re.Match[str]) -> datetime | date:
    day, clock, seconds, fraction, zone = found.groups()
    if clock is None:
        return date.fromisoformat(day)
    moment = datetime.fromisoformat(f"{day}T{clock}:{seconds or '00'}.{(fraction or '')[:6]:0<6}")
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        moment = moment.replace(tzinfo=timezone(-shift if zone[0] == "-" else shift))
    return _utc(moment)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def json_fault(value: object, path: str, depth: int = 0) -> str | None:
    """Says where and why a value is not JSON that every backend keeps exactly; None for good JSON."""
    if depth > MAX_DEPTH:
        return f"{path} is nested deeper than {MAX_DEPTH} levels; flatten it."
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        fault = text_fault(value)
        return f"{path} {fault}." if fault else None
    if isinstance(value, int):
        fits = -(2**63) <= value < 2**63
        return None if fits else f"{path}: {brief(value)} needs more than 64 bits; pass it as text."
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{path}: {value} is not a number; leave it out or pass it as text."
    if isinstance(value, list | tuple):
        return next((f for i, v in enumerate(value) if (f := json_fault(v, f"{path}[{i}]", depth + 1))), None)
    if isinstance(value, Mapping):
        return next((f for k, v in value.items() if (f := _entry_fault(k, v, path, depth))), None)
    return f"{path}: a {type(value).__name__} is not JSON; {_json_mend(value)}."


def _entry_fault(key: object, value: object, path: str, depth: int) -> str | None:
    if not isinstance(key, str):
        return f"{path}: the key {brief(key)} is a {type(key).__name__}; pass {brief(str(key))}."
    fault = text_fault(key)
    return f"{path}: the key {brief(key)} {fault}." if fault else json_fault(value, f"{path}.{key}", depth + 1)


def _json_mend(value: object) -> str:
    if isinstance(value, date):
        return "pass its .isoformat()"
    if isinstance(value, set | frozenset):
        return "pass a list"
    return "pass a string, a number, a boolean, None, a list or a dict of these"


def check_metadata(metadata: object, where: str = "metadata") -> dict[str, Any]:
    """A copy of metadata as plain JSON (tuples become lists), or `ConfigurationError` with the place and the mend."""
    if not isinstance(metadata, Mapping):
        raise ConfigurationError(f"{where} must be a dict, not {type(metadata).__name__}.")
    fault = json_fault(metadata, where)
    if fault is not None:
        raise ConfigurationError(fault)
    return {key: plain(value) for key, value in metadata.items()}


def plain(value: Any) -> Any:
    """A deep copy of a JSON value in dicts, lists and the exact built-in scalars."""
    if isinstance(value, Mapping):
        return {str.__str__(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    return str.__str__(value) if isinstance(value, str) else int(value) if isinstance(value, int) else float(value)
