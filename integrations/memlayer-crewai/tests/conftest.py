"""CrewAI writes beside itself and calls home; not in tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

_place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
os.environ |= {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "OTEL_SDK_DISABLED": "true",
    "CREWAI_STORAGE_DIR": str(Path(_place.name) / "crewai"),
    "HOME": _place.name,
}


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "ignore::DeprecationWarning",
        "ignore::ImportWarning",
        "ignore::PendingDeprecationWarning",
        "ignore::ResourceWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
        "ignore::UserWarning:pydantic.*",
    ):
        config.addinivalue_line("filterwarnings", line)
