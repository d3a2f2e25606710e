"""`AsyncMemory`: the verbs of `Memory`, awaited."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from memlayer._bridge import Bridge, like, twin
from memlayer.compat import Elsewhere
from memlayer.documents import Documents
from memlayer.items import Items
from memlayer.memory import Memory


class AsyncItems:
    """The key-value side, awaited."""

    def __init__(self, sync: Items, bridge: Bridge) -> None:
        """Belongs to one memory."""
        self.sync = sync
        self.bridge = bridge

    put = twin(Items.put)
    put_many = twin(Items.put_many)
    get = twin(Items.get)
    get_many = twin(Items.get_many)
    delete = twin(Items.delete)
    delete_many = twin(Items.delete_many)
    search = twin(Items.search)
    namespaces = twin(Items.namespaces)
    sweep = twin(Items.sweep)


class AsyncDocuments:
    """The documents of a memory, awaited."""

    def __init__(self, sync: Documents, bridge: Bridge) -> None:
        """Belongs to one memory."""
        self.sync = sync
        self.bridge = bridge

    add = twin(Documents.add)
    read = twin(Documents.read)
    get_all = twin(Documents.get_all)
    delete = twin(Documents.delete)
    erase = twin(Documents.erase)


class AsyncMemory(Elsewhere):
    """A memory for programs on an event loop: each call runs in a worker thread, none blocks the loop.

    Takes the keywords of `Memory`. An async context manager; `await AsyncMemory.from_config(…)` works as well as
    without the await.
    """

    @like(Memory.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._adopt(Memory(*args, **kwargs))

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any] | None = None, **other: Any) -> AsyncMemory:
        """A memory from a configuration dict, as `Memory.from_config`."""
        return cls.of(Memory.from_config(config_dict, **other))

    @classmethod
    def of(cls, memory: Memory) -> AsyncMemory:
        """The async face of a memory that is there already; both may be used at once."""
        made = cls.__new__(cls)
        made._adopt(memory)
        return made

    def _adopt(self, memory: Memory) -> None:
        self.sync = memory
        self.bridge = Bridge(waits=memory.waits)

    def __await__(self) -> Generator[None, None, AsyncMemory]:
        yield from ()
        return self

    async def __aenter__(self) -> AsyncMemory:  # noqa: PYI034  (Self is in typing from 3.11)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Async{self.sync!r}"

    @property
    def path(self) -> Path:
        """The memory's file."""
        return self.sync.path

    @property
    def items(self) -> AsyncItems:
        """The key-value side: JSON values by scope, namespace and key."""
        return AsyncItems(self.sync.items, self.bridge)

    @property
    def documents(self) -> AsyncDocuments:
        """The files and pages that it holds, one by one."""
        return AsyncDocuments(self.sync.documents, self.bridge)

    add = twin(Memory.add)
    search = twin(Memory.search)
    get = twin(Memory.get)
    get_all = twin(Memory.get_all)
    update = twin(Memory.update)
    delete = twin(Memory.delete)
    delete_all = twin(Memory.delete_all)
    erase = twin(Memory.erase)
    history = twin(Memory.history)
    batch_update = twin(Memory.batch_update)
    batch_delete = twin(Memory.batch_delete)
    users = twin(Memory.users)
    delete_users = twin(Memory.delete_users)
    feedback = twin(Memory.feedback)
    reset = twin(Memory.reset)
    messages = twin(Memory.messages)
    context = twin(Memory.context)
    profile = twin(Memory.profile)
    graph = twin(Memory.graph)
    export = twin(Memory.export)
    import_ = twin(Memory.import_)
    backup = twin(Memory.backup)
    rebuild = twin(Memory.rebuild)
    verify = twin(Memory.verify)
    reextract = twin(Memory.reextract)
    reembed = twin(Memory.reembed)

    async def close(self) -> None:
        """Finishes what has begun and closes every store; idempotent."""
        await Bridge().run(self._close)

    def _close(self) -> None:
        self.bridge.close()
        self.sync.close()
