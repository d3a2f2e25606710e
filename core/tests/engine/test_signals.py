"""Signals against their plain definitions: a table of rows by words, read cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_rows import ANNA, NOW, histories

from memlayer.engine.question import understand
from memlayer.engine.segments import IndexRow, Segment
from memlayer.engine.signals import AFTER, BEFORE, K1, B, Pool, measure, weigh


def around(held: Segment, inside: set[int], slot: int) -> dict[int, float]:
    """What a word of each neighbour counts for a row; the way to it leads over rows of the pool."""
    found = {slot: 1.0}
    for column, weights in ((held.before, BEFORE), (held.after, AFTER)):
        at = slot
        for weight in weights:
            at = int(column[at]) if at in inside else -1
            if at in inside:
                found[at] = weight
    return found


@given(histories(), st.sampled_from(["tea or coffee?", "Rome 北京 dog", "a dog", "8 May 2023", "walk"]), st.booleans())
def test_words_are_counted_as_they_are_defined(rows: list[IndexRow], asked: str, whole: bool) -> None:
    held = Segment()
    held.apply(rows)
    slots = held.visible(NOW, ANNA).slots
    slots = slots if whole else slots[::2]
    question = understand(asked).known(held.postings.frequency)
    keys = question.terms.tolist()
    found = measure(held, question, None, Pool.of(held, slots))
    idf, total = weigh(held, question)
    inside = set(slots.tolist())
    count = {
        (slot, key): int(n)
        for key in [*keys, *(key | 1 for key in keys)]
        for slot, n in zip(*held.postings.rows(key), strict=True)
        if slot in inside
    }
    facts, turns = held.links()
    cites = [(f, t) for f, t in zip(facts.tolist(), turns.tolist(), strict=True) if f in inside and t in inside]
    heard = {(t, key) for f, t in cites for key in keys if (f, key) in count} | {at for at in count if at[1] in keys}
    average = max(1.0, held.total_length / max(1, int((held.alive & (held.length > 0)).sum())))

    def own(slot: int) -> float:
        stretch = K1 * (1 - B + B * float(held.length[slot]) / average)
        found_ = ((weight, count.get((slot, key), 0)) for weight, key in zip(idf, keys, strict=True))
        return sum(weight * n * (K1 + 1) / (n + stretch) for weight, n in found_) / (2.2 * total)

    for place, slot in enumerate(slots.tolist()):
        near = around(held, inside, slot)
        said = max([own(slot), *(own(f) for f, t in cites if t == slot)])
        assert found["words"][place] == pytest.approx(said, abs=1e-5)
        best = [max([w for at, w in near.items() if (at, key) in heard], default=0.0) for key in keys]
        assert found["words_near"][place] == pytest.approx(float(np.dot(best, idf)) / total, abs=1e-5)
        shown = [(slot, key | 1) in count and (slot, key) not in heard for key in keys]
        assert found["caption"][place] == pytest.approx(float(np.dot(shown, idf)) / total, abs=1e-5)


@given(histories(), st.booleans())
def test_rarity_is_the_mean_of_the_five_rarest_words(rows: list[IndexRow], whole: bool) -> None:
    held = Segment()
    held.apply(rows)
    slots = held.visible(NOW, ANNA).slots
    slots = slots if whole else slots[::2]
    found = measure(held, understand("tea"), None, Pool.of(held, slots))["rarity"]
    worded = int((held.alive & (held.length > 0)).sum())
    for place, slot in enumerate(slots.tolist()):
        frequency = held.postings.frequencies[held.postings.of(slot)[0]]
        idf = sorted(np.log1p((worded - frequency + 0.5) / (frequency + 0.5)), reverse=True)[:5]
        assert found[place] == pytest.approx(np.mean(idf) if idf else 0, abs=1e-5)


@given(histories())
def test_a_fact_finds_the_turns_that_it_cites(rows: list[IndexRow]) -> None:
    held = Segment()
    held.apply(rows)
    pool = Pool.of(held, held.visible(NOW, ANNA).slots)
    places = np.arange(pool.size)[::-1]
    which, turns = pool.cited(places)
    assert sorted(zip(places[which].tolist(), turns.tolist(), strict=True)) == sorted(
        zip(pool.facts.tolist(), pool.turns.tolist(), strict=True)
    )
