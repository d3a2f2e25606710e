# needs: langgraph memlayer_langgraph
"""A graph that recalls, answers and remembers, with a store for what is looked up: two customers, at once.

python examples/langgraph/support_graph.py

No key: the desk below stands in for a model.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime

from memlayer import Memory
from memlayer_langgraph import MemlayerStore, MemoryState, recall_node, remember_node


@dataclass
class Customer:
    """Who calls: the context of a run."""

    user_id: str


class State(MessagesState, MemoryState): ...


async def desk(state: State, runtime: Runtime[Customer]) -> dict[str, Any]:
    """Stands in for a model: tells what is known about the caller, and the article that fits the question."""
    assert runtime.store is not None
    [article] = await runtime.store.asearch(("articles",), query=state["messages"][-1].text, limit=1)
    known = [row["memory"] for row in state["memories"] if row["kind"] == "fact"]
    return {"messages": [AIMessage(f"{article.value['text']} (I know: {'; '.join(known) or 'nothing yet'})")]}


def graph_on(memory: Memory) -> Any:
    articles = MemlayerStore(memory, app_id="support", index=["text"])
    articles.put(("articles", "phones"), "reset", {"text": "Hold both buttons of the phone for ten seconds."})
    articles.put(("articles", "bills"), "copy", {"text": "A copy of each bill lies in your account."})
    return (
        StateGraph(State, context_schema=Customer)
        .add_node("recall", recall_node(memory))
        .add_node("desk", desk)
        .add_node("remember", remember_node(memory))
        .add_edge(START, "recall")
        .add_edge("recall", "desk")
        .add_edge("desk", "remember")
        .compile(checkpointer=InMemorySaver(), store=articles)
    )


async def call(graph: Any, customer: str, number: int, text: str) -> str:
    thread = {"configurable": {"thread_id": f"{customer}-{number}"}}
    answer = (await graph.ainvoke({"messages": text}, thread, context=Customer(customer)))["messages"][-1].text
    print(f"{customer}: {text}\n    {answer}")
    return str(answer)


async def main() -> None:
    with Memory("support.db") as memory:
        graph = graph_on(memory)
        await asyncio.gather(
            call(graph, "ann", 1, "I live in Lisbon. My phone does not start."),
            call(graph, "ben", 1, "I live in Porto. Where is my bill?"),
        )
        ann, ben = await asyncio.gather(
            call(graph, "ann", 2, "Which shop is near where I live, to reset my phone?"),
            call(graph, "ben", 2, "Do you know where I live, for the bill?"),
        )
        assert ("Lisbon" in ann, "Porto" in ann, "both buttons" in ann) == (True, False, True)
        assert ("Lisbon" in ben, "Porto" in ben, "copy of each bill" in ben) == (False, True, True)


asyncio.run(main())
