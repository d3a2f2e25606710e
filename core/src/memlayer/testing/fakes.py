"""Stand-ins that are deterministic and instant: for tests and benchmarks, never for a real memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from memlayer.text import query_terms, term_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOON = datetime(2024, 7, 15, 12, tzinfo=timezone.utc)
"""The time that fixed clocks start at."""

# Each word gets four places of 15 bits and a sign from the 64 bits of its key.
_SHIFTS = np.array([1, 17, 33, 48], dtype=np.uint64)


class HashEmbedder:
    """Turns texts into hashed bags of words: texts that share words are near, and nothing is learnt.

    It loads no model and takes microseconds, so that a test or a benchmark sees the memory's own work. It knows no
    meaning beyond equal word stems; use a real embedder for a real memory.
    """

    def __init__(self, dimensions: int = 256) -> None:
        """`dimensions` is the length of the vectors, at most 32,768."""
        self.name = f"hash-{dimensions}"
        self.dimensions = dimensions

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """One unit vector per text, in the same order; shape (n, dimensions)."""
        found = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            keys = query_terms(text)
            row += self._bag(keys if len(keys) else np.array([term_key(text.casefold())], dtype=np.int64))
        return found

    def _bag(self, keys: NDArray[np.int64]) -> NDArray[np.float32]:
        parts = keys.view(np.uint64)[:, None] >> _SHIFTS
        places = (parts & np.uint64(0x7FFF)).astype(np.int64) % self.dimensions
        signs = 1.0 - 2.0 * ((parts >> np.uint64(15)) & np.uint64(1)).astype(np.float64)
        bag = np.bincount(places.ravel(), weights=signs.ravel(), minlength=self.dimensions)
        length = float(np.sqrt(bag @ bag))
        if length == 0.0:  # every place was met with both signs
            bag[int(places[0, 0])], length = 1.0, 1.0
        return (bag / length).astype(np.float32)


class FixedClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = NOON) -> None:
        """`now` is aware."""
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def advance(self, seconds: float = 0.0, *, days: float = 0.0) -> datetime:
        """Goes on, or back with a negative number, and says what time it is then."""
        self.now += timedelta(days=days, seconds=seconds)
        return self.now


class Ids:
    """Makes ids that a reader can tell apart: "id-1", "id-2", …"""

    def __init__(self, prefix: str = "id") -> None:
        """`prefix` stands before the number."""
        self.prefix = prefix
        self.count = 0

    def __call__(self) -> str:
        """The next id."""
        self.count += 1
        return f"{self.prefix}-{self.count}"


class SeeingModel:
    """A language model that sees the same in every picture, and reads no fact out of anything."""

    name = "seeing"
    vision = "auto"

    def __init__(self, sight: str = "A grey cat.") -> None:
        """`sight` is what it sees."""
        self.sight = sight
        self.pictures = 0
        """How many it was shown."""

    def complete(self, messages: Sequence[Mapping[str, Any]], *, schema: Mapping[str, Any] | None = None) -> str:
        """What it sees; no facts, where an answer in JSON is asked for."""
        if schema is not None:
            return '{"facts": []}'
        self.pictures += 1
        return self.sight
