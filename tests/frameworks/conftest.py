"""One environment with all five frameworks (``nox -s frameworks``); without them nothing here is collected."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

import pytest

FIVE = ("langchain", "langgraph", "llama_index", "crewai", "autogen_agentchat", "autogen_ext")
ADAPTERS = tuple(f"memlayer_{name}" for name in ("langchain", "langgraph", "llamaindex", "crewai", "autogen"))
MISSING = [name for name in (*FIVE, *ADAPTERS) if importlib.util.find_spec(name) is None]

if MISSING:
    collect_ignore_glob = ["test_*.py"]
else:
    # CrewAI writes beside itself and calls home; not in tests.
    _place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    os.environ |= {
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_DISABLE_TRACKING": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "OTEL_SDK_DISABLED": "true",
        "CREWAI_STORAGE_DIR": str(Path(_place.name) / "crewai"),
        "HOME": _place.name,
    }

SEEN: dict[tuple[str, str, str], bool] = {}
"""What the matrix has shown: by the two frameworks and the question, whether it holds."""


def pytest_configure(config: pytest.Config) -> None:
    if MISSING:
        return
    for category in ("DeprecationWarning", "PendingDeprecationWarning", "ImportWarning"):
        config.addinivalue_line("filterwarnings", f"ignore::{category}")
    config.addinivalue_line("filterwarnings", "ignore::UserWarning:pydantic.*")


@pytest.fixture(scope="session")
def seen() -> dict[tuple[str, str, str], bool]:
    """What the matrix has shown so far."""
    return SEEN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SEEN:
        from frameworks.table import table

        terminalreporter.section("one memory, five frameworks")
        terminalreporter.write_line(table(SEEN))
