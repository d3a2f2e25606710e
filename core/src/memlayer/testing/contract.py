"""What all suites share: standard tests stay as they are, and small builders of records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from memlayer.testing.fakes import NOON
from memlayer.types import Change, Record, Scope

if TYPE_CHECKING:
    from memlayer.types import Vector

ALICE = Scope(user_id="alice")
BOB = Scope(user_id="bob")

_PACKAGE = __name__.rpartition(".")[0] + "."


class Contract:
    """Base of every suite; refuses a subclass that overrides a standard test without a strict xfail and a reason."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Looks at what every standard test has become in the subclass."""
        super().__init_subclass__(**options)
        for name, standard in standard_tests(cls).items():
            found = getattr(cls, name, None)
            if found is not standard and not _is_expected_to_fail(found):
                raise TypeError(
                    f"{cls.__name__}.{name} overrides a standard test of memlayer.testing; mark it with "
                    '@pytest.mark.xfail(strict=True, reason="…"), or leave it as it is'
                )


def standard_tests(suite: type) -> dict[str, Any]:
    """The tests that memlayer's own classes give to a suite, by name."""
    return {
        name: value
        for base in reversed(suite.__mro__)
        if base.__module__.startswith(_PACKAGE)
        for name, value in vars(base).items()
        if name.startswith("test")
    }


def _is_expected_to_fail(test: Any) -> bool:
    marks = getattr(test, "pytestmark", [])
    return any(m.name == "xfail" and m.kwargs.get("strict") is True and m.kwargs.get("reason") for m in marks)


def make_record(id: str, text: str = "Likes Thai food", *, minute: float = 0.0, **changes: Any) -> Record:
    """A fact of Alice's, said so many minutes after noon; any field can be given."""
    at = later(minute)
    known: dict[str, Any] = {
        "id": id,
        "kind": "fact",
        "text": text,
        "scope": ALICE,
        "created_at": at,
        "recorded_at": at,
        "valid_from": at,
    }
    return Record(**{**known, **changes})


def later(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def added(records: Sequence[Record], vectors: Sequence[Vector] | None = None) -> list[Change]:
    """The changes that add these records."""
    return [Change("ADD", r, None if vectors is None else vectors[n]) for n, r in enumerate(records)]
