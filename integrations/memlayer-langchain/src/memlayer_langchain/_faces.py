"""One memory for sync and for async code, and its ids."""

from __future__ import annotations

from typing import Any

from memlayer import AsyncMemory, Memory, UnsupportedError


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


def people_of(ids: dict[str, Any]) -> dict[str, Any]:
    """The ids whose memories are recalled: what is known of a person is known in each of their runs."""
    return {name: value for name, value in ids.items() if name != "run_id"} or ids


def run_of(ids: dict[str, Any], what: str) -> dict[str, Any]:
    """The ids of one run, which `clear` forgets; raises where no run is named."""
    if "run_id" not in ids:
        raise UnsupportedError(
            f"{what} forgets one run and has none: give it run_id=. To erase all that is known of somebody, who may "
            "use the same memory elsewhere, call memory.erase(user_id=…)"
        )
    return ids
