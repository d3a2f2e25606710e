"""The suite of an adapter: one memory, spoken to through a framework and directly, by two people in several runs."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memlayer._bridge import complete
from memlayer.errors import ModelError
from memlayer.memory import Memory
from memlayer.testing.contract import Contract
from memlayer.testing.fakes import FixedClock, HashEmbedder

FIRST = ("I am allergic to peanuts.", "Noted, no peanuts for you.")
SECOND = ("I live in Berlin.", "A fine city to live in.")
ASKED = "What am I allergic to?"


class AdapterHooks(ABC):
    """How the suite speaks through an adapter: each hook does what the framework would do, in its order of calls.

    An adapter with an async side gives `asave`, `arecall` and `aclear` as coroutine functions of the same parameters;
    the suite then runs every test through them, too.
    """

    @abstractmethod
    def save(
        self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: tuple[str, str] | None = None
    ) -> None:
        """Ends a turn: the framework hands over what the user and the assistant said.

        `ids` are the messages' own ids where the framework has such. Background work has ended when it returns.
        """

    @abstractmethod
    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        """Begins a turn: everything that the adapter would show to the model for this question, as one text.

        Without the question itself where the framework puts it there, and without the run's own transcript.
        """

    @abstractmethod
    def clear(self, *, user_id: str, run_id: str | None) -> None:
        """Calls the framework's own word for forgetting: clear, reset, delete. None is an adapter without a run."""

    @abstractmethod
    def fresh(self) -> AdapterHooks:
        """Another adapter of the same kind on the same memory, as after a restart of the program."""


class _Awaited:
    """The async side of hooks under the names of the sync one."""

    def __init__(self, hooks: Any) -> None:
        self._hooks = hooks

    def save(self, *args: Any, **kwargs: Any) -> None:
        complete(self._hooks.asave(*args, **kwargs))

    def recall(self, *args: Any, **kwargs: Any) -> str:
        return str(complete(self._hooks.arecall(*args, **kwargs)))

    def clear(self, *args: Any, **kwargs: Any) -> None:
        complete(self._hooks.aclear(*args, **kwargs))

    def fresh(self) -> _Awaited:
        return _Awaited(self._hooks.fresh())


