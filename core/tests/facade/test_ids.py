"""Ids of records are random UUIDs."""

from __future__ import annotations

import uuid

from memlayer._ids import new_id


def test_an_id_is_a_random_uuid() -> None:
    made = [new_id() for _ in range(200)]
    read = [uuid.UUID(one) for one in made]
    assert [str(one) for one in read] == made
    assert {(one.version, one.variant) for one in read} == {(4, uuid.RFC_4122)}
    assert len(set(made)) == len(made)


def test_every_free_bit_is_random() -> None:
    ones, zeros = 0, 0
    for _ in range(200):
        bits = uuid.UUID(new_id()).int
        ones, zeros = ones | bits, zeros | ~bits
    free = (1 << 128) - 1 & ~(0xF << 76 | 0x3 << 62)
    assert ones & free == free
    assert zeros & free == free
