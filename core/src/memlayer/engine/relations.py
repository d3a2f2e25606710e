"""Edges of the graph that belong to a query or to some memories, in the guide's shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from memlayer.protocols import GraphStore
from memlayer.types import GraphRelation, Record, Scope

_WORD = re.compile(r"\w[\w'’-]*")
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|mine|myself)\b", re.IGNORECASE)
_LONGEST = 3
"""Names of up to so many words are looked for in a query."""


def named(
    graph: GraphStore,
    query: str,
    *,
    scope: Scope,
    at: datetime | None,
    holding: Callable[[Sequence[str]], Collection[str]],
    limit: int = 50,
) -> list[GraphRelation]:
    """The edges around the people and things that a query names, nearest first; "I" is the scope's user.

    `holding` says which of some records hold: what expires or is disliked is in the ledger, not in the graph.
    """
    words = _WORD.findall(query)[:60]
    names = {" ".join(words[i : i + n]) for n in range(1, _LONGEST + 1) for i in range(len(words) - n + 1)}
    names |= {name.removesuffix("'s").removesuffix("’s") for name in names}
    if scope.user_id is not None and _FIRST_PERSON.search(query):
        names.add(scope.user_id)
    nodes = graph.find(sorted(names), scope=scope)
    if not nodes:
        return []
    found = graph.neighbors([n.uid for n in nodes], scope=scope, depth=1, at=at, limit=limit)
    by_uid = {n.uid: n for n in found.nodes}
    held = holding([edge.record_id for edge in found.edges])
    rows: dict[tuple[str, str, str], GraphRelation] = {}
    for edge in found.edges:
        source, target = by_uid.get(edge.source), by_uid.get(edge.target)
        if source is not None and target is not None and edge.record_id in held:
            rows[source.name, edge.predicate, target.name] = {
                "source": source.name,
                "source_type": source.type,
                "relationship": edge.predicate,
                "target": target.name,
                "target_type": target.type,
            }
    return list(rows.values())


def said(records: Sequence[Record]) -> list[GraphRelation]:
    """The edges that these records say, each once; what a record denies is no edge."""
    rows: dict[tuple[str, str, str], GraphRelation] = {}
    for record in records:
        for edge in () if record.negated else record.relations:
            rows[edge.source, edge.predicate, edge.target] = {
                "source": edge.source,
                "source_type": edge.source_type,
                "relationship": edge.predicate,
                "target": edge.target,
                "target_type": edge.target_type,
            }
    return list(rows.values())
