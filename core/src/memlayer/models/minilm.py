"""The local embedder: all-MiniLM-L6-v2 in NumPy, with the weights of the `memlayer-minilm` package."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from memlayer import _forks
from memlayer._blas import one_thread
from memlayer.errors import ConfigurationError, MissingDependencyError

# NumPy is loaded with the weights, on the first use: making the embedder stays cheap.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memlayer.models.bert import Bert
    from memlayer.models.wordpiece import WordPiece
    from memlayer.types import WordPieces

# The model reads 256 pieces; [CLS] and [SEP] are two of them.
MAX_PIECES = 254
# Late chunking shows the end of each context text, so that near words are seen and windows stay short.
CONTEXT_PIECES = 60
# Texts of like length encoded in one pass: more of them leave the processor's caches and are slower.
_BATCH = 8
# Threads for several batches. Python's own work between the products stops more of them from helping.
_WORKERS = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, eq=False)
class TokenEmbedding:
    """One text's vector and the vectors of its pieces."""

    vector: NDArray[np.float32]
    """The text's vector, unit length, (384,)."""
    ids: NDArray[np.int32]
    """Vocabulary ids of the text's own pieces, without [CLS] and [SEP], (n,); empty for an empty text."""
    tokens: NDArray[np.float32]
    """Last hidden states of these pieces, as the model gives them (not normalised), (n, 384)."""


@dataclass(frozen=True, slots=True)
class _Window:
    """What is encoded in one pass, and the part of it that makes the vector."""

    ids: list[int]
    own: slice
    pooled: slice


