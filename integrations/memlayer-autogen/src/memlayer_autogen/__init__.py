"""memlayer for AutoGen and AG2: a memory that lasts, under each of the three interfaces that go by these names.

AutoGen 0.4 and newer (`autogen-agentchat`): `MemlayerMemory` recalls, `MemlayerChatContext` keeps what is said.
AG2 before 1.0 and AutoGen 0.2 (`ag2<1`, `autogen`, `pyautogen<0.10`): `MemlayerHook(…).add_to_agent(agent)`.
AG2 1.x: `memlayer_plugin(…)`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memlayer_autogen.ag2 import MemlayerMiddleware, memlayer_plugin
    from memlayer_autogen.context import MemlayerChatContext
    from memlayer_autogen.hook import MemlayerHook
    from memlayer_autogen.memory import MemlayerMemory

__all__ = ["MemlayerChatContext", "MemlayerHook", "MemlayerMemory", "MemlayerMiddleware", "memlayer_plugin"]

_HOMES = {
    "MemlayerChatContext": ("context", "autogen_core"),
    "MemlayerHook": ("hook", None),
    "MemlayerMemory": ("memory", "autogen_core"),
    "MemlayerMiddleware": ("ag2", "ag2"),
    "memlayer_plugin": ("ag2", "ag2"),
}


def __getattr__(name: str) -> Any:
    """Loads one interface, and only the package that it belongs to."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, package = _HOMES[name]
    if package is not None:
        from memlayer_autogen._packages import require

        require(package, name)
    return getattr(import_module(f"{__name__}.{module}"), name)
