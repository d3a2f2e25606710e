"""One memory for sync and for async code, and its ids."""

from __future__ import annotations

from typing import Any

from memlayer import AsyncMemory, Memory


def sync_of(memory: Memory | AsyncMemory) -> Memory:
    """The sync face of a memory."""
    return memory.sync if isinstance(memory, AsyncMemory) else memory


def async_of(memory: Memory | AsyncMemory) -> AsyncMemory:
    """The async face of a memory; it has threads of its own, so keep it."""
    return memory if isinstance(memory, AsyncMemory) else AsyncMemory.of(memory)


def ids_of(holder: Any) -> dict[str, Any]:
    """The ids that an adapter was given, by name."""
    named = {name: getattr(holder, name) for name in ("user_id", "agent_id", "run_id", "app_id")}
    return {name: value for name, value in named.items() if value is not None}
