"""Changes of single records: what a verb changes is written onto the record as it is under the write lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from memlayer.engine.stores import Store
from memlayer.errors import NotFoundError
from memlayer.types import Change, Event, Record, Scope

_FIELDS = tuple(field.name for field in fields(Record))


def rewrite(store: Store, todo: Sequence[tuple[Record, Change]]) -> list[Event]:
    """Writes changes of records that were looked at before: each is the record as it was then, and its change.

    What somebody else wrote meanwhile stays, but for the fields that both changed. One that is deleted or erased by
    now is left as it is by a deletion, and raises `NotFoundError` for any other change.
    """
    wanted = [(change, _changed(before, change.record), before.status) for before, change in todo]
    ids = [before.id for before, _ in todo]

    def decide(_: Sequence[Event]) -> list[Change]:
        changes = []
        for held, (change, fields_, status) in zip(store.get(ids), wanted, strict=True):
            if held is not None and held.status in (status, "live", "superseded"):
                changes.append(replace(change, record=replace(held, **fields_)))
            elif change.action != "DELETE":
                how = "erased" if held is None else "deleted"
                raise NotFoundError(f"memory {change.record.id} was {how} meanwhile; nothing was changed")
        return changes

    return store.commit(decide, scope=Scope(), seen=-1)


def _changed(before: Record, after: Record) -> dict[str, Any]:
    return {name: new for name in _FIELDS if (new := getattr(after, name)) != getattr(before, name)}
