"""A drafted value is a value like any other."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, fields, replace
from datetime import datetime, timezone
from typing import Any

import pytest

from memlayer._drafts import record
from memlayer.backends.sqlite._codec import decode, encode, from_row, to_row
from memlayer.types import Record, Relation, Scope

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
LEAST: dict[str, Any] = {
    "id": "a", "kind": "fact", "text": "t", "scope": Scope("u"), "created_at": NOW, "recorded_at": NOW,
    "valid_from": NOW,
}  # fmt: skip


def test_it_is_equal_to_one_that_was_made_whole() -> None:
    made, whole = record(**LEAST, position=3), Record(**LEAST, position=3)
    assert type(made) is Record
    assert made == whole
    assert asdict(made) == asdict(whole)
    assert repr(made) == repr(whole)
    assert replace(made, text="other") == replace(whole, text="other")


def test_each_has_metadata_of_its_own() -> None:
    assert record(**LEAST).metadata is not record(**LEAST).metadata


@pytest.mark.parametrize("name", [field.name for field in fields(Record)])
def test_it_cannot_be_changed(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(record(**LEAST), name, None)


def test_it_wants_what_a_record_wants() -> None:
    with pytest.raises(TypeError):
        record(id="a")
    with pytest.raises(TypeError):
        record(**LEAST, colour="red")


def test_a_row_gives_every_field_back() -> None:
    moments = iter(datetime(2026, 3, 4, hour, tzinfo=timezone.utc) for hour in range(24))
    whole = Record(
        id="a", kind="fact", text="t", scope=Scope("u", "ag", "r", "ap"), created_at=next(moments),
        recorded_at=next(moments), valid_from=next(moments), valid_to=next(moments), updated_at=next(moments),
        expires_at=next(moments), status="superseded", superseded_by="b", supersedes=("c", "d"), immutable=True,
        metadata={"m": [1, {"n": None}]}, categories=("x", "y"), importance=0.25, feedback="NEGATIVE", role="user",
        name="Ann", message_id="m1", session="s", position=7, sources=("e", "f"), subject="user", attribute="likes",
        value="tea", negated=True, memory_type="procedural_memory", unread=True, reinforced=3,
        relations=(Relation("a", "b", "c", "d", "e"),),
    )  # fmt: skip
    assert [f.name for f in fields(Record) if getattr(whole, f.name) == getattr(Record(**LEAST), f.name)] == [
        "id", "kind", "text",
    ]  # fmt: skip
    assert from_row(to_row(whole)) == whole
    assert decode(encode(to_row(whole))) == whole
