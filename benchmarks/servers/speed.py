"""A memory with servers against the servers' own clients, in one run: search, bulk load, neighbourhoods, owners.

    python tools/servers start
    python benchmarks/servers/speed.py --memories 100000 --owners 1000

Uses the servers that tools/servers started, else those of MEMLAYER_TEST_WEAVIATE_URL and MEMLAYER_TEST_NEO4J_URI.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "speed"))

from _bench import console, p50, p95, progress, talk
from rich.progress import Progress

from memlayer import Memory
from memlayer.backends.neo4j import Neo4jGraphStore
from memlayer.backends.weaviate import WeaviateVectorIndex
from memlayer.backends.weaviate._objects import object_id, query_words
from memlayer.engine.projector import NEAREST
from memlayer.filters import microseconds
from memlayer.testing import HashEmbedder
from memlayer.testing.contract import NOON
from memlayer.types import Edge, Node, Scope

TOOL = Path(__file__).resolve().parents[2] / "tools" / "servers"
DIMENSIONS = 384
ALICE = Scope(user_id="alice")


def addresses() -> tuple[str, str]:
    """Where the servers are."""
    named = os.environ.get("MEMLAYER_TEST_WEAVIATE_URL"), os.environ.get("MEMLAYER_TEST_NEO4J_URI")
    if named[0] and named[1]:
        return named[0], named[1]
    told = subprocess.run([sys.executable, str(TOOL), "status", "--json"], check=True, capture_output=True, text=True)
    states = json.loads(told.stdout)
    return states["weaviate"]["url"], states["neo4j"]["url"]


@contextmanager
def memory_with(weaviate: str, neo4j: str | None = None) -> Iterator[Memory]:
    """An empty memory with servers, which forget it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "memory.db"
        with Memory(file, embedder=HashEmbedder(DIMENSIONS), vector_store=weaviate, graph_store=neo4j) as memory:
            yield memory
            memory.reset()


def rows(count: int) -> list[dict[str, Any]]:
    """Memories as `import_` takes them."""
    said = talk()
    return [{"id": str(uuid.uuid4()), "memory": next(said), "user_id": "alice"} for _ in range(count)]


def in_turn(*calls: Callable[[int], Any], runs: int, warm: int = 30) -> list[list[float]]:
    """Milliseconds of each call in each round: what else the machine does meets all of them alike.

    A server learns while it is asked, the one that is asked second from what the first was asked: so some rounds, more
    of them for Java, do not count, and who begins changes from round to round.
    """
    found: list[list[float]] = [[] for _ in calls]
    for number in range(warm + runs):
        for at in range(len(calls)):
            one = (at + number) % len(calls)
            start = time.perf_counter()
            calls[one](number)
            found[one].append(1000 * (time.perf_counter() - start))
    return [spent[warm:] for spent in found]


def load_and_search(weaviate: str, count: int, runs: int) -> Iterator[tuple[str, str]]:
    """Bulk load against the raw batches, then search against the two raw queries that it is made of."""
    data = rows(count)
    with memory_with(weaviate) as memory:
        start = time.perf_counter()
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("loading", total=count)
            memory.import_({"results": data}, progress=lambda done, of: bar.update(task, completed=done, total=of))
        rate = count / (time.perf_counter() - start)
        index: Any = memory._core.servers.vectors.store  # type: ignore[union-attr]
        raw = raw_load(index, data)
        yield f"bulk load of {count}", f"{rate:.0f}/s, raw client {raw:.0f}/s: {rate / raw:.2f} of it"
        questions = [r["memory"] for r in random.Random(2).sample(data, 50)]
        embedder = HashEmbedder(DIMENSIONS)
        query, near, words, embedding = in_turn(
            lambda n: memory.search(questions[n % 50], user_id="alice"),
            lambda n: raw_near(index, embedder.embed([questions[n % 50]])[0]),
            lambda n: raw_words(index, questions[n % 50]),
            lambda n: embedder.embed([questions[n % 50]], kind="query"),
            runs=runs,
        )
        embed, slower = p50(embedding), max(p50(near), p50(words))
        ours = f"p50 {p50(query):.1f} ms, p95 {p95(query):.1f} ms"
        theirs = f"raw near_vector {p50(near):.1f} ms, bm25 {p50(words):.1f} ms, embedding {embed:.1f} ms"
        yield f"search in {count}", f"{ours}; {theirs}: {(p50(query) - embed) / slower:.2f} of the slower"


