"""What the LlamaIndex, CrewAI and AutoGen adapters add to a call of `Memory`.

As adapter_langchain.py: each row is one entry point as the framework calls it, `added` what of it the memory itself did
not take. Awaited rows hold the way to a worker thread and back; CrewAI's hold its event bus. CrewAI saves in a thread
of its own: what that costs with nothing to save stands in a row beside ours, and is no part of what we add. The
conversation itself is kept in the smallest memory that the framework has.

    pip install memlayer-llamaindex memlayer-crewai "memlayer-autogen[autogen]"
    python benchmarks/speed/adapter_others.py
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import Any

from _bench import options, p50, p95, progress, report, talk
from adapter_langchain import Stopwatch, measure

from memlayer import Memory

NEEDED = ("memlayer_llamaindex", "memlayer_crewai", "memlayer_autogen", "autogen_core", "crewai")
WHO = {"user_id": "user", "run_id": "run"}
ASKED = "Who painted what with Nadia?"


def cases(memory: Memory, loop: asyncio.AbstractEventLoop) -> dict[str, Callable[[], Any]]:
    """The calls through the adapters, by name."""
    return {**llamaindex(memory, loop), **crewai(memory), **autogen(memory, loop)}


def awaited(loop: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[Any]]) -> Callable[[], Any]:
    """The call as one that is not awaited, on a loop that runs already in the sense that nothing of it is set up."""
    return lambda: loop.run_until_complete(call())  # type: ignore[arg-type]


def llamaindex(memory: Memory, loop: asyncio.AbstractEventLoop) -> dict[str, Callable[[], Any]]:
    """`put` is LlamaIndex's own work on its window, too."""
    from llama_index.core.llms import ChatMessage
    from llama_index.core.memory import ChatMemoryBuffer

    from memlayer_llamaindex import MemlayerMemory

    said = talk(5)
    window = ChatMemoryBuffer.from_defaults(chat_history=[ChatMessage("Hello", role="user")])
    reading = MemlayerMemory.from_client(WHO, memory, primary_memory=window)
    writing = MemlayerMemory.from_client(WHO, memory, primary_memory=ChatMemoryBuffer.from_defaults())
    return {
        "LlamaIndex get": lambda: reading.get(ASKED),
        "LlamaIndex get, awaited": awaited(loop, lambda: reading.aget(ASKED)),
        "LlamaIndex put": lambda: writing.put(ChatMessage(next(said), role="user")),
        "LlamaIndex put, awaited": awaited(loop, lambda: writing.aput(ChatMessage(next(said), role="user"))),
    }


def crewai(memory: Memory) -> dict[str, Callable[[], Any]]:
    """What an agent calls before and after a task."""
    from memlayer_crewai import MemlayerMemory

    class Idle(MemlayerMemory):
        """Saves nothing: what is left is CrewAI's thread and its events."""

        def _encode_batch(self, *args: Any, **kwargs: Any) -> list[Any]:
            return []

    said = talk(6)
    crew, idle = MemlayerMemory(memory, **WHO), Idle(memory, **WHO)

    def remember(by: MemlayerMemory) -> None:
        by.remember_many(task(), agent_role="helper")
        by.drain_writes()

    def task() -> list[str]:
        return [f"Task: {next(said)}\nAgent: helper\nExpected result: an answer\nResult: Yes."]

    return {
        "CrewAI recall": lambda: crew.recall(ASKED, limit=5),
        "CrewAI remember, with its thread": lambda: remember(crew),
        "CrewAI's own thread and events alone": lambda: remember(idle),
        "CrewAI remember, without them": lambda: crew._encode_batch(task()),
    }


def autogen(memory: Memory, loop: asyncio.AbstractEventLoop) -> dict[str, Callable[[], Any]]:
    """What an agent awaits in each run."""
    from autogen_core.models import UserMessage

    from memlayer_autogen import MemlayerChatContext, MemlayerMemory

    said = talk(7)
    store = MemlayerMemory(memory, **WHO)
    asking, writing = MemlayerChatContext(store), MemlayerChatContext(store)
    loop.run_until_complete(asking.add_message(UserMessage(content=ASKED, source="user")))
    return {
        "AutoGen update_context, awaited": awaited(loop, lambda: store.update_context(asking)),
        "AutoGen add_message, awaited": awaited(
            loop, lambda: writing.add_message(UserMessage(content=next(said), source="user"))
        ),
    }


def main() -> None:
    """Prints the table."""
    chosen = options(__doc__ or "", memories=1000, runs=100)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; see the top of this file")
    rows = []
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "memory.db") as memory:
        os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_STORAGE_DIR": folder}
        for text in islice(talk(), chosen.memories):
            memory.add(text, infer=False, **WHO)
        loop = asyncio.new_event_loop()
        watch = Stopwatch()
        every = cases(memory, loop)
        for verb in ("add", "search", "context", "get", "update"):
            setattr(memory, verb, watch.around(getattr(memory, verb)))
        for name in progress(list(every), "Measuring"):
            inside, outside = measure(every[name], watch, chosen.runs)
            rows.append(
                {"call": name, "memory p50 ms": p50(inside), "added p50 ms": p50(outside), "added p95 ms": p95(outside)}
            )
        loop.close()
    report(f"Through an adapter, over {chosen.memories:,} memories", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
