"""memlayer's memories as CrewAI's records, with CrewAI's scope paths, and everything that lists or removes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from crewai.memory.types import MemoryRecord, ScopeInfo
from crewai.memory.utils import normalize_scope_path

from memlayer import Memory, NotFoundError, UnsupportedError
from memlayer.adapters import given, one_run, person

OWN = "crewai"
"""The key of the metadata that holds what memlayer has no field for: scope path, importance, source, privacy."""

KEPT = ("id", "record", "categories")
"""What a change of a record leaves as it is."""

_PAGE = 1000


class Records:
    """One person's memories as records. A memory that came from elsewhere has the scope "/" and is nobody's secret."""

    def __init__(self, client: Memory, ids: Mapping[str, str | None]) -> None:
        """At least one of `ids` is given."""
        self.client = client
        self.ids = given(**ids)

    def __deepcopy__(self, memo: object) -> Records:
        """A copied crew goes on with the same memory."""
        return self

    def person(self) -> dict[str, Any]:
        """The ids without the run: what a person said holds in every conversation."""
        return person(self.ids)

    def run(self, verb: str) -> dict[str, Any]:
        """The ids of the one conversation that `verb` forgets."""
        return one_run(self.ids, verb)

    def get_record(self, record_id: str) -> MemoryRecord | None:
        """The record of an id, CrewAI's or memlayer's; None where this person has none."""
        found = self.find(record_id)
        return None if found is None else record_of(found)

    def find(self, record_id: str) -> Mapping[str, Any] | None:
        """The memory of an id, CrewAI's or memlayer's."""
        try:
            return dict(self.client.get(record_id, **self.person()))
        except NotFoundError:
            found = self.client.get_all(**self.person(), filters={f"metadata.{OWN}.id": record_id}, limit=1)
            return dict(found["results"][0]) if found["results"] else None

    def list_records(self, scope_prefix: str | None = None, limit: int = 200, offset: int = 0) -> list[MemoryRecord]:
        """Records at and below a scope, newest first."""
        found: list[MemoryRecord] = []
        for number, item in enumerate(self._all(conditions(scope_prefix))):
            if number >= offset + limit:
                break
            if number >= offset:
                found.append(record_of(item))
        return found

    def matching(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> list[MemoryRecord]:
        """Every record that matches, newest first."""
        return [record_of(item) for item in self._all(conditions(scope_prefix, categories, metadata_filter))]

    def delete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        """Takes what matches all criteria out of memory; says how many. Without a criterion it raises."""
        terms = conditions(scope_prefix, categories, metadata_filter)
        if older_than is not None:
            terms.append({"created_at": {"lt": _aware(older_than)}})
        if record_ids is not None:
            named = [found for record_id in record_ids if (found := self.find(record_id)) is not None]
            terms.append({"id": {"in": [item["id"] for item in named]}})
        if not terms:
            raise UnsupportedError(
                "forget() needs a criterion; reset() forgets this run, Memory.erase(user_id=…) a person"
            )
        ids = [item["id"] for item in self._all(terms)]
        words = [] if record_ids is not None else [item["id"] for item in self._pages(terms, kinds=["episode"])]
        for start in range(0, len(ids) + len(words), _PAGE):
            self.client.batch_delete([*ids, *words][start : start + _PAGE])
        return len(ids)

    def get_scope_info(self, scope: str) -> ScopeInfo:
        """What lies at and below a scope."""
        records = self.list_records(scope, limit=10**9)
        times = [record.created_at for record in records]
        return ScopeInfo(
            path=normalize_scope_path(scope),
            record_count=len(records),
            categories=sorted({name for record in records for name in record.categories}),
            oldest_record=min(times, default=None),
            newest_record=max(times, default=None),
            child_scopes=_children(normalize_scope_path(scope), [record.scope for record in records]),
        )

    def list_scopes(self, parent: str = "/") -> list[str]:
        """The scopes right below a scope."""
        return self.get_scope_info(parent).child_scopes

    def list_categories(self, scope_prefix: str | None = None) -> dict[str, int]:
        """Categories at and below a scope, and how many records have each."""
        return dict(Counter(name for r in self.list_records(scope_prefix, limit=10**9) for name in r.categories))

    def count(self, scope_prefix: str | None = None) -> int:
        """How many records lie at and below a scope."""
        return len(self.matching(scope_prefix))

    def reset(self, scope_prefix: str | None = None) -> None:
        """Forgets this run for good, or what lies below a scope; raises where neither is given."""
        if scope_prefix is None or normalize_scope_path(scope_prefix) == "/":
            self.client.erase(**self.run("reset"))
        else:
            self.delete(scope_prefix)

    def _all(self, terms: list[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Facts, and the words that a record was made of because there was no fact in them."""
        recorded = {"OR": [{"kind": {"ne": "episode"}}, {f"metadata.{OWN}.record": True}]}
        return self._pages([*terms, recorded], kinds=["fact", "procedure", "episode"])

    def _pages(self, terms: list[dict[str, Any]], *, kinds: list[str]) -> Iterator[Mapping[str, Any]]:
        page: int | None = 1
        while page is not None:
            found = self.client.get_all(
                **self.person(), filters={"AND": terms}, kinds=kinds, page=page, page_size=_PAGE
            )
            yield from found["results"]
            page = found["next"]


