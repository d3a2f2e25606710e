"""What is loaded when: a search needs no rules of extraction."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from memlayer import Memory
from memlayer.testing import HashEmbedder

PROGRAM = """
import sys
from memlayer import Memory
from memlayer.testing import HashEmbedder
rules = "memlayer.extraction.local"
with Memory(sys.argv[1], embedder=HashEmbedder()) as memory:
    memory.add("I like tea", user_id="ann", infer=False)
    assert memory.search("tea", user_id="ann")["results"]
    assert rules not in sys.modules
    memory.add("I live in Rome", user_id="ann")
    assert rules in sys.modules
"""


def test_the_rules_of_extraction_come_with_the_first_message_that_is_read(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "memory.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_memory_is_where_the_process_was_when_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Memory("memory.db", embedder=HashEmbedder()) as memory:
        monkeypatch.chdir(tmp_path / "elsewhere")
        memory.add("I like tea", user_id="ann", infer=False)
        assert memory.path == tmp_path / "memory.db"
        assert memory.path.exists()
