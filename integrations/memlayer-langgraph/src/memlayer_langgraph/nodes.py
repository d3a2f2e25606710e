"""Two nodes for a StateGraph: one recalls before the model, one remembers after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.runnables.config import set_config_context
from langgraph.runtime import get_runtime
from typing_extensions import TypedDict

from memlayer import AsyncMemory, Memory
from memlayer.adapters import ScopeOf, Whose, chat_mark, chat_question, chat_rows, faces, thread_of
from memlayer.types import MemoryItem

Node = RunnableLambda[Any, dict[str, Any]]


class MemoryState(TypedDict, total=False):
    """The keys that the nodes write; a state has those of them that its graph needs."""

    memories: list[MemoryItem]
    """What was found, best first, as `Memory.search` gives it."""
    memory_context: str
    """The same as a block for a prompt, fenced as data; "" where nothing was found."""
    memory_kept: str
    """What names the last message that `remember_node` kept: a thread that several people write in needs it."""


def recall_node(
    memory: Memory | AsyncMemory,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    app_id: str | None = None,
    scope: ScopeOf | None = None,
    shared: bool = False,
    query: Callable[[Any], str] | None = None,
    messages_key: str = "messages",
    max_tokens: int = 2000,
    **search: Any,
) -> Node:
    """A node that writes what the memory knows about the last human message into the state (see `MemoryState`).

    Ids that are not given come from the run's context: its fields `user_id`, `agent_id`, `run_id`, `app_id`, or what
    `scope` makes of the `Runtime`. A run without a user raises, unless `shared` says that an agent's users share one
    memory. `query` makes the question out of the state. Other keywords are those of `Memory.search`.
    """
    sync, other = faces(memory)
    ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
    whose = Whose(ids, scope, shared=shared)

    def ask(state: Any) -> str:
        return query(state).strip() if query is not None else chat_question(_messages(state, messages_key))

    def recall(state: Any, config: RunnableConfig) -> dict[str, Any]:
        scope_ids, asked = whose.reads(runtime_of(config)), ask(state)
        if not asked:
            return dict(_NOTHING)
        found = sync.search(asked, **scope_ids, **search)["results"]
        block = sync.context(ids=[row["id"] for row in found], max_tokens=max_tokens, **scope_ids)
        return {"memories": found, "memory_context": block}

    async def arecall(state: Any, config: RunnableConfig) -> dict[str, Any]:
        scope_ids, asked = whose.reads(runtime_of(config)), ask(state)
        if not asked:
            return dict(_NOTHING)
        found = (await other.search(asked, **scope_ids, **search))["results"]
        block = await other.context(ids=[row["id"] for row in found], max_tokens=max_tokens, **scope_ids)
        return {"memories": found, "memory_context": block}

    return RunnableLambda(recall, afunc=arecall, name="recall")


def remember_node(
    memory: Memory | AsyncMemory,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    app_id: str | None = None,
    scope: ScopeOf | None = None,
    shared: bool = False,
    messages_key: str = "messages",
    **add: Any,
) -> Node:
    """A node that keeps what was said in the state's messages; what it has kept before is left as it is.

    Ids as for `recall_node`; the thread of a checkpointer becomes the run. Tool results and system messages are not
    kept. Other keywords are those of `Memory.add`.
    """
    sync, other = faces(memory)
    ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
    whose = Whose(ids, scope, shared=shared)

    def said(state: Any, runtime: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        messages = _messages(state, messages_key)
        threaded = thread_of(runtime) is not None
        kept = _value(state, "memory_kept") if threaded else None
        return chat_rows(messages, threaded=threaded, kept=kept), {
            "memory_kept": chat_mark(messages)
        } if messages else {}

    def remember(state: Any, config: RunnableConfig) -> dict[str, Any]:
        runtime = runtime_of(config)
        scope_ids, (found, marked) = whose.writes(runtime), said(state, runtime)
        if found:
            sync.add(found, **scope_ids, **add)
        return marked

    async def aremember(state: Any, config: RunnableConfig) -> dict[str, Any]:
        runtime = runtime_of(config)
        scope_ids, (found, marked) = whose.writes(runtime), said(state, runtime)
        if found:
            await other.add(found, **scope_ids, **add)
        return marked

    return RunnableLambda(remember, afunc=aremember, name="remember")


_NOTHING: dict[str, Any] = {"memories": [], "memory_context": ""}


def runtime_of(config: RunnableConfig) -> Any:
    """The runtime of the run that a config belongs to; None outside of a graph."""
    # Python 3.10 does not hand context variables on to tasks, so the config says it, not the surroundings.
    with set_config_context(config) as context:
        return context.run(_runtime)


def _runtime() -> Any:
    return get_runtime()


def _messages(state: Any, key: str) -> Sequence[BaseMessage]:
    return convert_to_messages(_value(state, key) or [])


def _value(state: Any, key: str) -> Any:
    return state.get(key) if isinstance(state, Mapping) else getattr(state, key, None)
