"""Real AG2 1.x agents with a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

pytest.importorskip("ag2")

from ag2 import Agent
from ag2.events import DocumentInput, ImageInput
from ag2.testing import TestConfig, TrackingConfig

from memlayer import Memory, ModelError
from memlayer.testing import HashEmbedder, SeeingModel
from memlayer_autogen import memlayer_plugin


@pytest.fixture
def client() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as memory:
        yield memory


def ask(client: Memory, text: str, *, run: str = "one", user: str = "ann", again: str = "") -> tuple[str, list[str]]:
    """Asks a new agent, which does not know what an earlier one was told; returns what its model saw, and the rest."""
    config = TrackingConfig(TestConfig("Noted.", "Sure."))

    async def talk() -> None:
        agent = Agent("helper", "Be brief.", config=config, plugins=[memlayer_plugin(client, user_id=user, run_id=run)])
        reply = await agent.ask(text)
        if again:
            await reply.ask(again)

    asyncio.run(talk())
    return "\n".join(config.calls[-1].prompt), list(config.calls[-1].prompt)


def said(client: Memory) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in client.messages(user_id="ann")["results"]]


def test_an_agent_remembers_another_run_and_no_other_user(client: Memory) -> None:
    ask(client, "I live in Lisbon.")
    assert said(client) == [("user", "I live in Lisbon."), ("assistant", "Noted.")]
    assert "Lives in Lisbon" in ask(client, "Where do I live?", run="two")[0]
    assert "Lisbon" not in ask(client, "Where do I live?", user="bob")[0]


def test_a_longer_conversation_is_kept_once_and_prompts_do_not_pile_up(client: Memory) -> None:
    client.add("I live in Lisbon.", user_id="ann", run_id="before")
    _, prompt = ask(client, "Where do I live?", again="Which city do I live in?")
    assert sum("<memories>" in part for part in prompt) == 1
    assert [text for _, text in said(client)][1:] == [
        "Where do I live?", "Noted.", "Which city do I live in?", "Sure."
    ]  # fmt: skip


def test_the_question_is_never_its_own_answer(client: Memory) -> None:
    assert "bicycle" not in ask(client, "Where is my blue bicycle?")[0]


def test_pictures_and_documents_are_kept() -> None:
    async def talk(client: Memory) -> None:
        agent = Agent("helper", config=TestConfig("Noted."), plugins=[memlayer_plugin(client, user_id="ann")])
        await agent.ask(
            "Look!",
            ImageInput(data=b"\x89PNG\r\n\x1a\n the rest", media_type="image/png"),
            ImageInput("http://127.0.0.1/cat.png"),
            DocumentInput(data=b"The door code is 4711.", media_type="text/plain"),
        )

    with Memory(":memory:", llm=SeeingModel(), embedder=HashEmbedder()) as client:
        asyncio.run(talk(client))
        assert said(client) == [
            ("user", "Look!\n[image: A grey cat.]"), ("tool", "The door code is 4711."), ("assistant", "Noted."),
        ]  # fmt: skip
        assert "(rule: loopback)" in client.messages(user_id="ann")["results"][0]["metadata"]["unread_parts"][0]


def test_a_memory_that_fails_fails_the_turn(client: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ModelError("out of order")

    monkeypatch.setattr(client, "context", fail)
    with pytest.raises(ModelError):
        ask(client, "Where do I live?")