def raw_load(index: Any, data: Sequence[dict[str, Any]]) -> float:
    """Objects a second that the client takes in, with properties of the same size."""
    from weaviate.classes.data import DataObject

    embedder = HashEmbedder(DIMENSIONS)
    with index._client.use("be measured") as client:
        inside = index._collection(client).with_tenant(f"raw_{uuid.uuid4().hex[:12]}")
        vectors = embedder.embed([row["memory"] for row in data])
        start = time.perf_counter()
        for at in range(0, len(data), 200):
            part = zip(data[at : at + 200], vectors[at : at + 200], strict=True)
            inside.data.insert_many(
                [
                    DataObject(
                        properties={"record_id": r["id"], "content": r["memory"], "terms": query_words(r["memory"]),
                                    "tags": [r["id"], "alice", "fact", "live"], "payload": json.dumps(r)},
                        uuid=object_id(r["id"]), vector=v.tolist(),
                    )
                    for r, v in part
                ]
            )  # fmt: skip
        rate = len(data) / (time.perf_counter() - start)
        index._collection(client).tenants.remove([inside.tenant])
    return rate


def raw_near(index: Any, vector: Any) -> Any:
    """The nearest candidates with the same filter, and nothing else."""
    from weaviate.classes.query import MetadataQuery

    from memlayer.backends.weaviate._objects import tagged

    with index._client.use("be measured") as client:
        inside = client.collections.get(index._name()).with_tenant(index._tenant(ALICE))
        return inside.query.near_vector(
            vector.tolist(), limit=NEAREST, filters=tagged(("status",), ["live"]), return_properties=["record_id"],
            return_metadata=MetadataQuery(distance=True),
        )  # fmt: skip


def raw_words(index: Any, text: str) -> Any:
    """The best candidates by words with the same filter, and nothing else."""
    from weaviate.classes.query import MetadataQuery

    from memlayer.backends.weaviate._objects import tagged

    with index._client.use("be measured") as client:
        inside = client.collections.get(index._name()).with_tenant(index._tenant(ALICE))
        return inside.query.bm25(
            query_words(text), query_properties=["terms"], limit=NEAREST, filters=tagged(("status",), ["live"]),
            return_properties=["record_id"], return_metadata=MetadataQuery(score=True),
        )  # fmt: skip


_OURS = "r.user_id = $user_id AND r.valid_from <= $at AND (r.valid_to IS NULL OR r.valid_to > $at)"
RAW = {
    1: f"""MATCH (n:MemlayerEntity {{uid: $uid}})-[r:RELATES]-(m:MemlayerEntity) WHERE {_OURS}
        RETURN n, r, m ORDER BY r.uid LIMIT $limit""",
    2: f"""MATCH p = (n:MemlayerEntity {{uid: $uid}})-[:RELATES*1..2]-(:MemlayerEntity)
        WHERE all(r IN relationships(p) WHERE {_OURS})
        UNWIND relationships(p) AS r WITH DISTINCT r ORDER BY r.uid LIMIT $limit
        RETURN r, startNode(r), endNode(r)""",
}
"""What one writes by hand for one step, and for two: one statement, the same conditions, nothing looked for beside."""
LIMIT = 1000
"""More edges than any neighbourhood has: both answer with all of them."""


def neighbourhoods(neo4j: str, edges: int, runs: int) -> Iterator[tuple[str, str]]:
    """One and two steps around a node against the same in plain Cypher, in a large graph and in a small one."""
    for size in dict.fromkeys((edges, min(edges, 200))):
        yield from _neighbourhoods(neo4j, size, runs)


