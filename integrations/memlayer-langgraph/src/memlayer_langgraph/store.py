"""LangGraph's `BaseStore` on the items of a memory: one file, several processes, found by meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from langgraph.store.base import (
    BaseStore,
    GetOp,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)

from memlayer import AsyncMemory, ConfigurationError, ConflictError, Memory, UnsupportedError
from memlayer_langgraph._filters import translate

Namespace = tuple[str, ...]
ScopeOf = Callable[[Namespace], Mapping[str, str | None] | None]


@dataclass(frozen=True)
class _Step:
    """One call of `Memory.items`, and where its answer goes."""

    verb: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    take: Callable[[Any], None] = lambda _: None


class MemlayerStore(BaseStore):
    """A LangGraph store whose items live in a memory's file and share its scopes.

    One store is one scope: items are put for, and read of, exactly its ids. With `scope_of` the namespace says whose
    an item is. Searches by meaning work out of the box with the memory's embedder.
    """

    supports_ttl = True

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        scope_of: ScopeOf | None = None,
        index: Sequence[str] | Literal[False] = ("$",),
        ttl: TTLConfig | None = None,
    ) -> None:
        """Opens nothing yet.

        `scope_of` gets a namespace, or the prefix of one that is searched, and returns the ids that it names, such as
        `lambda namespace: {"user_id": namespace[1]}`; None, or a label that is not there, says that a prefix is too
        short to name one scope, and such a search raises. `index` names the fields that search by meaning looks at
        ("$" is the whole value), False turns it off; a put's own `index` goes first. `ttl` counts in minutes.
        """
        if isinstance(index, Mapping | str):
            raise ConfigurationError(
                'index takes a list of fields such as ["text"], or False; the memory embeds: Memory(embedder=…)'
            )
        self._memory = memory.sync if isinstance(memory, AsyncMemory) else memory
        self._given = memory
        self._ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
        if scope_of is None and not any(self._ids.values()):
            raise ConfigurationError("whose store is it? Give user_id=, agent_id=, run_id=, app_id= or scope_of=")
        self._scope_of = scope_of
        self._index = index if index is False else list(index)
        self.ttl_config = ttl

    @cached_property
    def _async(self) -> AsyncMemory:
        return self._given if isinstance(self._given, AsyncMemory) else AsyncMemory.of(self._memory)

    def __repr__(self) -> str:
        return f"MemlayerStore({self._memory!r})"

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carries out operations, after all of them are checked; reads see what was there before the batch.

        Of several puts to one key the last wins.
        """
        results, steps = self._plan(ops)
        for step in steps:
            step.take(getattr(self._memory.items, step.verb)(*step.args, **step.options))
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Carries out operations as `batch` does, in a worker thread of the memory."""
        results, steps = self._plan(ops)
        for step in steps:
            step.take(await getattr(self._async.items, step.verb)(*step.args, **step.options))
        return results

    def sweep_ttl(self) -> int:
        """Removes what has expired and says how many items; reads never show expired items, swept or not."""
        return self._memory.items.sweep()

    def _plan(self, ops: Iterable[Op]) -> tuple[list[Result], list[_Step]]:
        """The calls that carry the operations out, and the list that their answers land in."""
        todo = list(ops)
        results: list[Result] = [None] * len(todo)
        gets: dict[tuple[Any, ...], list[tuple[int, GetOp]]] = {}
        puts: dict[tuple[Namespace, str], PutOp] = {}
        steps: list[_Step] = []
        for number, op in enumerate(todo):
            if isinstance(op, GetOp):
                if _checked(op.namespace):
                    scope = self._scope(op.namespace)
                    gets.setdefault((op.refresh_ttl, *sorted(scope.items())), []).append((number, op))
            elif isinstance(op, SearchOp):
                steps += self._search(op, results, number)
            elif isinstance(op, ListNamespacesOp):
                steps.append(self._namespaces(op, results, number))
            elif isinstance(op, PutOp):
                if not _checked(op.namespace) or op.namespace[0] == "langgraph":
                    raise InvalidNamespaceError(f"items are put into a namespace other than {op.namespace!r}")
                puts[_checked(op.namespace), op.key] = op
            else:
                raise ConfigurationError(f"{type(op).__name__} is not an operation of a store")
        return results, [*(_get(key, asked, results) for key, asked in gets.items()), *steps, *self._write(puts)]

    def _search(self, op: SearchOp, results: list[Result], number: int) -> list[_Step]:
        results[number] = []
        if op.limit <= 0:
            return []
        prefix = _checked(op.namespace_prefix)
        options = {
            "query": op.query,
            "filters": translate(op.filter),
            "limit": op.limit,
            "offset": op.offset,
            "refresh": op.refresh_ttl,
            **self._scope(prefix),
        }

        def take(rows: list[dict[str, Any]]) -> None:
            results[number] = [SearchItem(**_fields(row), score=row.get("score")) for row in rows]

        return [_Step("search", (prefix,), options, take)]

    def _namespaces(self, op: ListNamespacesOp, results: list[Result], number: int) -> _Step:
        conditions = op.match_conditions or ()
        for condition in conditions:
            if condition.match_type not in ("prefix", "suffix"):
                raise ConfigurationError(f"{condition.match_type!r} is not a way to match namespaces: prefix, suffix")
            _checked(condition.path)
        prefix = next((tuple(c.path) for c in conditions if c.match_type == "prefix"), ())
        # A wildcard names nobody: what stands before it says whose namespaces are meant.
        known = prefix[: prefix.index("*")] if "*" in prefix else prefix

        def take(found: list[Namespace]) -> None:
            found = [n for n in found if all(_matches(c, n) for c in conditions)]
            if op.max_depth is not None:
                found = sorted({n[: op.max_depth] for n in found})
            results[number] = found[op.offset : op.offset + op.limit]

        return _Step("namespaces", (), {"prefix": prefix, **self._scope(known)}, take)

    def _write(self, puts: Mapping[tuple[Namespace, str], PutOp]) -> list[_Step]:
        """One call per scope for all that is put, and one for all that is deleted."""
        stored: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        gone: dict[tuple[Any, ...], list[tuple[Namespace, str]]] = {}
        for (namespace, key), op in puts.items():
            scope = tuple(sorted(self._scope(namespace).items()))
            if op.value is None:
                gone.setdefault(scope, []).append((namespace, key))
                continue
            ttl = None if op.ttl is None else op.ttl * 60
            index = self._index if op.index is None else op.index
            entry = {"namespace": namespace, "key": key, "value": op.value, "index": index, "ttl": ttl}
            stored.setdefault(scope, []).append(entry)
        return [
            *(_Step("delete_many", (keys,), dict(scope)) for scope, keys in gone.items()),
            *(_Step("put_many", (entries,), dict(scope)) for scope, entries in stored.items()),
        ]

    def _scope(self, namespace: Namespace) -> dict[str, Any]:
        """The ids of the one scope that a namespace, or everything below a prefix, belongs to."""
        ids: dict[str, Any] = {name: value for name, value in self._ids.items() if value is not None}
        if self._scope_of is None:
            return ids
        try:
            named = self._scope_of(namespace)
        except LookupError as error:
            raise UnsupportedError(_too_short(namespace)) from error
        for name, value in (named or {}).items():
            if value is None:
                continue
            if ids.get(name, value) != value:
                raise ConflictError(
                    f"{name} is {ids[name]!r} for this store and {value!r} for the namespace {namespace}"
                )
            ids[name] = value
        if not named or not ids:
            raise UnsupportedError(_too_short(namespace))
        return ids


def _get(key: tuple[Any, ...], asked: Sequence[tuple[int, GetOp]], results: list[Result]) -> _Step:
    refresh, *scope = key

    def take(rows: list[dict[str, Any] | None]) -> None:
        for (number, _), row in zip(asked, rows, strict=True):
            results[number] = None if row is None else Item(**_fields(row))

    return _Step("get_many", ([(op.namespace, op.key) for _, op in asked],), {"refresh": refresh, **dict(scope)}, take)


def _too_short(namespace: Namespace) -> str:
    return f"scope_of= names nobody for {namespace}: items of several scopes are never read at once; name one of them"


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "value": row["value"],
        "key": row["key"],
        "namespace": tuple(row["namespace"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _checked(namespace: Iterable[Any]) -> Namespace:
    """The namespace; LangGraph allows labels of any characters but "." and NUL."""
    labels = tuple(namespace)
    for label in labels:
        if not isinstance(label, str) or not label or "." in label or "\x00" in label:
            raise InvalidNamespaceError(
                f'namespace {labels!r}: a label is a string that is not empty, without "." and NUL, not {label!r}'
            )
    return labels


def _matches(condition: MatchCondition, namespace: Namespace) -> bool:
    path = tuple(condition.path)
    if len(path) > len(namespace):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[len(namespace) - len(path) :]
    return all(wanted in ("*", label) for wanted, label in zip(path, part, strict=True))
