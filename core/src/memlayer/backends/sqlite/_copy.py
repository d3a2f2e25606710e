"""A whole copy of a file, put into place at once."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

from memlayer.errors import ConfigurationError


def copy(source: sqlite3.Connection, *, of: Path, to: Path) -> Path:
    """Writes what a connection to the file `of` sees to `to`, mode 0600, while others go on writing."""
    if not to.name or to.is_dir():
        raise ConfigurationError(f"backup: {to} is a folder; name a file in it")
    if to.exists() and not to.is_file():
        # Root would put the copy in the place of /dev/null.
        raise ConfigurationError(f"backup: {to} is a device or a pipe; name a file")
    if to.exists() and of.exists() and to.samefile(of):
        raise ConfigurationError(f"backup: {to} is the memory itself; name another file")
    part = to.with_name(f".{to.name}.{os.getpid()}.{threading.get_ident()}.part")
    create(part, becomes=to)
    try:
        made = sqlite3.connect(part)
        try:
            source.backup(made)
            made.execute("PRAGMA journal_mode = DELETE")
            # A copy that is no good must not take the place of an older one that is.
            if (fault := made.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(f"database disk image is malformed ({fault})")
        finally:
            made.close()
        # The log of another memory that lay here would be read into the copy.
        for suffix in ("-wal", "-shm"):
            to.with_name(to.name + suffix).unlink(missing_ok=True)
        os.replace(part, to)
    finally:
        part.unlink(missing_ok=True)
    return to


def create(path: Path, *, becomes: Path) -> None:
    """Makes an empty file that is its owner's alone; an error names the file that it would have become."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(becomes)) from error