def conditions(
    scope: str | None = None,
    categories: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Filters for a scope path and all below it, any of the categories, and all of the metadata."""
    terms: list[dict[str, Any]] = []
    if scope is not None and (path := normalize_scope_path(scope)) != "/":
        terms.append({f"metadata.{OWN}.within": {"eq": path}})
    if categories:
        wanted = [{f"metadata.{OWN}.categories": {"eq": name}} for name in categories]
        terms.append({"OR": [{"categories": {"in": list(categories)}}, *wanted]})
    terms += [{f"metadata.{name}": value} for name, value in (metadata or {}).items()]
    return terms


def visible(source: str | None, include_private: bool) -> list[dict[str, Any]]:
    """Filters for what a source may see: a private record is there for the source that it came from."""
    if include_private:
        return []
    open_ = {f"metadata.{OWN}.private": {"ne": True}}
    return [open_ if source is None else {"OR": [open_, {f"metadata.{OWN}.source": source}]}]


def joined(terms: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Filters that must all hold; None for none."""
    return {"AND": terms} if terms else None


def own(
    metadata: Mapping[str, Any] | None,
    scope: str,
    importance: float | None,
    source: str | None,
    private: bool,
    **more: Any,
) -> dict[str, Any]:
    """Metadata for `Memory.add`: the caller's, and what memlayer has no field for."""
    path = normalize_scope_path(scope)
    parts = path.strip("/").split("/") if path != "/" else []
    within = ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))]
    kept = {"scope": path, "within": within, "importance": importance, "source": source, "private": private, **more}
    return {**(metadata or {}), OWN: {name: value for name, value in kept.items() if value not in (None, [])}}


def record_of(item: Mapping[str, Any]) -> MemoryRecord:
    """A memory as CrewAI's record; its times are naive UTC, as CrewAI's are."""
    metadata = dict(item["metadata"] or {})
    kept = metadata.pop(OWN, {})
    at = datetime.fromisoformat(item["created_at"]).astimezone(timezone.utc).replace(tzinfo=None)
    return MemoryRecord(
        id=kept.get("id", item["id"]),
        content=item["memory"],
        scope=kept.get("scope", "/"),
        categories=list(kept.get("categories", item["categories"])),
        metadata=metadata,
        importance=kept.get("importance", item["importance"]),
        created_at=at,
        last_accessed=at,
        source=kept.get("source"),
        private=kept.get("private", False),
    )


def _aware(moment: datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat()


def _children(path: str, scopes: Sequence[str]) -> list[str]:
    root = path.rstrip("/") + "/"
    below = {scope[len(root) :].split("/")[0] for scope in scopes if scope.startswith(root) and scope != root}
    return sorted(root + name for name in below)
