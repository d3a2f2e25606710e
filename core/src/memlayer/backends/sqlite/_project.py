"""What follows from a change inside of the same transaction: index entries, citations and the graph's edges."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._codec import dumps, micros
from memlayer.text import analyse, name_key
from memlayer.types import ID_FIELDS, Change, Record, Scope

_ENTRY = f"INSERT OR REPLACE INTO entries VALUES ({', '.join('?' * 24)})"
_TOUCH = (
    "UPDATE entries SET version = ?, status = ?, valid_from = ?, valid_to = ?, expires_at = ?, sources = ?, "
    "importance = ?, feedback = ? WHERE owner = ? AND seq = ?"
)


def node_uid(owner: str, name: str) -> str:
    """The node of a name within an owner: the same for every process, so that retries meet it."""
    return _digest("node", owner, name_key(name))


def edge_uid(record_id: str, source: str, predicate: str, target: str) -> str:
    """The edge that a record says between two nodes."""
    return _digest("edge", record_id, source, predicate, target)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Projection:
    """Writes and erases the rows that are derived from records."""

    def write(
        self,
        connection: sqlite3.Connection,
        change: Change,
        *,
        before: Record | None,
        owner: int,
        seq: int,
        version: int,
    ) -> None:
        """Brings entries, citations and edges in line with the record as it is now."""
        record = change.record
        if change.vector is not None or (before is None and change.index):
            self.enter(connection, change, owner=owner, seq=seq, version=version)
        elif before is not None:
            connection.execute(
                _TOUCH,
                (version, record.status, micros(record.valid_from), micros(record.valid_to),
                 micros(record.expires_at), dumps(record.sources), record.importance, record.feedback, owner, seq),
            )  # fmt: skip
        if record.sources and (before is None or before.sources != record.sources):
            marks = ", ".join("?" * len(record.sources))
            connection.execute(
                f"INSERT OR IGNORE INTO citations SELECT seq, ? FROM records WHERE id IN ({marks})",
                (seq, *record.sources),
            )
        self._relate(connection, record, before, owner)

    def enter(self, connection: sqlite3.Connection, change: Change, *, owner: int, seq: int, version: int) -> None:
        """Writes the record's index entry with its vector and its terms."""
        r, vector = change.record, change.vector
        words = analyse(r.text)
        connection.execute(
            _ENTRY,
            (
                owner, seq, version, r.id, r.kind, r.status, micros(r.created_at), micros(r.valid_from),
                micros(r.valid_to), micros(r.expires_at), r.scope.agent_id, r.scope.run_id, r.scope.app_id, r.role,
                r.name, r.session, r.position, dumps(r.sources) if r.sources else "[]", r.importance, r.feedback,
                None if vector is None else vector.astype("<f4", copy=False).tobytes(),
                words.terms.tobytes(), words.words, words.flags,
            ),
        )  # fmt: skip
        if pieces := getattr(vector, "pieces", b""):
            connection.execute("INSERT OR REPLACE INTO word_pieces VALUES (?, ?)", (seq, pieces))

    def erase(
        self,
        connection: sqlite3.Connection,
        scope: Scope,
        targets: Sequence[str],
        *,
        items: bool,
        whole: bool = True,
    ) -> dict[str, int]:
        """Removes everything about the records in the temporary table `doomed`, and the scope's items where asked."""
        run = connection.execute
        touched = [row[0] for row in run("SELECT DISTINCT owner FROM records WHERE seq IN (SELECT seq FROM doomed)")]
        counts = {}
        for kind, count in run(
            "SELECT r.kind, count(*) FROM doomed d JOIN records r ON r.seq = d.seq GROUP BY r.kind"
        ).fetchall():
            counts[f"{kind}s"] = int(count)
        ids = [row[0] for row in run("SELECT id FROM doomed")] if targets and not whole else []
        counts["events"] = run("DELETE FROM events WHERE record_id IN (SELECT id FROM doomed)").rowcount
        run(
            "DELETE FROM entries WHERE (owner, seq) IN (SELECT r.owner, r.seq FROM doomed d JOIN records r USING (seq))"
        )
        run("DELETE FROM citations WHERE episode IN (SELECT seq FROM doomed)")
        run("DELETE FROM citations WHERE fact IN (SELECT seq FROM doomed)")
        counts["edges"] = run("DELETE FROM edges WHERE record_id IN (SELECT id FROM doomed)").rowcount
        run("DELETE FROM outbox WHERE record_id IN (SELECT id FROM doomed)")
        run("DELETE FROM readers WHERE record_id IN (SELECT id FROM doomed)")
        run("DELETE FROM records WHERE seq IN (SELECT seq FROM doomed)")
        if items:
            sql, values = _scope.condition(connection, scope, "items")
            touched += [row[0] for row in run(f"SELECT DISTINCT owner FROM items WHERE {sql}", values)]
            run(f"DELETE FROM item_vectors WHERE item IN (SELECT seq FROM items WHERE {sql})", values)
            counts["items"] = run(f"DELETE FROM items WHERE {sql}", values).rowcount
        counts["nodes"] = 0
        for owner in sorted(set(touched)):
            counts["nodes"] += self.sweep(connection, owner)
            left = run(
                "SELECT EXISTS (SELECT 1 FROM records WHERE owner = :owner) "
                "OR EXISTS (SELECT 1 FROM items WHERE owner = :owner)",
                {"owner": owner},
            ).fetchone()[0]
            run("UPDATE owners SET generation = generation + 1 WHERE id = ?" if left else
                "DELETE FROM owners WHERE id = ?", (owner,))  # fmt: skip
        for target in targets:
            rows = [(target, "erase", None)] if whole else [(target, "delete", i) for i in ids]
            for row in rows:
                run(
                    "INSERT INTO outbox (target, operation, record_id, user_id, agent_id, run_id, app_id) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*row, scope.user_id, scope.agent_id, scope.run_id, scope.app_id),
                )
        return counts

    def sweep(self, connection: sqlite3.Connection, owner: int) -> int:
        """Removes the owner's nodes that no edge touches any more; says how many."""
        return connection.execute(
            "DELETE FROM nodes WHERE owner = ? AND NOT EXISTS (SELECT 1 FROM edges WHERE source = nodes.uid) "
            "AND NOT EXISTS (SELECT 1 FROM edges WHERE target = nodes.uid)",
            (owner,),
        ).rowcount

    def _relate(self, connection: sqlite3.Connection, record: Record, before: Record | None, owner: int) -> None:
        if before is not None and before.relations == record.relations:
            if record.relations and (before.status, before.valid_from, before.valid_to) != (
                record.status, record.valid_from, record.valid_to,
            ):  # fmt: skip
                connection.execute(
                    "UPDATE edges SET valid_from = ?, valid_to = ? WHERE record_id = ?",
                    (micros(record.valid_from), edge_end(record), record.id),
                )
            return
        if before is not None and before.relations:
            connection.execute("DELETE FROM edges WHERE record_id = ?", (record.id,))
        for relation in record.relations:
            ends = []
            for name, kind in ((relation.source, relation.source_type), (relation.target, relation.target_type)):
                uid = node_uid(record.scope.owner, name)
                self.node(connection, uid, owner, record.scope, name, kind)
                ends.append(uid)
            connection.execute(
                f"INSERT OR REPLACE INTO edges VALUES ({', '.join('?' * 12)})",
                (
                    edge_uid(record.id, ends[0], relation.predicate, ends[1]), owner, record.scope.user_id,
                    record.scope.agent_id, record.scope.run_id, record.scope.app_id, ends[0], relation.predicate,
                    ends[1], record.id, micros(record.valid_from), edge_end(record),
                ),
            )  # fmt: skip
        if before is not None and before.relations:
            self.sweep(connection, owner)

    def node(self, connection: sqlite3.Connection, uid: str, owner: int, scope: Scope, name: str, kind: str) -> None:
        """Writes a node; a type that says something replaces "thing", never the other way round.

        It bears the id of its owner alone: other conversations mention it as well, and this one may be erased.
        """
        home = next((f for f in ("user_id", "agent_id", "app_id", "run_id") if getattr(scope, f) is not None), None)
        ids = [getattr(scope, f) if f == home else None for f in ID_FIELDS]
        connection.execute(
            "INSERT INTO nodes (uid, owner, user_id, agent_id, run_id, app_id, name, name_key, type, aliases) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '[]') ON CONFLICT (uid) DO UPDATE SET type = excluded.type "
            "WHERE nodes.type = 'thing' AND excluded.type <> 'thing'",
            (uid, owner, *ids, name, name_key(name), kind),
        )


def edge_end(record: Record) -> int | None:
    """When the record's edges end: with the fact's lifetime, or when it was retracted."""
    if record.valid_to is None and record.status != "live":
        return micros(record.updated_at or record.recorded_at)
    return micros(record.valid_to)