class AdapterContract(Contract):
    """What an adapter promises; the fixture `adapter` gives `AdapterHooks` on the fixture `memory`."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        """The memory's clock."""
        return FixedClock()

    @pytest.fixture
    def memory(self, tmp_path: Path, clock: FixedClock) -> Iterator[Memory]:
        """The memory that the adapter and the test share; empty."""
        with Memory(tmp_path / "memory.db", embedder=HashEmbedder(), clock=clock) as memory:
            yield memory

    @pytest.fixture
    def adapter(self, memory: Memory) -> AdapterHooks:
        """The adapter on `memory`."""
        raise NotImplementedError("give your suite a fixture `adapter`")

    @pytest.fixture(params=["sync", "async"])
    def side(self, request: pytest.FixtureRequest, adapter: AdapterHooks) -> Any:
        """The hooks of each side that the adapter has."""
        if request.param == "sync":
            return adapter
        if not inspect.iscoroutinefunction(getattr(adapter, "asave", None)):
            pytest.skip("this adapter has no async side")
        return _Awaited(adapter)

    def test_said_through_the_adapter_is_found_through_memory(self, side: Any, memory: Memory) -> None:
        """What is said through the adapter is a fact and a transcript, for everybody who shares the memory."""
        side.save(*FIRST, user_id="alice", run_id="r1", ids=("m1", "m2"))
        [best, *_] = memory.search(ASKED, user_id="alice")["results"]
        assert "peanuts" in best["memory"]
        told = memory.messages(user_id="alice", run_id="r1")["results"]
        assert [(m["role"], m["content"]) for m in told] == [("user", FIRST[0]), ("assistant", FIRST[1])]

    def test_said_through_memory_is_recalled_through_the_adapter(self, side: Any, memory: Memory) -> None:
        """What is said elsewhere is shown to this framework's model."""
        memory.add(FIRST[0], user_id="alice", run_id="elsewhere")
        assert "peanuts" in side.recall(ASKED, user_id="alice", run_id="r1")

    def test_said_in_one_run_is_recalled_in_the_next(self, side: Any) -> None:
        """A person's memory outlives a conversation, and the program."""
        side.save(*FIRST, user_id="alice", run_id="r1")
        assert "peanuts" in side.recall(ASKED, user_id="alice", run_id="r2")
        assert "peanuts" in side.fresh().recall(ASKED, user_id="alice", run_id="r3")

    def test_an_empty_memory_recalls_nothing(self, side: Any) -> None:
        """Nothing is no error, and not the word None."""
        assert "None" not in side.recall(ASKED, user_id="alice", run_id="r1")

    def test_two_users_never_meet(self, side: Any, memory: Memory) -> None:
        """Nobody recalls what another one said, in whatever run."""
        side.save(*FIRST, user_id="alice", run_id="r1")
        side.save(*SECOND, user_id="bob", run_id="r1")
        assert "peanut" not in side.recall(ASKED, user_id="bob", run_id="r1")
        assert "Berlin" not in side.recall("Where do I live?", user_id="alice", run_id="r1")
        assert contents(memory, "alice") == list(FIRST)
        assert contents(memory, "bob") == list(SECOND)

    def test_the_same_conversation_twice_doubles_nothing(self, side: Any, memory: Memory) -> None:
        """Messages keep their ids or get stable ones: what is sent again, by a retry or after a restart, is known."""
        for turn, ids in ((FIRST, ("m1", "m2")), (SECOND, ("m3", "m4"))):
            side.save(*turn, user_id="alice", run_id="r1", ids=ids)
        before = contents(memory, "alice"), facts(memory, "alice")
        assert before[0] == [*FIRST, *SECOND]
        again = side.fresh()
        for turn, ids in ((FIRST, ("m1", "m2")), (SECOND, ("m3", "m4"))):
            side.save(*turn, user_id="alice", run_id="r1", ids=ids)
            again.save(*turn, user_id="alice", run_id="r1", ids=ids)
        assert (contents(memory, "alice"), facts(memory, "alice")) == before

    def test_the_question_is_never_its_own_answer(self, side: Any) -> None:
        """What is asked does not come back as a memory of itself."""
        asked = "Which instrument does my neighbour play?"
        assert asked not in side.recall(asked, user_id="alice", run_id="r1")

    def test_a_change_is_seen(self, side: Any, memory: Memory) -> None:
        """What is changed or deleted through the memory is seen as changed or deleted through the adapter."""
        side.save(*FIRST, user_id="alice", run_id="r1")
        [fact] = memory.get_all(user_id="alice")["results"]
        memory.update(fact["id"], "Is allergic to walnuts")
        seen = side.recall(ASKED, user_id="alice", run_id="r2")
        assert "walnuts" in seen
        memory.delete(fact["id"])
        assert "walnuts" not in side.recall(ASKED, user_id="alice", run_id="r2")

    def test_clear_forgets_its_own_run_and_nothing_else(self, side: Any, memory: Memory) -> None:
        """`clear()` forgets this adapter's run: other runs, and other people's runs of that name, stay."""
        side.save(*FIRST, user_id="alice", run_id="r1")
        side.save(*SECOND, user_id="alice", run_id="r2")
        side.save(*SECOND, user_id="bob", run_id="r1")
        side.clear(user_id="alice", run_id="r1")
        assert contents(memory, "alice") == list(SECOND)
        assert contents(memory, "bob") == list(SECOND)
        assert not any("peanuts" in fact for fact in facts(memory, "alice"))
        assert "peanut" not in side.recall(ASKED, user_id="alice", run_id="r2")
        assert memory.verify() == {"ok": True, "problems": []}

    def test_clear_without_a_run_raises_and_names_erase(self, side: Any, memory: Memory) -> None:
        """Erasing a person has its own name: without a run `clear()` raises, and forgets nothing."""
        side.save(*FIRST, user_id="alice", run_id="r1")
        with pytest.raises(Exception, match=r"\berase\b"):
            side.clear(user_id="alice", run_id=None)
        assert contents(memory, "alice") == list(FIRST)

    def test_erased_through_memory_is_gone_in_the_adapter(self, side: Any, memory: Memory) -> None:
        """Erasing through the memory leaves the adapter nothing to recall."""
        side.save(*FIRST, user_id="alice", run_id="r1")
        memory.erase(user_id="alice")
        assert "peanut" not in side.recall(ASKED, user_id="alice", run_id="r1")

    @pytest.mark.parametrize(("failing", "use"), [("add", "save"), ("search", "recall")])
    def test_errors_are_not_swallowed(
        self, side: Any, memory: Memory, monkeypatch: pytest.MonkeyPatch, failing: str, use: str
    ) -> None:
        """A memory that fails is an error of the call, never an empty answer."""

        def fail(*args: Any, **kwargs: Any) -> Any:
            raise ModelError("the memory is out of order")

        for verb in (failing, "context") if failing == "search" else (failing,):
            monkeypatch.setattr(memory, verb, fail)
        told = FIRST if use == "save" else (ASKED,)
        with pytest.raises(Exception, match="out of order"):
            getattr(side, use)(*told, user_id="alice", run_id="r1")

    def test_an_empty_answer_is_no_text(self, side: Any, memory: Memory) -> None:
        """What was not said is not stored: no empty message, and not the word None."""
        side.save(FIRST[0], "", user_id="alice", run_id="r1")
        assert contents(memory, "alice") == [FIRST[0]]


def contents(memory: Memory, user_id: str) -> list[str]:
    """What a person's transcript says, in order."""
    return [m["content"] for m in memory.messages(user_id=user_id)["results"]]


def facts(memory: Memory, user_id: str) -> list[str]:
    """What is known about a person, sorted."""
    return sorted(r["memory"] for r in memory.get_all(user_id=user_id)["results"])
