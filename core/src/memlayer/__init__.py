"""memlayer: a memory for AI agents that remembers, updates, forgets and can be trusted.

from memlayer import Memory

memory = Memory()
memory.add("I live in San Francisco and I don't like cheese.", user_id="alex")
memory.search("What should I put on the sandwich?", user_id="alex")
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from memlayer._clash import clash as _clash

if TYPE_CHECKING:
    from memlayer.aio import AsyncMemory
    from memlayer.errors import (
        BackendError,
        BackendTimeoutError,
        BackendUnavailableError,
        ConfigurationError,
        ConflictError,
        DimensionMismatchError,
        DocumentError,
        ExtractionError,
        FetchError,
        FilterError,
        ImmutableError,
        MemlayerError,
        MissingDependencyError,
        ModelError,
        NotFoundError,
        UnsupportedError,
    )
    from memlayer.memory import Memory

__version__ = "0.1.0"

__all__ = [
    "AsyncMemory",
    "BackendError",
    "BackendTimeoutError",
    "BackendUnavailableError",
    "ConfigurationError",
    "ConflictError",
    "DimensionMismatchError",
    "DocumentError",
    "ExtractionError",
    "FetchError",
    "FilterError",
    "ImmutableError",
    "MemlayerError",
    "Memory",
    "MissingDependencyError",
    "ModelError",
    "NotFoundError",
    "UnsupportedError",
]

_HOMES = {"Memory": "memlayer.memory", "AsyncMemory": "memlayer.aio"}


def __getattr__(name: str) -> Any:
    if name in ("MemoryClient", "AsyncMemoryClient"):
        # No AttributeError: `from memlayer import …` would say nothing but that there is none.
        raise ImportError(
            f"memlayer has no {name}: {name.removesuffix('Client')} takes its calls, filters and keywords, "
            f"and needs no key: from memlayer import {name.removesuffix('Client')}"
        )
    if name not in __all__:
        raise AttributeError(f"module 'memlayer' has no attribute {name!r}")
    value = getattr(import_module(_HOMES.get(name, "memlayer.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if _found := _clash():
    warnings.warn(_found, stacklevel=2)
