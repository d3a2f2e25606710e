"""`MemlayerMemory`: what `Crew(memory=…)` and `Agent(memory=…)` take."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Literal

from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.memory_events import (
    MemoryQueryCompletedEvent,
    MemoryQueryFailedEvent,
    MemoryQueryStartedEvent,
)
from crewai.memory.types import MemoryMatch, MemoryRecord
from crewai.memory.unified_memory import Memory as CrewMemory
from crewai.memory.utils import join_scope_paths
from pydantic import Field, PrivateAttr

from memlayer import AsyncMemory, Memory
from memlayer.adapters import Numbers, faces
from memlayer_crewai._records import KEPT, OWN, Records, conditions, joined, own, record_of, visible
from memlayer_crewai._task import messages


class MemlayerMemory(CrewMemory):
    """A memory for crews and agents that outlives them, and that agents of other frameworks share.

    Takes the place of CrewAI's own memory with all of its verbs, and calls no model of CrewAI's: the words of a task
    and of its result go to memlayer as they are. Writes with all ids that are given and recalls without the run.
    """

    storage: Any = Field(default=None, exclude=True, repr=False)
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None

    _client: Memory = PrivateAttr()
    _aio: AsyncMemory = PrivateAttr()
    _owned: bool = PrivateAttr(default=False)
    _background: list[Future[Any]] = PrivateAttr(default_factory=list)

    def __init__(self, client: Memory | AsyncMemory | None = None, **options: Any) -> None:
        """Works on `client`, or on the memory in the default file; takes ids, `root_scope` and `read_only`."""
        sync, aio = faces(Memory() if client is None else client)
        ids = {name: options.get(name) for name in ("user_id", "agent_id", "run_id", "app_id")}
        records: Any = Records(sync, ids)
        super().__init__(storage=records, **options)
        self._client, self._aio, self._owned = sync, aio, client is None

    @property
    def records(self) -> Records:
        """The person's memories as CrewAI's records."""
        found: Records = self.storage
        return found

    # Saving: CrewAI's own remember and remember_many call these, in its one background thread.

    def extract_memories(self, content: str) -> list[str]:
        """The content itself: reading facts out of it is memlayer's part."""
        return [content] if content.strip() else []

    async def aextract_memories(self, content: str) -> list[str]:
        """As `extract_memories`."""
        return self.extract_memories(content)

    def _encode_batch(
        self,
        contents: list[str],
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,
        root_scope: str | None = None,
    ) -> list[MemoryRecord]:
        meant = own(metadata, join_scope_paths(root_scope, scope), importance, source, private)
        found = []
        for content in contents:
            said = messages(content, Numbers(self._aio, self.records.ids))
            added = self._client.add(said, metadata=meant, categories=categories, **self.records.ids)
            ids = [item["id"] for item in added["results"]]
            if not ids and (words := added["episodes"][:1]):  # no fact in them, so the words are the record
                ids = words
                record = {**meant[OWN], "record": True, **({"categories": categories} if categories else {})}
                self._client.update(ids[0], metadata={**meant, OWN: record})
            found += [record_of(self._client.get(record_id)) for record_id in ids]
        return found

    async def aremember(
        self,
        content: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,
    ) -> MemoryRecord | None:
        """As `remember`."""
        return await asyncio.to_thread(self.remember, content, scope, categories, metadata, importance, source, private)

    def _submit_save(self, fn: Any, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super()._submit_save(fn, *args, **kwargs)
        if fn == self._background_encode_batch:
            with self._pending_lock:
                self._background.append(future)
        return future

    def drain_writes(self) -> None:
        """Waits for what is saved in the background; raises the first error among it, once."""
        with self._pending_lock:
            waiting, self._background = self._background, []
        errors = [error for future in waiting if (error := future.exception()) is not None]
        super().drain_writes()
        if errors:
            raise errors[0]

    # Recalling

    def recall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = 10,
        depth: Literal["shallow", "deep"] = "deep",
        source: str | None = None,
        include_private: bool = False,
    ) -> list[MemoryMatch]:
        """What answers a query, best first; both depths are the same one search, without a model call."""
        self.drain_writes()
        numbers, asked = Numbers(self._aio, self.records.ids), ("user", query.strip())
        numbers.meet([asked], new=1)
        with self._told(query, limit) as told:
            where = self._where(numbers.ids(asked, 1), scope, categories, source, include_private)
            found = self._client.search(query, limit=limit, filters=where, **self.records.person())
            told += [_match(item) for item in found["results"]]
        return told

    async def arecall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = 10,
        depth: Literal["shallow", "deep"] = "deep",
        source: str | None = None,
        include_private: bool = False,
    ) -> list[MemoryMatch]:
        """As `recall`."""
        await asyncio.to_thread(self.drain_writes)
        numbers, asked = Numbers(self._aio, self.records.ids), ("user", query.strip())
        await numbers.ameet([asked], new=1)
        with self._told(query, limit) as told:
            where = self._where(numbers.ids(asked, 1), scope, categories, source, include_private)
            found = await self._aio.search(query, limit=limit, filters=where, **self.records.person())
            told += [_match(item) for item in found["results"]]
        return told

    def _where(
        self, asked: list[str], scope: str | None, categories: list[str] | None, source: str | None, private: bool
    ) -> dict[str, Any] | None:
        """Filters of a search; a task that ran before is not its own answer."""
        path = join_scope_paths(self.root_scope, scope)
        return joined([*conditions(path, categories), *visible(source, private), {"message_id": {"nin": asked}}])

    @contextmanager
    def _told(self, query: str, limit: int) -> Iterator[list[MemoryMatch]]:
        """Tells CrewAI's listeners of a search, as CrewAI's memory does; gives the list to put the results in."""
        asked: dict[str, Any] = {"query": query, "limit": limit, "score_threshold": None, "source_type": "memlayer"}
        crewai_event_bus.emit(self, MemoryQueryStartedEvent(**asked))
        start, found = perf_counter(), list[MemoryMatch]()
        try:
            yield found
        except Exception as error:
            crewai_event_bus.emit(self, MemoryQueryFailedEvent(error=str(error), **asked))
            raise
        taken = (perf_counter() - start) * 1000
        crewai_event_bus.emit(self, MemoryQueryCompletedEvent(results=found, query_time_ms=taken, **asked))

    # Changing and forgetting

    def update(
        self,
        record_id: str,
        content: str | None = None,
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
    ) -> MemoryRecord:
        """Changes a record; what it was stays in its history. Raises `ValueError` where there is none."""
        found = self.records.find(record_id)
        if found is None:
            raise ValueError(f"Record not found: {record_id}")
        if self.read_only:
            return record_of(found)
        old = record_of(found)
        kept = own(
            old.metadata if metadata is None else metadata,
            old.scope if scope is None else scope,
            old.importance if importance is None else importance,
            old.source,
            old.private,
        )
        kept[OWN] |= {name: value for name, value in (found["metadata"] or {}).get(OWN, {}).items() if name in KEPT}
        if categories is not None:
            kept[OWN]["categories"] = categories
        self._client.update(found["id"], content, metadata=kept)
        return record_of(self._client.get(found["id"]))

    def reset_all(self) -> None:
        """Forgets this run and nothing else, whatever `root_scope` is; raises without a `run_id`."""
        with self._reset_lock:
            self.drain_writes()
            self.records.reset()

    def close(self) -> None:
        """Ends background work; closes the memory's file if it was opened here."""
        self.drain_writes()
        self._save_pool.shutdown(wait=True)
        if self._owned:
            self._client.close()


def _match(item: Any) -> MemoryMatch:
    return MemoryMatch(record=record_of(item), score=item["score"], match_reasons=["semantic"])