class MiniLMEmbedder:
    """Embeds texts with all-MiniLM-L6-v2 on the processor, without a network; safe for many threads."""

    name = "all-MiniLM-L6-v2"
    dimensions = 384

    def __init__(self, folder: Path | None = None) -> None:
        """Take the files of `folder` instead of those of the package `memlayer-minilm`; nothing is read yet."""
        self._folder = folder
        self._lock = _forks.Lock()
        self._model: tuple[WordPiece, Bert] | None = None

    def __repr__(self) -> str:
        """Name the model."""
        return f"{type(self).__name__}({self.name!r})"

    def load(self) -> None:
        """Read the weights now instead of on first use (about 0.1 s)."""
        self._parts()

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """Return one unit vector per text, in the same order; shape (n, 384).

        A text counts up to its first 254 pieces. The model makes no difference between queries and documents.
        """
        return self._matrix(texts, None)

    def embed_in_context(self, texts: Sequence[str], contexts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Return one unit vector per text as it reads after its context ("late chunking"); shape (n, 384).

        `contexts` holds, for each text, the texts before it, oldest first; the last 60 pieces of each are read
        together with the text, the oldest left out where 254 pieces do not suffice. The vector is the mean over the
        text's own pieces only. An empty text gets its plain vector.
        """
        return self._matrix(texts, contexts)

    def embed_tokens(
        self, texts: Sequence[str], contexts: Sequence[Sequence[str]] | None = None
    ) -> list[TokenEmbedding]:
        """Return each text's vector together with its pieces and their vectors, from one pass, in the same order.

        Without `contexts` the vector is that of `embed`, with them that of `embed_in_context`. Takes 1.5 KB a piece.
        """
        import numpy as np

        made: dict[int, TokenEmbedding] = {}

        def take(number: int, window: _Window, states: NDArray[np.float32]) -> None:
            ids = np.asarray(window.ids[window.own], np.int32)
            made[number] = TokenEmbedding(_pool(states[window.pooled]), ids, states[window.own].copy())

        self._encode(texts, contexts, take)
        return [made[number] for number in range(len(texts))]

    def pieces(self, text: str) -> list[int]:
        """Return the vocabulary ids of all the text's pieces, without [CLS] and [SEP]."""
        return self._parts()[0].encode(text)

    def _matrix(self, texts: Sequence[str], contexts: Sequence[Sequence[str]] | None) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.empty((len(texts), self.dimensions), np.float32)

        def take(number: int, window: _Window, states: NDArray[np.float32]) -> None:
            vectors[number] = _pool(states[window.pooled])

        self._encode(texts, contexts, take)
        return vectors

    def _encode(
        self,
        texts: Sequence[str],
        contexts: Sequence[Sequence[str]] | None,
        take: Callable[[int, _Window, NDArray[np.float32]], None],
    ) -> None:
        """Hand each text's window and states to `take` with its number, in any order, from several threads."""
        if isinstance(texts, str):
            raise TypeError("texts is one string; pass a list of strings")
        if not texts:
            return
        words, bert = self._parts()
        windows = _windows(words, texts, contexts)
        # Neighbours in length share a pass, the longest first so that no thread is left alone with one at the end.
        order = sorted(range(len(windows)), key=lambda number: -len(windows[number].ids))
        size = min(_BATCH, math.ceil(len(order) / _WORKERS))
        batches = [order[start : start + size] for start in range(0, len(order), size)]

        def encode(batch: list[int]) -> None:
            for number, states in zip(batch, bert.encode([windows[number].ids for number in batch]), strict=True):
                take(number, windows[number], states)

        with one_thread:
            if len(batches) == 1:
                encode(batches[0])
                return
            with ThreadPoolExecutor(min(_WORKERS, len(batches)), "memlayer-minilm") as pool:
                # Asking for the results raises what a batch raised.
                list(pool.map(encode, batches))

    def _parts(self) -> tuple[WordPiece, Bert]:
        if self._model is None:
            with self._lock:
                if self._model is None:
                    self._model = _read(self._folder or _package_folder())
        return self._model


class MiniLMWordPieceEmbedder(MiniLMEmbedder):
    """The same, and it gives the vectors of a text's pieces: 64 bytes each, about 2 KB for a turn of a chat."""

    def embed_word_pieces(self, texts: Sequence[str]) -> list[WordPieces]:
        """Return each text's vector and its pieces, from one pass, in the same order.

        A piece's vector is what sets it apart from the mean of all pieces, along the 64 directions in which pieces
        differ most (`benchmarks/quality/axes.py` finds them). A text mostly in other letters than Latin ones has none:
        the vocabulary spells it sign by sign, and the model was not taught what the signs mean.
        """
        import numpy as np

        from memlayer.types import WordPieces

        mean, axes = _axes()
        words = self._parts()[0]
        made: dict[int, WordPieces] = {}

        def take(number: int, window: _Window, states: NDArray[np.float32]) -> None:
            cut = tuple(words.words(texts[number], limit=MAX_PIECES))
            latin = sum(word.isascii() for word in cut) * 2 > len(cut)
            own = (states[window.own if latin else slice(0)] - mean) @ axes
            own *= np.float32(127) / (np.sqrt(np.square(own).sum(axis=1, keepdims=True)) + np.float32(1e-9))
            kept = np.rint(own).astype(np.int8)
            made[number] = WordPieces(_pool(states[window.pooled]), kept, cut if latin else ())

        self._encode(texts, None, take)
        return [made[number] for number in range(len(texts))]


@cache
def _axes() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import numpy as np

    with np.load(Path(__file__).with_name("word_pieces.npz")) as stored:
        return stored["mean"].astype(np.float32), stored["axes"].astype(np.float32)


def _windows(words: WordPiece, texts: Sequence[str], contexts: Sequence[Sequence[str]] | None) -> list[_Window]:
    if contexts is None:
        return [_plain(words, text) for text in texts]
    tail = _tails(words)
    return [_in_context(words, text, context, tail) for text, context in zip(texts, contexts, strict=True)]


def _plain(words: WordPiece, text: str) -> _Window:
    ids = [words.cls, *words.encode(text, limit=MAX_PIECES), words.sep]
    return _Window(ids, slice(1, len(ids) - 1), slice(0, len(ids)))


def _in_context(words: WordPiece, text: str, context: Sequence[str], tail: Callable[[str], list[int]]) -> _Window:
    own = words.encode(text, limit=MAX_PIECES)
    if not own:
        return _plain(words, text)
    before = [number for part in context for number in tail(part)]
    before = before[max(0, len(before) - (MAX_PIECES - len(own))) :]
    ids = [words.cls, *before, *own, words.sep]
    span = slice(1 + len(before), len(ids) - 1)
    return _Window(ids, span, span)


def _tails(words: WordPiece) -> Callable[[str], list[int]]:
    """Return a function that cuts a context text to its end; a conversation shows each text to several others."""
    seen: dict[str, list[int]] = {}

    def tail(text: str) -> list[int]:
        if text not in seen:
            seen[text] = words.encode(text)[-CONTEXT_PIECES:]
        return seen[text]

    return tail


def _pool(states: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    mean: NDArray[np.float32] = states.mean(axis=0)
    mean /= np.float32(np.sqrt(mean @ mean))
    return mean


def _package_folder() -> Path:
    try:
        import memlayer_minilm
    except ModuleNotFoundError as error:
        raise MissingDependencyError("memlayer-minilm", "memlayer-minilm") from error
    folder: Path = memlayer_minilm.path()
    return folder


def _read(folder: Path) -> tuple[WordPiece, Bert]:
    from memlayer.models.bert import Bert, Weights
    from memlayer.models.wordpiece import WordPiece

    try:
        words = WordPiece.load(folder / "vocab.txt")
        weights = Weights(folder / "weights.safetensors")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"the local model's file {error.filename} is missing: install memlayer-minilm again, "
            "with `pip install --force-reinstall --no-deps memlayer-minilm`"
        ) from error
    return words, Bert(weights)
