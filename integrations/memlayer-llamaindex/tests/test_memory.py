"""What LlamaIndex does with a memory, and what only LlamaIndex can get wrong."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import (
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseGen,
    DocumentBlock,
    ImageBlock,
    LLMMetadata,
    TextBlock,
)
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.llms.custom import CustomLLM
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.memory import ChatMemoryBuffer, InsertMethod
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.workflow import Context, JsonPickleSerializer, JsonSerializer
from pydantic import PrivateAttr
from sqlalchemy.ext.asyncio import create_async_engine

import memlayer_llamaindex
from memlayer import AsyncMemory, ConfigurationError, Memory, UnsupportedError
from memlayer.testing import FixedClock, HashEmbedder, SeeingModel
from memlayer_llamaindex import Mem0Memory, MemlayerMemory, MemlayerMemoryBlock
from memlayer_llamaindex._window import Window

PNG = b"\x89PNG\r\n\x1a\n the rest"
REACT = "Thought: I can answer without using any more tools.\nAnswer: Noted."


class Model(CustomLLM):
    """Keeps what it is shown and answers with the given texts in turn, the last one for ever; needs no network."""

    answers: list[str]
    _shown: list[list[ChatMessage]] = PrivateAttr(default_factory=list)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, model_name="none")

    def seen(self) -> str:
        """Everything that the last call showed the model."""
        return "\n".join(f"{m.role.value}: {m.content}" for m in self._shown[-1])

    def calls(self) -> list[list[ChatMessage]]:
        return self._shown

    def _next(self, messages: Any) -> str:
        self._shown.append(list(messages))
        return self.answers[min(len(self._shown), len(self.answers)) - 1]

    def chat(self, messages: Any, **kwargs: Any) -> ChatResponse:
        return ChatResponse(message=ChatMessage(self._next(messages), role="assistant"))

    async def achat(self, messages: Any, **kwargs: Any) -> ChatResponse:
        return self.chat(messages)

    def stream_chat(self, messages: Any, **kwargs: Any) -> ChatResponseGen:
        text = self._next(messages)
        return (ChatResponse(message=ChatMessage(text[: n + 1], role="assistant"), delta=c) for n, c in enumerate(text))

    async def astream_chat(self, messages: Any, **kwargs: Any) -> ChatResponseAsyncGen:
        parts = list(self.stream_chat(messages))

        async def stream() -> Any:
            for part in parts:
                yield part

        return stream()

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text=self._next([ChatMessage(prompt, role="user")]))

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        return iter([self.complete(prompt)])


class Caller(Model, FunctionCallingLLM):
    """Calls each tool that it is given once, without arguments, and answers then."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, is_function_calling_model=True, model_name="none")

    def _prepare_chat_with_tools(self, tools: Any, *args: Any, chat_history: Any = None, **kwargs: Any) -> Any:
        called = any(m.role == MessageRole.TOOL for m in chat_history)
        return {"messages": chat_history, "tools": [] if called else [tool.metadata.name for tool in tools]}

    async def astream_chat(self, messages: Any, tools: Any = (), **kwargs: Any) -> ChatResponseAsyncGen:
        async def stream() -> Any:
            text = "" if tools else self._next(messages)
            yield ChatResponse(message=ChatMessage(text, role="assistant"), delta=text, additional_kwargs={"t": tools})

        return stream()

    def get_tool_calls_from_response(self, response: ChatResponse, **kwargs: Any) -> list[ToolSelection]:
        names = response.additional_kwargs["t"]
        return [ToolSelection(tool_id=name, tool_name=name, tool_kwargs={}) for name in names]


@pytest.fixture
def client() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as memory:
        yield memory


def chat(client: Memory, run: str = "one", user: str = "ann", **options: Any) -> MemlayerMemory:
    return MemlayerMemory.from_client({"user_id": user, "run_id": run}, client, **options)


def said(client: Memory, user: str = "ann") -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in client.messages(user_id=user)["results"]]


def user(text: str) -> ChatMessage:
    return ChatMessage(text, role="user")


# Agents


def test_a_react_agent_remembers_another_run_and_no_other_user(client: Memory) -> None:
    async def run() -> list[str]:
        model = Model(answers=[REACT])
        agent = ReActAgent(llm=model, tools=[])
        await agent.run("I live in Lisbon.", memory=chat(client, "one"))
        await agent.run("Where do I live?", memory=chat(client, "two"))
        asked = model.seen()
        await agent.run("Where do I live?", memory=chat(client, "three", user="bob"))
        return [asked, model.seen()]

    ann, bob = asyncio.run(run())
    assert "Lives in Lisbon" in ann
    assert "Lisbon" not in bob


