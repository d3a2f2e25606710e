# needs: langchain memlayer_langchain
"""An agent that remembers its guests: tools, a checkpointer, two guests, and a restart in between.

python examples/langchain/dinner_agent.py

No key: the cook below stands in for a model. Put your own into `create_agent` to talk to a real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from memlayer import Memory
from memlayer_langchain import MemlayerMiddleware

DISHES = {"peanut": "satay", "cheese": "gratin", "fish": "bacalhau"}


@dataclass
class Guest:
    """Who is at the table: the context of a run."""

    user_id: str


@tool
def menu() -> str:
    """Says what the kitchen can cook today."""
    return ", ".join(DISHES.values())


class Cook(BaseChatModel):
    """A stand-in for a model: looks at the menu, and leaves out what it has been told that a guest cannot have."""

    @property
    def _llm_type(self) -> str:
        return "cook"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Cook:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    def _answer(self, messages: list[BaseMessage]) -> AIMessage:
        if "cook" not in messages[-1].text and messages[-1].type == "human":
            return AIMessage("I will remember that.")
        if messages[-1].type != "tool":
            return AIMessage("", tool_calls=[{"name": "menu", "args": {}, "id": "look"}])
        known = messages[0].text.lower() if messages[0].type == "system" else ""
        return AIMessage("How about " + " or ".join(dish for food, dish in DISHES.items() if food not in known) + "?")


def agent_on(memory: Memory) -> Any:
    return create_agent(
        Cook(),
        [menu],
        system_prompt="You cook for guests.",
        middleware=[MemlayerMiddleware(memory)],
        context_schema=Guest,
        checkpointer=InMemorySaver(),
    )


def say(agent: Any, guest: str, day: str, text: str) -> str:
    thread = {"configurable": {"thread_id": f"{guest}-{day}"}}
    answer: str = agent.invoke({"messages": text}, thread, context=Guest(guest))["messages"][-1].text
    print(f"{day}, {guest}: {text}\n    {answer}")
    return answer


with Memory("dinner.db") as memory:
    monday = agent_on(memory)
    say(monday, "ann", "monday", "I am allergic to peanuts.")
    say(monday, "ben", "monday", "I don't like cheese.")

with Memory("dinner.db") as memory:  # another day, another process
    friday = agent_on(memory)
    assert say(friday, "ann", "friday", "What will you cook without peanuts?") == "How about gratin or bacalhau?"
    assert say(friday, "ben", "friday", "Will you cook something with cheese?") == "How about satay or bacalhau?"
