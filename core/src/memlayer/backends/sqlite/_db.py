"""The file: connections, schema, migrations. One connection per thread, WAL, `BEGIN IMMEDIATE` for every write."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any

from memlayer.backends.sqlite import _files as files
from memlayer.backends.sqlite import _place as place
from memlayer.backends.sqlite._copy import copy
from memlayer.backends.sqlite._purge import Purger
from memlayer.backends.sqlite._scrub import scrub
from memlayer.backends.sqlite._translated import Translated
from memlayer.backends.sqlite._use import Held, Log, Mine, Snapshot, Transaction, Use, connected
from memlayer.backends.sqlite.where import register
from memlayer.errors import BackendError, BackendTimeoutError, BackendUnavailableError, ConfigurationError

log = logging.getLogger(__name__)

BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one."""

APPLICATION_ID = 0x6D656D6C  # "meml": says whose file it is to anyone who opens it.

PURGES = 10
"""How often erasing looks for a moment in which nobody else writes."""

PURGED_AT_ONCE = 32 << 20
"""Bytes of a file that is purged before erasing returns."""

MAPPED = 128 << 20
"""Bytes of the file that are read without a copy; the process is counted as holding them."""

FORK_WAIT = BUSY_TIMEOUT
"""Seconds that a fork waits for each connection to come to rest."""

_IDS = "user_id TEXT, agent_id TEXT, run_id TEXT, app_id TEXT"

MIGRATIONS = (
    f"""
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE owners (
        id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL UNIQUE, generation INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE records (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner INTEGER NOT NULL, {_IDS},
        kind TEXT NOT NULL, status TEXT NOT NULL, text TEXT NOT NULL, hash TEXT NOT NULL, likeness INTEGER NOT NULL,
        role TEXT, name TEXT, message_id TEXT, session TEXT, position INTEGER NOT NULL,
        created_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, updated_at INTEGER,
        valid_from INTEGER NOT NULL, valid_to INTEGER, expires_at INTEGER,
        immutable INTEGER NOT NULL, importance REAL NOT NULL, feedback TEXT, memory_type TEXT,
        subject TEXT, attribute TEXT, value TEXT, negated INTEGER NOT NULL,
        superseded_by TEXT, supersedes TEXT NOT NULL, sources TEXT NOT NULL,
        categories TEXT NOT NULL, metadata TEXT NOT NULL, relations TEXT NOT NULL,
        unread INTEGER NOT NULL, reinforced INTEGER NOT NULL, version INTEGER NOT NULL
    );
    CREATE INDEX records_by_time ON records (
        owner, created_at, seq, kind, status, valid_to, expires_at, feedback, user_id, agent_id, run_id, app_id
    );
    CREATE INDEX records_by_agent ON records (agent_id, created_at, seq) WHERE agent_id IS NOT NULL;
    CREATE INDEX records_by_run ON records (run_id, created_at, seq) WHERE run_id IS NOT NULL;
    CREATE INDEX records_by_app ON records (app_id, created_at, seq) WHERE app_id IS NOT NULL;
    CREATE INDEX records_by_session ON records (owner, session, position) WHERE session IS NOT NULL;
    CREATE INDEX records_by_slot ON records (owner, attribute) WHERE attribute IS NOT NULL;
    CREATE INDEX records_by_likeness ON records (owner, likeness) WHERE kind <> 'episode';
    CREATE INDEX records_unread ON records (owner, seq) WHERE unread = 1;
    CREATE UNIQUE INDEX records_by_message ON records
        (message_id, owner, ifnull(user_id, ''), ifnull(agent_id, ''), ifnull(run_id, ''), ifnull(app_id, ''))
        WHERE kind = 'episode' AND message_id IS NOT NULL;
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT NOT NULL, {_IDS},
        action TEXT NOT NULL, reason TEXT, actor TEXT, at INTEGER NOT NULL, after TEXT NOT NULL
    );
    CREATE INDEX events_by_record ON events (record_id, seq);
    CREATE TABLE citations (episode INTEGER, fact INTEGER, PRIMARY KEY (episode, fact)) WITHOUT ROWID;
    CREATE INDEX citations_by_fact ON citations (fact);
    CREATE TABLE entries (
        owner INTEGER NOT NULL, seq INTEGER NOT NULL, version INTEGER NOT NULL, id TEXT NOT NULL,
        kind TEXT NOT NULL, status TEXT NOT NULL, created_at INTEGER NOT NULL, valid_from INTEGER NOT NULL,
        valid_to INTEGER, expires_at INTEGER, agent_id TEXT, run_id TEXT, app_id TEXT, role TEXT, name TEXT,
        session TEXT, position INTEGER NOT NULL, sources TEXT NOT NULL, importance REAL NOT NULL, feedback TEXT,
        vector BLOB, terms BLOB NOT NULL, words INTEGER NOT NULL, flags INTEGER NOT NULL,
        PRIMARY KEY (owner, seq)
    ) WITHOUT ROWID;
    CREATE INDEX entries_by_version ON entries (owner, version);
    CREATE TABLE nodes (
        uid TEXT PRIMARY KEY, owner INTEGER NOT NULL, {_IDS}, name TEXT NOT NULL, name_key TEXT NOT NULL,
        type TEXT NOT NULL, aliases TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX nodes_by_name ON nodes (name_key, owner);
    CREATE INDEX nodes_by_owner ON nodes (owner);
    CREATE TABLE edges (
        uid TEXT PRIMARY KEY, owner INTEGER NOT NULL, {_IDS}, source TEXT NOT NULL, predicate TEXT NOT NULL,
        target TEXT NOT NULL, record_id TEXT NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX edges_by_source ON edges (source);
    CREATE INDEX edges_by_target ON edges (target);
    CREATE INDEX edges_by_record ON edges (record_id);
    CREATE TABLE items (
        seq INTEGER PRIMARY KEY, owner INTEGER NOT NULL, {_IDS}, namespace TEXT NOT NULL, key TEXT NOT NULL,
        value TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        expires_at INTEGER, ttl REAL
    );
    CREATE UNIQUE INDEX items_by_key ON items
        (owner, namespace, key, ifnull(user_id, ''), ifnull(agent_id, ''), ifnull(run_id, ''), ifnull(app_id, ''));
    CREATE INDEX items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE item_vectors (
        item INTEGER NOT NULL, field TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (item, field)
    ) WITHOUT ROWID;
    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, operation TEXT NOT NULL,
        record_id TEXT, {_IDS}
    );
    CREATE INDEX outbox_by_target ON outbox (target, seq);
    """,
    """
    CREATE TABLE readers (
        record_id TEXT PRIMARY KEY, owner TEXT NOT NULL, holder TEXT NOT NULL, until INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX readers_by_owner ON readers (owner);
    """,
    # Vectors of pieces leave with what they were made of: nothing that is erased or changed stays behind in them.
    """
    CREATE TABLE word_pieces (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TRIGGER word_pieces_gone AFTER DELETE ON entries BEGIN DELETE FROM word_pieces WHERE seq = OLD.seq; END;
    CREATE TRIGGER word_pieces_changed AFTER UPDATE OF text ON records WHEN OLD.text <> NEW.text
        BEGIN DELETE FROM word_pieces WHERE seq = OLD.seq; END;
    """,
)
"""Forward only: the file's `user_version` counts the scripts that it has seen. Never edit one that was released."""


