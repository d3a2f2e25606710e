"""memlayer for CrewAI: a memory for crews and agents, a store for CrewAI's own memory, and its old setting."""

from memlayer_crewai.config import memory_config
from memlayer_crewai.memory import MemlayerMemory
from memlayer_crewai.storage import MemlayerStorage, register

__all__ = ["MemlayerMemory", "MemlayerStorage", "memory_config", "register"]
