"""What the servers hold, read with their official clients and nothing of memlayer's."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit


def connect(url: str) -> Any:
    import weaviate
    from weaviate.classes.init import Auth

    parts = urlsplit(url)
    return weaviate.connect_to_custom(
        http_host=parts.hostname or "", http_port=parts.port or 0, http_secure=False, grpc_host=parts.hostname or "",
        grpc_port=int(parse_qs(parts.query)["grpc"][0]), grpc_secure=False,
        auth_credentials=Auth.api_key(parts.password or ""),
    )  # fmt: skip


def everything_in_weaviate(url: str, having: str) -> list[str]:
    """Every object of every tenant that has these letters anywhere, as JSON."""
    found = []
    with connect(url) as client:
        for name in client.collections.list_all():
            collection = client.collections.get(name)
            for tenant in collection.tenants.get():
                objects = collection.with_tenant(tenant).iterator()
                found += [json.dumps(o.properties) for o in objects]
    return [text for text in found if having in text]


def everything_in_neo4j(url: str, having: str) -> list[str]:
    """Every node and every relation that has these letters in any property, as JSON."""
    query = "MATCH (n) RETURN properties(n) AS p UNION ALL MATCH ()-[r]->() RETURN properties(r) AS p"
    found = [json.dumps(row["p"]) for row in cypher(url, query)]
    return [text for text in found if having in text]


def cypher(url: str, query: str, **values: Any) -> list[Any]:
    """The rows of a statement."""
    from neo4j import GraphDatabase

    parts = urlsplit(url)
    uri, auth = f"{parts.scheme}://{parts.hostname}:{parts.port}", (parts.username or "", parts.password or "")
    with GraphDatabase.driver(uri, auth=auth) as driver:
        rows: list[Any] = driver.execute_query(query, values).records
        return rows


def plan(url: str, query: str, **values: Any) -> list[str]:
    """The steps in which the server would answer a question that it plans anew."""
    from neo4j import GraphDatabase

    parts = urlsplit(url)
    uri, auth = f"{parts.scheme}://{parts.hostname}:{parts.port}", (parts.username or "", parts.password or "")
    with GraphDatabase.driver(uri, auth=auth) as driver, driver.session() as session:
        found = session.run(f"CYPHER replan=force EXPLAIN {query}", values).consume().plan
    return _steps(found)


def _steps(found: Any) -> list[str]:
    return [found["operatorType"], *(step for inner in found.get("children", []) for step in _steps(inner))]
