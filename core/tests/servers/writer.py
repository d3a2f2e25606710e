"""One of several processes that say things about the same people: writer.py FILE WEAVIATE NEO4J NUMBER."""

from __future__ import annotations

import sys

from memlayer import Memory
from memlayer.testing import HashEmbedder

PEOPLE = [first + last for first in "Ba Be Bi Bo Bu Da De Di Do Du".split() for last in "lan mir nor sten ven".split()]
TOWNS = "Rome Oslo Bern Lyon Graz Kiel Bonn Turin".split()


def main(path: str, weaviate: str, neo4j: str, number: int) -> None:
    stores = {
        "vector_store": {"provider": "weaviate", "url": weaviate, "timeout": 60.0},
        "graph_store": {"provider": "neo4j", "url": neo4j, "timeout": 60.0},
    }
    with Memory(path, embedder=HashEmbedder(64), **stores) as memory:
        for start in range(0, len(PEOPLE), 5):
            names = [PEOPLE[(number * 7 + start + n) % len(PEOPLE)] for n in range(5)]
            said = [{"role": "user", "content": f"My friend {name} lives in {TOWNS[number]}."} for name in names]
            memory.add(said, user_id="alice", run_id=f"run-{number}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
