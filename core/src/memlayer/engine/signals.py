"""What speaks for a memory: signals that mean the same in every query.

Every signal is absolute (a cosine, a share of the question's words), none is normalised over a list, so that scores
compare between questions. See `weights.py` for what each one weighs and `benchmarks/quality` for what it brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlayer import text
from memlayer._kinds import TASTE
from memlayer.engine.question import Question
from memlayer.engine.segments import Segment, Slots

Floats = NDArray[np.float32]

K1, B = 1.2, 0.75
# How much a word counts that stands in a neighbouring turn of the session.
BEFORE = (0.7, 0.4, 0.25)
AFTER = (0.5, 0.3)


class Pool:
    """Some slots of a segment, with their places and their neighbours among each other.

    Arrays have one place more than there are slots: the last one stands for "no neighbour" and holds zeros.
    """

    def __init__(self, segment: Segment, slots: Slots) -> None:
        self.slots = slots
        self.size = len(slots)
        self._place = np.full(segment.count + 1, self.size, np.int64)
        self._place[slots] = np.arange(self.size)
        before, after = self._neighbours(segment.before), self._neighbours(segment.after)
        self.before = [before, before[before]]
        self.before.append(before[self.before[1]])
        self.after = [after, after[after]]
        # What stands so far before a place has it so far after it; the nearest last, whose weight is the largest.
        reached = zip((*BEFORE, *AFTER), (*self.after, after[self.after[1]], *self.before[:2]), strict=True)
        self.around = sorted(reached, key=itemgetter(0))
        """How much a word at a place counts for its neighbours, and their places; rising."""
        facts, turns = segment.links()
        facts, turns = self._place[facts], self._place[turns]
        both = (facts < self.size) & (turns < self.size)
        self.facts, self.turns = facts[both], turns[both]
        """Pairs of places: a fact, and an episode that it cites."""
        self._by_fact = self.turns[np.argsort(self.facts, kind="stable")]
        self._ends = np.cumsum(np.bincount(self.facts, minlength=self.size + 1))
        self.still = _still(segment, slots)
        """The signals that are the same for every question."""
        self.flags, self.session, self.day = (c[slots] for c in (segment.flags, segment.session, segment.day))
        length = segment.length[slots]
        self.worded = length > 0
        self.stretch = K1 * (1 - B + B * length / _documents(segment)[1])
        """What BM25 makes of how long each text is."""
        self.zero = np.zeros(self.size, np.float32)
        """What a signal reads of which a question says nothing."""
        near = (places[: self.size] < self.size for places in (*self.before, *self.after))
        self.near = sum(near, start=np.ones(self.size, np.float32))
        """How many rows stand up to three before and two after each, itself included."""

    @classmethod
    def of(cls, segment: Segment, slots: Slots) -> Pool:
        """The pool of these slots; that of all slots is kept until the segment changes."""
        if len(slots) < segment.count:
            return cls(segment, slots)
        whole: Pool = segment.memo.get("pool") or cls(segment, slots)
        segment.memo["pool"] = whole
        return whole

    def _neighbours(self, column: NDArray[np.int32]) -> Slots:
        # -1 (none) reads the last place, which is that of "no neighbour".
        return np.append(self._place[column[self.slots]], self.size)

    def cited(self, places: Slots) -> tuple[Slots, Slots]:
        """What the facts at these places cite: for each turn, which of `places` cites it, and the turn's own place."""
        ends = self._ends[places]
        lengths = ends - np.where(places > 0, self._ends[places - 1], 0)
        which = np.repeat(np.arange(len(places)), lengths)
        return which, self._by_fact[np.arange(len(which)) + (ends - np.cumsum(lengths))[which]]

    def place(self, slots: NDArray[np.int64] | NDArray[np.int32]) -> Slots:
        """Where these slots are in the pool; its size where they are not."""
        return self._place[slots]


