"""What each verb of a memory does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from memlayer.errors import ConfigurationError, ImmutableError, NotFoundError
from memlayer.testing.fakes import FixedClock

ALICE = {"user_id": "alice"}
BOB = {"user_id": "bob"}


class VerbTests:
    """One group of tests per verb."""

    # add

    def test_add_says_what_it_did(self, m: Any, clock: FixedClock) -> None:
        """Says per fact whether it was added or replaced an older one, with `previous_memory`."""
        first = m.add("I live in Rome.", **ALICE)
        [added] = first["results"]
        assert (added["event"], "Rome" in added["memory"]) == ("ADD", True)
        assert len(first["episodes"]) == 1
        clock.advance(days=1)
        [changed] = m.add("I moved to Berlin.", **ALICE)["results"]
        assert (changed["event"], changed["previous_memory"]) == ("UPDATE", added["memory"])
        assert changed["old_memory"] == added["memory"]
        assert "Berlin" in changed["memory"]

    def test_add_takes_every_shape_of_messages(self, m: Any) -> None:
        """A string, one message or a list; content is a string, a part or a list of parts."""
        part = {"type": "text", "text": "I have a cat."}
        for messages in (
            "I live in Rome.",
            {"role": "user", "content": "I like rice."},
            [{"role": "user", "content": [part, {"type": "text", "text": "Her name is Mia."}]}],
            [{"role": "assistant", "content": "Hello!"}, {"role": "user", "content": part}],
        ):
            assert m.add(messages, **ALICE)["episodes"]
        told = m.messages(**ALICE)["results"]
        assert [r["content"] for r in told] == [
            "I live in Rome.", "I like rice.", "I have a cat.\nHer name is Mia.", "Hello!", "I have a cat.",
        ]  # fmt: skip

    @pytest.mark.parametrize("messages", [[], None, 7, [7], [{"role": "robot", "content": "x"}], [{"role": "user"}],
                                          [{"role": "user", "content": "x", "colour": "red"}]])  # fmt: skip
    def test_add_refuses_what_is_no_message(self, m: Any, messages: Any) -> None:
        """A malformed message is an error that says where, and nothing is stored."""
        with pytest.raises(ConfigurationError, match="messages"):
            m.add(messages, **ALICE)
        assert m.messages(**ALICE)["results"] == []

    def test_add_without_inference_keeps_each_message(self, m: Any) -> None:
        """`infer=False` keeps each message, system ones aside, as a fact in its own words, never merged."""
        talk = [
            {"role": "system", "content": "You are kind."},
            {"role": "user", "content": "Hello there!"},
            {"role": "assistant", "content": "Hello there!"},
        ]
        for _ in range(2):
            results = m.add(talk, infer=False, **ALICE)["results"]
            assert [(r["event"], r["memory"]) for r in results] == [("ADD", "Hello there!")] * 2
        assert m.get_all(**ALICE)["count"] == 4

    def test_add_keeps_what_the_call_says_of_its_facts(self, m: Any) -> None:
        """Metadata, categories, expiration and immutability go to every fact of the call."""
        given = {"source": {"app": "web", "tags": ["a", 1, None]}}
        m.add(
            "I live in Rome.",
            metadata=given,
            categories=["home"],
            expiration_date="2030-01-31",
            immutable=True,
            **ALICE,
        )
        [fact] = m.get_all(**ALICE)["results"]
        assert fact["metadata"] == given
        assert fact["categories"] == ["home"]
        assert (fact["expiration_date"], fact["immutable"]) == ("2030-01-31", True)

    def test_add_keeps_times_names_and_ids_of_messages(self, m: Any) -> None:
        """A message's own time, speaker and id are kept; what it says is dated by it."""
        m.add(
            [
                {"role": "user", "content": "I live in Rome.", "name": "Ann", "id": 7,
                 "timestamp": "2019-03-01T10:00:00+02:00"},
                {"role": "user", "content": "I have a cat.", "timestamp": 1_551_430_861},
            ],
            **ALICE,
        )  # fmt: skip
        first, second = m.messages(**ALICE)["results"]
        assert (first["timestamp"], first["name"], first["message_id"]) == ("2019-03-01T08:00:00+00:00", "Ann", "7")
        assert second["timestamp"] == "2019-03-01T09:01:01+00:00"
        facts = m.get_all(**ALICE)["results"]
        assert {f["created_at"][:10] for f in facts} == {"2019-03-01"}
        assert {f["recorded_at"][:10] for f in facts} == {"2024-07-15"}

    def test_add_says_relations_where_a_graph_is_asked_for(self, m: Any) -> None:
        """`enable_graph` adds the edges that were said."""
        relation = m.add("I live in Rome.", enable_graph=True, **ALICE)["relations"][0]
        assert (relation["source"], relation["relationship"], relation["target"]) == ("alice", "lives_in", "Rome")
        assert "relations" not in m.add("I have a cat.", **ALICE)

    def test_deferred_messages_are_safe_and_read_later(self, m: Any) -> None:
        """`mode="deferred"` returns when the messages are safe; facts are read out of them later."""
        assert m.add("I live in Rome.", mode="deferred", **ALICE)["results"] == []
        assert [r["content"] for r in m.messages(**ALICE)["results"]] == ["I live in Rome."]
        m.reextract(**ALICE)
        m.reextract(everything=True, **ALICE)
        assert texts(m.get_all(**ALICE)) == ["Lives in Rome"]

    # search

    def test_search_gives_the_best_first(self, m: Any) -> None:
        """Best first, with scores in [0, 1] that never rise; each says where it came from."""
        talk(m)
        results = m.search("Am I allergic to peanuts?", **ALICE)["results"]
        scores = [r["score"] for r in results]
        assert "peanuts" in results[0]["memory"]
        assert scores == sorted(scores, reverse=True)
        assert all(0.0 <= s <= 1.0 for s in scores)
        [source] = results[0]["sources"]
        assert (source["role"], source["timestamp"][:10]) == ("user", "2024-07-15")
        told = {r["id"]: r["content"] for r in m.messages(**ALICE)["results"]}
        assert "peanuts" in told[source["episode_id"]]

    def test_search_is_limited(self, m: Any) -> None:
        """`limit` and `top_k` are one; `threshold` leaves out what lies below it."""
        talk(m)
        query = "Am I allergic to peanuts?"
        everything = m.search(query, **ALICE)["results"]
        assert len(everything) > 2
        assert m.search(query, limit=2, **ALICE)["results"] == everything[:2]
        assert m.search(query, top_k=2, **ALICE)["results"] == everything[:2]
        least = everything[0]["score"]
        assert m.search(query, threshold=least, **ALICE)["results"] == everything[:1]
        for bad in ({"limit": 0}, {"limit": "2"}, {"limit": 1, "top_k": 2}, {"threshold": 2}, {"threshold": "x"}):
            with pytest.raises(ConfigurationError):
                m.search(query, **bad, **ALICE)

    def test_search_finds_messages_that_no_fact_cites(self, m: Any) -> None:
        """Default kinds are facts and uncited episodes; `kinds` narrows and widens."""
        m.add(
            [{"role": "user", "content": "I live in Rome."}, {"role": "assistant", "content": "The code is XK-4711."}],
            **ALICE,
        )
        found = m.search("XK-4711", **ALICE)["results"]
        assert (found[0]["kind"], found[0]["memory"]) == ("episode", "The code is XK-4711.")
        kinds = {r["kind"] for r in m.search("Rome XK-4711", kinds=["fact"], **ALICE)["results"]}
        assert kinds == {"fact"}
        said = m.search("Rome XK-4711", kinds=["episode"], **ALICE)["results"]
        assert {r["memory"] for r in said} == {"I live in Rome.", "The code is XK-4711."}

    def test_search_reads_any_script(self, m: Any) -> None:
        """A sentence in Chinese, Russian or Arabic is found by its words."""
        for text in ("我喜欢喝绿茶", "Мою собаку зовут Рекс", "أحب القهوة في الصباح"):
            m.add(text, infer=False, **ALICE)
        for query, word in (("绿茶", "绿茶"), ("собака Рекс", "Рекс"), ("القهوة", "القهوة")):
            assert word in m.search(query, limit=1, **ALICE)["results"][0]["memory"]

    def test_search_of_any_text_is_safe(self, m: Any) -> None:
        """A query is text; a blank one is an error that says so."""
        talk(m)
        for query in ("'; DROP TABLE records; --", "a AND (b OR", '"', "*", "%", "🙂", "x" * 5000):
            assert isinstance(m.search(query, **ALICE)["results"], list)
        for wrong in ("", "  ", None, 7, "a\0b"):
            with pytest.raises(ConfigurationError, match="query"):
                m.search(wrong, **ALICE)

    def test_search_says_relations_where_a_graph_is_asked_for(self, m: Any) -> None:
        """`enable_graph` adds the edges of what the query names."""
        talk(m)
        found = m.search("Who lives in Rome?", enable_graph=True, **ALICE)
        assert ("alice", "lives_in", "Rome") in {
            (r["source"], r["relationship"], r["target"]) for r in found["relations"]
        }
        assert "relations" not in m.search("Rome", **ALICE)

    def test_search_explains_itself(self, m: Any) -> None:
        """`explain` adds each signal's share of the score."""
        talk(m)
        best = m.search("peanuts", explain=True, **ALICE)["results"][0]
        assert best["signals"]
        assert "signals" not in m.search("peanuts", **ALICE)["results"][0]

    # get, get_all

    def test_get_gives_one_memory(self, m: Any) -> None:
        """One memory by its id; scope ids given as well must match, and an unknown id is an error."""
        [added] = m.add("I live in Rome.", run_id="r1", **ALICE)["results"]
        found = m.get(added["id"])
        assert found == m.get(added["id"], user_id="alice", run_id="r1")
        assert (found["memory"], found["user_id"], found["run_id"]) == (added["memory"], "alice", "r1")
        for memory_id, ids in (
            ("nothing", {}),
            (added["id"], BOB),
            (added["id"], {"user_id": "alice", "run_id": "r2"}),
        ):
            with pytest.raises(NotFoundError):
                m.get(memory_id, **ids)

    def test_times_are_iso_8601_in_utc(self, m: Any) -> None:
        """Every time that comes out is aware."""
        talk(m)
        for row in m.get_all(**ALICE)["results"]:
            for field in ("created_at", "recorded_at", "valid_from"):
                assert datetime.fromisoformat(row[field]).utcoffset() is not None

    def test_get_all_comes_in_pages(self, m: Any, clock: FixedClock) -> None:
        """A page of memories, newest first, with their number in all; `next` and `previous` are page numbers."""
        for number in range(7):
            m.add(f"Note {number}", infer=False, **ALICE)
            clock.advance(60)
        pages = [m.get_all(page=n, page_size=3, **ALICE) for n in (1, 2, 3)]
        assert [t for p in pages for t in texts(p)] == [f"Note {n}" for n in range(6, -1, -1)]
        assert [(p["count"], p["next"], p["previous"]) for p in pages] == [(7, 2, None), (7, 3, 1), (7, None, 2)]
        assert texts(m.get_all(limit=2, **ALICE)) == ["Note 6", "Note 5"]

    def test_get_all_filters(self, m: Any) -> None:
        """Filters, categories, metadata and keywords narrow."""
        for food, stars in (("rice", 1), ("bread", 2), ("soup", 3)):
            m.add(f"Ate {food}", infer=False, metadata={"food": food, "stars": stars}, categories=[food], **ALICE)
        assert texts(m.get_all(filters={"metadata": {"stars": {"gte": 2}}}, **ALICE)) == ["Ate soup", "Ate bread"]
        assert texts(m.get_all(filters={"OR": [{"food": "rice"}, {"food": "soup"}]}, **ALICE)) == [
            "Ate soup",
            "Ate rice",
        ]
        assert texts(m.get_all(filters={"AND": [{"user_id": "alice"}, {"NOT": {"food": "rice"}}]})) == [
            "Ate soup",
            "Ate bread",
        ]
        assert texts(m.get_all(categories=["bread"], **ALICE)) == ["Ate bread"]
        assert texts(m.get_all(metadata={"food": "rice"}, **ALICE)) == ["Ate rice"]
        assert texts(m.get_all(keywords="ATE SOUP", **ALICE)) == ["Ate soup"]
        assert texts(m.search("Ate", filters={"metadata": {"stars": {"lt": 2}}}, **ALICE)) == ["Ate rice"]

    # update, delete, batches

    @pytest.mark.parametrize("spelling", ["data", "text", "message"])
    def test_update_changes_the_text(self, m: Any, spelling: str) -> None:
        """Changes a memory's text under each of its spellings; the state before stays in its history."""
        [added] = m.add("I live in Rome.", **ALICE)["results"]
        m.update(added["id"], **{spelling: "Lives in Bern"})
        assert m.get(added["id"])["memory"] == "Lives in Bern"
        assert texts(m.search("Where do I live? Bern?", limit=1, **ALICE)) == ["Lives in Bern"]
        assert m.profile(**ALICE)["profile"]["lives_in"] == "Bern"
        last = m.history(added["id"])[0]
        assert (last["event"], last["old_memory"], last["new_memory"]) == ("UPDATE", "Lives in Rome", "Lives in Bern")

    def test_update_changes_metadata(self, m: Any) -> None:
        """Metadata alone may change; the text stays."""
        [added] = m.add("I live in Rome.", metadata={"a": 1}, **ALICE)["results"]
        m.update(added["id"], metadata={"b": 2})
        found = m.get(added["id"])
        assert (found["memory"], found["metadata"]) == ("Lives in Rome", {"b": 2})
        with pytest.raises(ConfigurationError):
            m.update(added["id"])
        with pytest.raises(ConfigurationError):
            m.update(added["id"], data="a", text="b")
        with pytest.raises(NotFoundError):
            m.update("nothing", "x")

    def test_delete_takes_a_memory_out(self, m: Any) -> None:
        """Takes a memory, and what it was read from, out of every default result; its history stays."""
        [added] = m.add("I live in Rome.", **ALICE)["results"]
        m.delete(added["id"])
        m.delete(added["id"])
        assert texts(m.search("Rome", **ALICE)) == texts(m.get_all(**ALICE)) == []
        last = m.history(added["id"])[0]
        assert (last["event"], last["is_deleted"], last["old_memory"]) == ("DELETE", True, "Lives in Rome")
        with pytest.raises(NotFoundError):
            m.delete("nothing")

    def test_batches_are_all_or_none(self, m: Any) -> None:
        """Changes and deletes up to 1,000 memories, all or none."""
        ids = [m.add(f"Note {n}", infer=False, **ALICE)["results"][0]["id"] for n in range(3)]
        m.batch_update([{"memory_id": i, "text": f"New {n}"} for n, i in enumerate(ids)])
        assert sorted(texts(m.get_all(**ALICE))) == ["New 0", "New 1", "New 2"]
        with pytest.raises(NotFoundError):
            m.batch_update([{"memory_id": ids[0], "text": "Newer"}, {"memory_id": "nothing", "text": "x"}])
        with pytest.raises(NotFoundError):
            m.batch_delete([{"memory_id": ids[0]}, {"memory_id": "nothing"}])
        assert sorted(texts(m.get_all(**ALICE))) == ["New 0", "New 1", "New 2"]
        m.batch_delete([{"memory_id": i} for i in ids[:2]])
        assert texts(m.get_all(**ALICE)) == ["New 2"]
        for verb in (m.batch_update, m.batch_delete):
            with pytest.raises(ConfigurationError, match="1000"):
                verb([{"memory_id": ids[2], "text": "x"} if verb == m.batch_update else {"memory_id": ids[2]}] * 1001)

    def test_history_is_newest_first(self, m: Any, clock: FixedClock) -> None:
        """Every change of a memory and of those that it replaced, newest first, under both namings."""
        [first] = m.add("I live in Rome.", **ALICE)["results"]
        clock.advance(days=1)
        [second] = m.add("I moved to Berlin.", **ALICE)["results"]
        clock.advance(days=1)
        m.update(second["id"], "Lives in Berlin")
        rows = m.history(second["id"])
        assert rows == m.history(first["id"])
        assert [(r["event"], r["old_memory"], r["new_memory"]) for r in rows] == [
            ("UPDATE", "Moved to Berlin", "Lives in Berlin"),
            ("UPDATE", "Lives in Rome", "Moved to Berlin"),
            ("ADD", None, "Lives in Rome"),
        ]
        assert all(
            (r["action"], r["previous_value"], r["new_value"]) == (r["event"], r["old_memory"], r["new_memory"])
            for r in rows
        )
        with pytest.raises(NotFoundError):
            m.history("nothing")

    def test_feedback_is_stored_and_heard(self, m: Any) -> None:
        """POSITIVE and NEGATIVE are kept, VERY_NEGATIVE leaves default results, None clears."""
        [added] = m.add("I live in Rome.", **ALICE)["results"]
        for rating in ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE", None):
            m.feedback(added["id"], rating, "said so")
            assert m.get(added["id"])["feedback"] == rating
            assert len(m.get_all(**ALICE)["results"]) == (rating != "VERY_NEGATIVE")
        with pytest.raises(ConfigurationError, match="POSITIVE"):
            m.feedback(added["id"], "GREAT")

    def test_immutable_memories_are_not_changed(self, m: Any, clock: FixedClock) -> None:
        """Immutable records are never superseded by inference and refuse an update; erasing takes them."""
        [added] = m.add("I live in Rome.", immutable=True, **ALICE)["results"]
        clock.advance(days=1)
        assert all(r["event"] == "ADD" for r in m.add("I moved to Berlin.", **ALICE)["results"])
        with pytest.raises(ImmutableError):
            m.update(added["id"], "x")
        with pytest.raises(ImmutableError):
            m.batch_update([{"memory_id": added["id"], "text": "x"}])
        assert m.get(added["id"])["memory"] == "Lives in Rome"
        m.delete_all(**ALICE)
        with pytest.raises(NotFoundError):
            m.get(added["id"])


def talk(m: Any) -> None:
    """What Alice says first."""
    m.add(
        [
            {"role": "user", "content": "I live in Rome."},
            {"role": "assistant", "content": "A beautiful place."},
            {"role": "user", "content": "I am allergic to peanuts."},
            {"role": "user", "content": "My name is Alice."},
        ],
        **ALICE,
    )


def texts(found: Any) -> list[str]:
    """The results' texts, in order."""
    return [r["memory"] for r in found["results"]]
