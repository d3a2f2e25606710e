"""What the LangChain and LangGraph adapters add to a call of `Memory`.

Each row is one entry point as the framework calls it. A stopwatch around the verbs of the memory tells what of the
call the memory itself took, as it would when it is called directly; `added` is the rest of the same call: the adapter's
share and, for tools, retrievers and nodes, that of the framework's own wrapper around every such call.

    pip install "memlayer-langchain[agents]" memlayer-langgraph
    python benchmarks/speed/adapter_langchain.py
"""

from __future__ import annotations

import gc
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

from _bench import options, p50, p95, progress, report, talk

from memlayer import Memory
from memlayer.items import Items

NEEDED = ("langchain", "memlayer_langchain", "memlayer_langgraph")
WHO = {"user_id": "user"}


class Stopwatch:
    """Sums up the milliseconds that pass inside of the memory."""

    def __init__(self) -> None:
        self.total = 0.0
        self.depth = 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, timed unless it is made inside of another one."""

        @wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.depth += 1
            start = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self.depth -= 1
                if self.depth == 0:
                    self.total += 1000 * (time.perf_counter() - start)

        return timed


def cases(memory: Memory) -> dict[str, Callable[[], Any]]:
    """The calls through the adapters, by name."""
    from langchain.agents.middleware.types import ModelRequest
    from langchain_core.messages import AIMessage, HumanMessage
    from langgraph.runtime import Runtime

    from memlayer_langchain import (
        MemlayerChatMessageHistory,
        MemlayerMemory,
        MemlayerMiddleware,
        MemlayerRetriever,
        MemlayerVectorStore,
        memory_tools,
    )
    from memlayer_langgraph import MemlayerStore, recall_node, remember_node

    said = talk(5)
    asked = "Who painted what with Nadia?"
    ids = [row["id"] for row in memory.search(asked, **WHO)["results"]]
    state = {"messages": [HumanMessage(asked, id="m1")], "memlayer_recalled": {"MemlayerMiddleware": ids}}
    runtime: Any = Runtime()
    middleware = MemlayerMiddleware(memory, **WHO)
    request = ModelRequest(model=None, messages=[], state=state, runtime=runtime)  # type: ignore[arg-type]
    tools = {tool.name: tool for tool in memory_tools(memory, **WHO)}
    retriever = MemlayerRetriever(memory=memory, **WHO)
    classic = MemlayerMemory(memory=memory, window=0, **WHO)
    history = MemlayerChatMessageHistory(memory, run_id="run", **WHO)
    store = MemlayerStore(memory, index=False, **WHO)
    recall, remember = recall_node(memory, **WHO), remember_node(memory, **WHO)
    store.put(("a", "b"), "key", {"text": "value"})
    documents = MemlayerVectorStore(memory, **WHO)
    documents.add_texts([f"document {number}" for number in range(100)])

    def turn() -> dict[str, Any]:
        return {"messages": [HumanMessage(next(said)), AIMessage("Yes.")]}

    return {
        "middleware before the agent": lambda: middleware.before_agent(state, runtime),  # type: ignore[arg-type]
        "middleware around the model": lambda: middleware.wrap_model_call(request, lambda r: r),  # type: ignore[arg-type,return-value]
        "middleware after the agent": lambda: middleware.after_agent(turn(), runtime),  # type: ignore[arg-type]
        "tool search_memory": lambda: tools["search_memory"].invoke({"query": asked}),
        "tool add_memory": lambda: tools["add_memory"].invoke({"text": next(said)}),
        "retriever": lambda: retriever.invoke(asked),
        "classic load": lambda: classic.load_memory_variables({"i": asked}),
        "classic save": lambda: classic.save_context({"i": next(said)}, {"o": "Yes."}),
        "history add": lambda: history.add_messages([HumanMessage(next(said))]),
        "documents found": lambda: documents.similarity_search("a document"),
        "recall node": lambda: recall.invoke(state),
        "remember node": lambda: remember.invoke(turn()),
        "store get": lambda: store.get(("a", "b"), "key"),
        "store put": lambda: store.put(("a", "b"), "put", {"text": "value"}),
        "store search": lambda: store.search(("a",), filter={"text": "value"}),
    }


def measure(call: Callable[[], Any], watch: Stopwatch, runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds inside of the memory and outside of it, of each run."""
    for _ in range(5):
        call()
    gc.collect()
    inside, outside = [], []
    for _ in range(runs):
        watch.total = 0.0
        start = time.perf_counter()
        call()
        took = 1000 * (time.perf_counter() - start)
        inside.append(watch.total)
        outside.append(took - watch.total)
    return inside, outside


def main() -> None:
    """Prints the table."""
    chosen = options(__doc__ or "", memories=1000, runs=200)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; see the top of this file")
    rows = []
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "memory.db") as memory:
        for text in islice(talk(), chosen.memories):
            memory.add(text, infer=False, **WHO)
        watch = Stopwatch()
        every = cases(memory)
        for verb in ("add", "search", "context", "messages"):
            setattr(memory, verb, watch.around(getattr(memory, verb)))
        for verb in ("get_many", "put_many", "delete_many", "search", "namespaces"):
            setattr(Items, verb, watch.around(getattr(Items, verb)))
        for name in progress(list(every), "adapters"):
            inside, outside = measure(every[name], watch, chosen.runs)
            rows.append(
                {
                    "call": name,
                    "memory p50 ms": p50(inside),
                    "added p50 ms": p50(outside),
                    "added p95 ms": p95(outside),
                }
            )
    report("LangChain and LangGraph adapters", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
