"""What the index is fed with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

KINDS = ("fact", "episode", "procedure")
STATUSES = ("live", "superseded", "retracted")
FEEDBACK = {"POSITIVE": 1, "NEGATIVE": -1, "VERY_NEGATIVE": -2}


class IndexRow(NamedTuple):
    """What the index needs of a record; times are microseconds since 1970 in UTC."""

    seq: int
    """Number of the record in the ledger: rises with every new record, never changes."""
    version: int
    """Rises with every change of any record of the owner."""
    id: str
    kind: str
    status: str
    created_at: int
    valid_from: int
    valid_to: int | None
    expires_at: int | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    role: str | None
    name: str | None
    session: str | None
    position: int
    """Place in the session; -1 for what is no turn (a distilled fact, a note)."""
    sources: tuple[str, ...]
    """Ids of the episodes that a fact cites."""
    importance: float
    feedback: str | None
    vector: bytes | None
    """float32, unit length; None for what is not found by meaning."""
    terms: bytes
    """int64 keys of `text.analyse`; empty for what is not found by words."""
    words: int
    flags: int


class Numbers:
    """Small numbers for strings; None is -1."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def add(self, values: Iterable[str | None]) -> list[int]:
        """The numbers of these values, new ones included."""
        numbers = self.numbers
        return [-1 if v is None else numbers.setdefault(v, len(numbers)) for v in values]

    def get(self, value: str) -> int:
        """The number of a value; one that no row has where it is unknown."""
        return self.numbers.get(value, -2)