class Database:
    """One SQLite file, opened on first use; many threads and many processes may share it."""

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = BUSY_TIMEOUT) -> None:
        """`path` is a file; ":memory:" means a private temporary file that goes when the database is closed."""
        self._temporary: str | None = None
        if str(path) == ":memory:":
            self._temporary = tempfile.mkdtemp(prefix="memlayer-")
            weakref.finalize(self, _remove, self._temporary, os.getpid())
            path = Path(self._temporary) / "memory.db"
        self.path = place.settled(path)
        self._timeout = timeout
        self.closed = False
        """True once `close` was called."""
        self._file: files.Identity | None = None
        """Which file was opened; None before one was."""
        self._leave: weakref.finalize[[files.Identity], Database] | None = None
        self._begin()
        with _known:
            _databases.add(self)

    def _begin(self) -> None:
        self._mine = Mine()
        self._idle: list[Held] = []
        self._held: weakref.WeakSet[Held] = weakref.WeakSet()
        self._registry = threading.Lock()
        self._opening = threading.RLock()
        self.writing = threading.RLock()
        """Held by the thread of this process that writes."""
        self.log = Log(self.path)
        self._purger: Purger | None = None

    def write(self, *, durable: bool = True) -> Transaction:
        """A transaction that holds the write lock; commits at the end, rolls back on any error.

        One that is not `durable` others see at once, and waits for no disk: it may go with the power.
        """
        return Transaction(self, durable=durable)

    def read(self) -> Snapshot:
        """One consistent snapshot for all statements inside; an absent file reads as an empty one."""
        return Snapshot(self, "read")

    def look(self) -> Use:
        """As `read`, for a single statement: SQLite gives it a snapshot of its own, without a transaction around it."""
        return Use(self, "read")

    @property
    def memo(self) -> dict[Any, Any] | None:
        """What this thread's connection knows of the file since it wrote last; None outside of its own `write`."""
        held = self._mine.held
        return held.memo if held is not None and held.writes else None

    def backup(self, file: str | os.PathLike[str]) -> Path:
        """Writes a whole, consistent copy to `file` (mode 0600) while others go on writing."""
        with Use(self, "back up") as source:
            return copy(source, of=self.path, to=Path(os.path.expanduser(file)))

    def checkpoint(self) -> None:
        """Moves the write-ahead log into the file, so that what was erased is gone from both."""
        with Use(self, "checkpoint", create=True) as connection:
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise BackendTimeoutError(
                    f"what was erased is still in the log of {self.path}, because somebody has been reading an older "
                    "state of it all the while; erase again when they are done",
                    backend="sqlite",
                    operation="checkpoint",
                )

    def purge_soon(self) -> None:
        """Purges at once where that is quick and nobody is in the way, else in the background; `close` waits for it."""
        if self.path.stat().st_size <= PURGED_AT_ONCE:
            try:
                self.purge()
                return
            except BackendTimeoutError:
                log.debug("others are in the way of purging %s; it goes on in the background", self.path)
        with self._registry:
            self._purger = self._purger or Purger(self.purge)
            self._purger.soon()

    def purge(self) -> None:
        """Leaves no byte of what was erased, in the log or between the rows of the file."""
        for _ in range(PURGES):
            with self.writing:
                self.checkpoint()
                # A connection of its own: what the others have read is void when this one commits. Its commit says
                # nothing that must last, so that it need not wait for the disk.
                connection = sqlite3.connect(self.path, timeout=self._timeout, isolation_level=None)
                try:
                    connection.execute("PRAGMA synchronous = NORMAL")
                    with Translated("purge", self.path):
                        if self._purged(connection):
                            return
                finally:
                    connection.close()
        raise BackendTimeoutError(
            f"what was erased may still lie between the rows of {self.path}, because others kept on writing; "
            "erase again when they are done",
            backend="sqlite",
            operation="purge",
        )

    def _purged(self, connection: sqlite3.Connection) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        log = self.path.with_name(self.path.name + "-wal")
        if log.exists() and log.stat().st_size:  # another process came in between
            connection.rollback()
            return False
        assert self._file is not None
        scrub(files.descriptor(self.path, self._file))
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
        return True

    def close(self) -> None:
        """Closes every connection; idempotent."""
        if self._purger is not None:
            self._purger.close()
        with self._registry:
            self.closed = True
            for held in self._held:
                held.close()
            self._held.clear()
            self._idle.clear()
        if self._leave is not None:
            self._leave()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def held(self, *, create: bool) -> Held:
        """The connection that this thread uses, else an idle or a new one; `create` makes the file if there is none."""
        if self.closed:
            raise BackendError(f"{self.path} is closed; open a new Memory", backend="sqlite", operation="open")
        if create and self._file is not None:
            self._check_file()
        mine = self._mine
        if mine.held is not None and self._serves(mine.held, create=create):
            mine.uses += 1
            return mine.held
        while self._idle:
            try:
                held = self._idle.pop()
            except IndexError:  # another thread took the last one
                break
            if self._serves(held, create=create):
                mine.held, mine.uses = held, 1
                return held
        # One that is only half open at a fork would leave the child with locks of SQLite's that nobody releases.
        with Translated("open", self.path), self._opening:
            held = mine.held = self._open(create=create)
            mine.uses = 1
            with self._registry:
                self._held.add(held)
        return held

    def give_back(self, held: Held) -> None:
        """Ends a use of this thread's; a connection that is used no more serves the next one, in any thread."""
        mine = self._mine
        if mine.held is held:
            mine.uses -= 1
            if not mine.uses:
                mine.held = None
                self._idle.append(held)

    def _check_file(self) -> None:
        """Raises where another file, or none, has the name of the one that was opened: what is written would be lost.

        SQLite itself goes on with the file that it has, whatever becomes of its name.
        """
        if self._file != files.identity(self.path):
            raise BackendUnavailableError(
                f"{self.path} was moved, removed or replaced since this memory opened it; open a new Memory",
                backend="sqlite",
                operation="open",
            )

    def _serves(self, held: Held, *, create: bool) -> bool:
        if held.quiet is not None and held.quiet != place.quiet(self.path):
            return False
        return not held.closed and (held.on_disk or not (create or self.path.exists()))

    def rest(self) -> list[threading.RLock]:
        """Closes the connections that are not in use, and returns the locks that keep it so."""
        locks = []
        if self.writing.acquire(timeout=FORK_WAIT):
            locks.append(self.writing)
        if self._opening.acquire(timeout=FORK_WAIT):
            locks.append(self._opening)
        with self._registry:
            everybody = list(self._held)
        for held in everybody:
            if held.lock.acquire(timeout=FORK_WAIT):
                locks.append(held.lock)
                if not (held.closed or held.connection.in_transaction):
                    held.close()
        return locks

    def born(self) -> None:
        """Starts anew in a child process: with no connection, and with locks that nobody holds."""
        _inherited.extend(self._held)
        self._begin()

    def _open(self, *, create: bool) -> Held:
        if not self.path.exists():
            if not create:
                empty = _configure(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None))
                _migrate(empty, self.path)
                return Held(empty, file=None)
            place.make(self.path, _fill)
        writable = os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        if not writable and create:
            raise BackendUnavailableError(
                f"{self.path} cannot be written; give path= a place that can, or set MEMLAYER_DIR",
                backend="sqlite",
                operation="open",
            )
        file = self._enter(writable=writable)
        uri = f"{self.path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}"
        quiet = None if writable else place.quiet(self.path)
        if quiet is not None:
            uri += "&immutable=1"
        held = connected(uri, timeout=self._timeout, file=file, quiet=quiet)
        try:
            self._check_file()
            self._prepare(held.connection, writable=writable)
        except BaseException as error:
            held.close()
            if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
                raise ConfigurationError(f"{self.path} is no SQLite file; give path= a file of its own") from error
            raise
        return held

    def _enter(self, *, writable: bool) -> files.Identity:
        """Before the first connection: settles which file it is, and that no log of another one is read into it.

        The databases of this process wait for one another: none connects while another one looks at the log.
        """
        with files.lock:
            if self._file is None:
                file = self._file = files.enter(self.path)
                self._leave = weakref.finalize(self, files.leave, file)
                self._leave.atexit = False
                if writable and files.alone(file):
                    place.drop_foreign_log(self.path, lambda: files.descriptor(self.path, file))
            return self._file

    def _prepare(self, connection: sqlite3.Connection, *, writable: bool) -> None:
        if _version(_configure(connection, self._timeout), self.path) < len(MIGRATIONS):
            if not writable:
                raise BackendUnavailableError(
                    f"{self.path} was written by an older memlayer and cannot be brought up to date, because it "
                    "cannot be written; open it once where it can",
                    backend="sqlite",
                    operation="open",
                )
            _migrate(connection, self.path)
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if writable and mode != "wal":
            # A copy that `backup` made is not in this mode yet.
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode == "wal":
            # Who writes waits for the disk outside of the write lock: see `Log`.
            connection.execute("PRAGMA synchronous = NORMAL")


