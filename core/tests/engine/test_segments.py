"""The arrays of one owner: taking rows in, and who sees which."""

from __future__ import annotations

import gc
import threading
import weakref
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_rows import ANNA, HOUR, NOW, START, histories, row, segment, texts

from memlayer import text
from memlayer.engine import postings
from memlayer.engine.question import understand
from memlayer.engine.ranking import rank
from memlayer.engine.segment_cache import SegmentCache
from memlayer.engine.segments import IndexRow, Segment
from memlayer.types import Scope, View


def at(hours: float) -> datetime:
    return datetime.fromtimestamp(START / 1e6, tz=timezone.utc) + timedelta(hours=hours)


def shown(held: Segment, view: View = NOW, scope: Scope = ANNA, allowed: list[int] | None = None) -> set[str]:
    mask = held.visible(view, scope).shown
    if allowed is not None:
        mask = mask & held.among(allowed)
    return {held.ids[slot] for slot in np.flatnonzero(mask)}


def test_a_row_that_comes_again_changes_nothing() -> None:
    held = segment(row(1, "tea"), row(2, "coffee"))
    held.apply([row(2, "coffee")])
    assert (held.rows, held.version, held.left) == (2, 2, 0)


def test_a_new_state_is_written_where_the_row_is() -> None:
    held = segment(row(1, "tea"))
    held.apply([row(1, "tea", version=2, status="superseded", valid_to=START)])
    assert held.count == 1
    assert shown(held) == set()


def test_new_words_move_a_row_and_leave_nothing_of_the_old_ones() -> None:
    held = segment(row(1, "tea"), row(2, "green tea"))
    held.apply([row(1, "coffee", version=3)])
    assert (held.rows, held.left) == (2, 1)
    assert held.postings.frequency(text.term_key("tea")) == 1
    assert [hit.id for hit in rank(held, understand("coffee"), None, view=NOW, scope=ANNA, limit=1)] == ["m1"]
    assert shown(held) == {"m1", "m2"}


def test_turns_line_up_by_their_place_whatever_order_they_come_in() -> None:
    held = segment(*(row(seq, f"turn {seq}", session="a", position=place) for seq, place in ((1, 2), (2, 0), (3, 1))))
    chain = [held.slot("m2")]
    while (following := int(held.after[chain[-1]])) >= 0:
        chain.append(following)
    assert [held.ids[slot] for slot in chain if slot is not None] == ["m2", "m3", "m1"]
    held.apply([row(3, "other words", version=4, session="a", position=1)])
    assert held.before[held.slot("m1")] == held.slot("m3")
    assert held.after[held.slot("m2")] == held.slot("m3")


def test_neighbours_stay_within_their_session() -> None:
    held = segment(row(1, "one", session="a"), row(2, "two", session="b", position=1))
    assert held.after[0] == held.before[1] == -1


@pytest.mark.parametrize(
    ("state", "view", "seen"),
    [
        ({}, NOW, True),
        ({"status": "superseded"}, NOW, False),
        ({"status": "retracted"}, NOW, False),
        ({"valid_to": START}, NOW, False),
        ({"expires_at": START}, NOW, False),
        ({"feedback": "NEGATIVE"}, NOW, True),
        ({"feedback": "VERY_NEGATIVE"}, NOW, False),
        ({"feedback": "VERY_NEGATIVE"}, View(now=NOW.now, as_of=at(5)), True),
        ({"kind": "episode"}, View(now=NOW.now, kinds=("fact",)), False),
        ({"kind": "procedure"}, View(now=NOW.now, kinds=("procedure",)), True),
        ({"status": "superseded", "valid_to": START + 9 * HOUR}, View(now=NOW.now, as_of=at(5)), True),
        ({"status": "superseded", "valid_to": START + 9 * HOUR}, View(now=NOW.now, as_of=at(9)), False),
        ({}, View(now=NOW.now, as_of=at(0.5)), False),
        ({"expires_at": START + 9 * HOUR}, View(now=NOW.now, as_of=at(5)), True),
        ({"status": "retracted"}, View(now=NOW.now, as_of=at(5)), False),
        ({"status": "retracted"}, View(now=NOW.now, everything=True), True),
    ],
)
def test_a_view_decides_which_states_are_seen(state: dict[str, object], view: View, seen: bool) -> None:
    assert shown(segment(row(1, "tea", **state)), view) == ({"m1"} if seen else set())


