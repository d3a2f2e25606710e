"""What every embedder behind a client has in common: lengths that are checked, unit vectors, empty texts, batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from memlayer import _answers, _forks
from memlayer.errors import DimensionMismatchError, ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EMPTY = "."
"""What stands for a text without words: servers refuse empty ones."""
_SHORTEST = 200
"""Letters of a text that no server refuses for its length."""


class Dimensions:
    """How long a model's vectors are, and texts as a matrix of them."""

    def __init__(self, model: str, told: int | None, fetch: Callable[[Sequence[str]], Sequence[Any]]) -> None:
        """`fetch` gives one vector per text; `told` is what the settings say, None to ask the model."""
        self._model = model
        self._dimensions = told
        self._fetch = fetch
        self._lock = _forks.Lock()

    def known(self) -> int:
        """The length, asked of the model once where nobody said it."""
        if self._dimensions is None:
            with self._lock:
                if self._dimensions is None:
                    self._dimensions = len(self._fetch(["length"])[0])
        return self._dimensions

    def matrix(self, texts: Sequence[str], at_once: int) -> NDArray[np.float32]:
        """One unit vector per text, in the same order; raises where their length is not the one that is known."""
        import numpy as np

        if isinstance(texts, str):
            raise TypeError("texts is one string; pass a list of strings")
        found = np.zeros((len(texts), self.known()), dtype=np.float32)
        asked = [t.replace("\0", " ") if t.replace("\0", " ").strip() else _EMPTY for t in texts]
        for start in range(0, len(asked), at_once):
            part = asked[start : start + at_once]
            rows = self._fetched(part)
            if len(rows) != len(part):
                raise ModelError(f"embedder {self._model!r} gave {len(rows)} vectors for {len(part)} texts")
            for place, row in enumerate(rows, start):
                if len(row) != found.shape[1]:
                    raise DimensionMismatchError(
                        f"embedder {self._model!r} gives vectors of {len(row)} dimensions, {found.shape[1]} are "
                        f"expected; set embedding_dims to {len(row)}"
                    )
                found[place] = row
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths == 0).any():
            raise ModelError(f"embedder {self._model!r} gave a vector without a direction (all zeros, or no numbers)")
        found /= lengths
        return found

    def _fetched(self, texts: Sequence[str]) -> Sequence[Any]:
        """One vector per text: what is too long for one call in several, a text that is too long by its begin."""
        try:
            return self._fetch(texts)
        except ModelError as error:
            if not _answers.too_long(str(error)) or (len(texts) == 1 and len(texts[0]) <= _SHORTEST):
                raise
        half = len(texts) // 2
        if not half:
            return self._fetched([texts[0][: len(texts[0]) // 2]])
        return [*self._fetched(texts[:half]), *self._fetched(texts[half:])]
