"""A connection, and the ways to use it: for one look, for a snapshot, for a transaction that writes.

Classes, not generators: every call goes through one of them, most through several.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from memlayer.backends.sqlite import _files as files
from memlayer.backends.sqlite._place import State, state
from memlayer.backends.sqlite._translated import ours
from memlayer.errors import BackendTimeoutError

if TYPE_CHECKING:
    from memlayer.backends.sqlite._db import Database


_MOST_KEPT = 1_000
"""Entries of a memo at which it begins anew."""

sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class _Opened:
    """What a connection has open; apart from `Held`, so that it outlives what nobody holds, and is closed then."""

    __slots__ = ("connection", "file", "log")

    def __init__(self, connection: sqlite3.Connection, file: files.Identity | None) -> None:
        self.connection = connection
        self.file = file
        self.log: int | None = None

    def close(self) -> None:
        """Closes both, and leaves the file only then; idempotent."""
        if self.log is not None:
            os.close(self.log)
            self.log = None
        self.connection.close()
        if self.file is not None:
            files.leave(self.file)
            self.file = None


class Held:
    """A connection that one thread at a time uses; closed with its database, or when nobody holds it any more."""

    def __init__(
        self, connection: sqlite3.Connection, *, file: files.Identity | None, quiet: State | None = None
    ) -> None:
        """`file` is what was joined for the connection; None for the empty memory that stands for an absent file.

        `quiet` is the state of a file that is read without locks, for its folder cannot be written: the connection
        serves as long as it is the same.
        """
        self.connection = connection
        self.on_disk = file is not None
        self.quiet = quiet
        self.lock = threading.RLock()
        self.closed = False
        self.memo: dict[Any, Any] = {}
        """What transactions of this connection have seen or left; void when anybody else has written."""
        self.version = -1
        """Changes whenever somebody else has written (`PRAGMA data_version`)."""
        self.writes = False
        """True within a transaction that writes: then `memo` holds."""
        self._opened = _Opened(connection, file)
        # Not `__del__`: of a cycle that is collected, Python 3.13 finalizes the connection first, and warns of it.
        weakref.finalize(self, self._opened.close).atexit = False

    def log(self, path: str) -> int | None:
        """A descriptor of the write-ahead log at `path`, the same file for as long as the connection is open.

        None where there is no log: without shared memory, where SQLite waits for the disk itself.
        """
        if self._opened.log is None:
            try:
                self._opened.log = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                return None
        return self._opened.log

    def close(self) -> None:
        """Closes the connection, and returns when it is closed, whoever began; idempotent."""
        with self.lock:
            self.closed = True
            self._opened.close()


def connected(uri: str, *, timeout: float, file: files.Identity, quiet: State | None) -> Held:
    """A new connection to a file that was entered."""
    files.join(file)
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=timeout, check_same_thread=False, isolation_level=None, cached_statements=256
        )
    except BaseException:
        files.leave(file)
        raise
    return Held(connection, file=file, quiet=quiet)


class Mine(threading.local):
    """What a thread uses right now."""

    held: Held | None = None
    uses = 0
    """How often, one within the other."""


class Log:
    """The write-ahead log: what threads committed to it goes to the disk together.

    A disk takes as long for the commits of a hundred threads as for that of one, so none holds the write lock while
    it waits for the disk.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the database's file."""
        self._path = f"{path}-wal"
        self._lock = threading.Lock()
        self._committed = 0
        self._synced = 0

    def committed(self) -> int:
        """Counts a commit; called under the write lock."""
        self._committed += 1
        return self._committed

    def wait(self, commit: int, held: Held) -> None:
        """Returns when this commit of a connection is on the disk; what another's sync took along needs none."""
        with self._lock:
            if self._synced >= commit:
                return
            begun = self._committed
            descriptor = held.log(self._path)
            if descriptor is not None:
                sync(descriptor)
                self._synced = begun


class Use:
    """This thread's connection, which no fork closes meanwhile; the driver's errors leave as memlayer's."""

    __slots__ = ("_create", "_database", "_held", "_operation")

    def __init__(self, database: Database, operation: str, *, create: bool = False) -> None:
        """`operation` is a verb, for errors; `create` makes the file where there is none."""
        self._database = database
        self._operation = operation
        self._create = create

    def __enter__(self) -> sqlite3.Connection:
        """Connects where this thread has not, and keeps others from closing the connection."""
        while True:
            held = self._database.held(create=self._create)
            held.lock.acquire()
            if not held.closed or self._database.closed:
                self._held = held
                return held.connection
            held.lock.release()
            self._database.give_back(held)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets go of the connection, and raises memlayer's error in place of the driver's."""
        self._held.lock.release()
        self._database.give_back(self._held)
        path, quiet = self._database.path, self._held.quiet
        if quiet is not None and (error is None or isinstance(error, sqlite3.DatabaseError)) and quiet != state(path):
            raise BackendTimeoutError(
                f"{path} was written to while it was read: there are no locks where nothing can be written; try again",
                backend="sqlite",
                operation=self._operation,
            ) from error
        if error is not None and (found := ours(error, self._operation, path)) is not None:
            raise found from error


class Snapshot(Use):
    """As `Use`, with one state of the file for all statements inside; within a transaction, that one's."""

    __slots__ = ("_began",)

    def __enter__(self) -> sqlite3.Connection:
        """Begins to read."""
        connection = super().__enter__()
        self._began = not connection.in_transaction
        if self._began:
            try:
                connection.execute("BEGIN")
            except BaseException as error:
                super().__exit__(type(error), error, None)
                raise
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends reading."""
        try:
            if self._began:
                self._held.connection.rollback()
        finally:
            super().__exit__(kind, error, trace)


class Transaction(Use):
    """As `Use`, holding the write lock; commits at the end, rolls back on any error."""

    __slots__ = ("_durable", "_kept")

    def __init__(self, database: Database, *, durable: bool = True) -> None:
        """`durable` waits for the disk when all is committed and others may write already."""
        super().__init__(database, "write", create=True)
        self._durable = durable
        self._kept = False

    def keep(self) -> None:
        """Says that the memo tells of what this transaction writes; without, it is forgotten with the commit."""
        self._kept = len(self._held.memo) < _MOST_KEPT

    def __enter__(self) -> sqlite3.Connection:
        """Waits for the threads of this process, then for other processes."""
        self._database.writing.acquire()
        try:
            connection = super().__enter__()
            try:
                connection.execute("BEGIN IMMEDIATE")
                (version,) = connection.execute("PRAGMA data_version").fetchone()
            except BaseException as error:
                connection.rollback()
                super().__exit__(type(error), error, None)
                raise
        except BaseException:
            self._database.writing.release()
            raise
        held = self._held
        if version != held.version:
            held.memo, held.version = {}, version
        held.writes = True
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commits, or leaves everything as it was."""
        try:
            commit = self._commit(whole=error is None)
            if commit and self._durable:
                self._database.log.wait(commit, self._held)
        except BaseException as failed:
            super().__exit__(type(failed), failed, None)
            raise
        super().__exit__(kind, error, trace)

    def _commit(self, *, whole: bool) -> int:
        """Ends the transaction and lets go of the write lock; says which commit it was, 0 for none."""
        held = self._held
        held.writes = False
        memo, held.memo = held.memo, {}
        try:
            if not whole:
                held.connection.rollback()
                return 0
            try:
                held.connection.execute("COMMIT")
            except BaseException:
                held.connection.rollback()
                raise
            if self._kept:
                held.memo = memo
            return self._database.log.committed()
        finally:
            self._database.writing.release()
