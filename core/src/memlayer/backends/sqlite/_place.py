"""A file's place in its folder: how it is made there, and that no log of another file is read into it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from memlayer.backends.sqlite._copy import create

_BESIDE = ("-shm", "-wal")
"""The log goes last: while it lies there, who opens the file waits, and has no shared memory that could be removed."""
_MAGIC = b"SQLite format 3\0"
_NO_LOG = b"\x01\x01"
"""What stands behind the magic of a file that keeps no write-ahead log, as a backup does."""


def settled(path: str | os.PathLike[str]) -> Path:
    """One file for good: wherever the process goes later, and beside it the log that SQLite keeps, links followed."""
    found = Path(os.path.expanduser(path)).absolute()
    return Path(os.path.realpath(found)) if os.path.islink(found) else found


State = tuple[int, int, int]


def state(path: Path) -> State | None:
    """What changes when anybody writes into the file: which it is, its size, its time; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def quiet(path: Path) -> State | None:
    """The state of a file that nobody has open to write; None where somebody has."""
    return None if path.with_name(f"{path.name}-wal").exists() else state(path)


def make(path: Path, fill: Callable[[sqlite3.Connection, Path], None]) -> None:
    """Makes the whole file aside and links it into place, so that processes that start at once meet one file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    create(fresh, becomes=path)
    try:
        connection = sqlite3.connect(fresh, isolation_level=None)
        try:
            fill(connection, path)
        finally:
            connection.close()
        with _alone(path.parent) as alone:
            if path.exists():
                return
            if alone:
                _drop_log(path)  # of a file that was removed: SQLite would read it into this one
            try:
                os.link(fresh, path)
            except FileExistsError:
                return
            except OSError:  # a file system without hard links
                if not path.exists():
                    os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def drop_foreign_log(path: Path, descriptor: Callable[[], int]) -> None:
    """Removes a log that lies beside a file that keeps none, before SQLite reads it into that file.

    It is of the file that lay here before: a crash left it, and then a backup was put in the place. `descriptor` gives
    one of the file, which must not be closed while SQLite has locks on it.
    """
    if _has_foreign_log(path, descriptor):
        with _alone(path.parent) as alone:
            if alone and _has_foreign_log(path, descriptor):
                _drop_log(path)


def _has_foreign_log(path: Path, descriptor: Callable[[], int]) -> bool:
    """Looks for the log first: who begins one says so in the file before."""
    if not path.with_name(f"{path.name}-wal").exists():
        return False
    head = os.pread(descriptor(), 20, 0)
    return head.startswith(_MAGIC) and head.endswith(_NO_LOG)


def _drop_log(path: Path) -> None:
    for suffix in _BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Keeps other processes that make files in a folder waiting; says whether this system and this folder allow it."""
    descriptor = None
    try:
        try:
            import fcntl

            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            alone = True
        except (ImportError, OSError):
            alone = False
        yield alone
    finally:
        if descriptor is not None:
            os.close(descriptor)
