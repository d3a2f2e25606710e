"""The suite of adapters on the smallest adapter there can be, and on broken ones that it must not pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from memlayer import ConfigurationError, Memory, ModelError
from memlayer.aio import AsyncMemory
from memlayer.testing import AdapterContract, AdapterHooks, HashEmbedder


class Smallest(AdapterHooks):
    """Speaks to the memory as a host would."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.awaited = AsyncMemory.of(memory)

    def turn(self, texts: Sequence[str], ids: Sequence[str] | None) -> list[dict[str, Any]]:
        roles = ("user", "assistant")
        keyed = ids or [f"{role}: {text}" for role, text in zip(roles, texts, strict=True)]
        return [{"role": r, "content": t, "id": i} for r, t, i in zip(roles, texts, keyed, strict=True)]

    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Any = None) -> None:
        self.memory.add(self.turn((user_text, assistant_text), ids), user_id=user_id, run_id=run_id)

    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        return self.memory.context(query, user_id=user_id)

    def clear(self, *, user_id: str, run_id: str | None) -> None:
        if run_id is None:
            raise ConfigurationError(
                "clear() forgets a run, and there is none; memory.erase(user_id=…) erases a person"
            )
        self.memory.erase(user_id=user_id, run_id=run_id)

    def fresh(self) -> Smallest:
        return type(self)(self.memory)

    async def asave(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Any = None) -> None:
        await self.awaited.add(self.turn((user_text, assistant_text), ids), user_id=user_id, run_id=run_id)

    async def arecall(self, query: str, *, user_id: str, run_id: str) -> str:
        return await self.awaited.context(query, user_id=user_id)

    async def aclear(self, *, user_id: str, run_id: str | None) -> None:
        self.clear(user_id=user_id, run_id=run_id)


class TestSmallestAdapter(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Smallest:
        return Smallest(memory)


class Swallows(Smallest):
    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Any = None) -> None:
        try:
            super().save(user_text, assistant_text, user_id=user_id, run_id=run_id, ids=ids)
        except ModelError:
            return


class Doubles(Smallest):
    def turn(self, texts: Sequence[str], ids: Sequence[str] | None) -> list[dict[str, Any]]:
        return [{k: v for k, v in m.items() if k != "id"} for m in super().turn(texts, ids)]


class StoresTheQuestion(Smallest):
    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        self.memory.add(query, user_id=user_id, run_id=run_id)
        return super().recall(query, user_id=user_id, run_id=run_id)


class ForgetsThePerson(Smallest):
    def clear(self, *, user_id: str, run_id: str | None) -> None:
        self.memory.erase(user_id=user_id)


class MixesUsers(Smallest):
    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        return self.memory.context(query, run_id=run_id)


class Invents(Smallest):
    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Any = None) -> None:
        super().save(user_text, assistant_text or "None", user_id=user_id, run_id=run_id, ids=ids)


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (Doubles, "test_the_same_conversation_twice_doubles_nothing"),
        (StoresTheQuestion, "test_the_question_is_never_its_own_answer"),
        (ForgetsThePerson, "test_clear_forgets_its_own_run_and_nothing_else"),
        (ForgetsThePerson, "test_clear_without_a_run_raises_and_names_erase"),
        (MixesUsers, "test_two_users_never_meet"),
        (Invents, "test_an_empty_answer_is_no_text"),
    ],
)
def test_the_suite_finds_what_is_broken(broken: type[Smallest], test: str, tmp_path: Path) -> None:
    suite = AdapterContract()
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as memory:
        check = getattr(suite, test)
        arguments = {"side": broken(memory), "memory": memory}
        wanted = check.__code__.co_varnames[1 : check.__code__.co_argcount]
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            check(**{name: arguments[name] for name in wanted})


def test_the_suite_finds_a_swallowed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as memory,
        pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"),
    ):
        AdapterContract().test_errors_are_not_swallowed(Swallows(memory), memory, monkeypatch, "add", "save")