def _neighbourhoods(neo4j: str, edges: int, runs: int) -> Iterator[tuple[str, str]]:
    rng = random.Random(3)
    count = edges // 4
    store = Neo4jGraphStore(neo4j, memory=uuid.uuid4().hex[:12])
    nodes = [Node(f"n{n}", ALICE, f"Name {n}") for n in range(count)]
    links = [
        Edge(f"e{n}", ALICE, f"n{rng.randrange(count)}", "knows", f"n{rng.randrange(count)}", f"r{n}", NOON)
        for n in range(edges)
    ]
    try:
        start = time.perf_counter()
        for at in progress(range(0, len(links), 5000), "edges"):
            store.upsert(nodes if at == 0 else [], links[at : at + 5000])
        yield f"storing {count} nodes, {edges} edges", f"{time.perf_counter() - start:.1f} s"
        for depth in (1, 2):
            for n in range(min(count, 20)):
                found = store.neighbors([f"n{n}"], scope=ALICE, depth=depth, limit=LIMIT)
                assert {e.uid for e in found.edges} == set(raw_neighbours(store, f"n{n}", depth))
            ours, raw = in_turn(
                lambda n, d=depth: store.neighbors([f"n{n % count}"], scope=ALICE, depth=d, limit=LIMIT),
                lambda n, d=depth: raw_neighbours(store, f"n{n % count}", d),
                runs=runs,
                warm=300,
            )
            times = [f"p50 {p50(one):.1f} ms, p95 {p95(one):.1f} ms" for one in (ours, raw)]
            yield (
                f"{depth} step{'s'[: depth - 1]} in {edges} edges",
                f"{times[0]}; raw Cypher {times[1]}: {p50(ours) / p50(raw):.2f} of it",
            )
    finally:
        store.erase(Scope())
        store.close()


def raw_neighbours(store: Any, uid: str, depth: int) -> list[str]:
    """Ids of the edges within so many steps, through the same driver."""
    now = microseconds(datetime.now(timezone.utc))
    with store._client.driver().session() as session:
        found = session.run(RAW[depth], uid=store._uid(uid), user_id=ALICE.user_id, at=now, limit=LIMIT)
        return [store._plain(row["r"]["uid"]) for row in found]


def owners(weaviate: str, count: int) -> Iterator[tuple[str, str]]:
    """Many owners on one node: what each costs to create, to search and to forget."""
    from memlayer.testing.contract import make_record
    from memlayer.types import Entry

    index = WeaviateVectorIndex(weaviate, dimensions=DIMENSIONS, memory=uuid.uuid4().hex[:12])
    embedder = HashEmbedder(DIMENSIONS)
    said = talk()
    before = resident("weaviate")

    def fill(n: int) -> None:
        texts = [next(said) for _ in range(5)]
        scope = Scope(user_id=f"owner-{n}")
        records = [make_record(f"{n}-{i}", t, scope=scope) for i, t in enumerate(texts)]
        index.upsert([Entry(r.id, scope, r, v) for r, v in zip(records, embedder.embed(texts), strict=True)])

    def each(what: str, call: Callable[[int], Any]) -> tuple[str, str]:
        spent = []
        for n in progress(range(count), what):
            start = time.perf_counter()
            call(n)
            spent.append(1000 * (time.perf_counter() - start))
        return f"{what} {count} owners, each", f"p50 {p50(spent):.1f} ms, p95 {p95(spent):.1f} ms"

    try:
        yield each("create", fill)
        if before and (after := resident("weaviate")):
            yield "memory for each owner with 5 memories", f"{(after - before) / count:.0f} kB"
        vector = embedder.embed(["music"])[0]
        yield each("search", lambda n: index.search(vector, scope=Scope(user_id=f"owner-{n}")))
        yield each("forget", lambda n: index.erase(Scope(user_id=f"owner-{n}")))
    finally:
        index.erase(Scope())
        index.close()


def resident(name: str) -> int | None:
    """Kilobytes that a server of tools/servers takes; None for any other server, and where no /proc tells."""
    told = subprocess.run([sys.executable, str(TOOL), "status", "--json"], check=False, capture_output=True, text=True)
    status = Path(f"/proc/{json.loads(told.stdout or '{}').get(name, {}).get('pid')}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), None)


def main() -> None:
    """Measures what is asked for, and prints a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--edges", type=int, default=20_000)
    parser.add_argument("--owners", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=100)
    asked = parser.parse_args()
    weaviate, neo4j = addresses()
    parts = (
        load_and_search(weaviate, asked.memories, asked.runs) if asked.memories else (),
        neighbourhoods(neo4j, asked.edges, asked.runs) if asked.edges else (),
        owners(weaviate, asked.owners) if asked.owners else (),
    )
    for part in parts:
        for what, figure in part:
            print(f"{what:40} {figure}", flush=True)


if __name__ == "__main__":
    main()
