"""Which of the packages called AutoGen and AG2 are there, and what each of them can do."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from memlayer import MissingDependencyError

_INSTALL = {
    "autogen_core": ("autogen-core", "'memlayer-autogen[autogen]'"),
    "ag2": ("ag2 1.x", "'memlayer-autogen[ag2]'"),
    "autogen": ("the autogen of ConversableAgent", "'memlayer-autogen[classic]'"),
}


def require(module: str, name: str) -> None:
    """Raises where the package of an interface is missing, with the line that brings it and what is there instead."""
    if find_spec(module) is not None:
        return
    package, install = _INSTALL[module]
    raise MissingDependencyError(f"{package}, which {name} is for,", f"{install} ({instead()})")


def instead() -> str:
    """What the packages that are there offer, in one sentence."""
    found = []
    if find_spec("autogen_core") is not None:
        found.append("autogen-agentchat: use MemlayerMemory and MemlayerChatContext")
    if find_spec("ag2") is not None:
        found.append("AG2 1.x: use memlayer_plugin")
    if find_spec("autogen") is not None:
        found.append("an autogen with ConversableAgent: use MemlayerHook")
    elif _is_empty_pyautogen():
        found.append("pyautogen 0.10 or newer, which is an empty package that only brings autogen-agentchat")
    return f"installed is {'; '.join(found)}" if found else "no AutoGen and no AG2 is installed"


def _is_empty_pyautogen() -> bool:
    try:
        major, minor, *_ = version("pyautogen").split(".")
    except PackageNotFoundError:
        return False
    return (int(major), int(minor)) >= (0, 10)
