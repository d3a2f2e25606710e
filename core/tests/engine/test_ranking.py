"""Which memory comes first, and why."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_rows import ANNA, HOUR, NOW, START, histories, row, segment, texts, vector

from memlayer.engine import candidates, ranking
from memlayer.engine.question import understand
from memlayer.engine.ranking import Ranked, rank
from memlayer.engine.segments import IndexRow, Segment
from memlayer.engine.spread import spread
from memlayer.types import Scope, View


def ask(held: Segment, asked: str, *, embedded: bool = True, limit: int = 10, **given: object) -> list[Ranked]:
    question = understand(asked, list(held.names.numbers))
    found = vector(question.plain) if embedded else None
    return rank(held, question, found, **{"view": NOW, "scope": ANNA, "limit": limit, **given})  # type: ignore[arg-type]


def first(held: Segment, asked: str, **given: object) -> str:
    return ask(held, asked, **given)[0].id  # type: ignore[arg-type]


def test_nothing_is_found_in_nothing() -> None:
    assert ask(Segment(), "tea") == []
    assert ask(segment(row(1, "tea", status="retracted")), "tea") == []
    assert ask(segment(row(1, "tea")), "tea", limit=0) == []


def test_one_memory_is_found_and_scores_more_when_it_answers() -> None:
    held = segment(row(1, "I am allergic to peanuts"))
    near, far = ask(held, "What am I allergic to?")[0], ask(held, "Which car do I drive?")[0]
    assert near.id == far.id == "m1"
    assert near.score > far.score


@pytest.mark.parametrize("embedded", [True, False])
@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Where does my sister live?", "m1"),
        ("What is the name of my dog?", "m2"),
        ("def get_user_name", "m3"),
        ("北京", "m4"),
        ("Was isst meine Katze?", "m5"),
    ],
)
def test_notes_are_found_by_what_they_say(asked: str, answer: str, embedded: bool) -> None:
    held = segment(
        row(1, "My sister lives in Rome"),
        row(2, "My dog is called Rex, a good name"),
        row(3, "def get_user_name(): return db.users.name"),
        row(4, "我在北京工作"),
        row(5, "Meine Katze isst gerne Fisch"),
    )
    assert first(held, asked, embedded=embedded) == answer


def test_the_named_persons_words_come_first() -> None:
    held = segment(row(1, "I love painting", name="Bob"), row(2, "I love painting", name="Caroline"))
    assert first(held, "What does Caroline love?") == "m2"
    assert first(held, "What does Bob love?") == "m1"


def test_of_two_named_people_the_first_is_asked_about_unless_both_are() -> None:
    held = segment(row(1, "We made a cake", name="Bob"), row(2, "We made a cake", name="Caroline"))
    assert ask(held, "What cake did Caroline make for Bob?")[0].shares["first_named"] > 0
    assert "first_named" not in ask(held, "Which cake did Bob and Caroline make?")[0].shares


def test_without_names_the_sides_of_a_chat_decide() -> None:
    held = segment(row(1, "a hotel in Miami"), row(2, "a hotel in Miami", role="assistant", session="s1", position=1))
    assert first(held, "Which hotel in Miami did I mention?") == "m1"
    assert first(held, "Which hotel in Miami does the user know?") == "m1"
    assert first(held, "Which hotel in Miami did you recommend?") == "m2"


def test_a_turn_is_found_by_the_words_before_it() -> None:
    held = segment(
        row(1, "Which instrument do you play?", session="a"),
        row(2, "Violin, since I was five", session="a", position=1),
        row(3, "My aunt has a violin too", session="b"),
        row(4, "It rains", session="b", position=1),
    )
    found = {hit.id: hit.shares for hit in ask(held, "instrument", embedded=False)}
    assert found["m2"]["words_near"] > 0
    assert "words_near" not in found["m4"]


@pytest.mark.parametrize(
    ("answer", "idle"),
    [
        ("ok", True),
        ("Sounds good, thanks!", True),
        ("Yes, I do.", True),
        ("Great, thank you for sharing! 👍", True),
        ("Jasmine.", False),
        ("Sure! What about a Japanese one?", False),
        ("👍", False),
    ],
)
def test_what_only_answers_or_thanks_stands_behind(answer: str, idle: bool) -> None:
    said = ["I love green tea in the morning", answer, "The roof was repaired in spring"]
    held = segment(*(row(n, text, kind="episode", session="s", position=n) for n, text in enumerate(said, 1)))
    found = {r.id: r for r in ask(held, "tea")}
    assert (found["m2"].shares.get("idle", 0) < 0) == idle
    assert found["m2"].score < 0.5 * found["m1"].score or not idle


def test_a_fact_of_small_words_is_a_fact() -> None:
    assert "idle" not in ask(segment(row(1, "Loves mornings")), "mornings")[0].shares


def test_a_caption_speaks_more_quietly_than_words() -> None:
    held = segment(row(1, "Look [image: a red kayak]"), row(2, "I bought a red kayak"), row(3, "Nice day"))
    assert [hit.id for hit in ask(held, "kayak", embedded=False)][:2] == ["m2", "m1"]


def test_the_day_of_a_turn_is_found() -> None:
    held = segment(row(1, "We danced", created_at=START + 40 * 24 * HOUR), row(2, "We danced"))
    assert first(held, "Who danced on 16 June 2023?", embedded=False) == "m1"


def test_spans_of_time_raise_what_was_said_within() -> None:
    held = segment(row(1, "We danced"), row(2, "We danced"))
    inside = (START + 1 * HOUR, START + 2 * HOUR)
    assert first(held, "danced") == "m2"
    assert first(held, "danced", times=[inside]) == "m1"


def test_feedback_and_importance_count() -> None:
    held = segment(row(1, "tea"), row(2, "tea", feedback="NEGATIVE"), row(3, "tea", importance=0.9))
    assert [hit.id for hit in ask(held, "tea")] == ["m3", "m1", "m2"]


class TestFactsMeetTurns:
    """A turn, what was distilled from it, and what the list shows."""

    turn = row(1, "Rex chewed my shoes again and I had to run home from the office", kind="episode", session="a")
    facts = (
        row(2, "Has a dog named Rex", session="a", position=-1, sources=("m1",)),
        row(3, "Works in an office", session="a", position=-1, sources=("m1",)),
    )

    def test_the_best_fact_is_shown_with_its_source(self) -> None:
        hits = ask(segment(self.turn, *self.facts), "What did the dog Rex do with my shoes?")
        assert hits[0].id == "m2"
        assert hits[0].sources == ("m1",)

    def test_only_one_fact_inherits_from_the_turn(self) -> None:
        held = segment(self.turn, *self.facts, row(4, "I like shoes"))
        hits = ask(held, "shoes", embedded=False)
        assert {hit.id for hit in hits[:2]} == {"m4", "m2"} or {hit.id for hit in hits[:2]} == {"m4", "m3"}
        assert hits[2].score < hits[1].score

    def test_a_turn_is_found_by_the_words_of_its_fact(self) -> None:
        held = segment(self.turn, *self.facts)
        view = View(now=NOW.now, kinds=("episode",), cited=True)
        assert ask(held, "dog", view=view)[0].shares["words"] > 0

    def test_an_episode_that_only_its_fact_speaks_for_is_shown_where_it_is_asked_for(self) -> None:
        silent = self.turn._replace(vector=None, terms=b"")
        held = segment(silent, row(2, "Rex chewed my shoes", session="a", sources=("m1",)), row(3, "It rains"))
        assert first(held, "shoes") == "m2"
        view = View(now=NOW.now, kinds=("episode",), cited=True)
        assert ask(held, "shoes", view=view)[0].score == pytest.approx(ask(held, "shoes")[0].score, abs=0.01)

    def test_what_only_dead_facts_cite_helps_nobody(self) -> None:
        dead = (fact._replace(status="retracted") for fact in self.facts)
        after = row(4, "Poor you", session="a", position=1)
        held = segment(self.turn, *dead, after)
        hits = ask(held, "shoes", embedded=False)
        assert [hit.id for hit in hits] == ["m4"]
        assert "words_near" not in hits[0].shares


class TestNewestFirst:
    """Of what says the same kind of thing, the newer stands above."""

    old, new = "My personal best in the 5K run is 27 minutes", "I ran the 5K in a personal best of 25:50"

    @pytest.mark.parametrize("embedded", [True, False])
    def test_the_newer_stands_above_the_older(self, embedded: bool) -> None:
        held = segment(row(1, self.old), row(2, self.new), row(3, "It rains"))
        asked = "What is my personal best in the 5K run?"
        assert [hit.id for hit in ask(held, asked, embedded=embedded)][:2] == ["m2", "m1"]

    def test_a_question_about_the_past_leaves_the_older_first(self) -> None:
        held = segment(row(1, self.old), row(2, self.new))
        assert first(held, "What was my previous personal best in the 5K run?") == "m1"

    def test_another_speaker_replaces_nothing(self) -> None:
        asked = "What is my personal best in the 5K run?"
        assert first(segment(row(1, self.old), row(2, self.new, role="assistant")), asked) == "m1"

    def test_what_is_not_alike_stays_where_it_is(self) -> None:
        held = segment(row(1, self.old), row(2, "My best friend likes the run of the river"))
        assert first(held, "What is my personal best in the 5K run?") == "m1"


@given(histories(), texts, st.integers(1, 5), st.booleans())
def test_scores_fall_shares_add_up_and_limits_hold(
    rows: list[IndexRow], asked: str, limit: int, embedded: bool
) -> None:
    held = segment(*rows)
    hits = ask(held, asked, limit=limit, embedded=embedded)
    assert len(hits) <= limit
    assert len({hit.id for hit in hits}) == len(hits)
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert all(above.score >= below.score for above, below in pairwise(hits))
    raw = [sum(hit.shares.values()) for hit in hits]
    assert all(above >= below - 0.05 for above, below in pairwise(raw))


@given(histories(), texts, st.sets(st.integers(1, 12)))
def test_a_row_outside_of_the_mask_never_comes_back(rows: list[IndexRow], asked: str, allowed: set[int]) -> None:
    held = segment(*rows)
    latest = {r.seq: r for r in rows}
    hits = ask(held, asked, allowed=sorted(allowed), view=View(now=NOW.now, kinds=("fact",)), limit=20)
    for hit in hits:
        assert hit.seq in allowed
        assert latest[hit.seq].kind == "fact"
        assert latest[hit.seq].status == "live"
    assert ask(held, asked, scope=Scope(user_id="anna", run_id="other"), limit=20) == []


def test_many_rows_give_the_answers_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    vocabulary = [f"word{n}" for n in range(400)]
    said = [" ".join(random.choice(vocabulary, 8)) for _ in range(3_000)]
    held = segment(*(row(n + 1, s, session=f"s{n // 20}", position=n % 20) for n, s in enumerate(said)))
    asked = [" ".join(said[n].split()[:4]) for n in range(0, 3_000, 300)]
    exact = [[hit.id for hit in ask(held, question, limit=5)] for question in asked]
    monkeypatch.setattr(ranking, "EXACT", 100)
    monkeypatch.setattr(candidates, "_ROUGH", 200)
    rough = [[hit.id for hit in ask(held, question, limit=5)] for question in asked]
    assert [ids[0] for ids in rough] == [ids[0] for ids in exact]
    assert sum(len(set(a) & set(b)) for a, b in zip(exact, rough, strict=True)) >= 45


def test_among_many_rows_one_that_alone_passes_the_filter_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "EXACT", 100)
    said = [f"crate {n} of word{n % 37}" for n in range(1_000)]
    held = segment(*(row(n + 1, s, session=f"s{n}") for n, s in enumerate(said)))
    for number in (1, 500, 1_000):
        assert [hit.seq for hit in ask(held, "Where is the oboe of my aunt?", allowed=[number])] == [number]


def test_as_of_reads_the_past() -> None:
    held = segment(row(1, "lives in Rome", status="superseded", valid_to=START + 5 * HOUR), row(5, "lives in Berlin"))
    then = datetime.fromtimestamp((START + 2 * HOUR) / 1e6, tz=timezone.utc)
    assert [hit.id for hit in ask(held, "lives")] == ["m5"]
    assert [hit.id for hit in ask(held, "lives", view=View(now=NOW.now, as_of=then))] == ["m1"]


@pytest.mark.parametrize(
    ("asked", "many"),
    [
        ("How many concerts did I go to?", True),
        ("What are Ida's hobbies?", True),
        ("Which books has Ida read?", True),
        ("What kinds of plants does Ida grow?", True),
        ("List the cities I saw.", True),
        ("Who is my dentist?", False),
        ("What does Ida grow?", False),
        ("When did I see Rome?", False),
    ],
)
def test_a_question_for_a_list_or_a_count_is_known(asked: str, many: bool) -> None:
    assert understand(asked).many is many


def test_one_conversation_does_not_fill_a_list() -> None:
    talk = [row(n, f"I saw concert {n}", session="s", position=n) for n in range(1, 5)]
    held = segment(*talk, row(5, "I heard a concert in Rome", session="far"), row(6, "Tea", session="tea"))
    slots = [held.slot(f"m{n}") for n in range(1, 7)]
    assert spread(held, slots, [5.0, 4.9, 4.8, 4.7, 4.0, 1.0], 6) == [0, 1, 4, 2, 3, 5]
    assert spread(held, slots, [5.0, 4.9, 4.8, 4.7, 4.0, 1.0], 2) == [0, 1, 2, 3, 4, 5]
    assert spread(held, [], [], 6) == []


def test_what_spreading_gave_is_named_and_scores_still_fall() -> None:
    talk = [row(n, "I saw a concert today", session="s", position=n) for n in range(1, 5)]
    held = segment(*talk, row(5, "I heard a concert", session="far"))
    listed = ask(held, "How many concerts?", limit=5)
    moved = {r.id: r.shares.get("spread", 0.0) for r in listed}
    assert any(share > 0 for share in moved.values())
    assert any(share < 0 for share in moved.values())
    assert [r.score for r in listed] == sorted((r.score for r in listed), reverse=True)
    assert not any("spread" in r.shares for r in ask(held, "Did I see a concert?", limit=5))
