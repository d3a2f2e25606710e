"""Servers that cannot be used say why and what to do, and no key is ever shown."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory
from memlayer.errors import BackendError, BackendUnavailableError, ConfigurationError
from memlayer.testing import HashEmbedder

pytestmark = pytest.mark.servers
SECRET = "hush-hush-hush"


HELD: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _given_back() -> Iterator[None]:
    yield
    while HELD:
        HELD.pop().close()


def nobody() -> int:
    """A port that nobody listens on, held until the test ends: nobody else can have it either."""
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    HELD.append(one)
    return int(one.getsockname()[1])


def stores(weaviate: str, neo4j: str) -> list[Any]:
    from memlayer.backends.neo4j import Neo4jGraphStore
    from memlayer.backends.weaviate import WeaviateVectorIndex

    return [WeaviateVectorIndex(weaviate, dimensions=8), Neo4jGraphStore(neo4j)]


def told(error: BaseException) -> str:
    return f"{error} {error!r}"


@pytest.mark.parametrize("number", [0, 1], ids=["weaviate", "neo4j"])
def test_a_server_that_is_not_there_is_named_with_the_mend(number: int) -> None:
    port = nobody()
    store = stores(
        f"weaviate://:{SECRET}@127.0.0.1:{port}?grpc={nobody()}", f"neo4j://neo4j:{SECRET}@127.0.0.1:{port}"
    )[number]
    with pytest.raises(BackendUnavailableError, match=rf"127\.0\.0\.1:{port}.* cannot be reached; start it") as caught:
        store.health()
    assert SECRET not in told(caught.value) + repr(store)


@pytest.mark.parametrize("number", [0, 1], ids=["weaviate", "neo4j"])
def test_a_wrong_key_is_refused_and_not_shown(servers: Any, number: int) -> None:
    weaviate, neo4j = servers.weaviate.partition("@")[2], servers.neo4j.partition("@")[2]
    store = stores(f"weaviate://:{SECRET}@{weaviate}", f"neo4j://neo4j:{SECRET}@{neo4j}")[number]
    with pytest.raises(BackendError, match="refuses") as caught:
        store.health()
    shown = told(caught.value) + repr(store) + "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown


@pytest.mark.parametrize("number", [0, 1], ids=["weaviate", "neo4j"])
def test_a_server_that_is_too_old_is_named(servers: Any, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from memlayer.backends.neo4j import _client as neo4j
    from memlayer.backends.weaviate import _client as weaviate

    monkeypatch.setattr([weaviate, neo4j][number], "OLDEST", (9999, 0))
    with pytest.raises(BackendError, match=r"is (Weaviate|Neo4j) \d+\.\d+.*; memlayer needs .* or newer"):
        stores(servers.weaviate, servers.neo4j)[number].health()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Memory(":memory:", vector_store=f"weaviate://:{SECRET}@host:what").search("x", user_id="a"),
        lambda: Memory(":memory:", vector_store=f"weaviate://:{SECRET}@host?grcp=1").search("x", user_id="a"),
        lambda: Memory(":memory:", graph_store=f"neo4j://neo4j:{SECRET}@host:what").search("x", user_id="a"),
        lambda: Memory(":memory:", graph_store=object()).search("x", user_id="a"),
    ],
    ids=["port", "option", "bolt port", "no store"],
)
def test_a_wrong_address_is_refused_and_not_shown(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"vector_store|graph_store") as caught:
        make()
    assert SECRET not in told(caught.value)


def test_a_memory_whose_servers_were_never_there_works(tmp_path: Path) -> None:
    port = nobody()
    away = {"vector_store": f"weaviate://127.0.0.1:{port}?grpc={nobody()}", "graph_store": f"neo4j://127.0.0.1:{port}"}
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), **away) as memory:
        memory.add("I play chess.", user_id="alice")
        found = memory.search("chess", user_id="alice")
        assert [r["memory"] for r in found["results"]] == ["Plays chess"]
        assert found["degraded"] is True
        assert not memory.verify()["ok"]


def test_the_environment_names_servers(servers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMLAYER_VECTOR_STORE", servers.weaviate)
    monkeypatch.setenv("MEMLAYER_GRAPH_STORE", servers.neo4j)
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64)) as memory:
        memory.add("I play chess.", user_id="alice")
        assert [line["ok"] for line in memory._core.servers.report()] == [True, True]
        memory.reset()
    with Memory(tmp_path / "plain.db", vector_store="embedded", graph_store="embedded") as memory:
        assert memory._core.servers.followers == []


def test_the_configuration_of_mem0_names_servers(servers: Any, tmp_path: Path) -> None:
    key, _, rest = servers.weaviate.removeprefix("weaviate://:").partition("@")
    user, _, place = servers.neo4j.removeprefix("neo4j://").partition("@")
    config = {
        "history_db_path": str(tmp_path / "memory.db"),
        "embedder": HashEmbedder(64),
        "vector_store": {
            "provider": "weaviate",
            "config": {"collection_name": "mem0", "cluster_url": f"http://{rest}", "auth_client_secret": key,
                       "embedding_model_dims": 64},
        },
        "graph_store": {
            "provider": "neo4j",
            "config": {"url": f"bolt://{place}", "username": "neo4j", "password": user.partition(":")[2]},
        },
    }  # fmt: skip
    with Memory.from_config(config) as memory:
        memory.add("I play chess.", user_id="alice")
        assert "degraded" not in memory.search("chess", user_id="alice", enable_graph=True)
        assert memory.verify() == {"ok": True, "problems": []}
        memory.reset()
