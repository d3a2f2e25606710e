"""What the verbs have in common: scope, filter, view and paging out of their keywords, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memlayer.engine.messages import moment
from memlayer.errors import ConfigurationError, brief
from memlayer.filters import And, Filter, condition, make_scope, merge, parse, text_fault
from memlayer.types import ID_FIELDS, Scope, View

KINDS = ("fact", "episode", "procedure", "item")
MOST = 10_000
"""The most results that one call gives."""
_PLACES = (
    ", as a keyword, or as a plain value at the top of filters or in a top-level AND; "
    "under OR, NOT and in they only narrow"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a reading verb was asked for."""

    scope: Scope
    where: Filter | None
    view: View
    limit: int
    items: bool = False
    """True where items of the key-value side are asked for too."""


def scope_of(verb: str, **ids: Any) -> Scope:
    """The scope of the ids; at least one must be given."""
    scope = make_scope(**ids)
    return _named(verb, scope)


def filters_for(
    verb: str,
    filters: Mapping[str, Any] | None,
    categories: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    keywords: str | Sequence[str] | None = None,
    **ids: Any,
) -> tuple[Scope, Filter | None]:
    """Scope and filter: ids as keywords and as filters meet, the shortcuts narrow."""
    tree, found = parse(filters)
    scope = _named(verb, merge(make_scope(**ids), found), mend=_PLACES if filters else "")
    terms: list[Filter] = [] if tree is None else [tree]
    if categories is not None:
        terms.append(condition("categories", "in", several(f"categories of {verb}()", categories)))
    if metadata is not None:
        narrowed, _ = parse({"metadata": metadata})
        if narrowed is not None:
            terms.append(narrowed)
    if keywords is not None:
        given = several(f"keywords of {verb}()", keywords.split() or "" if isinstance(keywords, str) else keywords)
        terms += [condition("text", "icontains", word) for word in given]
    if not terms:
        return scope, None
    return scope, terms[0] if len(terms) == 1 else And(tuple(terms))


def view_of(now: datetime, kinds: Sequence[str] | None, as_of: Any, known_at: Any, *, default: tuple[str, ...]) -> View:
    """The view that `kinds`, `as_of` and `known_at` ask for."""
    if kinds is not None:
        kinds = tuple(several("kinds", kinds))
        if any(k not in KINDS for k in kinds):
            raise ConfigurationError(f"kinds must be among {', '.join(KINDS)}, not {brief(kinds)}")
    return View(
        now=now,
        kinds=default if kinds is None else tuple(k for k in kinds if k != "item"),
        as_of=None if as_of is None else moment(as_of, "as_of"),
        known_at=None if known_at is None else moment(known_at, "known_at"),
        cited=kinds is not None and "episode" in kinds,
    )


def page_of(page: Any, size: Any) -> tuple[int, int]:
    """Number and size of a page, from 1."""
    return count("page", page, 1), count("page_size", size, 100)


def count(name: str, value: Any, default: int, *, least: int = 1, most: int = MOST) -> int:
    """A whole number from `least` to `most`."""
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigurationError(f"{name} must be a whole number from {least} to {most:,}, not {brief(value)}")
    return value


def words(name: str, value: Any) -> str:
    """A string that is not blank and can be stored."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name} must be a string that is not blank, not {brief(value)}")
    if fault := text_fault(value):
        raise ConfigurationError(f"{name} {fault}")
    return value


def several(name: str, values: Any) -> list[str]:
    """One word, or a list of words: none of them blank, and none of them a wildcard."""
    given = [values] if isinstance(values, str) else values
    if not isinstance(given, list | tuple | set | frozenset) or not given:
        raise ConfigurationError(f"{name} must be a word or a list of words, not {brief(values)}; or leave it out")
    for number, value in enumerate(given):
        if words(f"{name}[{number}]", value).strip() == "*":
            raise ConfigurationError(f"{name}: '*' is no wildcard here; leave it out to allow every one")
    return list(given)


def flag(name: str, value: Any, *, default: bool = False) -> bool:
    """True or False, and nothing that only looks like it; None for the default."""
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False, not {brief(value)}")
    return value


def share(name: str, value: Any) -> float | None:
    """A number from 0 to 1, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigurationError(f"{name} must be a number from 0 to 1, not {brief(value)}")
    return float(value)


def _named(verb: str, scope: Scope, *, mend: str = "") -> Scope:
    if scope.user_id is None and not scope.ids():
        raise ConfigurationError(f"{verb}() needs at least one of {', '.join(ID_FIELDS)}{mend}")
    return scope
