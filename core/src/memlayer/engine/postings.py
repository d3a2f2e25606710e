"""Which rows hold which terms: an inverted index in NumPy arrays that grows by batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Slots = NDArray[np.int64]

# The tail is read linearly by every query; at this size it joins what came lately, in the order of terms.
_TAIL = 1_024
# What came lately is searched; at this size, or an eighth of the whole, it joins the whole.
_LATELY = 8_192
_EMPTY = np.zeros(0, np.int32)


class Postings:
    """Entries (row, term, count) by row and by term, and in how many rows each term stands.

    Rows are appended once and never changed; `forget` takes a row out of the frequencies, and readers skip it.
    Entries are kept by row as they come; those up to `_merged`, and those from there up to `_ordered`, also stand in
    the order of their terms.
    """

    def __init__(self) -> None:
        self.ids: dict[int, int] = {}
        """Number of each term by its key."""
        self._frequency: Ints = np.zeros(64, np.int32)
        self._term: Ints = np.zeros(1024, np.int32)
        self._row: Ints = np.zeros(1024, np.int32)
        self._count: NDArray[np.uint16] = np.zeros(1024, np.uint16)
        self._used = 0
        self._ends: NDArray[np.int64] = np.zeros(65, np.int64)
        self._rows = 0
        self._merged = 0
        self._sorted_rows: Ints = _EMPTY
        self._sorted_counts: NDArray[np.uint16] = np.zeros(0, np.uint16)
        self._starts: NDArray[np.int64] = np.zeros(1, np.int64)
        self._ordered = 0
        self._late_terms: Ints = _EMPTY
        self._late: Slots = np.zeros(0, np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes taken, the table of terms included."""
        arrays = (self._frequency, self._term, self._row, self._count, self._ends, self._sorted_rows,
                  self._sorted_counts, self._starts, self._late_terms, self._late)  # fmt: skip
        return sum(a.nbytes for a in arrays) + 120 * len(self.ids)

    def number(self, keys: Iterable[int]) -> NDArray[np.int32]:
        """Numbers of the terms with these keys, new ones included."""
        ids = self.ids
        found = np.array([ids.setdefault(key, len(ids)) for key in keys], np.int32)
        if len(ids) > len(self._frequency):
            self._frequency = _grown(self._frequency, len(ids))
        return found

    def append(self, terms: Ints, lengths: NDArray[np.int64]) -> None:
        """Adds one row for each length, whose terms are the next so many of `terms`, repeated as they are."""
        rows = np.repeat(np.arange(self._rows, self._rows + len(lengths), dtype=np.int64), lengths)
        pairs, counts = np.unique((rows << 32) | terms, return_counts=True)
        term, row = (pairs & 0xFFFFFFFF).astype(np.int32), (pairs >> 32).astype(np.int32)
        end = self._used + len(pairs)
        if end > len(self._term):
            self._term, self._row, self._count = (_grown(a, end) for a in (self._term, self._row, self._count))
        self._term[self._used : end] = term
        self._row[self._used : end] = row
        self._count[self._used : end] = np.minimum(counts, 65_535)
        self._frequency += np.bincount(term, minlength=len(self._frequency)).astype(np.int32)
        total = self._rows + len(lengths)
        if total >= len(self._ends):
            self._ends = _grown(self._ends, total + 1)
        ends = np.bincount(row - self._rows, minlength=len(lengths))
        self._ends[self._rows + 1 : total + 1] = self._used + np.cumsum(ends)
        self._rows, self._used = total, end
        if self._used - self._merged > max(_LATELY, self._merged // 8):
            self._merge()
        elif self._used - self._ordered > _TAIL:
            self._order()

    def forget(self, row: int) -> None:
        """Takes a row's terms out of the frequencies; its entries stay until the index is built anew."""
        self._frequency[self.of(row)[0]] -= 1

    def of(self, row: int) -> tuple[Ints, NDArray[np.uint16]]:
        """Terms of one row in rising order, and their counts."""
        span = slice(self._ends[row], self._ends[row + 1])
        return self._term[span], self._count[span]

    def spans(self, rows: NDArray[np.int64]) -> tuple[Ints, NDArray[np.int64]]:
        """Terms of many rows, one after another, and how many each has."""
        starts, lengths = self._ends[rows], self._ends[rows + 1] - self._ends[rows]
        offsets = np.cumsum(lengths) - lengths
        return self._term[np.repeat(starts - offsets, lengths) + np.arange(int(lengths.sum()))], lengths

    def frequency(self, key: int) -> int:
        """In how many rows the term of this key stands."""
        number = self.ids.get(key)
        return 0 if number is None else int(self._frequency[number])

    @property
    def frequencies(self) -> Ints:
        """The same for all terms by number."""
        return self._frequency

    def rows(self, key: int) -> tuple[Ints, NDArray[np.uint16]]:
        """Rows that hold the term of this key, in rising order, and how often; forgotten rows included."""
        number = self.ids.get(key)
        if number is None:
            return _EMPTY, np.zeros(0, np.uint16)
        first, last = np.searchsorted(self._late_terms, np.array((number, number + 1), np.int32)).tolist()
        tail = np.flatnonzero(self._term[self._ordered : self._used] == number) + self._ordered
        late = np.concatenate((self._late[first:last], tail)) if first < last else tail
        if number >= len(self._starts) - 1:
            return self._row[late], self._count[late]
        span = slice(self._starts[number], self._starts[number + 1])
        if not len(late):
            return self._sorted_rows[span], self._sorted_counts[span]
        return (
            np.concatenate((self._sorted_rows[span], self._row[late])),
            np.concatenate((self._sorted_counts[span], self._count[late])),
        )

    def _order(self) -> None:
        """Puts the tail's entries among those that came lately; two runs in order, which a stable sort merges."""
        tail = np.arange(self._ordered, self._used)
        tail = tail[np.argsort(self._term[tail], kind="stable")]
        late = np.concatenate((self._late, tail))
        terms = self._term[late]
        order = np.argsort(terms, kind="stable")
        self._late, self._late_terms, self._ordered = late[order], terms[order], self._used

    def _merge(self) -> None:
        """Puts the tail's entries behind those of the same term; linear in what is there, no sort of the whole."""
        known = len(self._starts) - 1
        old = np.zeros(len(self.ids), np.int64)
        old[:known] = np.diff(self._starts)
        term = self._term[self._merged : self._used]
        order = np.argsort(term, kind="stable")
        new = np.bincount(term, minlength=len(self.ids))
        starts = np.concatenate(([0], np.cumsum(old + new)))
        rows, counts = np.empty(self._used, np.int32), np.empty(self._used, np.uint16)
        place = np.arange(self._merged) + np.repeat(starts[:known] - self._starts[:known], old[:known])
        rows[place], counts[place] = self._sorted_rows, self._sorted_counts
        place = np.arange(len(term)) + np.repeat(starts[:-1] + old - (np.cumsum(new) - new), new)
        rows[place], counts[place] = (
            self._row[self._merged : self._used][order],
            self._count[self._merged : self._used][order],
        )
        self._sorted_rows, self._sorted_counts, self._starts, self._merged = rows, counts, starts, self._used
        self._late, self._late_terms, self._ordered = self._late[:0], _EMPTY, self._used


def _grown(array: NDArray[Any], least: int) -> NDArray[Any]:
    """The array with room for twice as much, and at least `least`, zeros behind; the last axis grows."""
    size = max(least, 2 * array.shape[-1])
    bigger = np.zeros((*array.shape[:-1], size), array.dtype)
    bigger[..., : array.shape[-1]] = array
    return bigger
