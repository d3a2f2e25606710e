"""The driver's errors as memlayer's."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from json import JSONDecodeError
from pathlib import Path
from types import TracebackType

from memlayer.errors import BackendError, BackendTimeoutError, BackendUnavailableError, MemlayerError

_ELSEWHERE = "; give path= a place that can be written, or set MEMLAYER_DIR"
_DAMAGED = "; the file is damaged: put a backup in its place"
_FULL = "; its disk is full: make room there, and try again"
_LITTLE = 64 << 10
"""Bytes that opening a file takes beside it; where there are fewer, SQLite only says that the disk failed."""
_MENDS = {
    "disk is full": _FULL,
    "malformed": _DAMAGED,
    "decode to UTF-8": _DAMAGED,
    "readonly": _ELSEWHERE,
    "closed database": "; the memory was closed meanwhile: open a new Memory",
}


class Translated:
    """Turns the driver's errors into memlayer's, the driver's own kept as the cause."""

    __slots__ = ("_operation", "_path")

    def __init__(self, operation: str, path: Path) -> None:
        """`operation` is a verb, for the message."""
        self._operation = operation
        self._path = path

    def __enter__(self) -> None:
        """Nothing is done before."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises memlayer's error in place of the driver's."""
        if error is not None and (found := ours(error, self._operation, self._path)) is not None:
            raise found from error


def ours(error: BaseException, operation: str, path: Path) -> BackendError | None:
    """The error of memlayer that stands for one of the driver; None for all others."""
    if isinstance(error, MemlayerError):
        return None
    if operation in ("open", "read") and isinstance(error, UnicodeDecodeError | OverflowError | JSONDecodeError):
        # What no row of ours holds: no text, no time, no JSON. It may be anybody's text, and is not told.
        told = f"SQLite could not {operation} {path}: a value cannot be read ({type(error).__name__}){_DAMAGED}"
        return BackendError(told, backend="sqlite", operation=operation)
    if isinstance(error, sqlite3.DatabaseError):
        text, kind = str(error).partition(" with text ")[0], BackendError
        if isinstance(error, sqlite3.OperationalError):
            if "locked" in text or "busy" in text:
                kind = BackendTimeoutError
            elif "unable to open" in text or "readonly" in text or "disk" in text:
                kind = BackendUnavailableError
        mend = next((mend for sign, mend in _MENDS.items() if sign in text), "")
        if "disk I/O" in text and _is_full(path):
            mend = _FULL
        return kind(f"SQLite could not {operation} {path}: {text}{mend}", backend="sqlite", operation=operation)
    if isinstance(error, OSError):
        mend = ""
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR):
            mend = "; name a file that can be written" if operation == "back up" else _ELSEWHERE
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            mend = _FULL
        where = f": {error.filename}" if error.filename not in (None, str(path)) else ""
        told = f"could not {operation} {path}: {error.strerror or error}{where}{mend}"
        return BackendUnavailableError(told, backend="sqlite", operation=operation)
    return None


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE
    except OSError:
        return False
