"""Models of sentence-transformers, on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from memlayer import _forks
from memlayer.errors import MissingDependencyError
from memlayer.models._vectors import Dimensions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EMBED_AT_ONCE = 64


class HuggingFaceEmbedder:
    """A sentence-transformers model by its name or folder; loaded with the first text."""

    def __init__(
        self, model: str, *, dimensions: int | None = None, arguments: Mapping[str, Any] | None = None
    ) -> None:
        """`arguments` go to `SentenceTransformer` (device, cache_folder, trust_remote_code …)."""
        self.model = model
        self.name = model
        self._arguments = dict(arguments or {})
        self._lock = _forks.Lock()
        self._loaded: Any = None
        self._documents = Dimensions(model, dimensions, lambda texts: self._encode(texts, "encode_document"))
        self._queries = Dimensions(model, dimensions, lambda texts: self._encode(texts, "encode_query"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    @property
    def dimensions(self) -> int:
        """Length of the vectors; asks the model once where nobody said it."""
        return self._documents.known()

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """One unit vector per text, in the same order; shape (n, dimensions)."""
        return (self._queries if kind == "query" else self._documents).matrix(texts, _EMBED_AT_ONCE)

    def _encode(self, texts: Sequence[str], method: str) -> Sequence[Any]:
        with self._lock:
            if self._loaded is None:
                try:
                    from sentence_transformers import SentenceTransformer
                except ModuleNotFoundError as error:
                    raise MissingDependencyError("sentence-transformers", "'memlayer-core[huggingface]'") from error
                self._loaded = SentenceTransformer(self.model, **self._arguments)
        # From 5.0 on a model knows its prompts for queries and documents.
        encode = getattr(self._loaded, method, None) or self._loaded.encode
        rows: Sequence[Any] = encode(list(texts), show_progress_bar=False, convert_to_numpy=True)
        return rows
