"""Where the servers of the tests live: a cache outside of the repository, one folder per version, one per run."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WEAVIATE = "1.38.11"
NEO4J = "5.26.30"
NEO4J_NEWEST = "2026.08.1"

started = time.monotonic()


def home() -> Path:
    """`MEMLAYER_SERVERS_DIR`, else a folder in the user's cache."""
    named = os.environ.get("MEMLAYER_SERVERS_DIR")
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "memlayer-servers"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "memlayer-servers"


def folder(name: str, version: str) -> Path:
    """Where a version's program is."""
    return home() / f"{name}-{version}"


def run_folder(name: str) -> Path:
    """Where a running server keeps its data, its log and its state."""
    return home() / "run" / name


def say(text: str) -> None:
    """Tells what goes on, with the seconds since the start."""
    print(f"[{time.monotonic() - started:4.0f} s] {text}", file=sys.stderr, flush=True)


def write_json(path: Path, value: Any) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    with open(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    os.replace(part, path)


def read_json(path: Path) -> Any:
    """What a file holds; None where it is not there."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


@contextmanager
def alone() -> Iterator[None]:
    """Holds the cache for one process; the others wait."""
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(home() / "lock", "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process installs or starts servers; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
