"""The connection: made on first use, with deadlines, one per process; driver errors become memlayer's."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from memlayer import _forks
from memlayer.backends.neo4j._cypher import SCHEMA
from memlayer.errors import (
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    MemlayerError,
    MissingDependencyError,
)

OLDEST = (5, 26)
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds before a transaction that met another writer is tried again."""
_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")

Run = Callable[..., list[Any]]
"""Runs one statement of a transaction; parameters by name."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is; the password is never shown."""

    uri: str
    database: str | None
    user: str
    password: str | None = field(repr=False)

    def __str__(self) -> str:
        return f"{self.uri}/{self.database or ''}".rstrip("/")


def address(url: str, *, username: str | None, password: str | None, database: str | None) -> Address:
    """The address in a URL, neo4j://user:PASSWORD@host:7687/database; what is given beside it goes before."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.query or not _is_port(parts.netloc):
        raise ConfigurationError("graph_store: a Neo4j address looks like neo4j://neo4j:PASSWORD@host:7687/database")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        f"{parts.scheme}://{host}:{parts.port or 7687}",
        database or parts.path.strip("/") or None,
        username or unquote(parts.username or "") or os.environ.get("NEO4J_USERNAME") or "neo4j",
        password or unquote(parts.password or "") or os.environ.get("NEO4J_PASSWORD") or None,
    )


class Client:
    """A lazily connected driver that never crosses a fork; the schema is there once it is connected."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        """Connects nothing yet; `timeout` is in seconds for each call."""
        self.address = address
        self._timeout = timeout
        self._lock = _forks.Lock()
        self._made: Any = None
        self._pid = 0
        self.version = ""
        """The server's version, once connected."""
        self._new = False
        """Whether the schema had to be made since somebody asked."""

    def read(self, query: str, **values: Any) -> list[Any]:
        """Runs one statement in a transaction of its own."""
        from neo4j import Query

        with self._translated("read"), self.driver().session(database=self.address.database) as session:
            return list(session.run(Query(query, timeout=3 * self._timeout), values))

    def write(self, operation: str, work: Callable[[Run], None]) -> None:
        """Runs statements in one transaction, again where other writers were in the way.

        The driver's own managed transactions would also wait for a server that is away; the outbox does that better.
        """
        with self._translated(operation), self.driver().session(database=self.address.database) as session:
            pauses = iter(PAUSES)
            while not self._written(session, work, next(pauses, None)):
                pass

    def _written(self, session: Any, work: Callable[[Run], None], pause: float | None) -> bool:
        """Says whether the work is done; where another writer was in the way, waits for so many seconds instead."""
        try:
            with session.begin_transaction(timeout=3 * self._timeout) as transaction:
                work(lambda query, **values: list(transaction.run(query, values)))
                transaction.commit()
        except Exception as error:
            if pause is None or not _in_the_way(error):
                raise
            time.sleep(pause * random.uniform(0.5, 1.5))
            return False
        return True

    def driver(self) -> Any:
        """The connected driver."""
        with self._lock:
            if self._made is None or self._pid != os.getpid():
                self._made, self._pid = self._connect(), os.getpid()
            return self._made

    def _connect(self) -> Any:
        try:
            from neo4j import GraphDatabase, NotificationMinimumSeverity
        except ImportError as error:
            raise MissingDependencyError("neo4j", '"memlayer-core[neo4j]"') from error
        at = self.address
        driver = GraphDatabase.driver(
            at.uri, auth=None if at.password is None else (at.user, at.password),
            connection_timeout=self._timeout, connection_acquisition_timeout=self._timeout,
            max_transaction_retry_time=self._timeout / 2, liveness_check_timeout=30.0, telemetry_disabled=True,
            notifications_min_severity=NotificationMinimumSeverity.OFF, user_agent="memlayer",
        )  # fmt: skip
        _bound(driver, 3 * self._timeout + 1)
        try:
            self.version = driver.get_server_info().agent.partition("/")[2]
            if tuple(int(n) for n in self.version.split(".")[:2]) < OLDEST:
                raise BackendError(f"{self.address} is Neo4j {self.version}; memlayer needs 5.26 or newer",
                                   backend="neo4j", operation="connect")  # fmt: skip
            self._prepare(driver)
        except BaseException:
            driver.close()
            raise
        return driver

    def _prepare(self, driver: Any) -> None:
        """Makes the constraints and indexes that are not there yet, and notes that they were not."""
        shown = driver.execute_query("SHOW INDEXES YIELD name", database_=self.address.database).records
        known = {row["name"] for row in shown}
        # CREATE INDEX its_name …
        if missing := [statement for statement in SCHEMA if statement.split()[2] not in known]:
            for statement in missing:
                driver.execute_query(statement, database_=self.address.database)
            driver.execute_query("CALL db.awaitIndexes(60)", database_=self.address.database)
        self._new = self._new or SCHEMA[0].split()[2] not in known

    def was_new(self) -> bool:
        """Says whether the database knew nothing of memlayer since this was asked last: it was made, or emptied."""
        with self._translated("tell what it holds"):
            self._prepare(self.driver())
        new, self._new = self._new, False
        return new

    def close(self) -> None:
        """Frees the connections; idempotent."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None and self._pid == os.getpid():
            made.close()

    @contextmanager
    def _translated(self, operation: str) -> Iterator[None]:
        try:
            yield
        except MemlayerError:
            raise
        except Exception as error:
            told = self._told(operation, error)
            if told is None:
                raise
            raise told from error

    def _told(self, operation: str, error: Exception) -> BackendError | None:
        """The driver's error as memlayer's; None for one that is not the driver's."""
        from neo4j import exceptions as driver

        more = {"backend": "neo4j", "operation": operation}
        if isinstance(error, driver.AuthError):
            return BackendError(
                f"{self.address} refuses user {self.address.user!r} or the password; give the right ones in the "
                "address: neo4j://user:PASSWORD@host:7687",
                **more,
            )
        late = isinstance(error, driver.Neo4jError) and "TransactionTimedOut" in (error.code or "")
        if late or isinstance(error.__cause__, TimeoutError):
            return BackendTimeoutError(f"{self.address} did not {operation} within {3 * self._timeout:.0f} s", **more)
        if isinstance(error, driver.ServiceUnavailable | driver.SessionExpired | driver.ConfigurationError | OSError):
            return BackendUnavailableError(
                f"{self.address} cannot be reached; start it, or give graph_store= its right address", **more
            )
        if isinstance(error, driver.Neo4jError | driver.DriverError):
            return BackendError(f"{self.address} could not {operation}: {str(error)[:500]}", **more)
        return None


def _bound(driver: Any, seconds: float) -> None:
    """Ends the wait for a server that took a question and never answers; the driver has no setting for it (6.4)."""
    pool = driver._pool
    opened = pool.opener

    def opener(*args: Any, **options: Any) -> Any:
        connection = opened(*args, **options)
        wire = connection.socket
        # 5.28 calls it settimeout.
        (wire.set_read_timeout if hasattr(wire, "set_read_timeout") else wire.settimeout)(seconds)
        return connection

    pool.opener = opener


def _in_the_way(error: Exception) -> bool:
    """Says whether another writer had the locks, or made the same node in the same moment."""
    code = str(getattr(error, "code", None) or "")
    return code.startswith("Neo.TransientError.Transaction") or code.endswith("ConstraintValidationFailed")


def _is_port(netloc: str) -> bool:
    port = netloc.rpartition("@")[2].rpartition(":")[2] if ":" in netloc.rpartition("@")[2] else ""
    return port == "" or port.endswith("]") or (port.isdecimal() and int(port) < 65_536)
