"""Rows for tests of the index: one keyword each for what a test is about."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import numpy as np
from hypothesis import strategies as st

from memlayer import text
from memlayer.engine.segments import IndexRow, Segment
from memlayer.types import Scope, View

HOUR = 3_600_000_000
START = 1_683_500_000_000_000
ANNA = Scope(user_id="anna")
NOW = View(now=datetime(2030, 1, 1, tzinfo=timezone.utc))


def vector(said: str, size: int = 64) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A unit vector that texts with common words share in part."""
    out = np.zeros(size, np.float32)
    for key in text.analyse(said).terms.tolist():
        out += np.random.default_rng(abs(key)).standard_normal(size).astype(np.float32)
    length = float(np.linalg.norm(out))
    return out / length if length else out


def row(seq: int, said: str, **given: Any) -> IndexRow:
    """A live fact in its own session, an hour after the one before."""
    found = text.analyse(said)
    made = {
        "seq": seq, "version": seq, "id": f"m{seq}", "kind": "fact", "status": "live", "created_at": START + seq * HOUR,
        "valid_from": START + seq * HOUR, "valid_to": None, "expires_at": None, "agent_id": None, "run_id": None,
        "app_id": None, "role": "user", "name": None, "session": f"s{seq}", "position": 0, "sources": (),
        "importance": 0.5, "feedback": None, "vector": vector(said).tobytes(), "terms": found.terms.tobytes(),
        "words": found.words, "flags": found.flags,
    }  # fmt: skip
    return IndexRow(**{**made, **given})


def segment(*rows: IndexRow) -> Segment:
    made = Segment()
    made.apply(rows)
    return made


words = st.sampled_from(["tea", "coffee", "Rome", "Berlin", "walk", "yesterday", "我在北京", "[image: a dog]"])
texts = st.lists(words, max_size=4).map(" ".join)


@st.composite
def histories(draw: st.DrawFn) -> list[IndexRow]:
    """Rows in the order of their versions, some of them changes of earlier ones."""
    rows = []
    for version in range(1, draw(st.integers(1, 12))):
        seq = draw(st.integers(1, version))
        kind = draw(st.sampled_from(["fact", "episode"]))
        cited = tuple(f"m{n}" for n in draw(st.sets(st.integers(1, 12), max_size=2)) if n != seq)
        rows.append(
            row(
                seq,
                draw(texts),
                version=version,
                kind=kind,
                status=draw(st.sampled_from(["live", "superseded"])),
                valid_to=draw(st.none() | st.integers(1, 12).map(lambda hours: START + hours * HOUR)),
                expires_at=draw(st.none() | st.integers(1, 12).map(lambda hours: START + hours * HOUR)),
                session=draw(st.sampled_from([None, "a", "b"])),
                position=draw(st.integers(-1, 3)),
                sources=cited if kind == "fact" else (),
                name=draw(st.sampled_from([None, "Anna", "Bob"])),
            )
        )
    return rows
