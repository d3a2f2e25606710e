"""One agent of each framework on one memory, behind the same three words: `say`, `ask`, `forget`.

Each agent is the framework's own, made anew for each turn, with a model that answers "Noted." and keeps what it is
shown: what `ask` returns is what a real model would have read, without the question itself.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.replay import ReplayChatCompletionClient
from crewai import Agent, BaseLLM, Crew, Task
from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from llama_index.core.agent.workflow import ReActAgent
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    CompletionResponse,
    LLMMetadata,
)
from llama_index.core.llms.custom import CustomLLM
from pydantic import PrivateAttr

from memlayer import Memory
from memlayer_autogen import MemlayerChatContext, MemlayerMemory
from memlayer_crewai import MemlayerMemory as CrewMemory
from memlayer_langchain import MemlayerChatMessageHistory, MemlayerMiddleware
from memlayer_langgraph import MemoryState, recall_node, remember_node
from memlayer_llamaindex import MemlayerMemory as ChatMemory

ANSWER = "Noted."


class Speaker(Protocol):
    """A framework's agent with a memory."""

    def __init__(self, memory: Memory) -> None: ...

    def say(self, text: str, user: str, run: str) -> None:
        """The user tells the agent something."""

    def ask(self, text: str, user: str, run: str) -> str:
        """The user asks, and everything that the model was shown is returned."""

    def forget(self, user: str, run: str) -> None:
        """The framework's own word for forgetting one conversation."""


class LangChain:
    """`create_agent` with the middleware."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def say(self, text: str, user: str, run: str) -> None:
        self.ask(text, user, run)

    def ask(self, text: str, user: str, run: str) -> str:
        model = ChatModel(messages=iter([AIMessage(ANSWER)]))
        middleware = MemlayerMiddleware(self.memory, user_id=user, run_id=run)
        create_agent(model, [], middleware=[middleware]).invoke({"messages": [HumanMessage(text)]})
        return "\n".join(str(m.content) for m in model._shown[-1] if isinstance(m, SystemMessage))

    def forget(self, user: str, run: str) -> None:
        MemlayerChatMessageHistory(self.memory, user_id=user, run_id=run).clear()


class LangGraph:
    """A compiled graph that recalls, answers and remembers, each conversation in a thread of its checkpointer."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.saver = InMemorySaver()

    def say(self, text: str, user: str, run: str) -> None:
        self.ask(text, user, run)

    def ask(self, text: str, user: str, run: str) -> str:
        shown: list[str] = []

        class State(MessagesState, MemoryState): ...

        def answer(state: State) -> dict[str, Any]:
            shown.append(state["memory_context"])
            return {"messages": [AIMessage(ANSWER)]}

        graph = (
            StateGraph(State, context_schema=dict)
            .add_node("recall", recall_node(self.memory))
            .add_node("answer", answer)
            .add_node("remember", remember_node(self.memory))
            .add_edge(START, "recall")
            .add_edge("recall", "answer")
            .add_edge("answer", "remember")
            .add_edge("remember", END)
            .compile(checkpointer=self.saver)
        )
        config = {"configurable": {"thread_id": run}}
        graph.invoke({"messages": [HumanMessage(text)]}, config, context={"user_id": user})
        return shown[-1]

    def forget(self, user: str, run: str) -> None:
        # A graph has no word of its own for it.
        self.memory.erase(user_id=user, run_id=run)


class LlamaIndex:
    """A ReActAgent, awaited."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def of(self, user: str, run: str) -> ChatMemory:
        return ChatMemory.from_client({"user_id": user, "run_id": run}, self.memory)

    def say(self, text: str, user: str, run: str) -> None:
        self.ask(text, user, run)

    def ask(self, text: str, user: str, run: str) -> str:
        model = IndexModel()

        async def talk() -> None:
            await ReActAgent(llm=model, tools=[]).run(text, memory=self.of(user, run))

        asyncio.run(talk())
        return str(model._shown[-1][-1].content).replace(text, "")

    def forget(self, user: str, run: str) -> None:
        self.of(user, run).reset()


class CrewAI:
    """A crew of one agent with one task."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def of(self, user: str, run: str) -> CrewMemory:
        return CrewMemory(self.memory, user_id=user, run_id=run)

    def say(self, text: str, user: str, run: str) -> None:
        self.ask(text, user, run)

    def ask(self, text: str, user: str, run: str) -> str:
        model = CrewModel(model="none")
        agent = Agent(role="helper", goal="help", backstory="none", llm=model)
        task = Task(description=text, expected_output="an answer", agent=agent)
        Crew(agents=[agent], tasks=[task], memory=self.of(user, run)).kickoff()
        return model._shown[-1].replace(text, "")

    def forget(self, user: str, run: str) -> None:
        self.of(user, run).reset()


class AutoGen:
    """An AssistantAgent with the memory and the context."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def of(self, user: str, run: str) -> MemlayerMemory:
        return MemlayerMemory(self.memory, user_id=user, run_id=run)

    def say(self, text: str, user: str, run: str) -> None:
        self.ask(text, user, run)

    def ask(self, text: str, user: str, run: str) -> str:
        model = ReplayChatCompletionClient([ANSWER])
        memory = self.of(user, run)
        agent = AssistantAgent("helper", model, memory=[memory], model_context=MemlayerChatContext(memory))
        asyncio.run(agent.run(task=text))
        return "\n".join(str(m.content) for m in model.create_calls[-1]["messages"] if m.type == "SystemMessage")

    def forget(self, user: str, run: str) -> None:
        asyncio.run(self.of(user, run).clear())


SPEAKERS: dict[str, type[Speaker]] = {
    "LangChain": LangChain,
    "LangGraph": LangGraph,
    "LlamaIndex": LlamaIndex,
    "CrewAI": CrewAI,
    "AutoGen": AutoGen,
}


class ChatModel(GenericFakeChatModel):
    """LangChain's fake model, which also keeps what it is shown."""

    _shown: list[list[Any]] = PrivateAttr(default_factory=list)

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self._shown.append(messages)
        return super()._generate(messages, *args, **kwargs)


class CrewModel(BaseLLM):
    """A model of CrewAI's that needs no network."""

    _shown: list[str] = PrivateAttr(default_factory=list)

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        self._shown.append(messages if isinstance(messages, str) else "\n".join(str(m["content"]) for m in messages))
        return f"Final Answer: {ANSWER}"

    def supports_function_calling(self) -> bool:
        return False


class IndexModel(CustomLLM):
    """A model of LlamaIndex's that needs no network."""

    _shown: list[list[ChatMessage]] = PrivateAttr(default_factory=list)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, model_name="none")

    async def astream_chat(self, messages: Any, **kwargs: Any) -> ChatResponseAsyncGen:
        self._shown.append(list(messages))
        text = f"Thought: I can answer without using any more tools.\nAnswer: {ANSWER}"

        async def stream() -> Any:
            yield ChatResponse(message=ChatMessage(text, role="assistant"), delta=text)

        return stream()

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        raise NotImplementedError("the agents here chat")

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError("the agents here chat")
