"""The parts of one memory, put together on first use; what the facade hands every call to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from memlayer import _forks
from memlayer.backends.sqlite.graph import SQLiteGraphStore
from memlayer.backends.sqlite.items import SQLiteItemStore
from memlayer.backends.sqlite.leases import SQLiteLeases
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.backends.sqlite.outbox import SQLiteOutbox
from memlayer.backends.sqlite.upkeep import Upkeep
from memlayer.config import PROMPTS, Settings, part
from memlayer.engine import relations
from memlayer.engine.ingest import Ingest, Outcome
from memlayer.engine.projector import Projector
from memlayer.engine.recall import Recall, origin
from memlayer.engine.shown import related
from memlayer.engine.worker import Backlog, Worker
from memlayer.errors import ConfigurationError, DimensionMismatchError
from memlayer.lifetimes import alive
from memlayer.protocols import Embedder, Extractor, GraphStore, LanguageModel, Reranker, VectorIndex
from memlayer.types import Candidate, GraphRelation, Message, Origin, Record, Scope, View

if TYPE_CHECKING:
    from memlayer.extraction.documents import Reader
    from memlayer.extraction.local import LocalExtractor

LANES = 8
"""How many owners a language model reads for at once."""


class LocalRules:
    """The local extractor: its many rules are loaded with the first message, not with the first search."""

    def __init__(self, custom_categories: Sequence[Mapping[str, str]] | None) -> None:
        self._custom = custom_categories

    def extract(self, messages: Sequence[Message], *, scope: Scope, known: Sequence[Record]) -> list[Candidate]:
        """See `LocalExtractor`."""
        return self._loaded.extract(messages, scope=scope, known=known)

    @cached_property
    def _loaded(self) -> LocalExtractor:
        from memlayer.extraction.local import LocalExtractor

        return LocalExtractor(custom_categories=self._custom)


class Core:
    """One memory's ledger, indexes and flows."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        """Opens nothing: the file is touched by the first call that needs it."""
        self.settings = settings
        self.clock = clock
        self.ledger = SQLiteLedger(settings.file(), clock=clock)
        self.graph = SQLiteGraphStore(self.ledger.database)
        self.items = SQLiteItemStore(self.ledger.database, clock=clock)
        self.upkeep = Upkeep(self.ledger)
        self._made: list[Any] = []
        self.model: LanguageModel | None = None
        self._embedder: Embedder | None = None
        self._lock = _forks.Lock()
        self.local = LocalRules(settings.custom_categories)
        self.extractor: Extractor = self._extractor()
        asks = self.extractor is not self.local
        self.servers = self._servers()
        self.recall = Recall(
            self.ledger,
            self.embedder,
            servers=self.servers if self.servers.followers else None,
            reranker=self._reranker(),
            limit_bytes=settings.cache_bytes,
        )
        self.ingest = Ingest(
            self.ledger,
            self._embedding,
            self.extractor,
            categorise=self.categorise,
            clock=clock,
            new_id=new_id,
            leases=SQLiteLeases(self.ledger.database, clock=clock),
            related=self._related if asks else None,
        )
        self.backlog = Backlog(self.ledger, self.ingest, lanes=LANES if asks else 1)
        self.worker = Worker(lambda ended: self.backlog.read(ended=ended))

    def embedder(self) -> Embedder:
        """The embedder, made on first use; raises where the file has been embedded with another one by now."""
        embedder = self._embedding()
        noted = self.ledger.meta("embedder")
        if noted is not None and noted != self.ledger.embedder:
            raise DimensionMismatchError(
                f"{self.ledger.database.path} was embedded with {noted}, this memory uses {self.ledger.embedder}; "
                "open it with that embedder, or embed it anew: memory.reembed(), or `memlayer reembed`"
            )
        return embedder

    def _embedding(self) -> Embedder:
        """The embedder for vectors that are written: the ledger compares it with the file's under its lock."""
        if self._embedder is None:
            with self._lock:
                if self._embedder is None:
                    self._take(self.new_embedder())
        assert self._embedder is not None
        return self._embedder

    def new_embedder(self) -> Embedder:
        """The embedder of the settings; the local model where none is named."""
        if self.settings.embedder is None:
            from memlayer.models.minilm import MiniLMWordPieceEmbedder

            return MiniLMWordPieceEmbedder()
        found = self._part("embedder")
        if not isinstance(found, Embedder):
            raise ConfigurationError(
                f"embedder must have name, dimensions and embed(texts, *, kind), {type(found).__name__} has not"
            )
        return found

    def use(self, embedder: Embedder) -> None:
        """Takes another embedder from now on (after `reembed`)."""
        with self._lock:
            self._take(embedder)

    def _take(self, embedder: Embedder) -> None:
        self.ledger.embedder = f"{embedder.name}/{embedder.dimensions}"
        self._embedder = embedder

    def reader(self) -> Reader:
        """Reads the documents of messages, and their pictures where the model sees any."""
        from memlayer.extraction._pictures import sight
        from memlayer.extraction.documents import Reader

        with self._lock:
            if self.model is None and self.settings.llm is not None:
                self.model = self._part("llm")
        return Reader(see=sight(self.model), hosts=self.settings.fetch_hosts)

    def read_unread(self, scope: Scope | None = None, *, ended: threading.Event | None = None) -> list[Outcome]:
        """Extracts facts from every episode that waits for it, in order within each owner."""
        return self.backlog.read(scope, ended=ended)

    def sources(self, records: Sequence[Record]) -> dict[str, list[Origin]]:
        """Who said what each record came from; an episode came from itself."""
        wanted = list(dict.fromkeys(s for r in records for s in r.sources))
        held = self.ledger.origins(wanted, scope=Scope()) if wanted else {}
        return {
            r.id: [origin(r)] if r.kind == "episode" else [held[s] for s in r.sources if s in held] for r in records
        }

    def relations(self, query: str, scope: Scope, view: View, missed: set[str]) -> list[GraphRelation]:
        """The edges around what a query names, by the graph server or else the ledger, which decides what holds."""

        def holding(ids: Sequence[str]) -> set[str]:
            records = self.ledger.get(list(dict.fromkeys(ids)), scope=scope)
            return {r.id for r in records if r is not None and not r.negated and alive(r, view)}

        def near(graph: GraphStore) -> list[GraphRelation]:
            at = view.as_of or view.now
            return relations.named(graph, query, scope=scope, at=at, holding=holding)

        found = self.servers.ask(self.servers.graph, scope, near, missed)
        return near(self.graph) if found is None else found

    def rebuild(self, *, progress: Callable[[int, int], None] | None = None) -> int:
        """Makes every index anew from the ledger, the servers' included; embeds nothing."""
        count = self.upkeep.rebuild(progress=progress)
        self.servers.rebuild(progress=progress)
        return count

    def verify(self, *, progress: Callable[[int, int], None] | None = None) -> list[str]:
        """Every divergence of an index from the ledger, the servers' included."""
        return self.upkeep.verify(progress=progress) + self.servers.verify()

    def close(self) -> None:
        """Ends the worker after what it has begun, and closes every store."""
        self.worker.close()
        self.servers.close()
        for made in self._made:
            made.close()
        self.graph.close()
        self.ledger.close()

    def _part(self, kind: str) -> Any:
        """A part that the settings name; one that was made here is closed with the memory."""
        spec = getattr(self.settings, kind)
        found = part(kind, spec)
        if found is not spec and callable(getattr(found, "close", None)):
            self._made.append(found)
        return found

    def _servers(self) -> Projector:
        """The servers of the settings, told of every commit."""
        vectors, graph = (part(kind, getattr(self.settings, kind)) for kind in ("vector_store", "graph_store"))
        for kind, store, needed in (("vector_store", vectors, VectorIndex), ("graph_store", graph, GraphStore)):
            if store is not None and not isinstance(store, needed):
                raise ConfigurationError(f"{kind} must be a {needed.__name__}, {type(store).__name__} is none")
        servers = Projector(SQLiteOutbox(self.ledger.database), self.embedder, vectors=vectors, graph=graph)
        if servers.followers:
            self.ledger.followers = servers.names
            self.ledger.on_commit = servers.flush
        return servers

    def _reranker(self) -> Reranker | None:
        found = part("reranker", self.settings.reranker)
        if found is not None and not isinstance(found, Reranker):
            raise ConfigurationError(f"reranker needs rerank(query, hits, *, limit), {type(found).__name__} has none")
        return found

    def _extractor(self) -> Extractor:
        """The extractor of the settings: an own one, else one that asks the language model, else the local rules."""
        told = self.settings
        if told.extractor is not None:
            if not isinstance(told.extractor, Extractor):
                raise ConfigurationError(
                    f"extractor must have extract(messages, *, scope, known), {type(told.extractor).__name__} has not"
                )
            return told.extractor
        if told.llm is None:
            if given := [name for name in PROMPTS if getattr(told, name)]:
                raise ConfigurationError(
                    f'{given[0]} speaks to a language model, and this memory has none: give llm={{"provider": …}} '
                    "as well, or drop it"
                )
            return self.local
        model = self.model = self._part("llm")
        if not isinstance(model, LanguageModel):
            raise ConfigurationError(
                f"llm must have a name and complete(messages, *, schema), {type(model).__name__} has not"
            )
        from memlayer.extraction.llm import ModelExtractor

        return ModelExtractor(
            model,
            instructions=told.custom_instructions,
            fact_prompt=told.custom_fact_extraction_prompt,
            update_prompt=told.custom_update_memory_prompt,
            categories=told.custom_categories,
        )

    def categorise(self, text: str, custom: Sequence[Mapping[str, str]] | None = None) -> tuple[str, ...]:
        """The categories of a text: of a call's own ones, else of the memory's, else of the default ones."""
        from memlayer.extraction.categories import categorize

        return categorize(text, custom=custom or self.settings.custom_categories)

    def _related(self, scope: Scope, messages: Sequence[Message]) -> list[Record]:
        """What an extractor is shown: see `memlayer.engine.shown`."""
        return related(self.ledger, self.recall, scope, messages, now=self.clock())
