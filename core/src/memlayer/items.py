"""The key-value side of a memory: JSON values by scope, namespace and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memlayer import _shapes, _verbs, compat
from memlayer._ask import count, flag, scope_of, several, words
from memlayer.errors import ConfigurationError, FilterError, brief
from memlayer.filters import MAX_DEPTH, Filter, check_metadata, parse, text_fault

if TYPE_CHECKING:
    from memlayer._core import Core

Namespace = str | Sequence[str]
_LOGIC = ("AND", "OR", "NOT")
_ENTRY = ("namespace", "key", "value", "index", "ttl")
_LONGEST = 1e9
"""Seconds of the longest time to live: thirty years. What is to stay has none."""
_ANY = 1 << 62
"""More than there can be: the side of a program that pages through items sets its own bounds."""


@compat.strict
class Items:
    """Values that are looked up, not remembered from talk: settings, profiles, notes of an agent.

    A value is a JSON object. Every call works in exactly the scope of its ids: what is put for a user alone is
    another item than what is put for the same user and an agent.
    """

    def __init__(self, core: Core) -> None:
        """Belongs to one memory."""
        self._core = core

    def put(
        self,
        /,
        namespace: Namespace,
        key: str,
        value: Mapping[str, Any],
        *,
        index: bool | str | Sequence[str] | None = None,
        ttl: float | None = None,
        **ids: str | None,
    ) -> None:
        """Stores or replaces a value.

        `index` says what search by meaning finds it by: True for the whole value, or paths of fields ("text",
        "notes[*].body"). After `ttl` seconds it expires.
        """
        self.put_many([{"namespace": namespace, "key": key, "value": value, "index": index, "ttl": ttl}], **ids)

    def put_many(self, /, entries: Sequence[Mapping[str, Any]], **ids: str | None) -> None:
        """Stores or replaces values [{"namespace", "key", "value", "index"?, "ttl"?}], all or none."""
        scope = scope_of("items.put", **ids)
        if isinstance(entries, str | Mapping) or not isinstance(entries, Sequence):
            raise ConfigurationError(f"entries must be a list of {{namespace, key, value}}, not {brief(entries)}")
        todo = [_entry(given, f"entries[{n}]") for n, given in enumerate(entries)]
        if todo:
            self._core.items.put(_verbs.entries(self._core, todo), scope=scope)

    def get(
        self, /, namespace: Namespace, key: str, *, refresh: bool = False, **ids: str | None
    ) -> dict[str, Any] | None:
        """The item {"namespace", "key", "value", "created_at", …}, or None; `refresh` starts its time to live anew."""
        return self.get_many([(namespace, key)], refresh=refresh, **ids)[0]

    def get_many(
        self, /, keys: Sequence[tuple[Namespace, str]], *, refresh: bool = False, **ids: str | None
    ) -> list[dict[str, Any] | None]:
        """Items in the order of the (namespace, key) pairs, None where there is none."""
        scope = scope_of("items.get", **ids)
        found = self._core.items.get(_pairs(keys), scope=scope, refresh=flag("refresh", refresh))
        return [None if item is None else _shapes.item(item) for item in found]

    def delete(self, /, namespace: Namespace, key: str, **ids: str | None) -> bool:
        """Removes an item; says whether there was one."""
        scope = scope_of("items.delete", **ids)
        return self._core.items.delete([(namespace_of(namespace), key_of(key))], scope=scope) == 1

    def delete_many(self, /, keys: Sequence[tuple[Namespace, str]], **ids: str | None) -> int:
        """Removes items by (namespace, key) pairs, all or none; says how many there were."""
        scope = scope_of("items.delete", **ids)
        return self._core.items.delete(_pairs(keys), scope=scope)

    def search(
        self,
        /,
        namespace: Namespace = (),
        *,
        query: str | None = None,
        filters: Mapping[str, Any] | Filter | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh: bool = False,
        **ids: str | None,
    ) -> list[dict[str, Any]]:
        """Items at and below a namespace: nearest to the query first, else the last changed first.

        `filters` speak of the value's fields with the operators of `Memory.search`; a tree of `memlayer.filters`
        calls them `metadata`. Items that were put without an index come last in the answer to a query, and without a
        score.
        """
        scope = scope_of("items.search", **ids)
        asked = _asked(query)
        vector = None if asked is None else self._core.embedder().embed([asked], kind="query")[0]
        found = self._core.items.search(
            namespace_of(namespace, empty=True),
            scope=scope,
            where=_where(filters),
            vector=vector,
            limit=count("limit", limit, 10, most=_ANY),
            offset=count("offset", offset, 0, least=0, most=_ANY),
            refresh=flag("refresh", refresh),
        )
        return [_shapes.item(item) for item in found]

    def namespaces(
        self,
        /,
        *,
        prefix: Namespace = (),
        suffix: Namespace = (),
        max_depth: int | None = None,
        limit: int | None = None,
        offset: int = 0,
        **ids: str | None,
    ) -> list[tuple[str, ...]]:
        """Namespaces that hold items, sorted; "*" in `prefix` and `suffix` stands for any one label."""
        scope = scope_of("items.namespaces", **ids)
        first, last = namespace_of(prefix, empty=True), namespace_of(suffix, empty=True)
        found = [n for n in self._core.items.namespaces(scope=scope) if _fits(n, first) and _fits(n[::-1], last[::-1])]
        if max_depth is not None:
            depth = count("max_depth", max_depth, 1, most=_ANY)
            found = sorted({n[:depth] for n in found})
        start = count("offset", offset, 0, least=0, most=_ANY)
        return found[start : start + count("limit", limit, _ANY, most=_ANY)]

    def sweep(self) -> int:
        """Removes everything that has expired, in all scopes; says how many items."""
        return self._core.items.sweep()


def _entry(given: Any, where: str) -> tuple[tuple[str, ...], str, dict[str, Any], Any, float | None]:
    """One item of `put_many`, checked: namespace, key, value, index, ttl."""
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{where} must be a dict with namespace, key, value, not {brief(given)}")
    if more := [key for key in given if key not in _ENTRY]:
        raise ConfigurationError(f"{where} has unknown keys {brief(more)}; an entry has {', '.join(_ENTRY)}")
    value, index, ttl = given.get("value"), given.get("index"), given.get("ttl")
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where}.value must be a JSON object (a dict), not {type(value).__name__}")
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int | float) or not 0 < ttl <= _LONGEST):
        raise ConfigurationError(f"{where}.ttl must be a number of seconds from 0 to {_LONGEST:,.0f}, not {brief(ttl)}")
    if index is not None and not isinstance(index, bool) and index not in ([], ()):
        index = several(f"{where}.index", index)
    value = check_metadata(value, f"{where}.value")
    return namespace_of(given.get("namespace")), key_of(given.get("key")), value, index, ttl


def _pairs(keys: Any) -> list[tuple[tuple[str, ...], str]]:
    """The (namespace, key) pairs of a call, checked."""
    found = []
    for number, pair in enumerate(keys if isinstance(keys, Sequence) and not isinstance(keys, str) else (keys,)):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ConfigurationError(f"keys[{number}] must be a pair (namespace, key), not {brief(pair)}")
        found.append((namespace_of(pair[0]), key_of(pair[1])))
    return found


def namespace_of(value: Any, *, empty: bool = False) -> tuple[str, ...]:
    """A namespace as a tuple of labels; one string is one label."""
    labels = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Sequence) else None
    if labels is None or (not labels and not empty):
        raise ConfigurationError(f"a namespace is a label or a list of labels, not {brief(value)}")
    for label in labels:
        key_of(label, "a namespace's label")
    return labels


def key_of(value: Any, what: str = "a key") -> str:
    """A key or label: a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{what} must be a string that is not empty, not {brief(value)}")
    if fault := text_fault(value):
        raise ConfigurationError(f"{what} {fault}")
    return value


def _fits(namespace: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(namespace) >= len(pattern) and all(p in ("*", n) for n, p in zip(namespace, pattern, strict=False))


def _asked(query: Any) -> str | None:
    """The words to search by; None for none, and for blank ones."""
    blank = query is None or (isinstance(query, str) and not query.strip())
    return None if blank else words("query", query)


def _where(filters: Mapping[str, Any] | Filter | None) -> Filter | None:
    if isinstance(filters, Filter):
        return filters
    return None if filters is None else parse(_inside(filters))[0]


def _inside(filters: Any, depth: int = 0) -> Any:
    """The filter with every field meant as a field of the value."""
    if not isinstance(filters, Mapping):
        raise FilterError(f"filters must be a dict of conditions, not {brief(filters)}; write {{field: value}}.")
    if depth > MAX_DEPTH:
        raise FilterError(f"filters is nested deeper than {MAX_DEPTH} levels; flatten it.")
    found: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for key, value in filters.items():
        if key in _LOGIC:
            terms = value if isinstance(value, list | tuple) else [value]
            found[key] = [_inside(term, depth + 1) for term in terms]
        else:
            fields[key] = value
    return {**found, "metadata": fields} if fields else found
