"""Records that are only looked up when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from memlayer.types import Record


class Lazily(Sequence[Record]):
    """A sequence of records that is loaded at the first look, and once.

    Most messages need no fact to be read; one that takes something back, or speaks of somebody by name, does.
    """

    def __init__(self, *loads: Callable[[], Sequence[Record]]) -> None:
        """Each of `loads` is called at most once; what they give stands in their order."""
        self._loads = loads
        self._held: Sequence[Record] | None = None

    def _all(self) -> Sequence[Record]:
        if self._held is None:
            self._held = [record for load in self._loads for record in load()]
        return self._held

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Record]: ...
    def __getitem__(self, at: int | slice) -> Record | Sequence[Record]:
        return self._all()[at]