def test_a_scope_is_never_widened() -> None:
    held = segment(row(1, "tea", agent_id="a", run_id="r"), row(2, "tea", agent_id="b"), row(3, "tea"))
    assert shown(held, scope=Scope(user_id="anna", agent_id="a")) == {"m1"}
    assert shown(held, scope=Scope(user_id="anna", agent_id="a", run_id="x")) == set()
    assert shown(held, scope=Scope(user_id="anna", app_id="p")) == set()
    assert shown(held, allowed=[2, 99]) == {"m2"}
    assert shown(held, allowed=[]) == set()


@given(histories(), st.lists(st.tuples(st.integers(-2, 15), st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_what_is_kept_for_a_reader_is_what_he_would_see_anew(
    rows: list[IndexRow], asked: list[tuple[int, bool, bool]]
) -> None:
    held = segment(*rows)
    for hours, past, cited in asked:
        view = View(now=at(hours), as_of=at(hours) if past else None, cited=cited)
        kept, anew = held.visible(view, ANNA), segment(*rows).visible(view, ANNA)
        assert all(np.array_equal(one, other) for one, other in zip(kept[:4], anew[:4], strict=True))


def test_a_row_is_seen_until_its_time_comes() -> None:
    held = segment(row(1, "tea", expires_at=START + 5 * HOUR), row(2, "coffee", valid_to=START + 7 * HOUR))
    seen = [(hours, len(shown(held, View(now=at(hours))))) for hours in (6, 4, 5, 4.9, 6.9, 7, 4)]
    assert seen == [(6, 1), (4, 2), (5, 1), (4.9, 2), (6.9, 1), (7, 0), (4, 2)]


@pytest.mark.parametrize("dead", [{"status": "superseded"}, {"status": "retracted"}, {"expires_at": START}])
def test_an_episode_follows_its_facts(dead: dict[str, object]) -> None:
    episode, fact = row(1, "I moved to Rome", kind="episode"), row(2, "Lives in Rome", position=-1, sources=("m1",))
    assert shown(segment(episode)) == {"m1"}
    held = segment(episode, fact)
    assert shown(held) == {"m2"}
    assert shown(held, View(now=NOW.now, cited=True)) == {"m1", "m2"}
    held.apply([row(2, "Lives in Rome", position=-1, sources=("m1",), version=3, **dead)])
    assert shown(held) == set()
    assert not held.visible(NOW, ANNA).evidence.any()
    assert shown(held, View(now=NOW.now, cited=True)) == {"m1"}


def test_a_fact_may_come_before_its_episode() -> None:
    held = segment(row(2, "Lives in Rome", position=-1, sources=("m1",)))
    held.apply([row(1, "I moved to Rome", kind="episode", version=3)])
    assert shown(held) == {"m2"}


def test_a_fact_that_gains_a_source_keeps_its_place() -> None:
    held = segment(*(row(seq, "I moved", kind="episode") for seq in (1, 2)), row(3, "Moved", sources=("m1",)))
    held.apply([row(3, "Moved", sources=("m1", "m2"), version=4)])
    assert held.left == 0
    assert shown(held) == {"m3"}


@given(histories(), st.data(), texts)
def test_any_cutting_into_batches_answers_the_same(rows: list[IndexRow], data: st.DataObject, asked: str) -> None:
    latest = {r.seq: r for r in rows}
    whole = segment(*(latest[seq] for seq in sorted(latest)))
    parts = Segment()
    start = 0
    while start < len(rows):
        size = data.draw(st.integers(1, len(rows) - start))
        parts.apply(rows[start : start + size])
        start += size
    question = understand(asked, ["Anna"])
    answers = [
        [(hit.id, round(hit.score, 5)) for hit in rank(held, question, None, view=view, scope=ANNA, limit=20)]
        for view in (NOW, View(now=NOW.now, cited=True))
        for held in (whole, parts)
    ]
    assert answers[0] == answers[1]
    assert answers[2] == answers[3]
    assert whole.rows == parts.rows


@pytest.mark.parametrize(("tail", "lately"), [(1_000_000, 20), (3, 1_000_000), (3, 20), (50, 200)])
def test_merged_postings_say_what_the_unmerged_said(monkeypatch: pytest.MonkeyPatch, tail: int, lately: int) -> None:
    random = np.random.default_rng(0)
    batches = [random.integers(0, 40, (5, 7)).astype(np.int32) for _ in range(30)]

    def build() -> postings.Postings:
        made = postings.Postings()
        made.number(range(40))
        for batch in batches:
            made.append(batch.ravel(), np.full(5, 7))
        return made

    plain = build()
    monkeypatch.setattr(postings, "_TAIL", tail)
    monkeypatch.setattr(postings, "_LATELY", lately)
    merged = build()
    for key in range(40):
        assert [a.tolist() for a in merged.rows(key)] == [a.tolist() for a in plain.rows(key)]
        expected = [(i, n) for i, said in enumerate(np.concatenate(batches)) if (n := int((said == key).sum()))]
        assert list(zip(*(a.tolist() for a in merged.rows(key)), strict=True)) == expected


def test_a_reader_sees_a_batch_whole_or_not_at_all() -> None:
    held = segment(row(1, "tea"))
    batches = [[row(10 * n + k, "tea", version=n) for k in range(10)] for n in range(1, 60)]
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(len(rank(held, understand("tea"), None, view=NOW, scope=ANNA, limit=1_000)))

    reader = threading.Thread(target=read)
    reader.start()
    for batch in batches:
        held.apply(batch)
    done.set()
    reader.join()
    assert {count % 10 for count in seen} <= {1}
    assert held.rows == 591


def test_the_cache_asks_for_what_is_new_and_keeps_the_latest_owners() -> None:
    rows = {owner: [row(1, f"tea of {owner}")] for owner in "abc"}
    asked: list[tuple[str, int]] = []

    def load(owner: str, after: int) -> list[IndexRow]:
        asked.append((owner, after))
        return [r for r in rows[owner] if r.version > after]

    cache = SegmentCache(load, limit_bytes=1)
    first = cache.get("a")
    assert cache.get("a") is first
    rows["a"].append(row(2, "coffee"))
    assert cache.get("a").rows == 2
    cache.get("b")
    assert cache.get("a") is not first
    cache.drop("a")
    cache.get("a")
    assert asked == [("a", 0), ("a", 1), ("a", 1), ("b", 0), ("a", 0), ("a", 0)]


def test_an_owner_may_be_dropped_while_it_is_loaded() -> None:
    def load(owner: str, after: int) -> list[IndexRow]:
        if owner == "a":
            cache.get("b")  # as another thread would in the meantime
        return [row(1, f"tea of {owner}")] if after < 1 else []

    cache = SegmentCache(load, limit_bytes=1)
    assert cache.get("a").rows == 1
    assert not cache.holds("a")
    assert cache.holds("b")


@pytest.mark.parametrize("part", ["_write", "_write_terms", "_write_vectors", "_room_for_codes", "_cite", "_line_up"])
def test_a_segment_that_was_interrupted_is_loaded_anew(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of taking rows in leaves nothing half done behind."""
    rows = [row(1, "tea", session="s"), row(2, "coffee", session="s", position=1, version=2)]
    known = {"version": 1}

    def load(owner: str, after: int) -> list[IndexRow]:
        return [r for r in rows if after < r.version <= known["version"]]

    cache = SegmentCache(load)
    assert shown(cache.get("a")) == {"m1"}
    known["version"] = 2
    whole = getattr(Segment, part)

    def interrupted(self: Segment, *given: object) -> None:
        whole(self, *given)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(Segment, part, interrupted)
    with pytest.raises(KeyboardInterrupt):
        cache.get("a")
    held = cache.get("a")
    assert shown(held) == {"m1", "m2"}
    assert held.left == 0
    assert held.postings.frequencies.tolist() == segment(*rows).postings.frequencies.tolist()
    assert len(held.ids) == held.count


def test_a_segment_that_is_dropped_goes_at_once_whatever_readers_kept_with_it() -> None:
    cache = SegmentCache(lambda owner, after: [row(1, "tea"), row(2, "coffee")] if after < 2 else [])
    held = cache.get("a")
    assert rank(held, understand("tea"), None, view=NOW, scope=ANNA)
    assert held.memo
    gone = weakref.ref(held)
    gc.disable()  # nothing may need the collector of cycles
    try:
        del held
        cache.drop("a")
        assert gone() is None
    finally:
        gc.enable()


def test_a_segment_of_many_left_rows_is_loaded_anew() -> None:
    state = {"version": 1}

    def load(owner: str, after: int) -> list[IndexRow]:
        version = state["version"]
        return [row(n, f"words {version}", version=version) for n in range(1, 1_200)] if version > after else []

    cache = SegmentCache(load)
    cache.get("a")
    state["version"] = 2
    held = cache.get("a")
    assert (held.left, held.rows) == (1_199, 1_199) if held.left else (0, 1_199)
    state["version"] = 3
    assert cache.get("a").left == 0
