"""`MemlayerMemory`: what `agent.run(memory=…)` and chat engines take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.memory import BaseMemory
from llama_index.core.memory.memory import InsertMethod
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SerializeAsAny, field_serializer, model_validator

from memlayer import AsyncMemory, ConfigurationError, Memory, UnsupportedError
from memlayer.adapters import Numbers, faces, one_run, person
from memlayer_llamaindex._chat import Ids, own_only, question, with_memories
from memlayer_llamaindex._window import TOKENS, Window, detached


class MemlayerContext(BaseModel):
    """Whose memory it is: at least one id; `run_id` is one conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None

    @model_validator(mode="after")
    def _named(self) -> MemlayerContext:
        if not self.ids():
            raise ValueError("a context needs at least one of user_id, agent_id, run_id, app_id")
        return self

    def ids(self) -> dict[str, Any]:
        """The ids that are given, as keywords of `Memory`."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class MemlayerMemory(BaseMemory):
    """A chat memory that remembers across conversations, agents and frameworks.

    Keeps the conversation in `primary_memory` and hands what user and assistant say to memlayer; `get` gives the
    conversation back, with what memlayer recalls about the open question. That stands before the question, since
    LlamaIndex's ReActAgent drops a leading system message; `insert_method` makes it one. It is never stored.
    It writes with all ids of its context and recalls without the run: what a person said holds in every conversation.
    """

    primary_memory: SerializeAsAny[BaseMemory] = Field(description="Holds this conversation.")
    context: MemlayerContext = Field(description="Whose memory it is.")
    search_msg_limit: int = Field(default=1, ge=1, description="How many of the user's messages make the query.")
    max_tokens: int = Field(default=2000, ge=1, description="Budget of what is recalled.")
    insert_method: InsertMethod = Field(default=InsertMethod.USER, description="Where what is recalled stands.")

    _client: Memory | None = PrivateAttr(default=None)
    _twin: AsyncMemory | None = PrivateAttr(default=None)
    _ids: Ids | None = PrivateAttr(default=None)

    @field_serializer("insert_method")
    def _name(self, value: InsertMethod) -> str:
        return value.value

    @classmethod
    def class_name(cls) -> str:
        """The name in serialised form."""
        return "MemlayerMemory"

    @classmethod
    def from_defaults(cls, **kwargs: Any) -> MemlayerMemory:
        """As `from_client`; ids may stand beside the other keywords instead of in `context`."""
        ids = {name: kwargs.pop(name) for name in MemlayerContext.model_fields if name in kwargs}
        if ids:
            kwargs["context"] = {**dict(kwargs.get("context") or {}), **ids}
        return cls.from_client(**kwargs)

    @classmethod
    def from_client(
        cls,
        context: MemlayerContext | Mapping[str, str | None],
        client: Memory | AsyncMemory | None = None,
        *,
        primary_memory: BaseMemory | None = None,
        search_msg_limit: int = 1,
        max_tokens: int = 2000,
        insert_method: InsertMethod = InsertMethod.USER,
        **other: Any,
    ) -> MemlayerMemory:
        """A memory over `client`, which stays the caller's to close; without one over the default file."""
        if other:
            raise UnsupportedError(
                f"from_client() has no keyword {min(other)!r}: memlayer has no hosted account; "
                "pass client=Memory(…), or nothing for the default file"
            )
        made = cls(
            primary_memory=Window(token_limit=TOKENS) if primary_memory is None else primary_memory,
            context=context if isinstance(context, MemlayerContext) else MemlayerContext(**context),
            search_msg_limit=search_msg_limit,
            max_tokens=max_tokens,
            insert_method=insert_method,
        )
        made.connect(Memory() if client is None else client)
        return made

    @classmethod
    def from_config(
        cls, context: MemlayerContext | Mapping[str, str | None], config: Mapping[str, Any], **kwargs: Any
    ) -> MemlayerMemory:
        """A memory from a configuration dict, as `Memory.from_config`."""
        return cls.from_client(context, Memory.from_config(config), **kwargs)

    def connect(self, client: Memory | AsyncMemory) -> None:
        """Gives a memory that was restored from a saved context the client that it works with."""
        self._client, self._twin = faces(client)

    @property
    def client(self) -> Memory:
        """The memory beneath."""
        if self._client is None:
            raise ConfigurationError("a MemlayerMemory that was restored has no client; call connect(Memory(…)) first")
        return self._client

    @property
    def aclient(self) -> AsyncMemory:
        """The memory beneath, for `await`."""
        if self._twin is None:
            raise ConfigurationError("a MemlayerMemory that was restored has no client; call connect(Memory(…)) first")
        return self._twin

    def get(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:
        """The conversation, and what is recalled for `input` or else for what the user said last."""
        self._begin()
        history = self.primary_memory.get(input=input, **kwargs)
        query = input or question(history, self.search_msg_limit)
        recalled = self.client.context(query, **self._search(history)) if query.strip() else ""
        return with_memories(history, recalled, self.insert_method)

    async def aget(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:
        """As `get`."""
        await self._abegin()
        history = await self.primary_memory.aget(input=input, **kwargs)
        query = input or question(history, self.search_msg_limit)
        recalled = await self.aclient.context(query, **self._search(history)) if query.strip() else ""
        return with_memories(history, recalled, self.insert_method)

    def get_all(self) -> list[ChatMessage]:
        """The conversation, without memories."""
        return self.primary_memory.get_all()

    async def aget_all(self) -> list[ChatMessage]:
        """As `get_all`."""
        return await self.primary_memory.aget_all()

    def put(self, message: ChatMessage) -> None:
        """Adds a message to the conversation and to memory."""
        self.put_messages([message])

    async def aput(self, message: ChatMessage) -> None:
        """As `put`."""
        await self.aput_messages([message])

    def put_messages(self, messages: list[ChatMessage]) -> None:
        """Adds messages to the conversation and, in one call, to memory."""
        messages = own_only(messages)
        ids = self._begin()
        ids.meet(messages, new=True)
        if messages:  # LlamaIndex's store cannot add none
            self.primary_memory.put_messages(messages)
        if said := ids.read(messages):
            self.client.add(said, **self.context.ids())

    async def aput_messages(self, messages: list[ChatMessage]) -> None:
        """As `put_messages`."""
        messages = own_only(messages)
        ids = await self._abegin()
        await ids.ameet(messages, new=True)
        if messages:
            await self.primary_memory.aput_messages(messages)
        if said := ids.read(messages):
            await self.aclient.add(said, **self.context.ids())

    def set(self, messages: list[ChatMessage]) -> None:
        """Makes these the conversation; memory takes in those that it has not seen."""
        messages = own_only(messages)
        self._ids = self._counted()
        self._ids.meet(messages, new=False)
        self.primary_memory.set(messages)
        if said := self._ids.read(messages):
            self.client.add(said, **self.context.ids())

    async def aset(self, messages: list[ChatMessage]) -> None:
        """As `set`."""
        messages = own_only(messages)
        self._ids = self._counted()
        await self._ids.ameet(messages, new=False)
        await self.primary_memory.aset(messages)
        if said := self._ids.read(messages):
            await self.aclient.add(said, **self.context.ids())

    def reset(self) -> None:
        """Forgets this conversation, here and in memory; raises without a `run_id`, which is what names it."""
        ids = one_run(self.context.ids(), "reset")
        self.primary_memory.reset()
        self._ids = None
        self.client.erase(**ids)

    async def areset(self) -> None:
        """As `reset`."""
        ids = one_run(self.context.ids(), "reset")
        await self.primary_memory.areset()
        self._ids = None
        await self.aclient.erase(**ids)

    def _begin(self) -> Ids:
        """The numbers of this conversation; what `primary_memory` holds was said before."""
        if self._ids is None:
            history = self.primary_memory.get_all()
            ids = self._counted(history)
            ids.meet(history, new=False)
            self._ids = ids
        return self._ids

    async def _abegin(self) -> Ids:
        """As `_begin`."""
        if self._ids is None:
            history = await self.primary_memory.aget_all()
            ids = self._counted(history)
            await ids.ameet(history, new=False)
            self._ids = ids
        return self._ids

    def _counted(self, history: Sequence[ChatMessage] = ()) -> Ids:
        return Ids(Numbers(self.aclient, self.context.ids()), history)

    def _search(self, history: list[ChatMessage]) -> dict[str, Any]:
        """Keywords of the search: nothing that the model sees in the conversation anyway, the question least of all."""
        seen = [] if self._ids is None else self._ids.of(history)
        filters = {"message_id": {"nin": seen}} if seen else None
        return {**person(self.context.ids()), "filters": filters, "max_tokens": self.max_tokens}

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Raises, so that a context saved as JSON leaves the memory out, as it does with LlamaIndex's `Memory`.

        What is read back would have no client, and the memory that is given to `run` would not be looked at.
        """
        raise UnsupportedError(
            "a MemlayerMemory works on an open memory and is not saved with a context; pass it to run(memory=…) again"
        )

    # The base class takes what cannot be pickled out of the live object, which then is broken (llama-index-core 0.14).
    def __getstate__(self) -> dict[str, Any]:
        return {
            "primary_memory": detached(self.primary_memory),
            "context": self.context,
            "search_msg_limit": self.search_msg_limit,
            "max_tokens": self.max_tokens,
            "insert_method": self.insert_method,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
