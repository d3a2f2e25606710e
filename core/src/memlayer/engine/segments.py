"""One owner's memory as arrays: what ranking reads instead of the database."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from memlayer.engine.postings import Postings
from memlayer.engine.rows import FEEDBACK, KINDS, STATUSES, IndexRow, Numbers
from memlayer.text import day_keys, idle
from memlayer.types import Scope, View

__all__ = ["FOREVER", "IndexRow", "Mask", "Segment", "Slots", "signs"]

FOREVER = np.iinfo(np.int64).max
_DAY = 86_400_000_000
# Rows taken in one go: small enough that what is copied on the way stays in the caches.
_BATCH = 8_192
_MANY_KEYS = 1_000
# What so many kinds of readers see is kept.
_READERS = 4

Mask = NDArray[np.bool_]
Slots = NDArray[np.int64]


_COLUMNS: dict[str, Any] = {
    "seq": np.int64, "kind": np.int8, "status": np.int8, "created": np.int64, "valid_from": np.int64,
    "valid_to": np.int64, "expires": np.int64, "agent": np.int32, "run": np.int32, "app": np.int32, "role": np.int32,
    "name": np.int32, "session": np.int32, "position": np.int64, "importance": np.float32, "feedback": np.int8,
    "words": np.int32, "flags": np.int32, "length": np.int32, "day": np.int32, "code": np.int32,
    "before": np.int32, "after": np.int32, "alive": np.bool_, "embedded": np.bool_, "indexed": np.bool_,
    "idle": np.bool_,
}  # fmt: skip


class Visible(NamedTuple):
    """What a reader sees of a segment, over its slots."""

    evidence: Mask
    """Whose words may count: in scope and alive in the view's sense. An episode that only dead facts cite is not among
    them, unless the view asks for cited episodes."""
    shown: Mask
    """What may be a result: of the view's kinds, and not folding into a fact."""
    broken: Mask
    """Turns that a fact cites which the view holds for dead."""
    slots: Slots
    """Those of the evidence."""
    since: int
    until: int
    """From when (included) until when (excluded) all this holds, in microseconds since 1970."""