def test_a_workflow_of_agents_remembers(client: Memory) -> None:
    async def run() -> str:
        model = Model(answers=[REACT])
        one = ReActAgent(name="one", description="answers", llm=model, tools=[])
        flow = AgentWorkflow(agents=[one], root_agent="one")
        await flow.run("I live in Lisbon.", memory=chat(client, "one"))
        await flow.run("Where do I live?", memory=chat(client, "two"))
        return model.seen()

    assert "Lives in Lisbon" in asyncio.run(run())


def test_a_function_agent_with_a_tool_keeps_words_and_no_tool_output(client: Memory) -> None:
    def weather() -> str:
        """Says the weather."""
        return "forty degrees"

    async def run() -> list[ChatMessage]:
        memory = chat(client)
        await FunctionAgent(llm=Caller(answers=["It is hot."]), tools=[weather]).run("I live in Lisbon.", memory=memory)
        return await memory.aget_all()

    history = asyncio.run(run())
    assert MessageRole.TOOL in {m.role for m in history}
    kept = said(client)
    assert kept == [("user", "I live in Lisbon."), ("assistant", "It is hot.")]


def test_a_chat_engine_remembers_streamed_too(client: Memory) -> None:
    SimpleChatEngine.from_defaults(llm=Model(answers=["Noted."]), memory=chat(client, "one")).chat("I live in Lisbon.")
    model = Model(answers=["In Lisbon."])
    engine = SimpleChatEngine.from_defaults(llm=model, memory=chat(client, "two"))
    assert "".join(engine.stream_chat("Where do I live?").response_gen) == "In Lisbon."
    assert "Lives in Lisbon" in model.seen()
    assert said(client)[-1] == ("assistant", "In Lisbon.")


# Get


def test_the_question_is_never_its_own_answer(client: Memory) -> None:
    memory = chat(client)
    memory.put(user("Where is my blue bicycle?"))
    assert [m.content for m in memory.get()] == ["Where is my blue bicycle?"]
    assert [m.content for m in memory.get("Where is my blue bicycle?")] == ["Where is my blue bicycle?"]


def test_recalled_words_stand_before_the_question_and_are_never_kept(client: Memory) -> None:
    chat(client, "one").put(user("I live in Lisbon."))
    memory = chat(client, "two")
    memory.put(user("Where do I live?"))
    for _ in range(2):
        found = memory.get()
        assert len(found) == 1
        assert found[0].blocks[1].text == "Where do I live?"
        assert found[0].content.count("<memories>") == 1
        memory.set(found)
    assert [m.content for m in memory.get_all()] == ["Where do I live?"]
    assert said(client) == [("user", "I live in Lisbon."), ("user", "Where do I live?")]


def test_as_a_system_message_it_leads_and_is_replaced(client: Memory) -> None:
    chat(client, "one").put(user("I live in Lisbon."))
    memory = chat(client, "two", insert_method=InsertMethod.SYSTEM)
    memory.put(ChatMessage("Be brief.", role="system"))
    memory.put(user("Where do I live?"))
    for _ in range(3):
        found = memory.get()
        assert [m.role.value for m in found] == ["system", "system", "user"]
        assert "Lives in Lisbon" in found[1].content
        memory.set(found)


def test_nothing_is_searched_once_the_question_is_answered(client: Memory) -> None:
    chat(client, "one").put(user("I live in Lisbon."))
    memory = chat(client, "two")
    memory.put_messages([user("Where do I live?"), ChatMessage("In Lisbon.", role="assistant")])
    assert [m.content for m in memory.get()] == ["Where do I live?", "In Lisbon."]


def test_messages_without_text_ask_nothing(client: Memory) -> None:
    memory = chat(client)
    memory.put(ChatMessage(role="assistant", additional_kwargs={"tool_calls": []}))
    assert memory.get_all()[0].content is None
    assert len(memory.get()) == 1
    assert said(client) == []


def test_pictures_and_documents_are_kept(tmp_path: Any) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    blocks = [
        TextBlock(text="Look!"),
        ImageBlock(image=PNG),
        ImageBlock(path=tmp_path / "cat.png"),
        ImageBlock(url="http://127.0.0.1/cat.png"),
        DocumentBlock(data=b"The door code is 4711.", title="door.txt", document_mimetype="text/plain"),
    ]
    model = SeeingModel()
    with Memory(":memory:", llm=model, embedder=HashEmbedder()) as client:
        memory = chat(client)
        memory.put(ChatMessage(role="user", blocks=blocks))
        memory.set(memory.get_all())
        asyncio.run(memory.aput(ChatMessage(role="user", blocks=[ImageBlock(image=PNG)])))
        cat = "[image: A grey cat.]"
        assert said(client) == [
            ("user", f"Look!\n{cat}\n{cat}"), ("tool", "The door code is 4711."), ("user", cat),
        ]  # fmt: skip
        rows = client.messages(user_id="ann")["results"]
        assert "(rule: loopback)" in rows[0]["metadata"]["unread_parts"][0]
        assert rows[1]["name"] == "door.txt"
        assert model.pictures == 3


