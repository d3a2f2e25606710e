"""The tool that starts and stops the servers of the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[3] / "tools" / "servers"


def tool(*command: str, ok: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run([sys.executable, str(TOOL), *command], capture_output=True, text=True, check=False)
    assert done.returncode in ok, done.stderr
    return done.stdout