def _still(segment: Segment, slots: Slots) -> dict[str, Floats]:
    """What kind of text it is, and how it was rated."""
    flags, words = segment.flags[slots], segment.words[slots]
    opens = (segment.before[slots] < 0) & (segment.after[slots] >= 0)
    shapes = {"question": text.QUESTION, "has_time": text.TIME, "has_name": text.NAME, "has_title": text.TITLE,
              "has_number": text.NUMBER}  # fmt: skip
    return {
        **{name: (flags & flag > 0).astype(np.float32) for name, flag in shapes.items()},
        "opens": opens.astype(np.float32),
        "long": np.log1p(np.maximum(words, 60)).astype(np.float32) - np.float32(np.log(61)),
        "idle": segment.idle[slots].astype(np.float32),
        "importance": segment.importance[slots] - np.float32(0.5),
        "feedback": np.clip(segment.feedback[slots], -1, 1).astype(np.float32),
    }


def measure(
    segment: Segment,
    question: Question,
    vector: Floats | None,
    pool: Pool,
    times: Sequence[tuple[int, int]] = (),
) -> dict[str, Floats]:
    """Reads every signal of the pool's slots: one number for each, by name.

    A turn's evidence in words and meaning is the best of its own and of its facts'. `times` are the spans that the
    question names, in microseconds, ends excluded.
    """
    columns = _lexical(segment, question, pool)
    meaning = _meaning(segment, vector, pool)
    columns["meaning"] = meaning[:-1]
    columns["meaning_session"] = _session_best(segment, meaning, pool)
    columns["meaning_near"] = _mean_near(meaning, pool)
    columns |= _speakers(segment, question, pool)
    columns |= pool.still
    title = columns.pop("has_title")
    columns["time_asked"] = columns["has_time"] if question.when else pool.zero
    columns["name_asked"] = columns["has_name"] if question.name else pool.zero
    columns["title_asked"] = title if question.title else pool.zero
    columns["kind_asked"] = (pool.flags & question.kinds > 0).astype(np.float32) if question.kinds else pool.zero
    columns["taste_asked"] = (pool.flags & TASTE > 0).astype(np.float32) if question.advice else pool.zero
    columns["in_time"] = _in_time(segment, pool, times)
    return columns


def _lexical(segment: Segment, question: Question, pool: Pool) -> dict[str, Floats]:
    size = pool.size
    rarity = _rarity(segment, pool)
    idf, total = weigh(segment, question)
    if not total:
        return {**dict.fromkeys(("words", "words_near", "date_words", "caption"), pool.zero), "rarity": rarity}
    keys = question.terms.tolist()
    places, terms, counts = _hits(segment, keys, pool)
    met = idf[terms] * counts * (K1 + 1) / (counts + pool.stretch[places])
    words = np.bincount(places, met, size).astype(np.float32) / np.float32(2.2 * total)
    citing, turns = pool.cited(places)
    np.maximum.at(words, turns, words[places[citing]])
    places, terms = np.concatenate((places, turns)), np.concatenate((terms, terms[citing]))
    near = np.zeros((size + 1, len(keys)), np.float32)
    for weight, neighbours in pool.around:
        near[neighbours[places], terms] = weight
    near[places, terms] = 1
    shown, named, _ = _hits(segment, [key | 1 for key in keys], pool)
    unsaid = near[shown, named] < 1
    caption = np.bincount(shown[unsaid], idf[named[unsaid]], size).astype(np.float32)
    numbers = np.array([segment.postings.ids.get(key, -1) for key in keys])
    in_day = (segment.day_terms[:, :, None] == numbers).any(axis=1) @ idf
    return {
        "words": words,
        "words_near": (near[:size] @ idf) / total,
        "date_words": in_day[pool.day] / total * pool.worded if in_day.any() else pool.zero,
        "caption": caption / total,
        "rarity": rarity,
    }


def weigh(segment: Segment, question: Question) -> tuple[Floats, np.float32]:
    """The idf of each term of the question in this memory, and their sum; unseen terms weigh most."""
    idf = rarities(segment, question.terms.tolist())
    return idf, idf.sum()


def rarities(segment: Segment, keys: list[int], *, least: int = 0) -> Floats:
    """The idf of each term in this memory, as if it held at least so many rows."""
    frequency = np.array([segment.postings.frequency(key) for key in keys], np.float32)
    return _idf(frequency, max(least, _documents(segment)[0]))