def test_several_messages_make_the_query(client: Memory) -> None:
    chat(client, "one").put(user("My bicycle is blue."))
    memory = chat(client, "two", search_msg_limit=2)
    memory.put(user("What about my bicycle?"))
    memory.put(user("And which one?"))
    assert "blue" in memory.get()[-1].content


# Messages and runs


def test_what_is_saved_twice_is_there_once(client: Memory) -> None:
    talk = [user("I live in Lisbon."), ChatMessage("Noted.", role="assistant"), user("I live in Lisbon.")]
    memory = chat(client)
    memory.put_messages(talk)
    before = said(client)
    assert len(before) == 3
    memory.set(talk)
    chat(client).set(talk)
    assert said(client) == before


def test_without_a_run_the_same_words_on_two_days_are_two_statements() -> None:
    clock = FixedClock()
    talk = [user("Do I like tea?"), ChatMessage("Do you?", role="assistant"), user("yes")]
    with Memory(":memory:", embedder=HashEmbedder(), clock=clock) as client:

        def of(*messages: ChatMessage) -> MemlayerMemory:
            memory = MemlayerMemory.from_client({"user_id": "ann"}, client)
            memory.put_messages(list(messages))
            return memory

        for _ in range(2):
            assert len(of(*talk).get("Do I like tea?")) == 3
            clock.advance(days=1)
        assert len(said(client)) == 6

        async def later() -> None:
            again = of()
            await again.aset(talk)
            await again.aput(user("yes"))

        asyncio.run(later())
        of().set([*talk, user("yes")])
        assert len(said(client)) == 7


def test_a_window_that_was_filled_elsewhere_counts_as_said(client: Memory) -> None:
    window = ChatMemoryBuffer.from_defaults(chat_history=[user("Hello")])
    memory = chat(client, primary_memory=window)
    memory.put(user("Hello"))
    again = chat(client)
    again.put(user("Hello"))
    assert len(said(client)) == 2


def test_reset_forgets_this_run_and_nothing_else(client: Memory) -> None:
    one, two = chat(client, "one"), chat(client, "two")
    one.put(user("I live in Lisbon."))
    two.put(user("My bicycle is blue."))
    two.reset()
    assert two.get_all() == []
    assert said(client) == [("user", "I live in Lisbon.")]
    asyncio.run(one.areset())
    assert said(client) == []
    assert client.verify()["ok"]


def test_reset_without_a_run_names_erase(client: Memory) -> None:
    memory = MemlayerMemory.from_defaults(user_id="ann", client=client)
    memory.put(user("I live in Lisbon."))
    with pytest.raises(UnsupportedError, match="erase"):
        memory.reset()
    with pytest.raises(UnsupportedError, match="erase"):
        asyncio.run(memory.areset())
    assert len(memory.get_all()) == 1


def test_two_loops_and_both_faces_share_one_memory(client: Memory) -> None:
    async def run() -> str:
        first = chat(client, "one", primary_memory=ChatMemoryBuffer.from_defaults())
        await asyncio.gather(*(first.aput(user(f"My number {n} is {n}.")) for n in range(5)))
        second = MemlayerMemory.from_client({"user_id": "ann", "run_id": "two"}, AsyncMemory.of(client))
        await second.aset([user("What is my number 3?")])
        return (await second.aget())[-1].content or ""

    assert "number 3" in asyncio.run(run())
    assert len(said(client)) == 6


# Construction


def test_a_context_needs_an_id_and_knows_no_other_key(client: Memory) -> None:
    with pytest.raises(ValueError, match="at least one"):
        MemlayerMemory.from_client({}, client)
    with pytest.raises(ValueError, match="userid"):
        MemlayerMemory.from_client({"userid": "ann"}, client)


def test_a_key_of_a_hosted_account_is_refused_by_name(client: Memory) -> None:
    with pytest.raises(UnsupportedError, match="api_key"):
        Mem0Memory.from_client({"user_id": "ann"}, api_key="m0-secret")


def test_from_config_opens_a_memory(tmp_path: Any) -> None:
    config = {"history_db_path": str(tmp_path / "m.db")}
    memory = Mem0Memory.from_config({"user_id": "ann"}, config, search_msg_limit=4)
    memory.put(user("I live in Lisbon."))
    memory.client.close()
    with Memory(tmp_path / "m.db") as again:
        assert again.get_all(user_id="ann")["count"] == 1