class Segment:
    """The rows of one owner.

    Each row has a slot, its place in every column. A row whose words or place change moves to a new slot; all other
    changes are made where it is. `apply` and every reader hold `lock` while they touch the arrays: a reader sees all
    rows of a batch or none.
    """

    seq: NDArray[np.int64]
    kind: NDArray[np.int8]
    status: NDArray[np.int8]
    created: NDArray[np.int64]
    valid_from: NDArray[np.int64]
    valid_to: NDArray[np.int64]
    expires: NDArray[np.int64]
    agent: NDArray[np.int32]
    run: NDArray[np.int32]
    app: NDArray[np.int32]
    role: NDArray[np.int32]
    name: NDArray[np.int32]
    session: NDArray[np.int32]
    position: NDArray[np.int64]
    importance: NDArray[np.float32]
    feedback: NDArray[np.int8]
    words: NDArray[np.int32]
    flags: NDArray[np.int32]
    length: NDArray[np.int32]
    day: NDArray[np.int32]
    code: NDArray[np.int32]
    before: NDArray[np.int32]
    after: NDArray[np.int32]
    alive: Mask
    embedded: Mask
    indexed: Mask
    idle: Mask

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.version = 0
        """The highest version that was applied."""
        self.count = 0
        """How many slots are in use, left ones included."""
        self.left = 0
        """How many slots were left for new ones."""
        self.total_length = 0
        """Sum of the lengths of the living rows."""
        self.postings = Postings()
        self.vectors: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self.signs: NDArray[np.uint64] = np.zeros((0, 0), np.uint64)
        """The vectors' signs, one bit each, 64 in a word; (words, slots)."""
        self.ids: list[str] = []
        self.sources: list[tuple[str, ...]] = []
        self.names, self.roles, self.sessions = Numbers(), Numbers(), Numbers()
        self.days: dict[int, int] = {}
        self.day_terms: NDArray[np.int32] = np.zeros((0, 3), np.int32)
        """Numbers of the words that name each day."""
        self._scopes = (Numbers(), Numbers(), Numbers())
        self._codes = Numbers()
        self._slot_of = np.full(64, -1, np.int32)
        self._slots: dict[int, int] = {}
        self._orders: dict[int, tuple[list[int], list[int]]] = {}
        self._citing = np.zeros((2, 64), np.int32)
        self._citations = 0
        self.memo: dict[str, Any] = {}
        """What readers computed from this state; emptied by every change."""
        for column, kind in _COLUMNS.items():
            setattr(self, column, np.zeros(64, kind))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.count - self.left

    @property
    def nbytes(self) -> int:
        """Bytes taken, estimated for what Python and readers keep beside the arrays."""
        arrays: list[NDArray[Any]] = [getattr(self, column) for column in _COLUMNS]
        arrays += [self.vectors, self.signs, self._slot_of, self._citing]
        return sum(a.nbytes for a in arrays) + self.postings.nbytes + 500 * self.count

    def apply(self, rows: Iterable[Sequence[Any]]) -> None:
        """Takes rows in: new ones, and newer versions of known ones; the same rows again change nothing."""
        with self.lock:
            ahead = iter(rows)
            while batch := list(islice(ahead, _BATCH)):
                self._take(batch)

    def _take(self, batch: list[Sequence[Any]]) -> None:
        self.memo = {}
        latest = {row[0]: row for row in batch}
        slots = self._slots
        fresh = [row for seq, row in latest.items() if seq not in slots]
        if len(fresh) < len(latest):
            known = [IndexRow._make(row) for seq, row in latest.items() if seq in slots]
            fresh += [row for row in known if not self._update(slots[row.seq], row)]
        if fresh:
            self._append([IndexRow._make(row) for row in fresh])
        self.version = max(self.version, *(row[1] for row in batch))

    def visible(self, view: View, scope: Scope) -> Visible:
        """What a reader sees; kept until the segment changes or the time of one of its rows comes."""
        at = _micros(view.now if view.as_of is None else view.as_of)
        asked = (view.as_of is None, view.everything, view.cited, view.kinds, scope)
        held: dict[Any, Visible] = self.memo.setdefault("visible", {})
        known = held.get(asked)
        if known is not None and known.since <= at < known.until:
            return known
        if len(held) == _READERS:
            held.clear()
        held[asked] = found = self._visible(view, scope, at)
        return found

    def _visible(self, view: View, scope: Scope, at: int) -> Visible:
        n = self.count
        evidence: Mask = self.alive[:n].copy()
        for column, numbers, wanted in zip(
            (self.agent, self.run, self.app), self._scopes, (scope.agent_id, scope.run_id, scope.app_id), strict=True
        ):
            if wanted is not None:
                evidence &= column[:n] == numbers.get(wanted)
        lives = self._lives(at, now=view.as_of is None)
        facts, turns = self.links()
        broken, cited = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        if not view.everything:
            evidence &= lives
            broken[turns[~lives[facts]]] = True
            if not view.cited:
                cited[turns] = True
                carried = np.zeros(n, np.bool_)
                carried[turns[evidence[facts]]] = True
                evidence &= ~cited | carried
        shown = evidence & ~cited
        if view.kinds is not None:
            shown &= np.array([kind in view.kinds for kind in KINDS])[self.kind[:n]]
        if not view.everything and view.as_of is None:
            shown &= self.feedback[:n] > FEEDBACK["VERY_NEGATIVE"]
        return Visible(evidence, shown, broken, np.flatnonzero(evidence), *self._spell(at, now=view.as_of is None))

    def links(self) -> tuple[Slots, Slots]:
        """Pairs of slots: a fact, and an episode that it cites."""
        if "links" not in self.memo:
            facts, codes = self._citing[:, : self._citations]
            turns = self._slot_of[codes].astype(np.int64)
            there = (turns >= 0) & self.alive[facts]
            self.memo["links"] = (facts[there].astype(np.int64), turns[there])
        links: tuple[Slots, Slots] = self.memo["links"]
        return links

    def slot(self, record_id: str) -> int | None:
        """The slot of a record; None where it is unknown."""
        number = self._codes.numbers.get(record_id)
        slot = -1 if number is None else int(self._slot_of[number])
        return None if slot < 0 else slot

    def _lives(self, at: int, *, now: bool) -> Mask:
        """Which rows hold at a time: those that nothing has ended yet, or what was true then."""
        n = self.count
        lives: Mask = (self.valid_to[:n] > at) & (self.expires[:n] > at)
        lives &= (self.status[:n] == 0) if now else (self.status[:n] < 2) & (self.valid_from[:n] <= at)
        return lives

    def _spell(self, at: int, *, now: bool) -> tuple[int, int]:
        """From when until when no row begins or ends to hold, with that time between them."""
        columns = (self.valid_to, self.expires) if now else (self.valid_to, self.expires, self.valid_from)
        times = np.concatenate([column[: self.count][column[: self.count] < FOREVER] for column in columns])
        return times[times <= at].max(initial=-FOREVER), times[times > at].min(initial=FOREVER)

    def among(self, allowed: Sequence[int] | NDArray[np.int64]) -> Mask:
        """The slots of these seqs."""
        found: Mask = np.isin(self.seq[: self.count], np.asarray(allowed, np.int64))
        return found

    def _update(self, slot: int, row: IndexRow) -> bool:
        """Writes a newer version where the row is; False where it needs a new slot, and the old one was left."""
        if self._moves(slot, row):
            self._leave(slot)
            return False
        self._write(slice(slot, slot + 1), [row])
        self._cite([slot], [tuple(s for s in row.sources if s not in self.sources[slot])])
        self.sources[slot] = row.sources
        return True

    def _moves(self, slot: int, row: IndexRow) -> bool:
        keys = np.frombuffer(row.terms, np.int64).tolist()
        terms = np.concatenate((self.postings.number(keys), self._day_terms([row.created_at])[1].ravel()))
        if not row.terms:
            terms = terms[:0]
        distinct, counts = np.unique(terms, return_counts=True)
        old_terms, old_counts = self.postings.of(slot)
        place = (self.sessions.add([row.session])[0], row.position, row.created_at)
        vector = None if row.vector is None else np.frombuffer(row.vector, np.float32)
        fits = vector is not None and vector.size == self.vectors.shape[1]
        return (
            not np.array_equal(distinct, old_terms)
            or not np.array_equal(counts, old_counts)
            or place != (self.session[slot], self.position[slot], self.created[slot])
            or fits != self.embedded[slot]
            or (vector is not None and fits and not np.array_equal(vector, self.vectors[slot]))
            or not set(self.sources[slot]) <= set(row.sources)
        )

    def _leave(self, slot: int) -> None:
        self.postings.forget(slot)
        self.alive[slot] = self.embedded[slot] = self.indexed[slot] = False
        self.total_length -= int(self.length[slot])
        self.left += 1
        before, after = int(self.before[slot]), int(self.after[slot])
        if before >= 0:
            self.after[before] = after
        if after >= 0:
            self.before[after] = before
        positions, slots = self._orders.get(int(self.session[slot]), ([], []))
        if slot in slots:
            place = slots.index(slot)
            del positions[place], slots[place]

    def _append(self, rows: list[IndexRow]) -> None:
        start, end = self.count, self.count + len(rows)
        self._reserve(end)
        span = slice(start, end)
        self._write(span, rows)
        self._write_terms(span, rows)
        self._write_vectors(start, rows)
        self.indexed[span] = self.embedded[span] | (self.length[span] > 0)
        codes = self._codes.add(row.id for row in rows)
        self._room_for_codes()
        self.code[span] = codes
        self._slot_of[codes] = np.arange(start, end)
        self._slots.update(zip((row.seq for row in rows), range(start, end), strict=True))
        self.ids += [row.id for row in rows]
        self.sources += [row.sources for row in rows]
        self.count = end
        self._cite(range(start, end), [row.sources for row in rows])
        self.before[span] = self.after[span] = -1
        turns = self.indexed[span] & (self.position[span] >= 0) & (self.session[span] >= 0)
        for slot in (start + np.flatnonzero(turns)).tolist():
            self._line_up(slot, int(self.session[slot]), int(self.position[slot]))

    def _write(self, span: slice, rows: list[IndexRow]) -> None:
        """Writes the columns that any change may touch."""
        (seq, _, _, kind, status, created, valid_from, valid_to, expires, agent, run, app, role, name, session,
         position, _, importance, feedback, _, _, words, flags) = zip(*rows, strict=True)  # fmt: skip
        self.seq[span], self.created[span], self.valid_from[span] = seq, created, valid_from
        self.valid_to[span] = [FOREVER if t is None else t for t in valid_to]
        self.expires[span] = [FOREVER if t is None else t for t in expires]
        self.kind[span] = [KINDS.index(k) for k in kind]
        self.status[span] = [STATUSES.index(s) for s in status]
        for column, numbers, values in zip(
            (self.agent, self.run, self.app), self._scopes, (agent, run, app), strict=True
        ):
            column[span] = numbers.add(values)
        self.role[span], self.name[span] = self.roles.add(role), self.names.add(name)
        self.session[span], self.position[span] = self.sessions.add(session), position
        self.importance[span], self.words[span], self.flags[span] = importance, words, flags
        self.feedback[span] = [FEEDBACK.get(f, 0) if f else 0 for f in feedback]
        self.alive[span] = True

    def _write_terms(self, span: slice, rows: list[IndexRow]) -> None:
        lengths = np.array([len(row.terms) // 8 for row in rows], np.int64)
        keys = np.frombuffer(b"".join(row.terms for row in rows), np.int64)
        terms, idling = self._numbers(keys)
        self.day[span], days = self._day_terms([row.created_at for row in rows])
        # A row without words has no date either: it is not there to be found by words.
        worded = lengths > 0
        owner = np.repeat(np.arange(len(rows)), lengths)
        said = np.bincount(owner, weights=(keys & 1) == 0, minlength=len(rows))
        self.length[span] = said + 3 * worded
        # What only answers, thanks or greets.
        busy = np.bincount(owner, weights=~idling, minlength=len(rows))
        turn = self.kind[span] == KINDS.index("episode")
        self.idle[span] = turn & (busy == 0) & (self.words[span] > 0)
        self.total_length += int(self.length[span].sum())
        ends = np.cumsum(lengths)[worded]
        terms = np.insert(terms, np.repeat(ends, 3), days[worded].ravel())
        self.postings.append(terms, lengths + 3 * worded)

    def _numbers(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], Mask]:
        """The number of each term in the postings, and which are idle; of many, each is looked up once."""
        if len(keys) < _MANY_KEYS:
            return self.postings.number(keys.tolist()), idle(keys)
        distinct, inverse = np.unique(keys, return_inverse=True)
        inverse = inverse.reshape(-1)
        return self.postings.number(distinct.tolist())[inverse], idle(distinct)[inverse]

    def _day_terms(self, created: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The number of each time's day, and the numbers of the three words that name it."""
        days = [at // _DAY for at in created]
        for day in dict.fromkeys(days):
            if day not in self.days:
                self.days[day] = len(self.days)
                self.day_terms = np.vstack((self.day_terms, self.postings.number(day_keys(day))[None]))
        numbers = np.array([self.days[day] for day in days], np.int32)
        return numbers, self.day_terms[numbers]

    def _write_vectors(self, start: int, rows: list[IndexRow]) -> None:
        if not self.vectors.shape[1]:
            first = next((row.vector for row in rows if row.vector is not None), None)
            if first is None:
                return
            self.vectors = np.zeros((len(self.seq), len(first) // 4), np.float32)
            self.signs = np.zeros((-(-len(first) // 256), len(self.seq)), np.uint64)
        size = 4 * self.vectors.shape[1]
        # Vectors of another size come from another embedder; they wait for `reembed`.
        fitting = [i for i, row in enumerate(rows) if row.vector is not None and len(row.vector) == size]
        if not fitting:
            return
        slots = start + np.array(fitting)
        found = np.frombuffer(b"".join(rows[i].vector or b"" for i in fitting), np.float32).reshape(len(fitting), -1)
        self.vectors[slots] = found
        self.signs[:, slots] = signs(found)
        self.embedded[slots] = True

    def _reserve(self, needed: int) -> None:
        have = len(self.seq)
        if needed <= have:
            return
        size = max(needed, 2 * have if self.count else needed)
        for column in _COLUMNS:
            setattr(self, column, _longer(getattr(self, column), size))
        if self.vectors.shape[1]:
            bigger = np.zeros((size, self.vectors.shape[1]), np.float32)
            bigger[: self.count] = self.vectors[: self.count]
            self.vectors, self.signs = bigger, _longer(self.signs, size)

    def _room_for_codes(self) -> None:
        if len(self._codes.numbers) > len(self._slot_of):
            self._slot_of = _longer(self._slot_of, 2 * len(self._codes.numbers), fill=-1)

    def _cite(self, slots: Iterable[int], sources: Sequence[tuple[str, ...]]) -> None:
        """Notes which episodes the facts at these slots cite."""
        pairs = [(slot, source) for slot, given in zip(slots, sources, strict=True) for source in given]
        if not pairs:
            return
        end = self._citations + len(pairs)
        if end > self._citing.shape[1]:
            self._citing = _longer(self._citing, 2 * end)
        codes = self._codes.add(source for _, source in pairs)
        self._room_for_codes()
        self._citing[:, self._citations : end] = [slot for slot, _ in pairs], codes
        self._citations = end

    def _line_up(self, slot: int, session: int, position: int) -> None:
        """Puts a turn between its neighbours of the session; of two in one place the older row stands first."""
        positions, slots = self._orders.setdefault(session, ([], []))
        place = len(positions)
        if positions and positions[-1] >= position:
            seq = self.seq[slot]
            place = bisect_left(positions, position)
            while place < len(positions) and positions[place] == position and self.seq[slots[place]] < seq:
                place += 1
        if place:
            self.before[slot] = slots[place - 1]
            self.after[slots[place - 1]] = slot
        if place < len(slots):
            self.after[slot] = slots[place]
            self.before[slots[place]] = slot
        positions.insert(place, position)
        slots.insert(place, slot)


def signs(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """One bit for each component, set where it is positive; (words, vectors)."""
    bits = np.packbits(vectors > 0, axis=1)
    if bits.shape[1] % 8:
        bits = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8)))
    return np.ascontiguousarray(bits.view(np.uint64).T)


def _longer(array: NDArray[Any], size: int, fill: int = 0) -> NDArray[Any]:
    bigger = np.full((*array.shape[:-1], size), fill, array.dtype)
    bigger[..., : array.shape[-1]] = array
    return bigger


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
