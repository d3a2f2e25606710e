"""The embedded memory keeps every promise of a memory, sync and async."""

from __future__ import annotations

from memlayer.testing import MemoryContract


class TestMemory(MemoryContract):
    """With the contract's own fixtures: one file, words without meaning, local extraction."""
