"""Real AutoGen agents and teams with a replayed model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("autogen_agentchat")

import PIL.Image
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken, Image
from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_core.model_context import BufferedChatCompletionContext, UnboundedChatCompletionContext
from autogen_core.models import UserMessage
from autogen_ext.models.replay import ReplayChatCompletionClient

from memlayer import ConfigurationError, Memory, UnsupportedError
from memlayer.errors import DocumentError
from memlayer.testing import FixedClock, HashEmbedder, SeeingModel
from memlayer_autogen import MemlayerChatContext, MemlayerMemory


@pytest.fixture
def client() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as memory:
        yield memory


def agent(memory: MemlayerMemory, model: ReplayChatCompletionClient, name: str = "helper", **options: Any) -> Any:
    options.setdefault("model_context", MemlayerChatContext(memory))
    return AssistantAgent(name, model, memory=[memory], **options)


def of(client: Memory, run: str = "one", user: str = "ann") -> MemlayerMemory:
    return MemlayerMemory(client, user_id=user, run_id=run)


def replies(*texts: str) -> ReplayChatCompletionClient:
    return ReplayChatCompletionClient([*texts])


def shown(model: ReplayChatCompletionClient) -> str:
    return "\n".join(str(m.content) for m in model.create_calls[-1]["messages"])


def said(client: Memory) -> list[tuple[str, str, str | None]]:
    return [(m["role"], m["content"], m["name"]) for m in client.messages(user_id="ann")["results"]]


def test_an_agent_remembers_another_run_and_no_other_user(client: Memory) -> None:
    async def run() -> tuple[str, str]:
        model = replies("Noted.", "In Lisbon.", "No idea.")
        await agent(of(client, "one"), model).run(task="I live in Lisbon.")
        await agent(of(client, "two"), model).run(task="Where do I live?")
        ann = shown(model)
        await agent(of(client, "two", "bob"), model).run(task="Where do I live?")
        return ann, shown(model)

    ann, bob = asyncio.run(run())
    assert "Lives in Lisbon" in ann
    assert "Lisbon" not in bob
    assert said(client)[:2] == [("user", "I live in Lisbon.", None), ("assistant", "Noted.", "helper")]


def test_streaming_remembers(client: Memory) -> None:
    async def run() -> list[str]:
        client.add("I live in Lisbon.", user_id="ann")
        model = replies("In Lisbon.")
        stream = agent(of(client), model, model_client_stream=True).run_stream(task="Where do I live?")
        return [str(event) async for event in stream if type(event).__name__ == "MemoryQueryEvent"]

    [event] = asyncio.run(run())
    assert "Lives in Lisbon" in event
    assert said(client)[-1] == ("assistant", "In Lisbon.", "helper")


def test_a_tool_loop_keeps_words_alone(client: Memory) -> None:
    from autogen_core import FunctionCall
    from autogen_core.models import CreateResult, RequestUsage

    async def weather() -> str:
        """Says the weather."""
        return "forty degrees"

    call = CreateResult(
        finish_reason="function_calls",
        content=[FunctionCall(id="1", name="weather", arguments="{}")],
        usage=RequestUsage(prompt_tokens=0, completion_tokens=0),
        cached=False,
    )
    info: Any = {"family": "unknown", "function_calling": True, "json_output": False, "vision": False,
                 "structured_output": False}  # fmt: skip
    model = ReplayChatCompletionClient([call, "Hot."], model_info=info)
    helper = agent(of(client), model, tools=[weather], reflect_on_tool_use=True)
    asyncio.run(helper.run(task="How is the weather?"))
    assert [text for _, text, _ in said(client)] == ["How is the weather?", "Hot."]


def test_a_team_shares_one_memory_and_says_each_word_once(client: Memory) -> None:
    async def run() -> None:
        one, two = replies("Lisbon is warm.", "Agreed."), replies("Warm it is.")
        team = RoundRobinGroupChat([agent(of(client), one, "one"), agent(of(client), two, "two")], max_turns=3)
        await team.run(task="I live in Lisbon.")

    asyncio.run(run())
    assert said(client) == [
        ("user", "I live in Lisbon.", None),
        ("assistant", "Lisbon is warm.", "one"),
        ("assistant", "Warm it is.", "two"),
        ("assistant", "Agreed.", "one"),
    ]


def test_without_a_run_a_team_says_each_word_once_a_day() -> None:
    clock = FixedClock()
    with Memory(":memory:", embedder=HashEmbedder(), clock=clock) as client:

        async def day() -> None:
            members = [
                agent(MemlayerMemory(client, user_id="ann"), replies(answer), name)
                for name, answer in (("one", "Warm."), ("two", "Yes."))
            ]
            await RoundRobinGroupChat(members, max_turns=2).run(task="Is it warm?")

        for _ in range(2):
            asyncio.run(day())
            clock.advance(days=1)
        assert [text for _, text, _ in said(client)] == ["Is it warm?", "Warm.", "Yes."] * 2


@pytest.mark.parametrize("own", [True, False])
def test_memories_do_not_pile_up_in_context_or_state(client: Memory, own: bool) -> None:
    async def run() -> tuple[list[str], str]:
        client.add("I live in Lisbon.", user_id="ann")
        memory, model = of(client), replies("One.", "Two.", "Three.")
        context = MemlayerChatContext(memory) if own else UnboundedChatCompletionContext()
        helper = agent(memory, model, model_context=context)
        for _ in range(3):
            await helper.run(task="Where do I live?")
        return [type(m).__name__ for m in model.create_calls[-1]["messages"]], str(await helper.save_state())

    kinds, state = asyncio.run(run())
    assert kinds.count("SystemMessage") == 2  # the agent's own, and one of memories
    assert state.count("<memories>") == (0 if own else 1)


def test_a_restored_state_doubles_nothing(client: Memory) -> None:
    async def run() -> None:
        first = agent(of(client), replies("Noted.", "Again."))
        await first.run(task="Hello")
        await first.run(task="Hello")
        state = await first.save_state()
        second = agent(of(client), replies("Third."))
        await second.load_state(state)
        await second.run(task="Hello")

    asyncio.run(run())
    assert [text for _, text, _ in said(client)] == ["Hello", "Noted.", "Hello", "Again.", "Hello", "Third."]


def test_the_question_is_never_its_own_answer(client: Memory) -> None:
    async def run() -> str:
        model = replies("No idea.")
        await agent(of(client), model).run(task="Where is my blue bicycle?")
        return shown(model)

    assert asyncio.run(run()).count("blue bicycle") == 1


def test_a_bounded_context_and_its_reset(client: Memory) -> None:
    async def run() -> int:
        memory = of(client)
        context = MemlayerChatContext(memory, BufferedChatCompletionContext(buffer_size=2))
        for n in range(4):
            await context.add_message(UserMessage(content=f"Number {n}", source="user"))
        shown = len(await context.get_messages())
        await context.clear()
        return shown

    assert asyncio.run(run()) == 2
    assert len(said(client)) == 4


def test_query_gives_what_answers_and_an_empty_one_the_newest(client: Memory) -> None:
    async def run() -> None:
        memory = of(client)
        given = {"topic": "city"}
        content = MemoryContent(content="I live in Lisbon.", mime_type=MemoryMimeType.TEXT, metadata=given)
        await memory.add(content, CancellationToken())
        assert given == {"topic": "city"}
        found = (await memory.query("Where do I live?", CancellationToken(), limit=1)).results
        assert [(f.content, (f.metadata or {})["topic"]) for f in found] == [("Lives in Lisbon", "city")]
        again = (await memory.query(found[0])).results
        assert again[0].content == "Lives in Lisbon"
        assert len((await memory.query()).results) == 1

    asyncio.run(run())


def test_a_cancelled_call_is_cancelled(client: Memory) -> None:
    async def run() -> None:
        token = CancellationToken()
        token.cancel()
        await of(client).query("Where do I live?", token)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())


def test_bytes_are_a_document_and_json_is_text(client: Memory) -> None:
    async def run() -> None:
        memory = of(client)
        await memory.add(MemoryContent(content={"city": "Lisbon"}, mime_type=MemoryMimeType.JSON))
        await memory.add(MemoryContent(content=b"The door code is 4711.", mime_type=MemoryMimeType.BINARY))
        with pytest.raises(DocumentError, match="is no text"):
            await memory.add(MemoryContent(content=b"\0\1", mime_type=MemoryMimeType.BINARY))

    asyncio.run(run())
    assert said(client)[0] == ("user", '{"city": "Lisbon"}', None)
    assert [text for _, text, _ in said(client)[1:]] == ["The door code is 4711."]


def test_a_picture_is_kept_in_the_words_of_a_model_that_sees() -> None:
    async def run(client: Memory) -> None:
        memory = of(client)
        picture = Image.from_pil(PIL.Image.new("RGB", (1, 1)))
        context = MemlayerChatContext(memory)
        for _ in range(2):
            await context.add_message(UserMessage(content=["Look!", picture], source="user"))
        await memory.add(MemoryContent(content=picture, mime_type=MemoryMimeType.IMAGE))

    with Memory(":memory:", llm=SeeingModel(), embedder=HashEmbedder()) as client:
        asyncio.run(run(client))
        assert [text for _, text, _ in said(client)] == ["Look!\n[image: A grey cat.]"] * 2 + ["[image: A grey cat.]"]
    with Memory(":memory:", embedder=HashEmbedder()) as client:
        with pytest.raises(UnsupportedError, match="enable_vision"):
            asyncio.run(run(client))
        rows = client.messages(user_id="ann")["results"]
        assert [(row["content"], row["metadata"]) for row in rows] == [("Look!", {"unseen_pictures": 1})] * 2


# Components


def test_an_agent_survives_as_a_component_and_holds_no_secret(tmp_path: Path) -> None:
    async def run() -> str:
        path = tmp_path / "memory.db"
        memory = MemlayerMemory(path=path, user_id="ann", run_id="one", max_tokens=500)
        helper = agent(memory, replies("Noted."))
        await helper.run(task="I live in Lisbon.")
        dumped = helper.dump_component().model_dump_json()
        await memory.close()
        loaded = AssistantAgent.load_component(helper.dump_component())
        inner = loaded._memory[0]
        assert isinstance(inner, MemlayerMemory)
        assert isinstance(loaded.model_context, MemlayerChatContext)
        assert inner.store.max_tokens == 500
        found = (await inner.query("Where do I live?")).results
        await inner.close()
        await loaded.model_context.memory.close()
        assert found[0].content == "Lives in Lisbon"
        return dumped

    assert "memory.db" in asyncio.run(run())


def test_a_client_is_not_put_into_a_config(client: Memory) -> None:
    with pytest.raises(UnsupportedError, match="path="):
        of(client).dump_component()


def test_an_id_is_needed(client: Memory) -> None:
    with pytest.raises(ConfigurationError, match="user_id"):
        MemlayerMemory(client)
    with pytest.raises(ValueError, match="not both"):
        MemlayerMemory(client, path="x.db", user_id="ann")


def test_closing_leaves_a_client_that_was_passed_in_open(client: Memory) -> None:
    asyncio.run(of(client).close())
    client.add("I live in Lisbon.", user_id="ann")
    assert len(said(client)) == 1
