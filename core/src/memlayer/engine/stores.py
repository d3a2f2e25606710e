"""What the engine asks of the ledger's file beyond the public `Ledger`: lookups that only an indexed store can give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from memlayer.filters import Filter
from memlayer.protocols import Ledger
from memlayer.types import Origin, Record, Scope, View


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

    def related(
        self, *, scope: Scope, slots: Sequence[str] = (), texts: Sequence[str] = (), limit: int = 200
    ) -> list[Record]:
        """Facts of the scope, retracted ones aside, that fill one of these attributes or have one text's words."""
        ...

    def last_episode(self, scope: Scope) -> Record | None:
        """The newest episode of exactly this scope."""
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

    def allowed(self, owner: int, where: Filter) -> list[int]:
        """The `seq` of the owner's records that pass the filter."""
        ...
