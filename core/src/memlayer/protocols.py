"""What a store, a model or an extractor must be able to do.

All are synchronous and take batches. A released protocol never gains a parameter; a new ability is a new small
protocol that the engine finds with `isinstance`. Every promise here has a contract test in `memlayer.testing`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from memlayer.filters import Filter
from memlayer.types import (
    Candidate,
    Change,
    Edge,
    Entry,
    Event,
    Guidance,
    Hit,
    Item,
    ItemEntry,
    Match,
    Message,
    Node,
    Record,
    Scope,
    Subgraph,
    View,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memlayer.types import Vector, WordPieces


@runtime_checkable
class Ledger(Protocol):
    """The record of everything: append-only events and the current rows."""

    def append(self, changes: Sequence[Change], *, scope: Scope, actor: str | None = None) -> list[Event]:
        """Writes all changes in one transaction or none; sequences are strictly increasing."""
        ...

    def commit(
        self,
        decide: Callable[[Sequence[Event]], Sequence[Change]],
        *,
        scope: Scope,
        seen: int,
        actor: str | None = None,
    ) -> list[Event]:
        """Calls `decide` under the write lock with the scope's events after `seen`, and writes what it returns.

        `decide` is pure and quick: no model and no network call happens under the lock.
        """
        ...

    def sequence(self) -> int:
        """The sequence of the last event that was written; 0 for an empty ledger."""
        ...

    def get(self, ids: Sequence[str], *, scope: Scope | None = None) -> list[Record | None]:
        """Records in the order of `ids`; None where an id is absent or out of scope."""
        ...

    def records(
        self,
        *,
        scope: Scope,
        where: Filter | None = None,
        view: View | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[Record]:
        """A page of records, newest first; `after` is the id of the last record of the page before."""
        ...

    def events(
        self, *, scope: Scope | None = None, record_id: str | None = None, after: int = 0, limit: int = 1000
    ) -> list[Event]:
        """Events after a sequence, oldest first."""
        ...

    def erase(self, scope: Scope) -> dict[str, int]:
        """Removes the content of a scope for good, events and every index row included; counts by table."""
        ...

    def close(self) -> None:
        """Frees files and threads; idempotent."""
        ...


@runtime_checkable
class VectorIndex(Protocol):
    """Nearest neighbours by cosine."""

    dimensions: int

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Stores or replaces entries; idempotent."""
        ...

    def search(self, vector: Vector, *, scope: Scope, where: Filter | None = None, limit: int = 10) -> list[Match]:
        """The nearest entries of the scope that pass the filter, best first; scores are cosines clipped to [0, 1]."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Removes entries; ids that are absent are no error."""
        ...

    def erase(self, scope: Scope) -> None:
        """Removes every entry of the scope."""
        ...

    def close(self) -> None:
        """Frees files and connections; idempotent."""
        ...


@runtime_checkable
class KeywordIndex(Protocol):
    """Matches by words."""

    def search_text(self, query: str, *, scope: Scope, where: Filter | None = None, limit: int = 10) -> list[Match]:
        """The entries of the scope that share words with the query and pass the filter, best first."""
        ...


@runtime_checkable
class GraphStore(Protocol):
    """People and things, and how they relate."""

    def upsert(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
        """Stores or replaces nodes and edges by uid; idempotent."""
        ...

    def find(self, names: Sequence[str], *, scope: Scope, limit: int = 20) -> list[Node]:
        """Nodes of the scope whose name or alias equals one of the names, case and accents aside."""
        ...

    def neighbors(
        self, ids: Sequence[str], *, scope: Scope, depth: int = 1, at: datetime | None = None, limit: int = 100
    ) -> Subgraph:
        """The part of the scope's graph within `depth` steps of the nodes, edges alive at `at` (None: alive now)."""
        ...

    def delete(self, record_ids: Sequence[str]) -> None:
        """Removes the edges that these records say, and nodes that nothing mentions any more."""
        ...

    def erase(self, scope: Scope) -> None:
        """Removes every node and edge of the scope."""
        ...

    def close(self) -> None:
        """Frees files and connections; idempotent."""
        ...


@runtime_checkable
class ItemStore(Protocol):
    """The key-value side: JSON values by exactly one scope, a namespace and a key."""

    def put(self, entries: Sequence[ItemEntry], *, scope: Scope) -> None:
        """Stores or replaces values in one transaction; the last of several for one key wins."""
        ...

    def get(
        self, keys: Sequence[tuple[tuple[str, ...], str]], *, scope: Scope, refresh: bool = False
    ) -> list[Item | None]:
        """Items in the order of `keys`, None where absent or expired; `refresh` starts their time to live anew."""
        ...

    def delete(self, keys: Sequence[tuple[tuple[str, ...], str]], *, scope: Scope) -> int:
        """Removes items and says how many there were; keys that are absent are no error."""
        ...

    def search(
        self,
        prefix: tuple[str, ...] = (),
        *,
        scope: Scope,
        where: Filter | None = None,
        vector: Vector | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh: bool = False,
        exact: bool = True,
    ) -> list[Item]:
        """Items below a namespace that pass the filter (on `metadata`, which means the value).

        With a vector: nearest first by the best of an item's fields, items without vectors last and without a score.
        Else the last changed first. `exact=False` reads every scope that `scope` covers.
        """
        ...

    def namespaces(self, *, scope: Scope) -> list[tuple[str, ...]]:
        """Every namespace that holds an item, sorted."""
        ...

    def sweep(self) -> int:
        """Removes what has expired, in all scopes, and says how many there were."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors."""

    name: str
    dimensions: int

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """One unit vector per text, in the same order; shape (n, dimensions)."""
        ...


@runtime_checkable
class WordPieceEmbedder(Protocol):
    """An embedder that gives the vectors of a text's pieces, too, to be kept for a closer look."""

    def embed_word_pieces(self, texts: Sequence[str]) -> list[WordPieces]:
        """Each text's vector, equal to that of `embed`, and its pieces, in the same order."""
        ...


@runtime_checkable
class LanguageModel(Protocol):
    """Answers a conversation with text."""

    name: str

    def complete(self, messages: Sequence[dict[str, Any]], *, schema: dict[str, Any] | None = None) -> str:
        """The model's answer; JSON that fits `schema` where one is given and the model is able to."""
        ...


@runtime_checkable
class Extractor(Protocol):
    """Reads facts out of messages."""

    def extract(self, messages: Sequence[Message], *, scope: Scope, known: Sequence[Record]) -> list[Candidate]:
        """Facts worth keeping, in the order in which they were said; `known` are current facts that may be related."""
        ...


@runtime_checkable
class GuidedExtractor(Protocol):
    """An extractor that takes the wishes of one call."""

    def guided(self, guidance: Guidance) -> Extractor:
        """The same extractor with these wishes; for a procedure it gives exactly one candidate, else none or more."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Orders hits anew by reading them."""

    def rerank(self, query: str, hits: Sequence[Hit], *, limit: int) -> list[Hit]:
        """At most `limit` of the hits, best first, with scores in [0, 1]."""
        ...
