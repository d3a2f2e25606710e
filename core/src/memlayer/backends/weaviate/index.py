"""Vectors and keywords in one multi-tenant collection per embedding model, a tenant per owner."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from memlayer.backends.weaviate._client import Client, address
from memlayer.backends.weaviate._objects import (
    TIMES,
    fingerprint,
    object_id,
    properties,
    pushed,
    query_words,
    record_of,
    tagged,
)
from memlayer.backends.weaviate._wire import Found, near, request, results, storing, worded
from memlayer.errors import (
    BackendError,
    ConfigurationError,
    DimensionMismatchError,
    UnsupportedError,
)
from memlayer.filters import Filter, matches
from memlayer.types import Entry, Match, Scope

if TYPE_CHECKING:
    from memlayer.types import Vector

AT_ONCE = 100
"""Objects in one batch; the next one is made while the server has one."""
OWNERS = 100
"""How many owners a search may span."""
EXACT = 10_000
"""Up to so many entries that pass a filter are compared one by one; beyond, the graph of neighbours is walked."""
_CAP = 10_000
"""The most results that a server gives to one query, offset included."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


class WeaviateVectorIndex:
    """Implements `VectorIndex` and `KeywordIndex` on a Weaviate server; safe for threads.

    Objects are kept whole, so that a filter that the server cannot tell is applied here, on more results until
    `limit` is filled: the meaning of a filter never depends on the server.
    """

    def __init__(
        self,
        url: str = "weaviate://127.0.0.1:8080",
        *,
        api_key: str | None = None,
        grpc_port: int | None = None,
        grpc_host: str | None = None,
        headers: Mapping[str, str] | None = None,
        collection: str = "",
        dimensions: int = 0,
        model: str = "",
        memory: str = "",
        replicas: int = 1,
        timeout: float = 10.0,
    ) -> None:
        """Connects nothing. `memory` keeps several memories in one server apart; `timeout` is in seconds per call."""
        there, named = address(url, api_key=api_key, grpc_port=grpc_port, grpc_host=grpc_host, headers=headers)
        self._base = collection or named or "Memlayer"
        if not _NAME.fullmatch(self._base):
            raise ConfigurationError(f"vector_store: a collection is named by letters and digits, not {self._base!r}")
        self._base = self._base[0].upper() + self._base[1:]
        self._client = Client(there, timeout=timeout)
        self._memory = memory
        self._replicas = replicas
        self.dimensions = dimensions
        self._model = model
        self._ready: tuple[Any, Any] = (None, None)
        """The client, and its collection that is known to be there."""
        self._derived: set[str] = set()
        """Tenants with objects whose ids do not name their records: these are asked for the records' ids as well."""

    def __repr__(self) -> str:
        return f"WeaviateVectorIndex({self.address!r})"

    @property
    def address(self) -> str:
        """Where the index is, without its key: what an outbox calls it by."""
        return f"{self._client.address}/{self._base}"

    def bind(self, *, memory: str, model: str, dimensions: int) -> None:
        """Says whose index it is from now on, and what its vectors are made with."""
        self._memory, self._model, self.dimensions = memory, model, dimensions

    def health(self) -> str:
        """The server's version; raises where it cannot be reached."""
        return f"Weaviate {self._client.ping()}"

    def is_empty(self) -> bool:
        """Says whether the collection is not there, or no more."""
        with self._client.use("tell what it holds") as client:
            self._ready = (None, None)
            return not client.collections.exists(self._name())

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Stores or replaces entries; idempotent."""
        for entry in entries:
            if entry.vector is not None and entry.vector.shape != (self.dimensions,):
                raise DimensionMismatchError(
                    f"entry {entry.id}: expected ({self.dimensions},), got {entry.vector.shape}"
                )
        tenants: dict[str, dict[str, Entry]] = {}
        for entry in entries:
            tenants.setdefault(self._tenant(entry.scope), {})[entry.id] = entry
        if not entries:
            return
        with self._client.use("store entries") as client:
            collection = self._collection(client)
            for tenant, inside in tenants.items():
                held = list(inside.values())
                parts = [held[start : start + AT_ONCE] for start in range(0, len(held), AT_ONCE)]
                sent = (
                    storing(collection.name, tenant, ((str(object_id(e.id)), properties(e), e.vector) for e in part))
                    for part in parts
                )
                for part, reply in zip(parts, self._client.send(client, "BatchObjects", sent), strict=True):
                    if reply.errors:
                        first = reply.errors[0]
                        raise BackendError(
                            f"{self.address} refused {len(reply.errors)} of {len(part)} entries, the first of them "
                            f"{part[first.index].id}: {first.error[:300]}",
                            backend="weaviate", operation="store entries",
                        )  # fmt: skip

    def search(self, vector: Vector, *, scope: Scope, where: Filter | None = None, limit: int = 10) -> list[Match]:
        """The nearest entries of the scope that pass the filter, best first; scores are cosines clipped to [0, 1]."""
        if vector.shape != (self.dimensions,):
            raise DimensionMismatchError(f"the query has {vector.shape} dimensions, the index ({self.dimensions},)")
        return self._search("search", near(vector), scope, where, limit)

    def search_text(self, query: str, *, scope: Scope, where: Filter | None = None, limit: int = 10) -> list[Match]:
        """The entries of the scope that share words with the query and pass the filter, best first."""
        words = query_words(query)
        if not words:
            return []
        return self._search("search by words", worded(words, "terms"), scope, where, limit)

    def search_both(
        self, query: str, vector: Vector, *, scope: Scope, where: Filter | None = None, limit: int = 10
    ) -> list[Match]:
        """What `search` finds, then what `search_text` finds, asked for at the same time.

        Raises where the server cannot tell the filter: whoever has the records applies it sooner than it is read here.
        """
        words, (filters, exact) = query_words(query), _filters(scope, where)
        if not exact:
            raise UnsupportedError(f"{self.address} cannot tell this filter; the record can")
        if not words or scope.spans_owners:
            asked: dict[str, Any] = {"scope": scope, "where": where, "limit": limit}
            return [*self.search(vector, **asked), *self.search_text(query, **asked)]
        with self._client.use("search") as client:
            collection, tenant = self._collection(client), self._tenant(scope)
            found: list[Match] = []
            with _if_kept(collection, tenant):
                questions = [worded(words, "terms"), near(vector)]
                by_words, nearest = self._ask(client, tenant, questions, filters, [], limit, 0)
                found += [Match(one.record_id or "", one.signal) for one in (*nearest, *by_words)]
            return found

    def delete(self, ids: Sequence[str]) -> None:
        """Removes entries; ids that are absent are no error."""
        with self._client.use("delete entries") as client:
            from weaviate.classes.query import Filter as Native

            for collection in self._collections(client):
                for tenant in self._tenants(collection):
                    for start in range(0, len(ids), AT_ONCE):
                        uuids = [object_id(i) for i in ids[start : start + AT_ONCE]]
                        _read(collection.with_tenant(tenant).data.delete_many(Native.by_id().contains_any(uuids)))

    def erase(self, scope: Scope) -> None:
        """Removes every entry of the scope, whichever model it was embedded with; an owner's tenant goes whole."""
        every = scope.ids()
        self._ready = (None, None)
        # An owner's tenant holds nothing but what has the owner's id.
        whole = len(every) == 1
        with self._client.use("erase a scope") as client:
            from weaviate.classes.query import Filter as Native

            for collection in self._collections(client):
                if not every:
                    tenants = self._tenants(collection)
                    for start in range(0, len(tenants), OWNERS):
                        collection.tenants.remove(tenants[start : start + OWNERS])
                    continue
                if whole:
                    collection.tenants.remove([self._tenant(scope)])
                if scope.spans_owners:
                    tenants = self._tenants(collection)
                else:
                    tenants = [t for t in [self._tenant(scope)] if not whole and collection.tenants.exists(t)]
                doomed = [tagged((name,), [value]) for name, value in every.items()]
                for tenant in tenants:
                    _read(collection.with_tenant(tenant).data.delete_many(Native.all_of(doomed)))

    def divergences(self, entries: Iterable[Entry]) -> Iterator[str]:
        """What the index lacks, holds beside these entries, or holds otherwise; one line each."""
        expected: dict[str, dict[str, bytes]] = {}
        for entry in entries:
            same = fingerprint(str(object_id(entry.id)), properties(entry), entry.vector)
            expected.setdefault(self._tenant(entry.scope), {})[entry.id] = same
        with self._client.use("be checked") as client:
            for collection in self._collections(client):
                current = collection.name == self._name()
                for tenant in self._tenants(collection):
                    wanted = expected.pop(tenant, {}) if current else {}
                    for found in collection.with_tenant(tenant).iterator(include_vector=True):
                        record_id = str(found.properties.get("record_id"))
                        known = wanted.pop(record_id, None)
                        if known is None:
                            yield f"{self.address} holds what the record does not: {record_id}"
                        elif known != fingerprint(str(found.uuid), found.properties, found.vector.get("default")):
                            yield f"{self.address} holds another state of {record_id}"
                    yield from (f"{self.address} lacks {record_id}" for record_id in wanted)
        for wanted in expected.values():
            yield from (f"{self.address} lacks {record_id}" for record_id in wanted)

    def has_tenant(self, scope: Scope) -> bool:
        """Says whether anything was kept for the scope's owner since it was erased last."""
        with self._client.use("look for a tenant") as client:
            return any(collection.tenants.exists(self._tenant(scope)) for collection in self._collections(client))

    def close(self) -> None:
        """Frees the connection; idempotent."""
        self._client.close()

    def _search(
        self, operation: str, question: Mapping[str, Any], scope: Scope, where: Filter | None, limit: int
    ) -> list[Match]:
        filters, exact = _filters(scope, where)
        kept = [] if exact else ["content", "payload"]
        with self._client.use(operation) as client:
            collection = self._collection(client)
            found: list[Match] = []
            for tenant in self._reached(collection, scope):
                page = partial(self._page, client, tenant, question, filters, kept)
                with _if_kept(collection, tenant):
                    pages = _pages(page, limit, None if exact else where)
                    found += [Match(one.record_id or "", one.signal) for one in pages]
            return sorted(found, key=lambda m: -m.score)[:limit]

    def _page(
        self, client: Any, tenant: str, question: Any, filters: Any, kept: Sequence[str], size: int, offset: int
    ) -> list[Found]:
        return self._ask(client, tenant, [question], filters, kept, size, offset)[0]

    def _ask(
        self, client: Any, tenant: str, questions: Sequence[Any], filters: Any, kept: Sequence[str], size: int,
        offset: int,
    ) -> list[list[Found]]:  # fmt: skip
        """A page of the results of each question."""
        wanted = [*kept, "record_id"] if tenant in self._derived else kept
        sent = [
            request(one, self._name(), tenant, where=filters, properties=wanted, limit=size, offset=offset)
            for one in questions
        ]
        found = [results(reply, wanted) for reply in self._client.ask(client, "Search", *sent)]
        if wanted is not kept or all(one.record_id for part in found for one in part):
            return found
        self._derived.add(tenant)
        return self._ask(client, tenant, questions, filters, kept, size, offset)

    def _reached(self, collection: Any, scope: Scope) -> list[str]:
        """The tenants that a scope may meet: one, or where it spans owners all, up to a bound."""
        if not scope.spans_owners:
            return [self._tenant(scope)]
        tenants = self._tenants(collection)
        if len(tenants) > OWNERS:
            raise UnsupportedError(
                f"a search over {len(tenants)} owners; {self.address} is asked for {OWNERS} at most: name a user_id"
            )
        return tenants

    def _tenants(self, collection: Any) -> list[str]:
        return sorted(name for name in collection.tenants.get() if name.startswith(f"{self._memory or 'm'}_"))

    def _tenant(self, scope: Scope) -> str:
        """The owner's tenant: a hash, so that any id fits and none is shown."""
        digest = hashlib.sha256(scope.owner.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self._memory or 'm'}_{digest[:40]}"

    def _name(self) -> str:
        if not self.dimensions:
            raise ConfigurationError("vector_store: the index was not told how long its vectors are (dimensions=)")
        model = hashlib.sha256(self._model.encode()).hexdigest()[:8]
        return f"{self._base}_{self.dimensions}_{model}"

    def _collections(self, client: Any) -> list[Any]:
        """This index's collections, those of former embedding models included."""
        mine = re.compile(rf"{self._base}_\d+_[0-9a-f]{{8}}")
        return [client.collections.get(name) for name in client.collections.list_all() if mine.fullmatch(name)]

    def _collection(self, client: Any) -> Any:
        name, (seen, known) = self._name(), self._ready
        if seen is client and known.name == name:
            return known
        if not client.collections.exists(name):
            self._create(client, name)
        self._ready = client, client.collections.get(name)
        return self._ready[1]

    def _create(self, client: Any, name: str) -> None:
        from weaviate.classes.config import (
            Configure,
            DataType,
            Property,
            StopwordsPreset,
            Tokenization,
            VectorDistances,
        )

        def text(name: str, *, tokens: Any = Tokenization.FIELD, array: bool = False, **index: bool) -> Any:
            kind = DataType.TEXT_ARRAY if array else DataType.TEXT
            flags = {"index_filterable": False, "index_searchable": False, **index}
            return Property(name=name, data_type=kind, tokenization=tokens, **flags)

        plain = [text("record_id"), text("content"), text("payload")]
        words = text("terms", tokens=Tokenization.WHITESPACE, index_searchable=True)
        tags = text("tags", array=True, index_filterable=True)
        times = [
            Property(name=t, data_type=DataType.INT, index_range_filters=True, index_filterable=True) for t in TIMES
        ]
        try:
            client.collections.create(
                name,
                properties=[*plain, words, tags, *times],
                multi_tenancy_config=Configure.multi_tenancy(
                    enabled=True, auto_tenant_creation=True, auto_tenant_activation=True
                ),
                inverted_index_config=Configure.inverted_index(
                    bm25_b=0.75, bm25_k1=1.2, stopwords_preset=StopwordsPreset.NONE
                ),
                replication_config=Configure.replication(factor=self._replicas),
                vector_config=Configure.Vectors.self_provided(
                    vector_index_config=Configure.VectorIndex.hnsw(
                        distance_metric=VectorDistances.COSINE, flat_search_cutoff=EXACT
                    ),
                    quantizer=Configure.VectorIndex.Quantizer.none(),
                ),
            )
        except Exception:
            # Another process may have made it in the same moment.
            if not client.collections.exists(name):
                raise


