"""memlayer for LlamaIndex: a chat memory that lasts, and a block for LlamaIndex's own `Memory`."""

from memlayer_llamaindex.block import MemlayerMemoryBlock
from memlayer_llamaindex.memory import MemlayerContext, MemlayerMemory

Mem0Memory = MemlayerMemory
"""The name that code written for llama-index-memory-mem0 imports."""

__all__ = ["Mem0Memory", "MemlayerContext", "MemlayerMemory", "MemlayerMemoryBlock"]
