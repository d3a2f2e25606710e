"""Real ConversableAgents of the 0.2 line, which ag2<1, autogen and pyautogen<0.10 bring."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("autogen")

import autogen

from memlayer import ConfigurationError, Memory, UnsupportedError
from memlayer.testing import FixedClock, HashEmbedder, SeeingModel
from memlayer_autogen import MemlayerHook

PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n the rest").decode()

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def client() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as memory:
        yield memory


class Model:
    """A model client without a network; keeps what it is shown."""

    shown: list[list[dict[str, Any]]]

    def __init__(self, config: dict[str, Any], **options: Any) -> None:
        self.answer = "Noted."

    def create(self, params: dict[str, Any]) -> Any:
        Model.shown.append(params["messages"])
        message = SimpleNamespace(content=self.answer, function_call=None, tool_calls=None)
        return SimpleNamespace(choices=[SimpleNamespace(message=message)], model="none", cost=0.0)

    def message_retrieval(self, response: Any) -> list[str]:
        return [choice.message.content for choice in response.choices]

    def cost(self, response: Any) -> float:
        return 0.0

    @staticmethod
    def get_usage(response: Any) -> dict[str, Any]:
        return {}


def pair(client: Memory, run: str | None = "one", user: str = "ann") -> tuple[Any, Any]:
    """A person and an agent with a memory."""
    Model.shown = []
    config = {"config_list": [{"model": "none", "model_client_cls": "Model"}]}
    helper = autogen.ConversableAgent("helper", llm_config=config, human_input_mode="NEVER")
    helper.register_model_client(Model)
    MemlayerHook(client, user_id=user, run_id=run).add_to_agent(helper)
    person = autogen.ConversableAgent("person", llm_config=False, human_input_mode="NEVER")
    return person, helper


def shown() -> str:
    return "\n".join(str(m["content"]) for m in Model.shown[-1])


def said(client: Memory) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in client.messages(user_id="ann")["results"]]


@pytest.mark.parametrize("awaited", [False, True])
def test_an_agent_remembers_another_run_and_no_other_user(client: Memory, awaited: bool) -> None:
    def chat(text: str, run: str, user: str = "ann") -> None:
        person, helper = pair(client, run, user)
        if awaited:
            asyncio.run(person.a_initiate_chat(helper, message=text, max_turns=1, silent=True))
        else:
            person.initiate_chat(helper, message=text, max_turns=1, silent=True)

    chat("I live in Lisbon.", "one")
    assert said(client) == [("user", "I live in Lisbon."), ("assistant", "Noted.")]
    chat("Where do I live?", "two")
    assert "Lives in Lisbon" in shown()
    assert shown().count("Where do I live?") == 1
    chat("Where do I live?", "two", "bob")
    assert "Lisbon" not in shown()


def test_history_stays_as_it_is_and_is_kept_once(client: Memory) -> None:
    client.add("I live in Lisbon.", user_id="ann", run_id="before")
    person, helper = pair(client)
    person.initiate_chat(helper, message="Where do I live?", max_turns=1, silent=True)
    person.send("Where do I live?", helper, request_reply=True, silent=True)
    assert "<memories>" not in str(helper.chat_messages[person])
    assert [text for _, text in said(client)][1:] == ["Where do I live?", "Noted.", "Where do I live?", "Noted."]


def test_without_a_run_each_day_is_a_conversation_and_each_word_is_kept_once() -> None:
    clock = FixedClock()
    with Memory(":memory:", embedder=HashEmbedder(), clock=clock) as client:
        person, helper = pair(client, None)
        for _ in range(2):
            person.initiate_chat(helper, message="Is it warm?", max_turns=1, clear_history=True)
            clock.advance(days=1)
        assert said(client) == [("user", "Is it warm?"), ("assistant", "Noted.")] * 2


def test_clear_forgets_the_run_and_needs_one(client: Memory) -> None:
    client.add("I live in Lisbon.", user_id="ann", run_id="before")
    person, helper = pair(client)
    person.initiate_chat(helper, message="My bicycle is blue.", max_turns=1, silent=True)
    MemlayerHook(client, user_id="ann", run_id="one").clear()
    assert said(client) == [("user", "I live in Lisbon.")]
    with pytest.raises(UnsupportedError, match="erase"):
        MemlayerHook(client, user_id="ann").clear()


def test_what_is_no_conversable_agent_is_told_what_to_use(client: Memory) -> None:
    with pytest.raises(ConfigurationError, match="no ConversableAgent"):
        MemlayerHook(client, user_id="ann").add_to_agent(object())


def test_pictures_are_kept_in_the_words_of_a_model_that_sees() -> None:
    parts = [{"type": "text", "text": "Look!"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    with Memory(":memory:", llm=SeeingModel(), embedder=HashEmbedder()) as client:
        hook = MemlayerHook(client, user_id="ann")
        for _ in range(2):
            hook.before_reply([{"role": "user", "content": parts}])
        rows = client.messages(user_id="ann")["results"]
        assert [row["content"] for row in rows] == ["Look!\n[image: A grey cat.]"]
