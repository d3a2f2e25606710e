"""The rules that hold for every verb of a memory: scope, repetition, lifetimes, erasure, and what others get wrong."""

from __future__ import annotations

import copy
import threading
from functools import partial
from typing import Any

import pytest

from memlayer.errors import ConfigurationError, ConflictError, FilterError, NotFoundError, UnsupportedError
from memlayer.testing.fakes import FixedClock

ALICE = {"user_id": "alice"}
BOB = {"user_id": "bob"}
ROME = "I live in Rome."


class RuleTests:
    """One group of tests per rule."""

    # scope is not a filter

    @pytest.mark.parametrize("value", ["*", "", "  ", " alice", 7, ["alice"], "a\0b"])
    def test_ids_are_checked_everywhere(self, m: Any, value: Any) -> None:
        """`*`, the empty string, blank ids and what is no string are refused, and nothing is read or erased."""
        m.add(ROME, **ALICE)
        calls: list[Any] = [
            lambda: m.add("x", user_id=value),
            lambda: m.search("x", user_id=value),
            lambda: m.search("x", filters={"user_id": value}),
            lambda: m.get_all(user_id=value),
            lambda: m.delete_all(user_id=value),
            lambda: m.erase(user_id=value),
            lambda: m.delete_users(user_id=value),
            lambda: m.messages(user_id=value),
            lambda: m.profile(user_id=value),
            lambda: m.export(user_id=value),
            lambda: m.items.put("n", "k", {}, user_id=value),
        ]
        for call in calls:
            with pytest.raises((ConfigurationError, FilterError)):
                call()
        assert texts(m.get_all(**ALICE)) == ["Lives in Rome"]

    def test_a_scope_without_any_id_is_refused(self, m: Any) -> None:
        """Nobody's memory is nobody's: every verb asks for an id and names them."""
        for call in (
            lambda: m.add("x"),
            lambda: m.search("x"),
            lambda: m.search("x", filters={"food": "rice"}),
            lambda: m.search("x", filters={"OR": [{"user_id": "alice"}, {"user_id": "bob"}]}),
            m.get_all,
            m.delete_all,
            m.erase,
            m.messages,
            m.profile,
            m.export,
            lambda: m.items.search("n"),
        ):
            with pytest.raises(ConfigurationError, match="user_id"):
                call()

    def test_an_id_equals_and_nothing_else(self, m: Any) -> None:
        """An id that is given must equal: no prefix, no case, no word of it."""
        for user in ("john", "john.doe", "John", "john doe", "jo%"):
            m.add(f"I am called {user}", infer=False, user_id=user)
        for user in ("john", "john.doe", "John", "john doe", "jo%"):
            assert texts(m.get_all(user_id=user)) == [f"I am called {user}"]
            assert texts(m.search("called john doe", user_id=user)) == [f"I am called {user}"]
            assert [r["content"] for r in m.messages(user_id=user)["results"]] == [f"I am called {user}"]

    def test_no_filter_widens_a_scope(self, m: Any) -> None:
        """Filters only narrow; another value for an id of the scope is an error, or finds nothing."""
        m.add("Alice's secret", infer=False, **ALICE)
        m.add("Bob's secret", infer=False, **BOB)
        others: list[dict[str, Any]] = [
            {"AND": [{"user_id": "bob"}]},
            {"user_id": "bob"},
            {"AND": [{"AND": [{"user_id": {"eq": "bob"}}]}]},
        ]
        calls: list[Any] = [m.get_all, lambda **given: m.search("secret", **given)]
        for filters in others:
            for call in calls:
                with pytest.raises(ConflictError):
                    call(filters=filters, **ALICE)
                with pytest.raises(ConflictError):
                    call(filters={"user_id": "alice", **filters} if "AND" in filters else {"AND": [ALICE, filters]})
        narrow: list[dict[str, Any]] = [
            {"OR": [{"user_id": "bob"}, {"user_id": "alice"}]},
            {"user_id": {"in": ["alice", "bob"]}},
            {"NOT": {"user_id": "carol"}},
            {"user_id": {"ne": "carol"}},
        ]
        for filters in narrow:
            assert texts(m.get_all(filters=filters, **ALICE)) == ["Alice's secret"]
            assert texts(m.search("secret", filters=filters, **ALICE)) == ["Alice's secret"]
        assert m.get_all(filters={"NOT": {"user_id": "alice"}}, **ALICE)["results"] == []

    def test_every_condition_on_one_key_holds(self, m: Any) -> None:
        """Two conditions on one key inside AND both count."""
        for stars in (1, 2, 3):
            m.add(f"Stars {stars}", infer=False, metadata={"stars": stars}, **ALICE)
        both = {"AND": [{"stars": {"gte": 2}}, {"stars": {"lte": 2}}]}
        assert texts(m.get_all(filters=both, **ALICE)) == ["Stars 2"]

    def test_ids_combine(self, m: Any) -> None:
        """An id that is not given matches any; every one that is given narrows."""
        m.add("One", infer=False, **ALICE)
        m.add("Two", infer=False, run_id="r1", **ALICE)
        m.add("Three", infer=False, agent_id="bot", run_id="r1", **ALICE)
        m.add("Four", infer=False, agent_id="bot")
        found = {
            (): {"One", "Two", "Three"},
            (("run_id", "r1"),): {"Two", "Three"},
            (("agent_id", "bot"),): {"Three"},
            (("agent_id", "bot"), ("run_id", "r2")): set(),
        }
        for more, expected in found.items():
            assert set(texts(m.get_all(**ALICE, **dict(more)))) == expected
            assert set(texts(m.search("one two three four", **ALICE, **dict(more)))) == expected
        assert set(texts(m.get_all(agent_id="bot"))) == {"Three", "Four"}

    def test_unknown_keywords_and_operators_are_refused(self, m: Any) -> None:
        """What nobody knows is an error with a hint, never ignored."""
        with pytest.raises(UnsupportedError, match="threshold"):
            m.search("x", treshold=1, **ALICE)
        malformed: list[Any] = [
            {"stars": {"greater_than": 2}}, {"created_at": {"about": 2}}, {"AND": {}}, {"user_id": None},
            {"created_at": {"gte": "someday"}}, {"text": {"in": "rice"}}, [], "x",
        ]  # fmt: skip
        for filters in malformed:
            with pytest.raises((FilterError, ConfigurationError)):
                m.search("x", filters=filters, **ALICE)

    # nothing doubles, nothing is lost

    def test_a_message_id_seen_again_is_a_no_op(self, m: Any) -> None:
        """A message `id` seen again in the same scope is a no-op, alone or among new ones; not in another."""
        first = [{"role": "user", "content": ROME, "id": "m1"}]
        more = [*first, {"role": "user", "content": "I am allergic to peanuts.", "id": "m2"}]
        assert len(m.add(first, **ALICE)["episodes"]) == 1
        assert m.add(first, **ALICE) == {"results": [], "episodes": []}
        assert len(m.add(more, **ALICE)["episodes"]) == 1
        assert m.add([*first, *first], infer=False, **ALICE)["results"] == []
        assert len(m.messages(**ALICE)["results"]) == m.get_all(**ALICE)["count"] == 2
        assert len(m.add(first, **BOB)["episodes"]) == 1
        assert len(m.add(first, run_id="r1", **ALICE)["episodes"]) == 1

    def test_a_message_id_resent_from_many_threads_is_kept_once(self, m: Any) -> None:
        """Retries that meet double nothing."""
        talk = [{"role": "user", "content": ROME, "id": "m1"}, {"role": "assistant", "content": "Nice.", "id": "m2"}]
        together(lambda _: m.add(talk, **ALICE))
        assert [r["content"] for r in m.messages(**ALICE)["results"]] == [ROME, "Nice."]
        assert texts(m.get_all(**ALICE)) == ["Lives in Rome"]

    def test_one_fact_from_many_threads_is_one_row(self, m: Any) -> None:
        """8 threads that add one fact leave one row; duplicates reinforce instead of multiplying."""
        together(lambda _: m.add(ROME, **ALICE))
        assert texts(m.get_all(**ALICE)) == ["Lives in Rome"]
        assert len(m.messages(**ALICE)["results"]) == 8
        assert m.verify() == {"ok": True, "problems": []}

    def test_different_facts_from_many_threads_are_all_there(self, m: Any) -> None:
        """A write that was acknowledged is never lost."""
        together(lambda n: m.add(f"Note {n}", infer=False, **ALICE))
        assert sorted(texts(m.get_all(**ALICE))) == [f"Note {n}" for n in range(8)]

    def test_the_callers_values_are_left_alone(self, m: Any) -> None:
        """No call changes what it was given."""
        messages = [{"role": "user", "content": [{"type": "text", "text": ROME}], "id": "m1"}]
        metadata = {"a": {"b": [1]}}
        filters = {"AND": [{"user_id": "alice"}, {"a": {"ne": 1}}]}
        kept = copy.deepcopy((messages, metadata, filters))
        m.add(messages, metadata=metadata, **ALICE)
        m.search("Rome", filters=filters)
        assert (messages, metadata, filters) == kept

    # lifetimes

    @pytest.mark.parametrize("way", ["superseded", "expired", "deleted", "corrected", "edited", "disliked"])
    def test_what_no_longer_holds_does_not_come_back(self, m: Any, clock: FixedClock, way: str) -> None:
        """A message whose facts are all superseded, expired, deleted or corrected follows them out everywhere."""
        fact = end(m, clock, way)
        assert not any("Rome" in t for t in texts(m.search("Where do I live? Rome?", limit=50, **ALICE)))
        assert not any("Rome" in t for t in texts(m.get_all(**ALICE)))
        assert "Rome" not in m.context("Where do I live? Rome?", **ALICE)
        assert m.profile(**ALICE)["profile"].get("lives_in") != "Rome"
        assert "Rome" not in {r["target"] for r in m.graph(**ALICE)["relations"]}
        found = m.search("Where do I live? Rome?", enable_graph=True, **ALICE)
        assert "Rome" not in {r["target"] for r in found["relations"]}
        kinds = ["fact", "item"]
        assert not any("Rome" in t for t in texts(m.search("Rome", kinds=kinds, **ALICE)))
        exported = [r["text"] for r in m.export(**ALICE)["records"]]
        assert way == "edited" or not any("Rome" in text for text in exported)
        assert any("Rome" in (row["old_memory"] or row["new_memory"] or "") for row in m.history(fact))

    @pytest.mark.parametrize("way", ["superseded", "expired", "deleted", "corrected", "edited", "disliked"])
    def test_what_no_longer_held_does_not_come_back_with_known_at(self, m: Any, clock: FixedClock, way: str) -> None:
        """As now, so with `known_at`, which reads the events: all that held comes back, and nothing that did not."""
        m.add("I like tea.", **ALICE)
        clock.advance(60)
        end(m, clock, way)
        then = {"known_at": clock.now, **ALICE}
        clock.advance(60)
        m.add("I live in Rome.", **ALICE)
        asked = {"limit": 50, "enable_graph": True, **then}
        for found in (m.search("Where do I live? Rome?", **asked), m.get_all(**asked)):
            assert not any("Rome" in text for text in texts(found))
            assert "Likes tea" in texts(found)
            assert "Rome" not in {r["target"] for r in found["relations"]}
        assert "Rome" not in m.context("Where do I live? Rome?", **then)

    def test_as_of_shows_what_was_true_then(self, m: Any, clock: FixedClock) -> None:
        """A superseded fact returns with `as_of`, in search, get_all and context."""
        end(m, clock, "superseded")
        then = "2024-07-15T18:00:00Z"
        assert texts(m.search("Where do I live?", as_of=then, **ALICE))[0] == "Lives in Rome"
        assert texts(m.get_all(as_of=then, **ALICE)) == ["Lives in Rome"]
        assert "Rome" in m.context("Where do I live?", as_of=then, **ALICE)

    def test_known_at_shows_what_had_been_written(self, m: Any, clock: FixedClock) -> None:
        """`known_at` reads when it was written, not when it was true."""
        before = clock.now.isoformat()
        clock.advance(60)
        m.add(ROME, timestamp="2010-01-01", **ALICE)
        assert m.get_all(known_at=before, as_of="2015-01-01", **ALICE)["results"] == []
        then = {"known_at": clock.now, "as_of": "2015-01-01", **ALICE}
        assert texts(m.get_all(**then)) == ["Lives in Rome"]
        assert texts(m.search("Where do I live?", **then)) == ["Lives in Rome"]

    def test_a_transcript_keeps_what_was_said(self, m: Any, clock: FixedClock) -> None:
        """Messages stay verbatim whatever became of their facts, until these are deleted."""
        end(m, clock, "superseded")
        assert [r["content"] for r in m.messages(**ALICE)["results"]] == [ROME, "I moved to Berlin."]
        m.reset()
        end(m, clock, "deleted")
        assert m.messages(**ALICE)["results"] == []

    def test_an_expired_memory_is_gone_at_its_instant(self, m: Any, clock: FixedClock) -> None:
        """A bare day as expiration means the whole day, UTC."""
        m.add(ROME, expiration_date="2024-07-15", **ALICE)
        clock.advance(12 * 3600 - 1)
        assert texts(m.get_all(**ALICE)) == ["Lives in Rome"]
        clock.advance(1)
        assert m.get_all(**ALICE)["results"] == m.search("Rome", **ALICE)["results"] == []

    def test_old_chats_keep_their_dates(self, m: Any) -> None:
        """Imported conversations are dated when they were said, and messages of one call keep their order."""
        m.add([{"role": "user", "content": f"Line {n}", "timestamp": f"2019-0{n + 1}-01"} for n in range(3)], **ALICE)
        told = m.messages(**ALICE)["results"]
        assert [(r["content"], r["timestamp"][:10]) for r in told] == [
            ("Line 0", "2019-01-01"), ("Line 1", "2019-02-01"), ("Line 2", "2019-03-01"),
        ]  # fmt: skip

    def test_different_things_never_merge(self, m: Any) -> None:
        """Two pets are two facts, and a visit is not a home."""
        for text in ("I have a cat.", "I have a dog.", ROME, "I visited Paris last week."):
            m.add(text, **ALICE)
        assert m.profile(**ALICE)["profile"]["lives_in"] == "Rome"
        found = " ".join(texts(m.get_all(**ALICE)))
        assert all(word in found for word in ("cat", "dog", "Rome"))

    def test_what_was_deleted_takes_no_update(self, m: Any) -> None:
        """A deleted memory is there to be looked at, and changes no more; a batch with one changes nothing."""
        [gone], [kept] = (m.add(text, **ALICE)["results"] for text in (ROME, "I am allergic to peanuts."))
        m.delete(gone["id"])
        rows = [{"memory_id": one["id"], "text": "Likes tea"} for one in (kept, gone)]
        for call in (partial(m.update, gone["id"], "Lives in Oslo"), partial(m.batch_update, rows)):
            with pytest.raises(NotFoundError, match="was deleted"):
                call()
        assert m.get(gone["id"])["memory"] == "Lives in Rome"
        assert texts(m.get_all(**ALICE)) == ["Is allergic to peanuts"]

    # erasure

    @pytest.mark.parametrize("verb", ["delete_all", "erase", "delete_users", "reset"])
    def test_erasing_leaves_nothing(self, m: Any, verb: str) -> None:
        """Erasing removes facts, episodes, events, vectors, nodes and items for good, and `verify` proves it."""
        [fact] = m.add(ROME, immutable=True, **ALICE)["results"]
        m.items.put("notes", "k", {"text": "Rome"}, index=True, **ALICE)
        m.add("I live in Oslo.", **BOB)
        getattr(m, verb)(**({} if verb == "reset" else ALICE))
        assert m.get_all(**ALICE)["count"] == 0
        assert m.search("Rome", kinds=["fact", "episode", "item"], **ALICE)["results"] == []
        assert m.messages(**ALICE)["results"] == m.graph(**ALICE)["relations"] == []
        assert m.items.search("notes", **ALICE) == []
        assert m.export(history=True, **ALICE)["records"] == []
        for call in (m.get, m.history, m.delete):
            with pytest.raises(NotFoundError):
                call(fact["id"])
        assert m.verify() == {"ok": True, "problems": []}
        assert texts(m.get_all(**BOB)) == ([] if verb == "reset" else ["Lives in Oslo"])

    def test_erasing_one_run_leaves_the_others(self, m: Any) -> None:
        """A scope is erased, and nothing beside it."""
        m.add(ROME, run_id="r1", **ALICE)
        m.add("I am allergic to peanuts.", run_id="r2", **ALICE)
        m.add("I live in Oslo.", run_id="r1", **BOB)
        counts = m.erase(run_id="r1", **ALICE)
        assert (counts["facts"], counts["episodes"]) == (1, 1)
        assert texts(m.get_all(**ALICE)) == ["Is allergic to peanuts"]
        assert texts(m.search("Rome Oslo", **BOB)) == ["Lives in Oslo"]
        assert m.verify() == {"ok": True, "problems": []}

    def test_what_was_erased_can_be_said_again(self, m: Any) -> None:
        """A message id that was erased is unknown again."""
        talk = [{"role": "user", "content": ROME, "id": "m1"}]
        m.add(talk, **ALICE)
        m.delete_all(**ALICE)
        assert len(m.add(talk, **ALICE)["episodes"]) == 1
        assert texts(m.search("Rome", **ALICE)) == ["Lives in Rome"]


def end(m: Any, clock: FixedClock, way: str) -> str:
    """Says where Alice lives, and ends that in one of the ways; returns the fact's id."""
    expires = "2024-07-15" if way == "expired" else None
    [added] = m.add(ROME, expiration_date=expires, **ALICE)["results"]
    fact: str = added["id"]
    clock.advance(60 if way == "corrected" else 86_400)
    if way == "superseded":
        m.add("I moved to Berlin.", **ALICE)
    elif way == "corrected":
        m.add("Actually, I live in Bern.", **ALICE)
    elif way == "edited":
        m.update(fact, "Lives in Bern")
    elif way == "deleted":
        m.delete(fact)
    elif way == "disliked":
        m.feedback(fact, "VERY_NEGATIVE")
    return fact


def texts(found: Any) -> list[str]:
    """The results' texts, in order."""
    return [r["memory"] for r in found["results"]]


def together(work: Any, count: int = 8) -> None:
    """Runs `work(number)` in so many threads at once; raises what any of them raised."""
    start = threading.Barrier(count)
    faults: list[BaseException] = []

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as fault:  # noqa: BLE001 - raised again in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
