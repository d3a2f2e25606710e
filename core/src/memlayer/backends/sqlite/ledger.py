"""The ledger in one SQLite file: events, current rows and every projection in the same transaction."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from operator import itemgetter
from typing import Any

from memlayer import _drafts
from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._codec import EPOCH, SELECT, decode, encode, from_row, micros, moment, strings, to_row
from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite._followers import notes, targets
from memlayer.backends.sqlite._past import known, page
from memlayer.backends.sqlite._project import Projection
from memlayer.backends.sqlite._use import Use
from memlayer.backends.sqlite._view import visible
from memlayer.backends.sqlite.where import compile_where
from memlayer.errors import ConflictError, DimensionMismatchError, NotFoundError, brief
from memlayer.filters import Filter, content_hash
from memlayer.text import likeness
from memlayer.types import Change, Event, Origin, Record, Scope, View

_COLUMNS = SELECT.replace("r.", "")
_INSERT = f"INSERT INTO records ({_COLUMNS}, owner, hash, likeness, version) VALUES ({', '.join('?' * 39)})"
_UPDATE = f"UPDATE records SET ({_COLUMNS}, hash, likeness, version) = ({', '.join('?' * 38)}) WHERE id = ?"
_EVENT = (
    "INSERT INTO events (record_id, user_id, agent_id, run_id, app_id, action, reason, actor, at, after) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

# What a connection's memo knows: notes about the file, numbers of owners, what was said last in a scope.
_NOTES, _OWNER, _SAID = "notes", "owner", "said"
_PART = 500
"""The most ids in one statement."""

INDEX_ROW = (
    "seq, version, id, kind, status, created_at, valid_from, valid_to, expires_at, agent_id, run_id, app_id, role, "
    "name, session, position, sources, importance, feedback, vector, terms, words, flags"
)
"""Columns of an index row in the order of `memlayer.engine.segments.IndexRow`."""
_SOURCES = INDEX_ROW.split(", ").index("sources")


class SQLiteLedger:
    """Implements `Ledger`, and holds keywords, vectors, graph and outbox rows in the same transaction."""

    def __init__(
        self,
        database: Database | str | os.PathLike[str],
        *,
        followers: Sequence[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """`followers` names servers that follow this ledger through the outbox, beside those noted in the file."""
        self.database = database if isinstance(database, Database) else Database(database)
        self.followers = tuple(followers)
        self._clock = clock
        self._projection = Projection()
        self.embedder: str | None = None
        """What the vectors of this memory are made with; the first commit of vectors notes it in the file."""
        self.on_commit: Callable[[], object] | None = None
        """Called after every transaction that something may follow from, outside of it."""

    def append(self, changes: Sequence[Change], *, scope: Scope, actor: str | None = None) -> list[Event]:
        """Writes all changes in one transaction or none; sequences are strictly increasing."""
        return self.commit(lambda _: changes, scope=scope, seen=-1, actor=actor)

    def commit(
        self,
        decide: Callable[[Sequence[Event]], Sequence[Change]],
        *,
        scope: Scope,
        seen: int,
        actor: str | None = None,
    ) -> list[Event]:
        """Calls `decide` under the write lock with the scope's events after `seen`, and writes what it returns."""
        transaction = self.database.write()
        with transaction as connection:
            news = [] if seen < 0 else list(self._events(connection, scope, None, seen, -1))
            now = self._clock()
            changes = decide(news)
            memo = self.database.memo
            assert memo is not None
            known = memo.get((_NOTES, self.followers))
            if known is None:
                noted = notes(connection)
                known = (noted.get("embedder"), targets(noted, self.followers))
            embedder, followers = known
            if self.embedder is not None and any(change.vector is not None for change in changes):
                if embedder != self.embedder:
                    self._note_embedder(connection, self.embedder, embedder)
                embedder = self.embedder
            memo[_NOTES, self.followers] = embedder, followers
            written = [self._apply(connection, change, scope, actor, now, followers, memo) for change in changes]
            transaction.keep()
        self._tell()
        return written

    def _note_embedder(self, connection: sqlite3.Connection, mine: str, noted: str | None) -> None:
        """Raises where another process has embedded the file anew meanwhile: vectors of two models do not compare."""
        if noted is not None:
            raise DimensionMismatchError(
                f"{self.database.path} is embedded with {noted} now, and this memory still uses {mine}; nothing was "
                "written: open it anew with that embedder, or embed it anew: memory.reembed(), or "
                "`memlayer reembed`"
            )
        connection.execute("INSERT INTO meta VALUES ('embedder', ?)", (mine,))

    def _tell(self) -> None:
        if self.on_commit is not None:
            self.on_commit()

    def sequence(self) -> int:
        """The sequence of the last event that was written; 0 for an empty ledger."""
        with self.database.look() as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def get(self, ids: Sequence[str], *, scope: Scope | None = None) -> list[Record | None]:
        """Records in the order of `ids`; None where an id is absent or out of scope."""
        found: dict[str, Record] = {}
        with self._looking(ids) as connection:
            for start in range(0, len(ids), _PART):
                part = ids[start : start + _PART]
                marks = ", ".join("?" * len(part))
                sql = f"SELECT {SELECT} FROM records r WHERE r.id IN ({marks})"
                for row in connection.execute(sql, part):
                    record = from_row(row)
                    if scope is None or scope.covers(record.scope):
                        found[record.id] = record
        return [found.get(i) for i in ids]

    def _looking(self, ids: Sequence[str]) -> Use:
        """One state of the file for all statements that so many ids take."""
        return self.database.look() if len(ids) <= _PART else self.database.read()

    def origins(self, ids: Sequence[str], *, scope: Scope) -> dict[str, Origin]:
        """Who said each of these episodes, by id; those out of scope or gone are left out."""
        found: dict[str, Origin] = {}
        # Whom a row belongs to is read only where somebody asks.
        owners = ", r.user_id, r.agent_id, r.run_id, r.app_id" if scope.ids() else ""
        with self._looking(ids) as connection:
            for start in range(0, len(ids), _PART):
                part = ids[start : start + _PART]
                query = (
                    f"SELECT r.id, r.message_id, r.role, r.name, r.created_at{owners} FROM records r "
                    f"WHERE r.id IN ({', '.join('?' * len(part))})"
                )
                for row in connection.execute(query, part):
                    id_, message_id, role, name, at = row[:5]
                    if not owners or scope.covers(Scope(*row[5:])):
                        found[id_] = _drafts.origin(id_, message_id, role, name, EPOCH + timedelta(microseconds=at))
        return found

    def records(
        self,
        *,
        scope: Scope,
        where: Filter | None = None,
        view: View | None = None,
        limit: int = 100,
        after: str | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """A page of records, newest first; `after` is the id of the last record of the page before."""
        return self._page(scope, where, view, limit, after, descending=True, offset=offset)

    def said(
        self, *, scope: Scope, where: Filter | None = None, view: View | None = None, limit: int = 100,
        after: str | None = None,
    ) -> list[Record]:  # fmt: skip
        """A page of records in the order in which they were said, oldest first."""
        return self._page(scope, where, view, limit, after, descending=False)

    def count(self, *, scope: Scope, where: Filter | None = None, view: View | None = None) -> int:
        """How many records `records` would give in all."""
        with self.database.read() as connection:
            if view is not None and view.known_at is not None:
                return len(known(connection, scope, where, view))
            sql, values = self._where(connection, scope, where, view)
            row = connection.execute(f"SELECT count(*) FROM records r WHERE {sql}", values).fetchone()
        return int(row[0])

    def events(
        self, *, scope: Scope | None = None, record_id: str | None = None, after: int = 0, limit: int = 1000
    ) -> list[Event]:
        """Events after a sequence, oldest first."""
        with self.database.read() as connection:
            return list(self._events(connection, scope, record_id, after, limit))

    def erase(self, scope: Scope, *, kinds: Sequence[str] | None = None) -> dict[str, int]:
        """Removes the content of a scope for good, events and every index row included; counts by table."""
        with self.database.write() as connection:
            sql, values = _scope.condition(connection, scope, "r")
            doomed = f"SELECT r.seq, r.id FROM records r WHERE {sql}"
            if kinds is not None:
                doomed += f" AND r.kind IN ({', '.join('?' * len(kinds))})"
                values = [*values, *kinds]
            connection.execute(f"CREATE TEMP TABLE doomed AS {doomed}", values)
            try:
                counts = self._projection.erase(
                    connection,
                    scope,
                    targets(notes(connection), self.followers),
                    items=kinds is None,
                    whole=kinds is None,
                )
            finally:
                connection.execute("DROP TABLE IF EXISTS doomed")
        self.database.purge_soon()
        self._tell()
        return counts

    def forget(self, ids: Sequence[str], *, scope: Scope) -> dict[str, int]:
        """Removes these records of the scope for good, with their events and index rows; counts by table."""
        with self.database.write() as connection:
            sql, values = _scope.condition(connection, scope, "r")
            connection.execute("CREATE TEMP TABLE doomed (seq INTEGER, id TEXT)")
            try:
                for record_id in ids:
                    connection.execute(
                        f"INSERT INTO doomed SELECT r.seq, r.id FROM records r WHERE r.id = ? AND {sql}",
                        [record_id, *values],
                    )
                counts = self._projection.erase(
                    connection, scope, targets(notes(connection), self.followers), items=False, whole=False
                )
            finally:
                connection.execute("DROP TABLE IF EXISTS doomed")
        self.database.purge_soon()
        self._tell()
        return counts

    def messages_known(self, ids: Sequence[str], scope: Scope) -> dict[str, str]:
        """Which of the callers' message ids this exact scope holds already: message id to episode id."""
        found: dict[str, str] = {}
        owner = scope.owner
        with self.database.look() as connection:
            for message_id in ids:
                row = connection.execute(
                    "SELECT r.id FROM records r JOIN owners o ON o.id = r.owner WHERE r.message_id = ? "
                    "AND r.kind = 'episode' AND o.owner = ? AND r.user_id IS ? AND r.agent_id IS ? "
                    "AND r.run_id IS ? AND r.app_id IS ?",
                    (message_id, owner, scope.user_id, scope.agent_id, scope.run_id, scope.app_id),
                ).fetchone()
                if row:
                    found[message_id] = row[0]
        return found

    def citing(self, ids: Sequence[str]) -> list[Record]:
        """The records that cite any of these episodes, whatever became of them."""
        query = (
            f"SELECT {SELECT} FROM records r WHERE r.seq IN (SELECT c.fact FROM citations c JOIN records e "
            "ON e.seq = c.episode WHERE e.id IN (SELECT value FROM json_each(?)))"
        )
        with self.database.read() as connection:
            return [from_row(row) for row in connection.execute(query, [json.dumps(list(ids))])]

    def related(
        self, *, scope: Scope, slots: Sequence[str] = (), texts: Sequence[str] = (), limit: int = 200
    ) -> list[Record]:
        """Facts of the scope, retracted ones aside, that fill one of these attributes or have one text's words."""
        with self.database.read() as connection:
            sql, values = _scope.condition(connection, scope, "r")
            found: dict[str, Record] = {}
            for column, wanted in (("attribute", slots), ("likeness", [likeness(t) for t in texts])):
                if not wanted:
                    continue
                marks = ", ".join("?" * len(wanted))
                # `kind <> 'episode'` lets SQLite see that the partial index fits, `+` keeps it from walking by `seq`.
                query = (
                    f"SELECT {SELECT} FROM records r WHERE {sql} AND r.{column} IN ({marks}) AND r.kind <> 'episode' "
                    "AND r.kind = 'fact' AND r.status <> 'retracted' ORDER BY +r.seq DESC LIMIT ?"
                )
                for row in connection.execute(query, [*values, *wanted, limit]):
                    record = from_row(row)
                    found[record.id] = record
        return list(found.values())

    def last_said(self, scope: Scope) -> tuple[str | None, int, datetime] | None:
        """Conversation, position and time of the newest episode of exactly this scope."""
        memo = self.database.memo
        found: tuple[str | None, int, datetime] | None = None if memo is None else memo.get((_SAID, scope))
        if found is not None:
            return found
        with self.database.look() as connection:
            row = connection.execute(
                "SELECT r.session, r.position, r.created_at FROM records r "
                "WHERE r.owner = (SELECT id FROM owners WHERE owner = ?) AND r.user_id IS ? AND r.agent_id IS ? "
                "AND r.run_id IS ? AND r.app_id IS ? AND r.kind = 'episode' "
                "ORDER BY r.created_at DESC, r.seq DESC LIMIT 1",
                (scope.owner, scope.user_id, scope.agent_id, scope.run_id, scope.app_id),
            ).fetchone()
        if row:
            found = (row[0], row[1], EPOCH + timedelta(microseconds=row[2]))
        if memo is not None:
            memo[_SAID, scope] = found
        return found

    def owners(self) -> list[Scope]:
        """Every combination of ids that something is stored for."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT DISTINCT user_id, agent_id, run_id, app_id FROM records UNION "
                "SELECT DISTINCT user_id, agent_id, run_id, app_id FROM items"
            ).fetchall()
        return [Scope(*row) for row in rows]

    def partitions(self, scope: Scope) -> list[tuple[int, int]]:
        """The owners whose records the scope may meet, each with its generation: erasing starts a new one."""
        if not scope.spans_owners:
            with self.database.look() as connection:
                return connection.execute(
                    "SELECT id, generation FROM owners WHERE owner = ?", (scope.owner,)
                ).fetchall()
        with self.database.read() as connection:
            numbers = _scope.owners(connection, scope)
            return [
                (number, connection.execute("SELECT generation FROM owners WHERE id = ?", (number,)).fetchone()[0])
                for number in numbers
            ]

    def index_rows(self, owner: int, after: int) -> list[tuple[Any, ...]]:
        """The owner's index rows whose version is greater than `after`, in the order of `seq`."""
        # Left to itself SQLite reads the whole owner in the order of `seq`; what is new is found by its version.
        source = "entries" if after <= 0 else "entries INDEXED BY entries_by_version"
        query = f"SELECT {INDEX_ROW} FROM {source} WHERE owner = ? AND version > ?"
        with self.database.look() as connection:
            rows = connection.execute(query, (owner, after)).fetchall()
        at = _SOURCES
        rows = [(*row[:at], strings(row[at]), *row[at + 1 :]) for row in rows]
        return sorted(rows, key=itemgetter(0))

    def word_pieces(self, seqs: Sequence[int]) -> dict[int, bytes]:
        """The vectors of these records' pieces, by `seq`; records that have none are left out."""
        with self.database.look() as connection:
            marks = ", ".join("?" * len(seqs))
            return dict(connection.execute(f"SELECT seq, data FROM word_pieces WHERE seq IN ({marks})", list(seqs)))

    def allowed(self, owner: int, where: Filter) -> list[int]:
        """The `seq` of the owner's records that pass the filter, in ascending order."""
        sql, values = compile_where(where)
        with self.database.read() as connection:
            rows = connection.execute(
                f"SELECT r.seq FROM records r WHERE r.owner = ? AND ({sql}) ORDER BY r.seq",
                [owner, *values],
            )
            return [row[0] for row in rows]

    def slots(self, *, scope: Scope, view: View) -> list[Record]:
        """The facts of the view that fill a slot, newest first."""
        with self.database.read() as connection:
            sql, values = self._where(connection, scope, None, view)
            query = f"SELECT {SELECT} FROM records r WHERE {sql} AND r.attribute IS NOT NULL ORDER BY r.seq DESC"
            return [from_row(row) for row in connection.execute(query, values)]

    def unread(self, *, scope: Scope, limit: int = 100) -> list[Record]:
        """Episodes whose facts have not been extracted yet, oldest first."""
        with self.database.read() as connection:
            sql, values = _scope.condition(connection, scope, "r")
            query = f"SELECT {SELECT} FROM records r WHERE r.unread = 1 AND {sql} ORDER BY r.seq LIMIT ?"
            return [from_row(row) for row in connection.execute(query, [*values, limit])]

    def meta(self, key: str) -> str | None:
        """What is noted about the file under `key`."""
        with self.database.look() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def close(self) -> None:
        """Closes the file; idempotent."""
        self.database.close()

    def _page(
        self,
        scope: Scope,
        where: Filter | None,
        view: View | None,
        limit: int,
        after: str | None,
        *,
        descending: bool,
        offset: int = 0,
    ) -> list[Record]:
        with self.database.read() as connection:
            if view is not None and view.known_at is not None:
                found = known(connection, scope, where, view)
                return page(found if descending else found[::-1], limit, after, offset)
            sql, values = self._where(connection, scope, where, view)
            if after is not None:
                row = connection.execute("SELECT created_at, seq FROM records WHERE id = ?", (after,)).fetchone()
                if row is None:
                    raise NotFoundError(f"after={brief(after)}: no such record; start again from the first page")
                sql += f" AND (r.created_at, r.seq) {'<' if descending else '>'} (?, ?)"
                values = [*values, *row]
            order = "DESC" if descending else "ASC"
            query = (
                f"SELECT {SELECT} FROM records r WHERE {sql} "
                f"ORDER BY r.created_at {order}, r.seq {order} LIMIT ? OFFSET ?"
            )
            return [from_row(row) for row in connection.execute(query, [*values, limit, offset])]

    def _where(
        self, connection: sqlite3.Connection, scope: Scope, where: Filter | None, view: View | None
    ) -> tuple[str, list[Any]]:
        sql, values = _scope.condition(connection, scope, "r")
        if view is not None:
            more, bound = visible(view)
            sql, values = f"{sql} AND {more}", [*values, *bound]
        if where is not None:
            more, bound = compile_where(where)
            sql, values = f"{sql} AND ({more})", [*values, *bound]
        return sql, values

    def _events(
        self, connection: sqlite3.Connection, scope: Scope | None, record_id: str | None, after: int, limit: int
    ) -> Iterator[Event]:
        sql: str = "1"
        values: list[Any] = []
        if scope is not None:
            sql, values = _scope.condition(connection, scope, "e", owner=False)
        if record_id is not None:
            sql, values = f"{sql} AND e.record_id = ?", [*values, record_id]
        query = (
            "SELECT e.seq, e.record_id, e.action, e.reason, e.actor, e.at, e.after, "
            "(SELECT b.after FROM events b WHERE b.record_id = e.record_id AND b.seq < e.seq "
            f"ORDER BY b.seq DESC LIMIT 1) FROM events e WHERE e.seq > ? AND {sql} "
            "ORDER BY e.seq LIMIT ?"
        )
        for seq, rid, action, reason, actor, at, text, before in connection.execute(query, [after, *values, limit]):
            when = moment(at)
            assert when is not None
            yield Event(
                sequence=seq, action=action, record_id=rid, at=when, actor=actor, reason=reason,
                before=decode(before) if before is not None else None, after=decode(text),
            )  # fmt: skip

    def _apply(
        self,
        connection: sqlite3.Connection,
        change: Change,
        scope: Scope,
        actor: str | None,
        now: datetime,
        followers: Sequence[str],
        memo: dict[Any, Any],
    ) -> Event:
        record = change.record
        if not scope.covers(record.scope):
            raise ConflictError(f"record {record.id} belongs to {record.scope.ids()}, not to {scope.ids()}")
        row = to_row(record)
        before: Record | None = None
        if change.action != "ADD":
            held = connection.execute(f"SELECT {SELECT} FROM records r WHERE r.id = ?", (record.id,)).fetchone()
            if held is None:
                raise NotFoundError(f"no record has the id {record.id}")
            before = from_row(held)
            if before.scope != record.scope:
                raise ConflictError(f"record {record.id} belongs to {before.scope.ids()}, not to {record.scope.ids()}")
        ids = row[1:5]
        sequence = connection.execute(
            _EVENT, (record.id, *ids, change.action, change.reason, actor, micros(now), encode(row))
        ).lastrowid
        assert sequence is not None
        digest, like = content_hash(record.text), 0 if record.kind == "episode" else likeness(record.text)
        if change.action == "ADD":
            name = record.scope.owner
            owner = memo[_OWNER, name] = memo.get((_OWNER, name)) or _scope.owner_id(connection, name)
            try:
                seq = connection.execute(_INSERT, (*row, owner, digest, like, sequence)).lastrowid
            except sqlite3.IntegrityError as error:
                raise ConflictError(f"record {record.id} (message {record.message_id!r}) is stored already") from error
        else:
            connection.execute(_UPDATE, (*row, digest, like, sequence, record.id))
            owner, seq = connection.execute("SELECT owner, seq FROM records WHERE id = ?", (record.id,)).fetchone()
        if change.action == "ADD" and record.kind == "episode":
            _told(memo, record)
        assert seq is not None
        self._projection.write(connection, change, before=before, owner=owner, seq=seq, version=sequence)
        for follower in followers:
            connection.execute(
                "INSERT INTO outbox (target, operation, record_id, user_id, agent_id, run_id, app_id) "
                "VALUES (?, 'put', ?, ?, ?, ?, ?)",
                (follower, record.id, *ids),
            )
        return _drafts.event(sequence, change.action, record.id, now, actor, before, record, change.reason)


def _told(memo: dict[Any, Any], episode: Record) -> None:
    """Brings what was said last up to date, where the memo knows it."""
    key = (_SAID, episode.scope)
    known = memo.get(key, False)
    if known is None or (known and known[2] <= episode.created_at):
        memo[key] = (episode.session, episode.position, episode.created_at)
