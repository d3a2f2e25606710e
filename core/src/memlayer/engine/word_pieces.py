"""A closer look at the best candidates: how well each word of a question is met somewhere in a text.

A text's vector is one mean over all that it says; the vectors of its pieces (words, or parts of words) find the one
place where a long text answers. They are kept in the file beside the vector and read for the best rows only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memlayer._words import STOP
from memlayer.engine.segments import Segment, Slots
from memlayer.engine.signals import Floats, Pool, rarities
from memlayer.errors import ConfigurationError
from memlayer.protocols import Embedder
from memlayer.text import query_terms
from memlayer.types import WordPieces

if TYPE_CHECKING:
    from memlayer.types import Vector

CLOSER = 60
"""How many of the best rows are looked at closely."""
# How much a word counts that is met in the turn before or after.
_BEFORE, _AFTER = np.float32(0.95), np.float32(0.9)
_SMALL = 0.3
# In a memory of a few rows every word is common; small words must weigh little there, too.
_ROWS = 200

Reader = Callable[[Sequence[int]], Mapping[int, bytes]]
"""The pieces of rows, by their seq; rows that have none are left out."""


class PiecedVector(np.ndarray[Any, np.dtype[np.float32]]):
    """A text's vector on its way into the file, with its pieces."""

    pieces: bytes = b""


def embedded(embedder: Embedder, texts: Sequence[str]) -> list[Vector]:
    """One unit vector per text; with the vectors of its pieces where the embedder gives them."""
    if not texts:
        return []
    if (piecewise := _piecewise(embedder)) is not None:
        return [carrying(found) for found in piecewise(texts)]
    found = embedder.embed(texts, kind="document")
    if found.shape != (len(texts), embedder.dimensions):
        raise ConfigurationError(
            f"embedder {embedder.name!r} gave {found.shape}, expected ({len(texts)}, {embedder.dimensions})"
        )
    return list(found)


def asked(embedder: Embedder, text: str) -> tuple[Vector, WordPieces | None]:
    """The unit vector of a question; with its pieces where the embedder gives them."""
    if (piecewise := _piecewise(embedder)) is not None:
        (pieces,) = piecewise([text])
        return pieces.vector, pieces
    return embedder.embed([text], kind="query")[0], None


def _piecewise(embedder: Embedder) -> Callable[[Sequence[str]], list[WordPieces]] | None:
    """What makes pieces. Not isinstance: asking a protocol takes longer than writing a row."""
    return getattr(embedder, "embed_word_pieces", None)


def carrying(found: WordPieces) -> PiecedVector:
    """The vector, with the pieces as the file keeps them: how long one is, then one after another, a byte a number."""
    vector = found.vector.view(PiecedVector)
    vector.pieces = bytes((found.states.shape[1],)) + found.states.tobytes()
    return vector


def closeness(segment: Segment, pool: Pool, asked: WordPieces, places: Slots, read: Reader) -> Floats | None:
    """How well each row of the pool meets the question's words, 0 to 1: a mean over the words, the rare ones most.

    Only rows at `places` are looked at, all others count as the worst of these; one without pieces counts as their
    mean. None where the question or every row has none: nothing is known then.
    """
    if not asked.words:
        return None
    weights = _weights(segment, asked.words)
    around = np.concatenate((places, pool.before[0][places], pool.after[0][places]))
    wanted = np.unique(around[around < pool.size])
    seqs = segment.seq[pool.slots[wanted]].tolist()
    stored = read(seqs)
    met, there = np.full((pool.size + 1, len(weights)), -1, np.float32), np.zeros(pool.size + 1, np.bool_)
    size = asked.states.shape[1]
    held = [(place, data) for place, seq in zip(wanted.tolist(), seqs, strict=True) if (data := stored.get(seq))]
    held = [(place, data) for place, data in held if len(data) > 1 and data[0] == size]
    if held:
        # All rows in one product; each begins where the one before it ends.
        pieces = np.frombuffer(b"".join(data[1:] for _, data in held), np.int8).reshape(-1, size)
        starts = np.cumsum([0, *((len(data) - 1) // size for _, data in held[:-1])])
        cosines = pieces.astype(np.float32) @ (asked.states.astype(np.float32).T / np.float32(127 * 127))
        own = [place for place, _ in held]
        met[own], there[own] = np.maximum.reduceat(cosines, starts, axis=0), True
    near = np.maximum(_BEFORE * met[pool.before[0][places]], _AFTER * met[pool.after[0][places]])
    found = np.maximum(met[places], near) @ weights
    known = there[places]
    if not known.any():
        return None
    found[~known] = found[known].mean()
    out = np.full(pool.size, found.min(), np.float32)
    out[places] = found
    return out


def _weights(segment: Segment, words: Sequence[str]) -> NDArray[np.float32]:
    """What each piece of a question weighs: the rarity of its word, shared among the word's pieces; 1 in all."""
    each = {word: _weight(segment, word) / np.sqrt(words.count(word)) for word in dict.fromkeys(words)}
    weights = np.array([each[word] for word in words], np.float32)
    total = weights.sum()
    return weights / total if total else weights


def _weight(segment: Segment, word: str) -> float:
    if not any(c.isalnum() for c in word):
        return 0.0 if word in "?？؟" else _SMALL
    keys = query_terms(word).tolist()
    if word in STOP or not keys:
        return _SMALL
    return float(rarities(segment, keys, least=_ROWS).max())
