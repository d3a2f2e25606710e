"""Records as the dicts that users of this kind of memory know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone

from memlayer.engine.ingest import Written
from memlayer.filters import content_hash
from memlayer.types import (
    AddItem,
    Event,
    GraphRelation,
    HistoryItem,
    Item,
    MemoryItem,
    Origin,
    Record,
    Relation,
    Source,
)

QUIET = frozenset({"reinforce", "read"})
"""Changes that leave a memory's text as it was and are not part of its history."""


def stamp(value: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return None if value is None else value.isoformat()


def expiration(value: datetime | None) -> str | None:
    """The last day on which it holds, or the exact end where it is no whole day."""
    if value is None:
        return None
    if value.astimezone(timezone.utc).time() == time():
        return date.fromordinal((value - timedelta(days=1)).toordinal()).isoformat()
    return value.isoformat()


def source(said: Origin, timestamp: str) -> Source:
    """One message that a memory came from, or one that it contradicts."""
    found: Source = {
        "episode_id": said.episode_id,
        "message_id": said.message_id,
        "role": said.role,
        "name": said.name,
        "timestamp": timestamp,
    }
    if said.contradicted:
        found["contradicted"] = True
    return found


def memory(record: Record, sources: Sequence[Origin] = ()) -> MemoryItem:
    """One memory; `sources` say what it came from, itself where it is an episode."""
    scope, said = record.scope, record.created_at.isoformat()
    return {
        "id": record.id,
        "memory": record.text,
        "hash": content_hash(record.text),
        "kind": record.kind,
        "metadata": dict(record.metadata) or None,
        "categories": list(record.categories),
        "immutable": record.immutable,
        "expiration_date": expiration(record.expires_at),
        "created_at": said,
        "updated_at": stamp(record.updated_at),
        "recorded_at": record.recorded_at.isoformat(),
        "valid_from": said if record.valid_from is record.created_at else record.valid_from.isoformat(),
        "valid_to": stamp(record.valid_to),
        "status": record.status,
        "superseded_by": record.superseded_by,
        "user_id": scope.user_id,
        "agent_id": scope.agent_id,
        "run_id": scope.run_id,
        "app_id": scope.app_id,
        "role": record.role,
        "name": record.name,
        "actor_id": record.name,
        "importance": record.importance,
        "feedback": record.feedback,
        "memory_type": record.memory_type,
        "sources": [source(e, said if e.said_at == record.created_at else e.said_at.isoformat()) for e in sources],
    }


def item(value: Item) -> dict[str, object]:
    """One value of the key-value side."""
    found: dict[str, object] = {
        "namespace": list(value.namespace),
        "key": value.key,
        "value": value.value,
        "created_at": value.created_at.isoformat(),
        "updated_at": value.updated_at.isoformat(),
        "expires_at": stamp(value.expires_at),
    }
    if value.score is not None:
        found["score"] = value.score
    return found


def added(written: Written) -> AddItem:
    """What `add` did with one fact."""
    found: AddItem = {"id": written.record.id, "memory": written.record.text, "event": written.action}
    if written.previous is not None and written.action in ("UPDATE", "DELETE"):
        found["previous_memory"] = found["old_memory"] = written.previous.text
    return found


def relation(edge: Relation) -> GraphRelation:
    """One edge in the guide's shape."""
    return {
        "source": edge.source,
        "source_type": edge.source_type,
        "relationship": edge.predicate,
        "target": edge.target,
        "target_type": edge.target_type,
    }


def history(events: Iterable[Event]) -> list[HistoryItem]:
    """The changes of a memory and of those that it replaced, newest first.

    A replacement is two events of the ledger (the new one is added, the old one ends) and one line here.
    """
    told = sorted(events, key=lambda e: e.sequence)
    texts = {e.record_id: e.after.text for e in told if e.after is not None}
    replaced = {old for e in told if e.action == "ADD" and e.after is not None for old in e.after.supersedes}
    born = {e.record_id: e.at for e in told if e.action == "ADD"}
    rows: list[HistoryItem] = []
    for event in told:
        after, before = event.after, event.before
        if after is None or event.reason in QUIET:
            continue
        if event.action == "UPDATE" and event.record_id in replaced and after.superseded_by is not None:
            continue
        olds = [texts[old] for old in after.supersedes if old in texts] if event.action == "ADD" else []
        action = "UPDATE" if olds else event.action
        previous = olds[0] if olds else before.text if before is not None else None
        current = None if action == "DELETE" else after.text
        rows.append(
            {
                "id": str(event.sequence),
                "memory_id": event.record_id,
                "previous_value": previous,
                "new_value": current,
                "old_memory": previous,
                "new_memory": current,
                "action": action,
                "event": action,
                "created_at": born.get(event.record_id, event.at).isoformat(),
                "updated_at": None if action == "ADD" else event.at.isoformat(),
                "is_deleted": action == "DELETE",
                "actor_id": event.actor,
                "role": after.role,
                "reason": event.reason,
            }
        )
    rows.reverse()
    return rows
