"""What a ledger held at an earlier time, rebuilt from its events."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from memlayer.backends.sqlite import _scope
from memlayer.backends.sqlite._codec import decode, micros
from memlayer.errors import NotFoundError, brief
from memlayer.filters import Filter, matches
from memlayer.lifetimes import shown
from memlayer.types import Record, Scope, View


def known(connection: sqlite3.Connection, scope: Scope, where: Filter | None, view: View) -> list[Record]:
    """The records of the scope as they were at the view's `known_at`, newest first."""
    sql, values = _scope.condition(connection, scope, "r")
    own = f"SELECT r.id FROM records r WHERE {sql}"
    # A fact of another conversation may cite an episode of this one, and decides whether it is shown.
    citing = (
        "SELECT f.id FROM records r JOIN citations c ON c.episode = r.seq JOIN records f ON f.seq = c.fact "
        f"WHERE r.kind = 'episode' AND {sql}"
    )
    rows = connection.execute(
        "SELECT x.after, last.first FROM events x JOIN (SELECT max(e.seq) AS seq, min(e.seq) AS first "
        f"FROM events e WHERE e.record_id IN ({own} UNION {citing}) AND e.at <= ? GROUP BY e.record_id) last "
        "ON last.seq = x.seq",
        [*values, *values, micros(view.known_at)],
    )
    written = {(record := decode(text)).id: (record, first) for text, first in rows}
    found = [
        r
        for r in shown([record for record, _ in written.values()], view)
        if scope.covers(r.scope) and (where is None or matches(where, r))
    ]
    return sorted(found, key=lambda r: (r.created_at, written[r.id][1]), reverse=True)


def page(found: Sequence[Record], limit: int, after: str | None, offset: int) -> list[Record]:
    """A page of records: behind the one with the id `after`, else from the number `offset` on; -1 limits nothing."""
    start = offset
    if after is not None:
        place = next((i for i, r in enumerate(found) if r.id == after), None)
        if place is None:
            raise NotFoundError(f"after={brief(after)}: no such record; start again from the first page")
        start = place + 1
    return list(found[start:] if limit < 0 else found[start : start + limit])
