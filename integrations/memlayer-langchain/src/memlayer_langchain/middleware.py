"""The memory of an agent made by `create_agent`: recalls before it thinks, remembers after it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from langchain.agents.middleware.types import (
    AgentMiddleware,
    AgentState,
    ModelRequest,
    ModelResponse,
    PrivateStateAttr,
)
from langchain_core.messages import SystemMessage
from langgraph.runtime import Runtime
from typing_extensions import NotRequired

from memlayer import AsyncMemory, Memory
from memlayer.adapters import ScopeOf, Whose, chat_mark, chat_question, chat_rows, thread_of
from memlayer_langchain._faces import async_of, sync_of
from memlayer_langchain.tools import memory_tools

ByName = dict[str, Any]


def _join(old: ByName, new: ByName) -> ByName:
    return {**(old or {}), **new}


class MemlayerState(AgentState[Any]):
    """What each middleware keeps: ids of memories, never their text, so that what is erased is gone."""

    memlayer_recalled: NotRequired[Annotated[ByName, PrivateStateAttr, _join]]
    """Ids of the memories that this run is shown."""
    memlayer_kept: NotRequired[Annotated[ByName, PrivateStateAttr, _join]]
    """The last message of the thread that is remembered: in a thread of several people, each keeps their own."""


class MemlayerMiddleware(AgentMiddleware[MemlayerState, Any, Any]):
    """Searches once per run for what the last human message asks, shows it to each model call, and keeps what is said.

    Holds nothing about a run, so that one agent serves many users at once.
    """

    state_schema = MemlayerState

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        scope: ScopeOf | None = None,
        shared: bool = False,
        recall: bool = True,
        remember: bool = True,
        tools: bool = False,
        max_tokens: int = 2000,
        name: str = "MemlayerMiddleware",
        search: dict[str, Any] | None = None,
        add: dict[str, Any] | None = None,
    ) -> None:
        """Opens nothing yet.

        Ids that are not given come from the run's context: its fields `user_id`, `agent_id`, `run_id`, `app_id`, or
        what `scope` makes of the `Runtime`; the thread of a checkpointer is the run where none is named. What is
        known of a person is recalled in each of their runs. A run without a user raises, unless `shared` says that an
        agent's users share one memory. `tools` gives the model the tools of `memory_tools` as well. `search` and `add`
        are keywords of these verbs. Two of these in one agent need a `name` each.
        """
        super().__init__()
        ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
        self._sync, self._async = sync_of(memory), async_of(memory)
        self._whose = Whose(ids, scope, shared=shared)
        self._recall, self._remember = recall, remember
        self._max_tokens = max_tokens
        self._name = name
        self._search, self._add = dict(search or {}), dict(add or {})
        self.tools = memory_tools(memory, **ids, scope=scope, shared=shared) if tools else []

    @property
    def name(self) -> str:
        """Tells middleware of one agent apart."""
        return self._name

    def before_agent(self, state: MemlayerState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Finds what is known about the last human message."""
        ids, asked = self._whose.reads(runtime), self._asked(state)
        found = self._sync.search(asked, **ids, **self._search)["results"] if asked else []
        return {"memlayer_recalled": {self.name: [row["id"] for row in found]}}

    async def abefore_agent(self, state: MemlayerState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Finds what is known about the last human message."""
        ids, asked = self._whose.reads(runtime), self._asked(state)
        found = (await self._async.search(asked, **ids, **self._search))["results"] if asked else []
        return {"memlayer_recalled": {self.name: [row["id"] for row in found]}}

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Shows the model what was found, as it is known by now."""
        found = self._found(request)
        if not found:
            return handler(request)
        ids = self._whose.reads(request.runtime)
        return handler(_with(request, self._sync.context(ids=found, max_tokens=self._max_tokens, **ids)))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Shows the model what was found, as it is known by now."""
        found = self._found(request)
        if not found:
            return await handler(request)
        ids = self._whose.reads(request.runtime)
        return await handler(_with(request, await self._async.context(ids=found, max_tokens=self._max_tokens, **ids)))

    def after_agent(self, state: MemlayerState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Keeps what was said, each message once."""
        if said := self._said(state, runtime):
            self._sync.add(said, **self._whose.writes(runtime), **self._add)
        return self._marked(state)

    async def aafter_agent(self, state: MemlayerState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Keeps what was said, each message once."""
        if said := self._said(state, runtime):
            await self._async.add(said, **self._whose.writes(runtime), **self._add)
        return self._marked(state)

    def _asked(self, state: MemlayerState) -> str:
        return chat_question(state["messages"]) if self._recall else ""

    def _found(self, request: ModelRequest[Any]) -> list[str]:
        return _of(request.state, "memlayer_recalled", self.name) or []

    def _said(self, state: MemlayerState, runtime: Runtime[Any]) -> list[dict[str, Any]]:
        if not self._remember:
            return []
        threaded = thread_of(runtime) is not None
        kept = _of(state, "memlayer_kept", self.name) if threaded else None
        return chat_rows(state["messages"], threaded=threaded, kept=kept)

    def _marked(self, state: MemlayerState) -> dict[str, Any] | None:
        return {"memlayer_kept": {self.name: chat_mark(state["messages"])}} if self._remember else None


def _of(state: Any, field: str, name: str) -> Any:
    return (state.get(field) or {}).get(name)


def _with(request: ModelRequest[Any], known: str) -> ModelRequest[Any]:
    """The request with what is known behind its system message, for this call only."""
    if not known:
        return request
    system = request.system_message
    if system is None:
        return request.override(system_message=SystemMessage(known))
    content = (
        f"{system.content}\n\n{known}"
        if isinstance(system.content, str)
        else [*system.content, {"type": "text", "text": known}]
    )
    return request.override(system_message=system.model_copy(update={"content": content}))
