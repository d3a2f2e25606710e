"""A filter that fits few of many still fills the limit, whether Weaviate can tell it or only the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory
from memlayer.testing import HashEmbedder

pytestmark = pytest.mark.servers
FILTERS: list[Any] = [
    {"metadata.rare": {"eq": "yes"}},
    {"metadata.rare": {"ne": "no"}},
    {"NOT": [{"metadata.rare": {"eq": "no"}}]},
    {"metadata.name": {"icontains": "RARE THING"}},
    {"metadata.number": {"gt": 99_999}},
    {"AND": [{"metadata.rare": {"in": ["yes", "perhaps"]}}, {"created_at": {"gte": "2020-01-01"}}]},
]


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_two_of_many_fill_a_limit_of_two(servers: Any, tmp_path: Path, count: int) -> None:
    stores = {"vector_store": servers.weaviate, "graph_store": servers.neo4j}
    rare = {count // 3, count - 7}
    rows = [
        {
            "id": f"m{n}",
            "memory": f"Note {n} about {'tea bread chess music snow Rome'.split()[n % 6]}",
            "user_id": "alice",
            "metadata": {"rare": "yes", "name": f"rare thing {n}", "number": 100_000 + n}
            if n in rare
            else {"rare": "no", "name": f"thing {n}", "number": n},
        }
        for n in range(count)
    ]
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), **stores) as memory:
        memory.import_({"results": rows})
        for where in FILTERS:
            for query in ("tea", "nothing like it"):
                found = memory.search(query, user_id="alice", filters=where, limit=2)
                assert "degraded" not in found
                assert {r["id"] for r in found["results"]} == {f"m{n}" for n in rare}, where
        assert memory.verify() == {"ok": True, "problems": []}
        memory.reset()
