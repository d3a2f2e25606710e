"""Vectors in a LangChain `VectorStore`: candidates for a memory whose record stays in the ledger."""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from memlayer._types_json import dumped, loaded
from memlayer.backends.langchain._dialects import Told, dialect
from memlayer.backends.langchain._given import taken
from memlayer.errors import (
    BackendError,
    BackendUnavailableError,
    ConfigurationError,
    DimensionMismatchError,
    MemlayerError,
    UnsupportedError,
)
from memlayer.filters import Filter, matches
from memlayer.types import Entry, Match, Record, Scope

if TYPE_CHECKING:
    from memlayer.types import Vector

AT_ONCE = 200
"""Documents in one call."""
MOST = 10_000
"""The most results that a store is asked for in one search."""
_SPACE = uuid.UUID("6d656d6c-6179-5e72-8000-6c616e676368")
_MEMORY, _OWNER = "memlayer_memory", "memlayer_owner"


class LangChainVectorIndex:
    """Implements `VectorIndex` on a LangChain `VectorStore`; safe for threads, one call at a time.

    It holds for any store, within these limits:

    - The store takes vectors as long as the embedder's; after `reembed` with another length it needs a new collection.
    - Every document carries its record and its vector in its metadata, so that scope, filter and score are exact among
      the candidates, whatever the store does: more room, and results that are read here.
    - Chroma and Qdrant look for one owner's documents. Any other store is asked for more and more of everybody's, up to
      10,000; beyond, the ledger answers.
    - A store that finds approximately may miss candidates, and where it cannot list what it holds (any other than
      Chroma, FAISS and Qdrant), erasing and verifying find what it finds.
    - LangChain has no deadlines: those of the store's own client hold. It has no keyword search either: candidates come
      by meaning alone.
    """

    def __init__(
        self,
        client: Any,
        *,
        dimensions: int = 0,
        memory: str = "",
        model: str = "",
        name: str = "",
        end: Callable[[Any], Any] | None = None,
    ) -> None:
        """`client` is the store, or makes one for vectors of a length, which `end` closes again.

        `name` tells stores of one class apart.
        """
        if not callable(getattr(client, "similarity_search", client)):
            raise ConfigurationError(
                "vector_store: the provider 'langchain' takes a VectorStore instance as client, "
                f"not {type(client).__name__}"
            )
        self._made: Any = client if hasattr(client, "similarity_search") else None
        self._make: Callable[[int], Any] = client
        self.dimensions = dimensions
        self._memory = memory
        self._model = model
        told = name or getattr(client, "collection_name", None) or getattr(client, "_collection_name", None)
        kind = type(client).__name__ if self._made is not None else ""
        self.address = "langchain:" + "/".join(part for part in (kind, told) if part)
        """What an outbox calls it by."""
        self._end = end
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"LangChainVectorIndex({self.address!r})"

    def bind(self, *, memory: str, model: str, dimensions: int) -> None:
        """Says whose index it is from now on, and what its vectors are made with."""
        self._memory, self._model, self.dimensions = memory, model, dimensions

    def health(self) -> str:
        """The store's class; raises where it does not answer."""
        with self._store("tell its health") as store:
            if self.dimensions:
                self._nearest(store, np.ones(self.dimensions, np.float32), {}, 1)
            return f"LangChain {type(store).__name__}"

    def is_empty(self) -> bool:
        """Says whether nothing of this memory is there: a store that lives in memory begins so each time."""
        with self._store("be looked through") as store:
            return next(self._held(store, _MEMORY, self._memory), None) is None

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Stores or replaces entries; idempotent. An entry without a vector cannot be found, and is not kept."""
        for entry in entries:
            self._check(entry.vector, f"entry {entry.id}")
        with self._store("store entries") as store:
            for start in range(0, len(entries), AT_ONCE):
                part = {entry.id: entry for entry in entries[start : start + AT_ONCE]}
                self._drop(store, [_object_id(i) for i in part])
                kept = [(entry, entry.vector) for entry in part.values() if entry.vector is not None]
                if kept:
                    self._add(store, [entry for entry, _ in kept], [vector for _, vector in kept])

    def search(self, vector: Vector, *, scope: Scope, where: Filter | None = None, limit: int = 10) -> list[Match]:
        """The nearest entries of the scope that pass the filter, best first; scores are cosines clipped to [0, 1]."""
        self._check(vector, "the query")
        key, value = (_MEMORY, self._memory) if scope.spans_owners else (_OWNER, self._owner(scope))
        unit = vector / (float(np.linalg.norm(vector)) or 1.0)
        size = min(MOST, max(64, 4 * limit))
        with self._store("search") as store:
            ways = dialect(store).narrowed(key, value)
            while True:
                documents = self._nearest(store, vector, ways, size)
                found = [
                    Match(told["memlayer_id"], min(1.0, max(0.0, float(_vector(told) @ unit))))
                    for told in (document.metadata for document in documents)
                    if told.get(key) == value and _passes(_record(told), scope, where)
                ]
                if len(found) >= limit or len(documents) < size:
                    return sorted(found, key=lambda m: -m.score)[:limit]
                if size >= MOST:
                    raise UnsupportedError(
                        f"fewer than {limit} of the first {MOST} candidates of {self.address} are in the scope and "
                        "pass the filter, and it is asked for no more"
                    )
                size = min(MOST, 4 * size)

    def delete(self, ids: Sequence[str]) -> None:
        """Removes entries; ids that are absent are no error."""
        with self._store("delete entries") as store:
            for start in range(0, len(ids), AT_ONCE):
                self._drop(store, [_object_id(i) for i in ids[start : start + AT_ONCE]])

    def erase(self, scope: Scope) -> None:
        """Removes every entry of the scope."""
        key, value = (_MEMORY, self._memory) if scope.spans_owners else (_OWNER, self._owner(scope))
        with self._store("erase a scope") as store:
            # A store that only searches may show the rest once these are gone.
            while doomed := [i for i, told in self._held(store, key, value) if scope.covers(_record(told).scope)]:
                for start in range(0, len(doomed), AT_ONCE):
                    store.delete(ids=doomed[start : start + AT_ONCE])

    def divergences(self, entries: Iterable[Entry]) -> Iterator[str]:
        """What the index lacks, holds beside these entries, or holds otherwise; one line each."""
        with self._store("be checked") as store:
            held = {told["memlayer_id"]: told for _, told in self._held(store, _MEMORY, self._memory)}
        for entry in entries:
            if entry.vector is None:
                continue
            told = held.pop(entry.id, None)
            if told is None:
                yield f"{self.address} lacks {entry.id}"
            elif told != self._metadata(entry, entry.vector):
                yield f"{self.address} holds another state of {entry.id}"
        yield from (f"{self.address} holds what the record does not: {i}" for i in held)

    def close(self) -> None:
        """Closes a store that was made here; idempotent. A store that was given stays open."""
        if self._end is not None:
            with self._lock:
                made, self._made = self._made, None
                if made is not None:
                    self._end(made)

    @contextmanager
    def _store(self, operation: str) -> Iterator[Any]:
        """The store, for one thread at a time; what it raises rises as memlayer's."""
        with self._lock:
            try:
                if self._made is None:
                    self._made = self._make(self.dimensions)
                taken(self._made)
                yield self._made
            except (MemlayerError, GeneratorExit):
                raise
            except Exception as error:
                away = isinstance(error, OSError) or "connect" in type(error).__name__.lower()
                kind = BackendUnavailableError if away else BackendError
                told = f"{self.address} could not {operation}: {type(error).__name__}: {str(error)[:300]}"
                raise kind(told, backend="langchain", operation=operation) from error

    def _add(self, store: Any, entries: Sequence[Entry], vectors: Sequence[Vector]) -> None:
        texts = [entry.record.text.encode("utf-8", "replace").decode() for entry in entries]
        told = [self._metadata(entry, vector) for entry, vector in zip(entries, vectors, strict=True)]
        with taken(store).of(texts, vectors):
            store.add_texts(texts, metadatas=told, ids=[_object_id(entry.id) for entry in entries])

    def _nearest(self, store: Any, vector: Vector, ways: Mapping[str, Any], size: int) -> Sequence[Any]:
        with taken(store).asking(vector):
            found: Sequence[Any] = store.similarity_search("memlayer", k=size, **ways)
            return found

    def _held(self, store: Any, key: str, value: str) -> Iterator[Told]:
        """All that the store shows of an owner's or the memory's; what can be listed is listed."""
        ways = dialect(store)
        listed = ways.held(store, key, value)
        if listed is not None:
            yield from listed
            return
        if not self.dimensions:
            return
        anywhere, size = np.ones(self.dimensions, np.float32), 1_000
        while len(documents := self._nearest(store, anywhere, ways.narrowed(key, value), size)) == size:
            size *= 4
        told = (document.metadata for document in documents)
        yield from ((_object_id(one["memlayer_id"]), one) for one in told if one.get(key) == value)

    def _drop(self, store: Any, ids: Sequence[str]) -> None:
        """Removes those that are there: some stores refuse ids that they do not know."""
        try:
            known = [_object_id(d.metadata["memlayer_id"]) for d in store.get_by_ids(list(ids))]
        except NotImplementedError:
            known = list(ids)
        if known:
            store.delete(ids=known)

    def _metadata(self, entry: Entry, vector: Vector) -> dict[str, str]:
        """Flat strings alone: what every store takes."""
        packed = base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()
        return {
            _MEMORY: self._memory, _OWNER: self._owner(entry.scope), "memlayer_id": entry.id,
            "memlayer_record": dumped(entry.record), "memlayer_vector": packed,
        }  # fmt: skip

    def _owner(self, scope: Scope) -> str:
        digest = hashlib.sha256(scope.owner.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        return f"{self._memory}/{digest}"

    def _check(self, vector: Vector | None, whose: str) -> None:
        if vector is not None and self.dimensions and vector.shape != (self.dimensions,):
            raise DimensionMismatchError(f"{whose}: expected ({self.dimensions},), got {vector.shape}")


def _object_id(record_id: str) -> str:
    """The same document for the same record; a UUID, which every store takes."""
    return str(uuid.uuid5(_SPACE, record_id.encode("utf-8", "surrogatepass").hex()))


def _record(told: Mapping[str, Any]) -> Record:
    return loaded(told["memlayer_record"])


def _vector(told: Mapping[str, Any]) -> Vector:
    packed: Vector = np.frombuffer(base64.b64decode(told["memlayer_vector"]), "<f4")
    return packed / (float(np.linalg.norm(packed)) or 1.0)


def _passes(record: Record, scope: Scope, where: Filter | None) -> bool:
    return scope.covers(record.scope) and (where is None or matches(where, record))
