"""A memory's file of its own for every test, and the command in this process."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tricks import tricks

from memlayer.cli import main

__all__ = ["tricks"]


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEMLAYER_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def memlayer(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `memlayer …` here; `stdin` is what comes through a pipe."""

    def run(*arguments: str | Path, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main([str(part) for part in arguments])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def alice(memlayer: Command) -> dict[str, str]:
    """Some memories of alice's: what they say, and their ids."""
    said = memlayer(
        "add", "--user", "alice", "--json", "--timestamp", "2024-01-10",
        "I live in Lisbon. I am allergic to hazelnuts. My brother Luca lives in Turin.",
    )  # fmt: skip
    assert said.code == 0
    return {row["memory"]: row["id"] for row in said.json["results"]}