def _filters(scope: Scope, where: Filter | None) -> tuple[Any, bool]:
    """What the server filters by within a tenant, None for nothing, and whether it says the same as the filter."""
    from weaviate.classes.query import Filter as Native

    native, exact = pushed(where)
    own = scope.owner
    every = [tagged((n,), [v]) for n, v in scope.ids().items() if scope.spans_owners or own != f"{n[0]}:{v}"]
    every += [] if native is None else [native]
    return (Native.all_of(every) if every else None), exact


@contextmanager
def _if_kept(collection: Any, tenant: str) -> Iterator[None]:
    """Finds nothing, and no fault, for an owner of whom nothing was kept yet: there is no tenant."""
    try:
        yield
    except Exception as error:
        if "tenant" not in str(error) or collection.tenants.exists(tenant):
            raise


def _pages(ask: Callable[[int, int], Sequence[Found]], limit: int, where: Filter | None) -> Iterator[Found]:
    """Objects that pass the filter, best first, page after page until there are enough or no more."""
    size, offset, given = (limit if where is None else max(64, 2 * limit)), 0, 0
    while size > 0:
        page = ask(size, offset)
        for found in page:
            if given < limit and (where is None or matches(where, record_of(found.properties))):
                given += 1
                yield found
        offset += size
        if given >= limit or len(page) < size:
            return
        size = min(2 * size, _CAP - offset)
    raise UnsupportedError(
        f"the filter fits fewer than {limit} of the first {_CAP} candidates, and a server gives no more; "
        "narrow it with an id, a category, a time or an equality"
    )


def _read(deleted: Any) -> None:
    if deleted.failed:
        raise BackendError(f"{deleted.failed} objects could not be deleted", backend="weaviate", operation="delete")


def weaviate(
    url: str | None = None,
    *,
    cluster_url: str | None = None,
    auth_client_secret: Any = None,
    api_key: str | None = None,
    collection_name: str = "",
    collection: str = "",
    embedding_model_dims: int | None = None,
    additional_headers: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> WeaviateVectorIndex:
    """The provider "weaviate": an address, or the keys that mem0's configuration has for it."""
    secret = getattr(auth_client_secret, "api_key", auth_client_secret)
    index = WeaviateVectorIndex(
        url or cluster_url or "weaviate://127.0.0.1:8080", api_key=api_key or secret,
        collection=collection or "".join(c for c in collection_name if c.isalnum()),
        headers=headers or additional_headers, **options,
    )  # fmt: skip
    if embedding_model_dims is not None:
        index.dimensions = int(embedding_model_dims)
    return index


__all__ = ["WeaviateVectorIndex", "weaviate"]