def _configure(connection: sqlite3.Connection, timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    connection.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA mmap_size = {MAPPED}")
    register(connection)
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """How many of the migrations the file has seen; refuses a file of another program, and one of a newer memlayer."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID and (
        version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    ):
        raise ConfigurationError(f"{path} is another program's SQLite file; give path= a file of its own")
    if version > len(MIGRATIONS):
        raise ConfigurationError(
            f"{path} was written by a newer memlayer (schema {version}, this one knows {len(MIGRATIONS)}); "
            "upgrade memlayer-core"
        )
    return version


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in MIGRATIONS[_version(connection, path) :]:
            statement = ""
            for part in script.split(";"):
                statement += f"{part};"
                # A trigger has semicolons of its own.
                if sqlite3.complete_statement(statement):
                    connection.execute(statement)
                    statement = ""
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def _fill(connection: sqlite3.Connection, path: Path) -> None:
    # Properties of the file: 8 KiB pages keep a 384-dimensional vector inside of its row's page.
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    _migrate(_configure(connection), path)


def _remove(folder: str, maker: int) -> None:
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)


# SQLite's connections and locks must not cross a fork, not even unused: they are closed before, and opened anew by
# whoever needs one, in the parent as in the child.
_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_inherited: list[Held] = []
_known = threading.RLock()
_forking = threading.local()


def _all() -> list[Database]:
    with _known:
        return list(_databases)


def _before_fork() -> None:
    _known.acquire()
    _forking.locks = [_known, *(lock for database in _all() for lock in database.rest())]
    # Last: who opens or purges a file takes it within the locks that were waited for until here.
    files.lock.acquire()
    _forking.locks.append(files.lock)


def _after_fork() -> None:
    for lock in reversed(_forking.locks):
        lock.release()
    _forking.locks = []


def _after_fork_in_child() -> None:
    _after_fork()
    for database in _all():
        database.born()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