def test_every_public_name_is_there() -> None:
    assert all(hasattr(memlayer_llamaindex, name) for name in memlayer_llamaindex.__all__)


# Serialisation


def test_pickling_leaves_the_live_memory_whole_and_keeps_the_conversation(client: Memory) -> None:
    memory = chat(client)
    memory.put(user("I live in Lisbon."))
    restored = pickle.loads(pickle.dumps(memory))
    memory.put(user("It is warm."))
    assert len(memory.get_all()) == 2
    assert [m.content for m in restored.get_all()] == ["I live in Lisbon."]
    with pytest.raises(ConfigurationError, match="connect"):
        restored.put(user("Hello"))
    restored.connect(client)
    restored.put(user("It is warm."))
    assert len(said(client)) == 2


def test_a_memory_of_llamaindex_is_pickled_with_its_limits_and_its_conversation(client: Memory) -> None:
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    window = ChatMemory.from_defaults(async_engine=engine, token_limit=500, session_id="here")
    memory = chat(client, primary_memory=window)

    async def save() -> bytes:
        await memory.aput(user("I live in Lisbon."))
        saved = pickle.dumps(memory)
        await memory.aput(user("It is warm."))
        assert len(await memory.aget_all()) == 2
        await engine.dispose()
        return saved

    async def load(saved: bytes) -> list[str | None]:
        restored = pickle.loads(saved).primary_memory
        assert (restored.token_limit, restored.session_id) == (500, "here")
        shown = [m.content for m in await restored.aget_all()]
        await restored.sql_store._async_engine.dispose()
        return shown

    assert asyncio.run(load(asyncio.run(save()))) == ["I live in Lisbon."]


# The conversation


def test_the_conversation_needs_no_loop_and_leaves_no_connection(client: Memory) -> None:
    async def run() -> MemlayerMemory:
        memory = chat(client)
        await memory.aput(user("I live in Lisbon."))
        memory.put(user("It is warm."))
        return memory

    memory = asyncio.run(run())
    restored = pickle.loads(pickle.dumps(memory))
    assert [m.content for m in restored.get_all()] == ["I live in Lisbon.", "It is warm."]
    assert isinstance(memory.primary_memory, ChatMemoryBuffer)


def test_a_long_conversation_shows_its_newest_turns_and_counts_each_message_once() -> None:
    counted = []

    def words(text: str) -> list[str]:
        counted.append(text)
        return text.split()

    window = Window(token_limit=12, tokenizer_fn=words)
    assert window.get() == []
    for n in range(100):
        window.put_messages([user(f"question number {n}"), ChatMessage(f"answer number {n}", role="assistant")])
    assert window.get()[0].content == "question number 98"
    assert len(window.get(initial_token_count=3)) == 2, "an answer never leads"
    assert len(counted) == 5 + 4
    window.put(user("word " * 20))
    assert window.get() == window.get_all()[-1:], "one that is too long is for the model to refuse"


@pytest.mark.filterwarnings("ignore:Skipping serialization of known unserializable key")
@pytest.mark.parametrize("serializer", [JsonSerializer(), JsonPickleSerializer()])
@pytest.mark.parametrize("window", [None, ChatMemoryBuffer])
def test_saving_a_context_does_not_break_the_memory(client: Memory, serializer: Any, window: Any) -> None:
    async def run() -> int:
        agent = ReActAgent(llm=Model(answers=[REACT]), tools=[])
        context, memory = Context(agent), chat(client, primary_memory=window and window.from_defaults())
        await agent.run("I live in Lisbon.", memory=memory, ctx=context)
        context.to_dict(serializer=serializer)
        await agent.run("It is warm.", memory=memory, ctx=context)
        return len(await memory.aget_all())

    assert asyncio.run(run()) == 4


def test_a_dump_holds_no_client(client: Memory) -> None:
    assert "client" not in chat(client).model_dump_json()


# The block


def test_a_block_recalls_and_takes_what_leaves_the_window(client: Memory) -> None:
    context = {"user_id": "ann", "run_id": "two"}
    chat(client, "one").put(user("I live in Lisbon."))
    block = MemlayerMemoryBlock(client=client, context=context)
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    memory = ChatMemory.from_defaults(memory_blocks=[block], token_limit=120, token_flush_size=20, async_engine=engine)

    async def run() -> str:
        await memory.aput(user("Where do I live?"))
        recalled = (await memory.aget())[0].content
        await memory.aput_messages([user("Tell me of my long and winding journey to the sea. " * 3) for _ in range(3)])
        # LlamaIndex's store leaves its connection to the garbage collector, which finds its loop closed.
        await engine.dispose()
        return recalled or ""

    assert "Lives in Lisbon" in asyncio.run(run())
    assert ("user", "Where do I live?") in said(client)
    assert "client" not in memory.model_dump_json()
