"""Tools with which a model looks after a memory by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import set_config_context
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import BaseModel, Field

from memlayer import AsyncMemory, ImmutableError, Memory, NotFoundError
from memlayer.adapters import ScopeOf, Whose
from memlayer.types import MemoryItem
from memlayer_langchain._faces import async_of, sync_of


class Add(BaseModel):
    """Arguments of `add_memory`."""

    text: str = Field(description="What to remember, as one or more full sentences, as the person would say it.")


class Search(BaseModel):
    """Arguments of `search_memory`."""

    query: str = Field(description="What to look for: a question or a few words.")
    limit: int = Field(default=5, ge=1, le=50, description="The most memories to return.")


class GetAll(BaseModel):
    """Arguments of `get_all_memory`."""

    limit: int = Field(default=50, ge=1, le=500, description="The most memories to return, newest first.")


class Update(BaseModel):
    """Arguments of `update_memory`."""

    memory_id: str = Field(description="The id of the memory, as a search returned it.")
    text: str = Field(description="The new text of the memory.")


class Delete(BaseModel):
    """Arguments of `delete_memory`."""

    memory_id: str = Field(description="The id of the memory, as a search returned it.")


def memory_tools(
    memory: Memory | AsyncMemory,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    app_id: str | None = None,
    scope: ScopeOf | None = None,
    shared: bool = False,
) -> list[BaseTool]:
    """The tools add_memory, search_memory, get_all_memory, update_memory and delete_memory, sync and async.

    The model never sees or says whose memory it is: the ids are given here, or come from the context of the agent's
    run, as for `MemlayerMiddleware`. An id that is not there, or somebody else's, comes back to the model as an error.
    """
    ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
    made = _Tools(memory, Whose(ids, scope, shared=shared))
    return [
        _tool(Add, made.add_memory, made.aadd_memory),
        _tool(Search, made.search_memory, made.asearch_memory),
        _tool(GetAll, made.get_all_memory, made.aget_all_memory),
        _tool(Update, made.update_memory, made.aupdate_memory),
        _tool(Delete, made.delete_memory, made.adelete_memory),
    ]


class _Tools:
    """What the tools do; the docstrings of the sync ones are what the model reads."""

    def __init__(self, memory: Memory | AsyncMemory, whose: Whose) -> None:
        self.sync, self.other, self.whose = sync_of(memory), async_of(memory), whose

    def add_memory(self, text: str, config: RunnableConfig) -> str:
        """Remembers something about the person or their work for later conversations."""
        return _told(self.sync.add(text, **self._writes(config)))

    async def aadd_memory(self, text: str, config: RunnableConfig) -> str:
        return _told(await self.other.add(text, **self._writes(config)))

    def search_memory(self, query: str, config: RunnableConfig, limit: int = 5) -> str:
        """Finds what is remembered from earlier conversations, best first, each with its id."""
        return _shown(self.sync.search(query, limit=limit, **self._reads(config))["results"])

    async def asearch_memory(self, query: str, config: RunnableConfig, limit: int = 5) -> str:
        return _shown((await self.other.search(query, limit=limit, **self._reads(config)))["results"])

    def get_all_memory(self, config: RunnableConfig, limit: int = 50) -> str:
        """Lists the facts that are remembered, newest first, each with its id."""
        return _shown(self.sync.get_all(page_size=limit, **self._reads(config))["results"])

    async def aget_all_memory(self, config: RunnableConfig, limit: int = 50) -> str:
        return _shown((await self.other.get_all(page_size=limit, **self._reads(config)))["results"])

    def update_memory(self, memory_id: str, text: str, config: RunnableConfig) -> str:
        """Corrects the text of a memory; what it said before stays in its history."""
        with _for_the_model():
            self.sync.update(memory_id, text, **self._reads(config))
        return f"Memory {memory_id} now says: {text}"

    async def aupdate_memory(self, memory_id: str, text: str, config: RunnableConfig) -> str:
        with _for_the_model():
            await self.other.update(memory_id, text, **self._reads(config))
        return f"Memory {memory_id} now says: {text}"

    def delete_memory(self, memory_id: str, config: RunnableConfig) -> str:
        """Forgets a memory that is wrong or no longer wanted."""
        with _for_the_model():
            self.sync.delete(memory_id, **self._reads(config))
        return f"Memory {memory_id} is forgotten."

    async def adelete_memory(self, memory_id: str, config: RunnableConfig) -> str:
        with _for_the_model():
            await self.other.delete(memory_id, **self._reads(config))
        return f"Memory {memory_id} is forgotten."

    def _reads(self, config: RunnableConfig) -> dict[str, Any]:
        return self.whose.reads(runtime_of(config))

    def _writes(self, config: RunnableConfig) -> dict[str, Any]:
        return self.whose.writes(runtime_of(config))


def runtime_of(config: RunnableConfig) -> Any:
    """The runtime of the agent's run that a config belongs to; None outside of one."""
    try:
        from langgraph.runtime import get_runtime
    except ModuleNotFoundError:
        return None  # without LangGraph there are no agents, and so no run to belong to
    # Python 3.10 does not hand context variables on to tasks, so the config says it, not the surroundings.
    with set_config_context(config) as context:
        return context.run(lambda: get_runtime(None))


def _tool(
    arguments: type[BaseModel], sync: Callable[..., str], other: Callable[..., Coroutine[Any, Any, str]]
) -> StructuredTool:
    return StructuredTool.from_function(
        func=sync,
        coroutine=other,
        name=sync.__name__,
        description=sync.__doc__,
        args_schema=arguments,
        handle_tool_error=True,
    )


@contextmanager
def _for_the_model() -> Iterator[None]:
    """Turns what a model can get wrong, and can mend, into an error that it reads."""
    try:
        yield
    except (NotFoundError, ImmutableError) as error:
        raise ToolException(str(error)) from error


def _told(added: Any) -> str:
    changes = [f"{one['event']} {one['id']}: {one['memory']}" for one in added["results"]]
    return "\n".join(changes) or "Kept as it was said."


def _shown(found: list[MemoryItem]) -> str:
    rows = [{"id": row["id"], "memory": row["memory"], "since": row["valid_from"][:10]} for row in found]
    return json.dumps(rows, ensure_ascii=False)
