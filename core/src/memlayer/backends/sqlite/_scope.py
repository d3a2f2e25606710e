"""A scope as SQL: an id that is given must equal, one that is not matches any."""

from __future__ import annotations

import sqlite3
from typing import Any

from memlayer.types import ID_FIELDS, Scope


def owner_id(connection: sqlite3.Connection, owner: str) -> int:
    """The number of an owner, made when it is met first."""
    number = find_owner(connection, owner)
    if number is None:
        number = connection.execute("INSERT INTO owners (owner) VALUES (?)", (owner,)).lastrowid
    assert number is not None
    return number


def find_owner(connection: sqlite3.Connection, owner: str) -> int | None:
    """The number of an owner, or None where nothing was ever stored for it."""
    row = connection.execute("SELECT id FROM owners WHERE owner = ?", (owner,)).fetchone()
    return int(row[0]) if row else None


def owners(connection: sqlite3.Connection, scope: Scope) -> list[int]:
    """The owners whose records a scope may meet, in order of their number."""
    if not scope.spans_owners:
        number = find_owner(connection, scope.owner)
        return [] if number is None else [number]
    ids = scope.ids()
    if not ids:
        return [int(row[0]) for row in connection.execute("SELECT id FROM owners ORDER BY id")]
    # One index per id: the rarest would do, the first is enough; the rest narrows inside of each owner.
    name, value = next(iter(ids.items()))
    rows = connection.execute(
        f"SELECT DISTINCT owner FROM records WHERE {name} = ? ORDER BY owner",
        (value,),
    )
    return [int(row[0]) for row in rows]


def condition(
    connection: sqlite3.Connection, scope: Scope, alias: str, *, owner: bool = True, exact: bool = False
) -> tuple[str, list[Any]]:
    """A condition on a table's owner and id columns, with its values."""
    terms: list[str] = []
    values: list[Any] = []
    if owner and (exact or not scope.spans_owners):
        terms.append(f"{alias}.owner = ?")
        values.append(find_owner(connection, scope.owner))
    for name in ID_FIELDS:
        value = getattr(scope, name)
        if value is not None or exact:
            terms.append(f"{alias}.{name} IS ?")
            values.append(value)
    return " AND ".join(terms) or "1", values
