"""`memory_config`: the `memory_config` dict that CrewAI no longer reads, as the memory that it reads today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memlayer import AsyncMemory, ConfigurationError, Memory, UnsupportedError
from memlayer_crewai.memory import MemlayerMemory

_IDS = ("user_id", "agent_id", "run_id", "app_id")
_GONE = {
    "api_key": "there is no hosted account: the memory is a file; drop it",
    "org_id": "there is no hosted account: the memory is a file; drop it",
    "project_id": "there is no hosted account: the memory is a file; drop it",
    "user_memory": "a user's memory is the one with user_id; drop it",
    "includes": "give Memory(custom_instructions=…) and pass it as client=",
    "excludes": "give Memory(custom_instructions=…) and pass it as client=",
}


def memory_config(given: Mapping[str, Any], client: Memory | AsyncMemory | None = None, **ids: str) -> MemlayerMemory:
    """`Crew(memory=memory_config({"provider": …, "config": {…}}))`: a memory from the old dict.

    CrewAI 1.x drops `Crew(memory_config=…)` without a word, and takes `Crew(memory={…})` for a memory of its own with
    default settings; so neither the old keyword nor the bare dict does anything with its contents. Whatever of the
    dict has no meaning here is refused by name.
    """
    rest = dict(given)
    rest.pop("provider", None)
    settings = {**rest.pop("config", {}), **rest, **ids}
    for name in settings:
        if name in _GONE:
            raise UnsupportedError(f"memory_config: {name}: {_GONE[name]}")
    whose = {name: settings.pop(name) for name in _IDS if name in settings}
    local = settings.pop("local_mem0_config", None)
    if local is not None and settings:
        raise ConfigurationError(f"memory_config: {sorted(settings)} beside local_mem0_config; put all into it")
    parts = settings if local is None else local
    if client is not None and parts:
        raise ConfigurationError("memory_config: give client=, or the settings of one, not both")
    return MemlayerMemory(Memory.from_config(parts) if parts else client, **whose)
