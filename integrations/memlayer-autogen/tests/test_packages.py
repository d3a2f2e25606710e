"""Which package gives which interface, and what is said where it is missing."""

from __future__ import annotations

from importlib.machinery import ModuleSpec

import pytest

import memlayer_autogen
from memlayer import Memory, MissingDependencyError
from memlayer_autogen import _packages


def installed(monkeypatch: pytest.MonkeyPatch, *modules: str, pyautogen: str | None = None) -> None:
    """Makes these the packages that are there."""

    def version(name: str) -> str:
        if name != "pyautogen" or pyautogen is None:
            raise _packages.PackageNotFoundError(name)
        return pyautogen

    monkeypatch.setattr(_packages, "find_spec", lambda name: ModuleSpec(name, None) if name in modules else None)
    monkeypatch.setattr(_packages, "version", version)


def test_the_empty_pyautogen_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "autogen_core", pyautogen="0.10.0")
    with pytest.raises(MissingDependencyError, match=r"\[classic\].*empty package") as raised:
        memlayer_autogen.MemlayerHook(Memory(":memory:"), user_id="ann")
    assert "MemlayerMemory" in str(raised.value)


def test_ag2_of_today_points_at_its_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "ag2")
    with pytest.raises(MissingDependencyError, match="memlayer_plugin"):
        memlayer_autogen.MemlayerHook(Memory(":memory:"), user_id="ann")
    with pytest.raises(MissingDependencyError, match=r"memlayer-autogen\[autogen\]"):
        _ = memlayer_autogen.MemlayerMemory


def test_without_any_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with pytest.raises(MissingDependencyError, match="no AutoGen and no AG2"):
        _ = memlayer_autogen.memlayer_plugin


def test_what_does_not_exist_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        _ = memlayer_autogen.Nothing