def _hits(segment: Segment, keys: list[int], pool: Pool) -> tuple[Slots, Slots, NDArray[np.uint16]]:
    """Where in the pool each term stands: places, numbers of terms, and how often."""
    found = [segment.postings.rows(key) for key in keys]
    places = pool.place(np.concatenate([rows for rows, _ in found]))
    terms = np.repeat(np.arange(len(keys)), [len(rows) for rows, _ in found])
    inside = places < pool.size
    return places[inside], terms[inside], np.concatenate([counts for _, counts in found])[inside]


def _documents(segment: Segment) -> tuple[int, float]:
    """How many rows have words, and how many words they have on average."""
    if "documents" not in segment.memo:
        worded = int(np.count_nonzero(segment.alive[: segment.count] & (segment.length[: segment.count] > 0)))
        segment.memo["documents"] = (worded, max(1.0, segment.total_length / max(1, worded)))
    found: tuple[int, float] = segment.memo["documents"]
    return found


def _idf(frequency: NDArray[Any], documents: int) -> Floats:
    return np.log1p((documents - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)


def _rarity(segment: Segment, pool: Pool) -> Floats:
    """Mean of the five largest idf of each slot's terms; the same for every question of a small memory."""
    whole = pool.size == segment.count
    if whole and "rarity" in segment.memo:
        known: Floats = segment.memo["rarity"]
        return known
    terms, lengths = segment.postings.spans(pool.slots)
    owner = np.repeat(np.arange(pool.size), lengths)
    # One sort by owner and rising frequency at once.
    frequency = np.sort(owner << 32 | segment.postings.frequencies[terms]) & 0xFFFFFFFF
    first, top = np.cumsum(lengths) - lengths, np.arange(5)
    rarest = frequency[np.minimum(first[:, None] + top, len(frequency) - 1)] if len(frequency) else top
    idf = np.where(top < lengths[:, None], _idf(rarest, _documents(segment)[0]), 0)
    rarity: Floats = (idf.sum(axis=1, dtype=np.float64) / np.clip(lengths, 1, 5)).astype(np.float32)
    if whole:
        segment.memo["rarity"] = rarity
    return rarity


def _meaning(segment: Segment, vector: Floats | None, pool: Pool) -> Floats:
    out = np.zeros(pool.size + 1, np.float32)
    if vector is not None and segment.vectors.shape[1] == len(vector):
        if pool.size == segment.count:
            np.matmul(segment.vectors[: segment.count], vector, out=out[:-1])
        elif pool.size * 2 > segment.count:
            out[:-1] = (segment.vectors[: segment.count] @ vector)[pool.slots]
        else:
            out[:-1] = segment.vectors[pool.slots] @ vector
        np.maximum.at(out, pool.turns, out[pool.facts])
    return out


def _session_best(segment: Segment, meaning: Floats, pool: Pool) -> Floats:
    best = np.full(len(segment.sessions.numbers) + 1, -1, np.float32)
    np.maximum.at(best, pool.session, meaning[:-1])
    found: Floats = np.where(pool.session >= 0, best[pool.session], meaning[:-1])
    return found


def _mean_near(meaning: Floats, pool: Pool) -> Floats:
    """Mean cosine from three turns before to two after."""
    total = meaning[:-1].copy()
    for places in (*pool.before, *pool.after):
        total += meaning[places[:-1]]
    near: Floats = total / pool.near
    return near


def _speakers(segment: Segment, question: Question, pool: Pool) -> dict[str, Floats]:
    columns = dict.fromkeys(("speaker", "first_named", "role"), pool.zero)
    if question.speakers:
        spoke = (segment.name[pool.slots] == segment.names.get(question.speakers[0])).astype(np.float32)
        if len(question.speakers) == 1:
            columns["speaker"] = spoke
        elif not question.together:
            columns["first_named"] = spoke
    elif question.role is not None:
        columns["role"] = (segment.role[pool.slots] == segment.roles.get(question.role)).astype(np.float32)
    return columns


def _in_time(segment: Segment, pool: Pool, times: Sequence[tuple[int, int]]) -> Floats:
    if not times:
        return pool.zero
    inside = np.zeros(pool.size, np.bool_)
    said, since = segment.created[pool.slots], segment.valid_from[pool.slots]
    for start, end in times:
        inside |= ((said >= start) & (said < end)) | ((since >= start) & (since < end))
    return inside.astype(np.float32)
