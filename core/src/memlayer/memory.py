"""The facade: plain verbs over plain dicts, no policy of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from memlayer import _forks, compat, config
from memlayer._ask import Ask, filters_for, flag, page_of, scope_of, view_of
from memlayer.errors import ConfigurationError
from memlayer.filters import make_scope
from memlayer.types import AddResult, HistoryItem, MemoryItem, Messages, Page, Scope, SearchResult

if TYPE_CHECKING:
    from memlayer._core import Core
    from memlayer.documents import Documents
    from memlayer.items import Items


@compat.strict
class Memory(compat.Elsewhere):
    """A memory for users, agents and runs, in one file.

    Every verb that writes or reads for somebody needs at least one of `user_id`, `agent_id`, `run_id`, `app_id`:
    a record has exactly the ids that it was added with, and a read sees the records that have all ids that it names.
    Safe for many threads, and for many processes on one file. A context manager.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        llm: Any = None,
        embedder: Any = None,
        vector_store: Any = None,
        graph_store: Any = None,
        reranker: Any = None,
        extractor: Any = None,
        custom_categories: Sequence[Mapping[str, str]] | None = None,
        custom_instructions: str | None = None,
        fetch_hosts: Sequence[str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Names the parts; opens nothing before the first call.

        `path` is one file (":memory:" for one that goes with the memory); without it `MEMLAYER_DIR`, else the
        platform's directory for the user's data. Each part is an object, a provider's name, a URL or a provider dict.
        `fetch_hosts` are hosts that messages may name addresses of although they are not public. `clock` gives aware
        datetimes.
        """
        self._settings = config.Settings(
            path=path, llm=llm, embedder=embedder, vector_store=vector_store, graph_store=graph_store,
            reranker=reranker, extractor=extractor, custom_instructions=custom_instructions,
            custom_categories=custom_categories, fetch_hosts=fetch_hosts,
        )  # fmt: skip
        self._clock = clock
        self._new_id = new_id
        self._lock = _forks.Lock()
        self._made: Core | None = None
        self._closed = False

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any] | None = None, **other: Any) -> Memory:
        """A memory from a configuration dict, `config=` and `config_dict=` alike; unknown keys raise with the mend."""
        given = compat.one_of("from_config", config_dict=config_dict, config=other.pop("config", None))
        compat.check("from_config", other, cls.from_config)
        memory = cls()
        memory._settings = config.read({} if given is None else given)
        return memory

    def __enter__(self) -> Memory:  # noqa: PYI034  (Self is in typing from 3.11)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Memory({str(self._settings.file())!r})"

    @property
    def _core(self) -> Core:
        if self._made is None:
            with self._lock:
                if self._closed:
                    raise ConfigurationError("this memory is closed; open a new Memory")
                if self._made is None:
                    from memlayer._core import Core

                    self._made = Core(self._settings, clock=self._clock, new_id=self._new_id)
        return self._made

    @property
    def path(self) -> Path:
        """The memory's file."""
        return self._core.ledger.database.path

    @property
    def waits(self) -> bool:
        """Says whether calls wait for a model or a server rather than compute."""
        return any(getattr(self._settings, part) is not None for part in ("llm", "vector_store", "graph_store"))

    @property
    def items(self) -> Items:
        """The key-value side: JSON values by scope, namespace and key."""
        from memlayer.items import Items

        return Items(self._core)

    @property
    def documents(self) -> Documents:
        """The files and pages that it holds: taken in, listed and forgotten one by one."""
        from memlayer.documents import Documents

        return Documents(self._core, self.add)

    def add(
        self,
        /,
        messages: Messages,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        infer: bool = True,
        mode: Literal["now", "deferred"] = "now",
        timestamp: Any = None,
        expiration_date: Any = None,
        immutable: bool = False,
        categories: Sequence[str] | None = None,
        custom_categories: Sequence[Mapping[str, str]] | None = None,
        includes: str | None = None,
        excludes: str | None = None,
        prompt: str | None = None,
        memory_type: str | None = None,
        enable_graph: bool | None = None,
        **other: Any,
    ) -> AddResult:
        """Takes a conversation in: a string, one message or a list of messages {"role", "content", "name"?, …}.

        Keeps every message, and as facts what is worth it; says per fact whether it was added (ADD), replaced an
        older one (UPDATE, with `previous_memory`) or ended one (DELETE). A message whose `id` this scope has seen is
        left out. `infer=False` keeps each message as a fact in its own words. `mode="deferred"` returns when the
        messages are safe and reads facts out of them later. `timestamp` dates messages without a time of their own.
        Gives {"results": [{"id", "memory", "event", …}], "episodes": [the ids of the messages that were kept]}.
        """
        from memlayer._add import add

        compat.check("add", other, self.add)
        scope = scope_of("add", user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        return add(
            self._core, messages, scope, metadata=metadata, infer=infer, mode=mode, timestamp=timestamp,
            expiration_date=expiration_date, immutable=immutable, categories=categories,
            custom_categories=custom_categories, prompts=(includes, excludes, prompt), memory_type=memory_type,
            enable_graph=enable_graph,
        )  # fmt: skip

    def search(
        self,
        /,
        query: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
        limit: int | None = None,
        top_k: int | None = None,
        threshold: float | None = None,
        as_of: Any = None,
        known_at: Any = None,
        rerank: bool = False,
        keyword_search: bool = False,
        filter_memories: bool = False,
        enable_graph: bool | None = None,
        kinds: Sequence[str] | None = None,
        categories: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        explain: bool = False,
        **other: Any,
    ) -> SearchResult:
        """The memories that answer a query, best first: {"results": [{"id", "memory", "score", "metadata", …}]}.

        They are facts, and messages that no fact was read from; each says in `sources` who said it, and when.
        `score` is in [0, 1] and comparable between queries; `threshold` leaves out what lies below it. `as_of` asks
        what was true then, `known_at` what had been written by then. `keyword_search` is always on; `filter_memories`
        keeps only what more likely answers than not; `explain` adds each signal's share of the score.
        """
        from memlayer import _verbs

        compat.check("search", other, self.search)
        scope, where = filters_for(
            "search", filters, categories, metadata, user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id
        )
        ask = Ask(
            scope=scope,
            where=where,
            view=view_of(self._clock(), kinds, as_of, known_at, default=("fact", "procedure", "episode")),
            limit=10 if limit is None and top_k is None else compat.one_of("search", limit=limit, top_k=top_k),
            items=kinds is not None and "item" in kinds,
        )
        return _verbs.search(
            self._core, query, ask, threshold=threshold, rerank=rerank, filter_memories=filter_memories,
            keyword_search=keyword_search, enable_graph=enable_graph, explain=explain,
        )  # fmt: skip

    def get(self, /, memory_id: str, **other: Any) -> MemoryItem:
        """One memory by its id, whatever became of it; scope ids given as well must match. Raises `NotFoundError`."""
        from memlayer import _shapes, _verbs

        record = _verbs.record(self._core, "get", memory_id, other)
        return _shapes.memory(record, self._core.sources([record])[record.id])

    def get_all(
        self,
        /,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
        page: int | None = None,
        page_size: int | None = None,
        limit: int | None = None,
        top_k: int | None = None,
        as_of: Any = None,
        known_at: Any = None,
        kinds: Sequence[str] | None = None,
        categories: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        keywords: str | Sequence[str] | None = None,
        enable_graph: bool | None = None,
        **other: Any,
    ) -> Page:
        """A page of memories, newest first, with their number in all; `next` and `previous` are page numbers or None.

        Facts only, unless `kinds` asks for more. A page has 100 memories unless `page_size` or `limit` says otherwise.
        """
        from memlayer import _verbs

        compat.check("get_all", other, self.get_all)
        scope, where = filters_for(
            "get_all", filters, categories, metadata, keywords,
            user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id,
        )  # fmt: skip
        size = compat.one_of("get_all", page_size=page_size, limit=limit, top_k=top_k)
        number, size = page_of(page, size)
        view = view_of(self._clock(), kinds, as_of, known_at, default=("fact", "procedure"))
        return _verbs.get_all(self._core, Ask(scope, where, view, size), number, enable_graph=enable_graph)

    def update(
        self,
        /,
        memory_id: str,
        data: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        text: str | None = None,
        message: str | None = None,
        **other: Any,
    ) -> dict[str, Any]:
        """Changes a text (`data=`, `text=`, `message=`) or metadata; gives the memory as it is now, and a "message".

        Its history stays; a text that was replaced holds again. Raises `NotFoundError` and `ImmutableError`.
        """
        from memlayer import _verbs

        record = _verbs.record(self._core, "update", memory_id, other)
        new = compat.one_of("update", data=data, text=text, message=message)
        changed = _verbs.update(self._core, [(record, new, metadata)])[0]
        return {"message": "Memory updated successfully!", **changed}

    def delete(self, /, memory_id: str, **other: Any) -> dict[str, str]:
        """Takes a memory and what it was read from out of default results; history stays. Raises `NotFoundError`."""
        from memlayer import _verbs

        _verbs.delete(self._core, [_verbs.record(self._core, "delete", memory_id, other)])
        return {"message": "Memory deleted successfully!"}

    def delete_all(
        self,
        /,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        **other: Any,
    ) -> dict[str, str]:
        """Erases everything of the scope for good, history and immutable memories included."""
        compat.check("delete_all", other, self.delete_all)
        scope = scope_of("delete_all", user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        self._core.ledger.erase(scope)
        return {"message": "Memories deleted successfully!"}

    def erase(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
    ) -> dict[str, int]:
        """Erases everything of the scope, as `delete_all` does; says how many {"episodes", "facts", "events", …}."""
        scope = scope_of("erase", user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        return self._core.ledger.erase(scope)

    def history(self, /, memory_id: str, **other: Any) -> list[HistoryItem]:
        """Every change of a memory and of those that it replaced, newest first; it outlives the memory."""
        from memlayer import _verbs

        return _verbs.history(self._core, _verbs.record(self._core, "history", memory_id, other))

    def batch_update(self, memories: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Changes up to 1,000 memories [{"memory_id", "text", "metadata"?}], all or none."""
        from memlayer import _verbs

        return {"message": f"Successfully updated {_verbs.batch_update(self._core, memories)} memories"}

    def batch_delete(self, memories: Sequence[Mapping[str, Any] | str]) -> dict[str, str]:
        """Deletes up to 1,000 memories [{"memory_id"}], all or none."""
        from memlayer import _verbs

        return {"message": f"Successfully deleted {_verbs.batch_delete(self._core, memories)} memories"}

    def users(self) -> dict[str, list[dict[str, Any]]]:
        """Everybody that something is stored for: {"results": [{"type", "name", "id"}]}."""
        from memlayer import _verbs

        return {"results": _verbs.users(self._core)}

    def delete_users(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
    ) -> dict[str, str]:
        """Erases an entity and everything of it; without an id every entity there is."""
        scope = make_scope(user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        self._core.ledger.erase(scope)
        return {"message": "Entity deleted successfully." if scope.ids() else "All users, agents, and runs deleted."}

    def feedback(
        self, memory_id: str, feedback: str | None = None, feedback_reason: str | None = None
    ) -> dict[str, Any]:
        """Rates a memory POSITIVE, NEGATIVE (it sinks) or VERY_NEGATIVE (it leaves default results); None clears it."""
        from memlayer import _verbs

        return _verbs.feedback(self._core, memory_id, feedback, feedback_reason)

    def reset(self) -> dict[str, str]:
        """Erases everything in the memory's file."""
        self._core.ledger.erase(Scope())
        return {"message": "Memory reset successful. All users and memories deleted."}

    def messages(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
        last: int | None = None,
    ) -> dict[str, list[dict[str, Any]]]:
        """What was said, in order: {"results": [{"id", "message_id", "role", "name", "content", "timestamp", …}]}.

        `after` is the `id` of the last one that is known; `last` gives the newest so many.
        """
        from memlayer import _verbs

        scope = scope_of("messages", user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        return {"results": _verbs.messages(self._core, scope, limit=limit, after=after, last=last)}

    def context(
        self, /, query: str | None = None, *, ids: Sequence[str] | None = None, max_tokens: int = 2000, **search: Any
    ) -> str:
        """What answers a query as a block for a prompt: under a budget, dated, fenced as data; "" where nothing does.

        Takes the keywords of `search`; or `ids` of what a search found before, best first, if it still holds.
        """
        from memlayer import _verbs

        if ids is not None or query is None:
            return _verbs.context_of(self._core, query, ids, search, max_tokens=max_tokens)
        search = search if "top_k" in search else {"limit": 50, **search}
        return _verbs.context(self._core, self.search(query or "", **search), max_tokens=max_tokens)

    def profile(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        as_of: Any = None,
    ) -> dict[str, Any]:
        """The exact facts by slot: {"profile": {"lives_in": "Berlin", "likes": […]}, "people": {…}, "results": […]}."""
        from memlayer import _verbs

        scope = scope_of("profile", user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        return _verbs.profile(self._core, scope, view_of(self._clock(), None, as_of, None, default=("fact",)))

    def graph(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        as_of: Any = None,
    ) -> dict[str, Any]:
        """Every relation that holds in the scope: {"relations": [{"source", "relationship", "target", …}]}."""
        from memlayer import _verbs

        scope = scope_of("graph", user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        return _verbs.graph(self._core, scope, view_of(self._clock(), None, as_of, None, default=("fact",)))

    def export(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
        history: bool = False,
    ) -> dict[str, Any]:
        """Memories, messages and items of the scope as JSON; `history=True` adds what was replaced or deleted."""
        from memlayer import _verbs

        scope, where = filters_for("export", filters, user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        return _verbs.export(self._core, scope, where, history=history)

    def import_(self, data: Any, *, progress: Callable[[int, int], None] | None = None) -> dict[str, int]:
        """Takes in what `export` gave, or another memory's `get_all`; says how many {"records", "known", "items"}.

        What is there already, by its id, is "known" and left as it is.
        """
        from memlayer import _verbs

        return _verbs.import_(self._core, data, progress=progress)

    def backup(self, file: str | Path) -> Path:
        """Writes a whole, consistent copy of the memory to `file` while others go on writing."""
        return self._core.ledger.database.backup(config.check_path("file", file))

    def rebuild(self, *, progress: Callable[[int, int], None] | None = None) -> dict[str, int]:
        """Makes every index anew from the ledger, embeds nothing, and says how many {"records"} there are."""
        return {"records": self._core.rebuild(progress=progress)}

    def verify(self, *, repair: bool = False, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
        """Checks every index against the ledger: {"ok", "problems"}; `repair` rebuilds and checks again."""
        repair = flag("repair", repair)
        problems = self._core.verify(progress=progress)
        if problems and repair:
            self._core.rebuild(progress=progress)
            problems = self._core.verify(progress=progress)
        return {"ok": not problems, "problems": problems}

    def reextract(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        everything: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> AddResult:
        """Reads facts out of messages that wait for it, or of `everything` in the scope; answers as `add` does."""
        from memlayer import _verbs

        scope = scope_of("reextract", user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        return _verbs.reextract(self._core, scope, everything=everything, progress=progress)

    def reembed(self, *, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
        """Embeds every memory anew with this memory's embedder; the old vectors serve until all new ones are there."""
        from memlayer._reembed import reembed

        return reembed(self._core, progress=progress)

    def close(self) -> None:
        """Finishes deferred work and closes every store; idempotent."""
        with self._lock:
            self._closed = True
            made, self._made = self._made, None
        if made is not None:
            made.close()
