"""What the engine asks of the ledger's file beyond the public `Ledger`: lookups that only an indexed store can give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from memlayer.filters import Filter
from memlayer.protocols import Ledger
from memlayer.types import Entry, Match, Origin, Record, Scope, Subgraph, View, Waiting

if TYPE_CHECKING:
    from memlayer.types import Vector


class Store(Ledger, Protocol):
    """A ledger that the flows can work on."""

    def records(
        self,
        *,
        scope: Scope,
        where: Filter | None = None,
        view: View | None = None,
        limit: int = 100,
        after: str | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """As in `Ledger`, and with `offset` for numbered pages."""
        ...

    def origins(self, ids: Sequence[str], *, scope: Scope) -> dict[str, Origin]:
        """Who said each of these episodes, by id; those out of scope or gone are left out."""
        ...

    def said(
        self, *, scope: Scope, where: Filter | None = None, view: View | None = None, limit: int = 100,
        after: str | None = None,
    ) -> list[Record]:  # fmt: skip
        """A page of records in the order in which they were said, oldest first."""
        ...

    def count(self, *, scope: Scope, where: Filter | None = None, view: View | None = None) -> int:
        """How many records `records` would give in all."""
        ...

    def forget(self, ids: Sequence[str], *, scope: Scope) -> dict[str, int]:
        """Removes these records of the scope for good, with their events and index rows; counts by table."""
        ...

    def messages_known(self, ids: Sequence[str], scope: Scope) -> dict[str, str]:
        """Which of the callers' message ids this exact scope holds already: message id to episode id."""
        ...

    def citing(self, ids: Sequence[str]) -> list[Record]:
        """The records that cite any of these episodes, whatever became of them."""
        ...

    def related(
        self, *, scope: Scope, slots: Sequence[str] = (), texts: Sequence[str] = (), limit: int = 200
    ) -> list[Record]:
        """Facts of the scope, retracted ones aside, that fill one of these attributes or have one text's words."""
        ...

    def last_said(self, scope: Scope) -> tuple[str | None, int, datetime] | None:
        """Conversation, position and time of the newest episode of exactly this scope."""
        ...

    def slots(self, *, scope: Scope, view: View) -> list[Record]:
        """The facts of the view that fill a slot, newest first."""
        ...

    def unread(self, *, scope: Scope, limit: int = 100) -> list[Record]:
        """Episodes whose facts have not been extracted yet, oldest first."""
        ...

    def owners(self) -> list[Scope]:
        """Every combination of ids that something is stored for."""
        ...

    def partitions(self, scope: Scope) -> list[tuple[int, int]]:
        """The owners whose records the scope may meet, each with its generation: erasing starts a new one."""
        ...

    def index_rows(self, owner: int, after: int) -> Iterable[Sequence[Any]]:
        """The owner's index rows whose version is greater than `after`, in the order of `seq`."""
        ...

    def word_pieces(self, seqs: Sequence[int]) -> dict[int, bytes]:
        """The vectors of these records' pieces, by `seq`; records that have none are left out."""
        ...

    def allowed(self, owner: int, where: Filter) -> list[int]:
        """The `seq` of the owner's records that pass the filter."""
        ...


class Outbox(Protocol):
    """What the servers that follow a ledger have still to hear of, and what to tell them."""

    def follow(self, target: str, model: str = "") -> str | None:
        """Makes the target a follower, of vectors of this model; the memory's own name, None while there is no file."""
        ...

    def followers(self) -> list[str]:
        """Everyone that rows are written for."""
        ...

    def rows(self, target: str, limit: int) -> list[Waiting]:
        """The oldest rows of a target, in order."""
        ...

    def done(self, target: str, sequence: int) -> None:
        """Takes out the rows up to a sequence."""
        ...

    def forgotten(self) -> None:
        """Leaves no byte of rows that were taken out."""
        ...

    def waiting(self, target: str) -> int:
        """How many rows a target has not heard of."""
        ...

    def behind(self, target: str, scope: Scope) -> bool:
        """Says whether rows wait that a reader of the scope would miss."""
        ...

    def refill(self, target: str) -> None:
        """Has the target forget everything, and hear of every record anew."""
        ...

    def embedder(self) -> tuple[str, int] | None:
        """Name and dimensions of the embedder that the vectors were made with."""
        ...

    def entries(self, ids: Sequence[str] | None = None) -> Iterable[Entry]:
        """The index entries of these records, or of all."""
        ...

    def edges(self, ids: Sequence[str]) -> Subgraph:
        """The edges that these records say, with the nodes at their ends."""
        ...

    def whole_graph(self) -> Subgraph:
        """Every node and edge."""
        ...

    def related_anew(self, ids: Sequence[str]) -> list[str]:
        """Those of the records that said other relations before."""
        ...

    def alone(self, target: str) -> AbstractContextManager[bool]:
        """Holds the target for one writer; gives False where another one keeps it."""
        ...


@runtime_checkable
class Addressed(Protocol):
    """A store that knows where it is."""

    address: str


@runtime_checkable
class Bound(Protocol):
    """A store that keeps several memories, and several embedding models, apart."""

    def bind(self, *, memory: str, model: str, dimensions: int) -> None:
        """Says whose store it is from now on."""
        ...


@runtime_checkable
class Forgetful(Protocol):
    """A store that may have lost everything since it was filled: one in memory with its process, a server its disk."""

    def is_empty(self) -> bool:
        """Says whether it holds nothing of this memory, as far as it can tell: then it is filled anew."""
        ...


@runtime_checkable
class Healthy(Protocol):
    """A store that can be asked how it is."""

    def health(self) -> str:
        """What it is; raises `BackendError` where it cannot be reached."""
        ...


@runtime_checkable
class Paired(Protocol):
    """A vector index that can be asked by meaning and by words at the same time."""

    def search_both(
        self, query: str, vector: Vector, *, scope: Scope, where: Filter | None = None, limit: int = 10
    ) -> list[Match]:
        """What is nearest, best first, then what shares words with the query, best first.

        Raises `UnsupportedError` for what the ledger answers better.
        """
        ...


@runtime_checkable
class Auditable(Protocol):
    """A store that can be compared with what it should hold: entries, or nodes and edges."""

    def divergences(self, *expected: Iterable[Any]) -> Iterable[str]:
        """What it lacks, holds beside, or holds otherwise; one line each."""
        ...
