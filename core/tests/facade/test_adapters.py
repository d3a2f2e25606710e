"""What adapters share: ids of messages, and whose memory it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from memlayer import AsyncMemory, ConfigurationError, ConflictError, Memory, UnsupportedError, adapters
from memlayer._bridge import complete
from memlayer.adapters import (
    Numbers,
    Whose,
    chat_mark,
    chat_question,
    chat_row,
    chat_rows,
    faces,
    given,
    last_turn,
    message_id,
    one_run,
    person,
    thread_of,
)
from memlayer.testing import FixedClock, HashEmbedder

ANN = {"user_id": "ann"}
RUN = {"user_id": "ann", "run_id": "one"}
YES = ("user", "yes")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def memory(clock: FixedClock) -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder(), clock=clock) as made:
        yield made


def say(memory: Memory, ids: dict[str, Any], *talk: tuple[str, str], new: int | None = None) -> list[str]:
    """A conversation as an adapter keeps it, and the ids that it gave."""
    numbers = Numbers(memory, ids)
    numbers.meet(talk, new=len(talk) if new is None else new)
    found = numbers.rows(talk)
    rows = [{"role": role, "content": text, "id": id_} for (role, text), id_ in zip(talk, found, strict=True)]
    memory.add(rows, **ids)
    return found


def kept(memory: Memory) -> list[str]:
    return [m["content"] for m in memory.messages(**ANN)["results"]]


def test_every_public_name_is_there_and_told() -> None:
    assert all(getattr(adapters, name).__doc__ for name in adapters.__all__ if name != "ScopeOf")


def test_an_id_is_that_of_the_words_their_speaker_and_their_number() -> None:
    ids = [
        message_id("user", "yes"),
        message_id("user", "yes", 1),
        message_id("assistant", "yes"),
        message_id("user", "no"),
        message_id("user", "yes", 0, "ann"),
    ]
    assert len(set(ids)) == len(ids)
    assert message_id("user", "yes") == ids[0]


# A run names its conversation


def test_in_a_run_what_is_sent_again_is_the_same_and_what_is_said_again_is_not(memory: Memory) -> None:
    assert say(memory, RUN, YES, ("assistant", "sure?"), YES) == say(memory, RUN, YES, ("assistant", "sure?"), YES)
    assert kept(memory) == ["yes", "sure?", "yes"]


# Without a run


def test_the_same_words_on_two_days_are_two_statements(memory: Memory, clock: FixedClock) -> None:
    for _ in range(3):
        say(memory, ANN, YES)
        clock.advance(86400)
    assert kept(memory) == ["yes"] * 3


def test_what_several_members_of_a_team_hear_is_kept_once(memory: Memory) -> None:
    for _ in range(3):
        say(memory, ANN, YES, ("assistant", "sure?"))
    for _ in range(3):
        say(memory, ANN, YES, ("assistant", "sure?"), YES, new=1)
    assert kept(memory) == ["yes", "sure?", "yes"]


@pytest.mark.parametrize("days", [0, 1])
def test_a_conversation_that_is_sent_again_doubles_nothing(memory: Memory, clock: FixedClock, days: int) -> None:
    talk = [("user", "hello"), ("assistant", "hi"), YES, ("assistant", "sure?"), YES]
    say(memory, ANN, YES)
    clock.advance(86400)
    say(memory, ANN, *talk)
    before = kept(memory)
    clock.advance(86400 * days)
    for _ in range(2):
        say(memory, ANN, *talk, new=0)
    assert kept(memory) == before
    assert len(before) == 6
    say(memory, ANN, *talk, YES, new=1)
    say(memory, ANN, *talk, YES, ("assistant", "good"), new=1)
    assert kept(memory) == [*before, "yes", "good"]


def test_what_was_never_kept_is_taken_in(memory: Memory) -> None:
    say(memory, ANN, YES, YES, new=0)
    assert kept(memory) == ["yes", "yes"]


def test_it_counts_far_and_over_what_was_deleted(memory: Memory, clock: FixedClock) -> None:
    rows = [{"role": "user", "content": "yes", "id": message_id("user", "yes", n)} for n in range(100)]
    memory.add(rows, **ANN, infer=False)
    [fifth] = [m["id"] for m in memory.messages(**ANN, limit=1000)["results"] if m["message_id"] == rows[5]["id"]]
    memory.delete(fifth)
    clock.advance(86400)
    assert say(memory, ANN, YES) == [message_id("user", "yes", 100)]


def test_other_people_and_other_scopes_count_for_themselves(memory: Memory, clock: FixedClock) -> None:
    say(memory, ANN, YES)
    clock.advance(86400)
    assert say(memory, {"user_id": "bob"}, YES) == [message_id("user", "yes")]
    assert say(memory, {**ANN, "agent_id": "helper"}, YES) == [message_id("user", "yes")]


def test_every_id_of_words_that_the_model_sees_is_known(memory: Memory, clock: FixedClock) -> None:
    say(memory, ANN, YES)
    clock.advance(86400)
    numbers = Numbers(memory, ANN)
    complete(numbers.ameet([YES, YES], new=2))
    assert numbers.ids(YES, 2) == [message_id("user", "yes", n) for n in range(3)]
    assert numbers.id(YES, 0) == message_id("user", "yes", 1)


# Whose memory it is


def test_ids_for_writing_recalling_and_forgetting() -> None:
    assert given(user_id="ann", run_id=None) == ANN
    with pytest.raises(ConfigurationError, match="at least one of user_id"):
        given(user_id=None)
    assert person(RUN) == ANN
    assert person({"run_id": "one"}) == {"run_id": "one"}
    assert one_run(RUN, "reset") == RUN
    with pytest.raises(UnsupportedError, match=r"reset\(\) forgets one.*erase"):
        one_run(ANN, "reset")


def test_both_faces_of_either(memory: Memory) -> None:
    sync, other = faces(memory)
    assert (sync, other.sync) == (memory, memory)
    twin = AsyncMemory.of(memory)
    assert faces(twin) == (memory, twin)


def test_a_run_names_who_it_is_for_and_never_two() -> None:
    runtime = SimpleNamespace(context={"user_id": "ann"}, execution_info=SimpleNamespace(thread_id=7))
    whose = Whose({"agent_id": "helper", "run_id": None})
    assert whose.writes(runtime) == {"agent_id": "helper", "user_id": "ann", "run_id": "7"}
    assert whose.reads(runtime) == {"agent_id": "helper", "user_id": "ann"}
    with pytest.raises(ConflictError, match=r"'bob'.*'ann'"):
        Whose({"user_id": "bob"}).writes(runtime)
    with pytest.raises(ConfigurationError, match="shared=True"):
        whose.writes(None)
    assert Whose({"agent_id": "helper"}, shared=True).writes(None) == {"agent_id": "helper"}
    assert Whose({}, lambda run: {"user_id": run.context["user_id"].upper()}).reads(runtime) == {"user_id": "ANN"}
    assert thread_of(None) is None


@pytest.mark.parametrize(
    ("roles", "start"), [("", 0), ("u", 0), ("ua", 0), ("uau", 2), ("uauu", 2), ("uata", 0), ("a", 0), ("utu", 2)]
)
def test_the_last_turn_begins_where_a_person_speaks_again(roles: str, start: int) -> None:
    assert last_turn([{"u": "user", "a": "assistant", "t": "tool"}[r] for r in roles]) == start


# Chat messages as LangChain and LangGraph have them


@dataclass
class Chat:
    type: str
    content: Any
    id: str | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else "".join(b.get("text", "") for b in self.content)


TALK = [
    Chat("system", "Be brief.", "s"), Chat("human", "Hello", "lc_1"), Chat("ai", "Hi", "run-1"),
    Chat("human", "Mine", "m"), Chat("ai", "Yes", "run-2"), Chat("human", "I like tea", "lc_2"),
    Chat("human", "and rye", "lc_3"), Chat("tool", "42", "t"), Chat("ai", "Noted", "run-3"),
]  # fmt: skip


def test_in_a_thread_everything_after_what_was_kept_is_new() -> None:
    every = ["lc_1", "run-1", "m", "run-2", "lc_2", "lc_3", "run-3"]
    assert [row["id"] for row in chat_rows(TALK, threaded=True)] == every
    assert [row["id"] for row in chat_rows(TALK, threaded=True, kept="run-2")] == every[4:]
    assert chat_mark(TALK) == "run-3"
    assert chat_question(TALK) == "and rye"


def test_without_a_thread_the_last_turn_is_new_and_what_bears_an_id_of_the_callers() -> None:
    assert [row["id"] for row in chat_rows(TALK, threaded=False)] == ["m", "lc_2", "lc_3", "run-3"]


def test_messages_without_ids_have_those_that_every_adapter_gives_them() -> None:
    talk = [Chat("human", "yes"), Chat("ai", "sure?"), Chat("human", "yes")]
    ids = [message_id("user", "yes"), message_id("assistant", "sure?"), message_id("user", "yes", 1)]
    assert [row["id"] for row in chat_rows(talk, threaded=True)] == ids
    assert [row["id"] for row in chat_rows(talk, threaded=False)] == [None]


def test_pictures_and_documents_are_handed_on_and_nothing_else() -> None:
    blocks = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "u"}}, {"type": "audio"}]
    assert chat_row(Chat("human", blocks))["content"] == [
        "Look",
        {"type": "image_url", "image_url": {"url": "u"}, "optional": True},
    ]
    assert chat_rows([Chat("human", " ")], threaded=True) == []
