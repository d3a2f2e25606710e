"""The driver's errors as memlayer's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memlayer.errors import BackendError, BackendTimeoutError, BackendUnavailableError, MemlayerError


@contextmanager
def translated(operation: str, path: Path) -> Iterator[None]:
    """Turns the driver's errors into memlayer's, the driver's own kept as the cause."""
    try:
        yield
    except MemlayerError:
        raise
    except sqlite3.OperationalError as error:
        text = str(error)
        kind: type[BackendError] = BackendError
        if "locked" in text or "busy" in text:
            kind = BackendTimeoutError
        elif "unable to open" in text or "readonly" in text or "disk" in text:
            kind = BackendUnavailableError
        raise kind(f"SQLite could not {operation} {path}: {text}", backend="sqlite", operation=operation) from error
    except sqlite3.DatabaseError as error:
        raise BackendError(
            f"SQLite could not {operation} {path}: {error}", backend="sqlite", operation=operation
        ) from error
    except OSError as error:
        raise BackendUnavailableError(
            f"could not {operation} {path}: {error}", backend="sqlite", operation=operation
        ) from error
