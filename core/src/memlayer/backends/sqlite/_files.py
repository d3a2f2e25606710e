"""The files that databases of this process have open, and one descriptor of each where one is needed.

A process that closes any descriptor of a file drops every lock that it has on it, SQLite's included; another process
may then take the log away under it (https://www.sqlite.org/howtocorrupt.html, section 2.2). So a descriptor stays open
for as long as any database of this process has the file.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path

lock = threading.RLock()
"""Held while what is known of files changes, within the locks of a database; a fork takes it last."""

Identity = tuple[int, int]
"""A file whatever its name: its device and its number there."""

_users: Counter[Identity] = Counter()
_descriptors: dict[Identity, int] = {}


def identity(path: Path) -> Identity | None:
    """Which file has this name; None where there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def enter(path: Path) -> Identity:
    """Says that a database is about to open the file, and which it is; to be left again."""
    with lock:
        found = os.stat(path)
        file = found.st_dev, found.st_ino
        _users[file] += 1
        return file


def join(file: Identity) -> None:
    """Says that a connection to a file that was entered is about to be opened; to be left again, too."""
    with lock:
        _users[file] += 1


def leave(file: Identity) -> None:
    """Says that a database or a connection is done with the file; the descriptor goes with the last one."""
    with lock:
        _users[file] -= 1
        if not _users[file]:
            del _users[file]
            if file in _descriptors:
                os.close(_descriptors.pop(file))


def descriptor(path: Path, file: Identity) -> int:
    """A descriptor of a file that was entered, for reading and writing, under the name that it still has."""
    with lock:
        if file not in _descriptors:
            _descriptors[file] = os.open(path, os.O_RDWR)
        return _descriptors[file]


def alone(file: Identity) -> bool:
    """Says whether the file was entered by one database only, and no connection to it is open."""
    with lock:
        return _users[file] == 1
