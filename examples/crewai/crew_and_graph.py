# needs: crewai langgraph memlayer_crewai memlayer_langgraph
"""A crew and a graph that share one memory: what one of them is told, the other one knows.

A concierge built with LangGraph talks with the guest. A crew built with CrewAI plans the evening later, without asking
again. Both models are stand-ins that need no key.
"""

import os
from tempfile import TemporaryDirectory

os.environ.setdefault("CREWAI_DISABLE_TELEMETRY", "true")

from crewai import Agent, BaseLLM, Crew, Task
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import END, START, MessagesState, StateGraph

from memlayer import Memory
from memlayer_crewai import MemlayerMemory
from memlayer_langgraph import MemoryState, recall_node, remember_node


class Planner(BaseLLM):
    """Plans with what the crew's memory recalled."""

    def call(self, messages, *args, **kwargs):
        prompt = messages if isinstance(messages, str) else messages[-1]["content"]
        known = [line.split(") ", 1)[1] for line in prompt.splitlines() if line.startswith("- (score=")]
        return f"Final Answer: A table for the guest, knowing: {'; '.join(known)}"

    def supports_function_calling(self):
        return False


class State(MessagesState, MemoryState): ...


def concierge(memory: Memory):
    """A graph that recalls, answers and remembers."""

    def answer(state: State):
        return {"messages": [AIMessage(f"Of course. {state['memory_context']}".strip())]}

    return (
        StateGraph(State, context_schema=dict)
        .add_node("recall", recall_node(memory))
        .add_node("answer", answer)
        .add_node("remember", remember_node(memory, run_id="lobby"))
        .add_edge(START, "recall")
        .add_edge("recall", "answer")
        .add_edge("answer", "remember")
        .add_edge("remember", END)
        .compile()
    )


def evening(memory: Memory) -> str:
    """A crew that plans the guest's evening."""
    planner = Agent(role="planner", goal="plan the evening", backstory="knows the city", llm=Planner(model="planner"))
    task = Task(description="Where should the guest eat, given allergies?", expected_output="a plan", agent=planner)
    crew = Crew(agents=[planner], tasks=[task], memory=MemlayerMemory(memory, user_id="ann", run_id="evening"))
    return crew.kickoff().raw


with TemporaryDirectory() as folder, Memory(f"{folder}/memory.db") as memory:
    graph = concierge(memory)
    graph.invoke({"messages": [HumanMessage("I am allergic to peanuts.")]}, context={"user_id": "ann"})
    plan = evening(memory)
    print(plan)
    assert "allergic to peanuts" in plan

    told = graph.invoke({"messages": [HumanMessage("What was planned for me?")]}, context={"user_id": "ann"})
    print(told["messages"][-1].content)
    assert "planner" in told["messages"][-1].content  # the crew's answer, by the name of its agent
