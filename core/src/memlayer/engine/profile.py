"""What is known for certain about somebody: the current value of every slot. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from memlayer.attributes import attribute
from memlayer.types import Record


def profile(records: Iterable[Record]) -> dict[str, Any]:
    """Live facts by subject and slot: one value for a single slot, else a list, the newest first.

    {"profile": {slot: value or [values]} of the user, "people": {name: the same}, "results": one line a fact}
    """
    told = [r for r in records if r.attribute is not None and r.value is not None]
    told.sort(key=lambda r: (r.valid_from, r.created_at), reverse=True)
    people: dict[str, dict[str, Any]] = {}
    lines = []
    for record in told:
        name, value, subject = record.attribute, record.value, record.subject or "user"
        assert name is not None
        assert value is not None
        lines.append(
            {
                "subject": subject,
                "slot": name,
                "value": value,
                "negated": record.negated,
                "memory": record.text,
                "id": record.id,
                "since": record.valid_from.isoformat(),
            }
        )
        if record.negated:
            continue
        slots = people.setdefault(subject, {})
        slot = attribute(name)
        if slot is not None and slot.single:
            slots.setdefault(name, value)
        elif value not in slots.setdefault(name, []):
            slots[name].append(value)
    return {"profile": people.pop("user", {}), "people": people, "results": lines}
