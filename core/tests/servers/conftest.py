"""The real servers: those that are named in the environment, else those that tools/servers started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parents[3] / "tools" / "servers"


def tool(*command: str) -> str:
    return subprocess.run([sys.executable, str(TOOL), *command], check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Servers:
    """Where both are. A server that is named and cannot be reached fails the test that asks for it."""

    weaviate: str
    neo4j: str

    def states(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(tool("status", "--json"))
        return found


@pytest.fixture(scope="session")
def servers() -> Servers:
    weaviate, neo4j = os.environ.get("MEMLAYER_TEST_WEAVIATE_URL"), os.environ.get("MEMLAYER_TEST_NEO4J_URI")
    if not (weaviate and neo4j):
        tool("start")
        states = json.loads(tool("status", "--json"))
        weaviate, neo4j = weaviate or states["weaviate"]["url"], neo4j or states["neo4j"]["url"]
    return Servers(weaviate, neo4j)


@pytest.fixture
def fresh() -> str:
    """A name that no other test has: two memories in one server see nothing of each other."""
    return uuid.uuid4().hex[:12]
