"""The command with a language model: what doctor says of it, and of settings that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memlayer.testing.openai_server import OpenAIServer

Command = Callable[..., Any]


def settings(tmp_path: Path, **llm: Any) -> Path:
    """A file with the settings of a memory whose model is `llm`."""
    config = tmp_path / "config.json"
    told = {"path": str(tmp_path / "memory.db"), "llm": {"provider": "openai", "config": llm}}
    config.write_text(json.dumps(told), encoding="utf-8")
    return config


def test_doctor_asks_the_model_for_a_word(memlayer: Command, tmp_path: Path) -> None:
    """A wrong key was found by the first add."""
    pytest.importorskip("openai")
    with OpenAIServer(["ok"]) as server:
        config = settings(tmp_path, model="any", api_key="any", openai_base_url=server.base_url)
        said = memlayer("doctor", "--config", config)
        assert said.code == 0
        assert any(line.split()[:2] == ["ok", "model"] for line in said.out.splitlines())
    said = memlayer("doctor", "--config", config)
    (line,) = [line for line in said.out.splitlines() if line.startswith("problem")]
    assert line.split()[1] == "model"
    assert line.endswith(": Connection error; check the address, and that its server runs")
    assert said.code == 1


@pytest.mark.parametrize(("llm", "told"), [
    ({"modle": "any", "api_key": "any"}, "llm 'openai': unknown key 'modle'; did you mean 'model'?"),
    ({"model": "any"}, "OPENAI_API_KEY"),
])  # fmt: skip
def test_doctor_tells_settings_from_the_file(
    memlayer: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, llm: dict[str, Any], told: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    said = memlayer("doctor", "--config", settings(tmp_path, **llm))
    assert said.code == 1
    (line,) = [line for line in said.out.splitlines() if line.startswith("problem")]
    assert line.split()[1] == "settings"
    assert told in line
