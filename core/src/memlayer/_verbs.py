"""What the facade's verbs do with the parts of a memory; loaded with the first call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from memlayer import _shapes, compat
from memlayer._ask import Ask, count, flag, share, words
from memlayer._core import Core
from memlayer._reread import read_anew, read_whole
from memlayer.engine import context as packing
from memlayer.engine import profile as profiling
from memlayer.engine import relations, transfer
from memlayer.engine.recall import STRICT, Query, repeated
from memlayer.engine.rewriting import rewrite
from memlayer.engine.transfer import RATINGS
from memlayer.engine.word_pieces import embedded
from memlayer.errors import ConfigurationError, ImmutableError, NotFoundError, UnsupportedError, brief
from memlayer.filters import Filter, check_metadata, make_scope
from memlayer.lifetimes import alive
from memlayer.text import spoken
from memlayer.types import (
    ID_FIELDS,
    AddResult,
    Change,
    Event,
    HistoryItem,
    Hit,
    ItemEntry,
    MemoryItem,
    Page,
    Record,
    Scope,
    SearchResult,
    View,
)

Progress = Callable[[int, int], None]
BATCH = 1000
"""The most entries that one batch call takes."""
_EMBED_AT_ONCE = 256
_TEXTS = ("text", "data", "message")
"""The guide's three spellings of a new text."""


def record(core: Core, verb: str, memory_id: str, given: dict[str, Any]) -> Record:
    """The record of an id; scope ids among the keywords must match it."""
    ids = {name: given.pop(name) for name in ID_FIELDS if name in given}
    compat.check(verb, given, _by_id)
    memory_id = words(f"memory_id of {verb}()", memory_id)
    scope = make_scope(**ids)
    found = core.ledger.get([memory_id], scope=scope)[0]
    if found is None:
        where = f" in {scope.ids()}" if scope.ids() else ""
        raise NotFoundError(f"no memory has the id {brief(memory_id)}{where}")
    if verb in ("update", "batch_update") and found.status == "retracted":
        raise NotFoundError(f"memory {memory_id} was deleted; add its text as a new memory instead")
    if verb in ("update", "batch_update") and found.immutable:
        raise ImmutableError(f"memory {memory_id} is immutable; delete it and add the new text instead")
    return found


def batch(verb: str, rows: Any, keys: set[str]) -> list[Mapping[str, Any]]:
    """The entries of a batch call, checked."""
    if isinstance(rows, str | Mapping) or not isinstance(rows, Sequence):
        raise ConfigurationError(f'{verb}() takes a list of {{"memory_id": …}}, not {type(rows).__name__}')
    if len(rows) > BATCH:
        raise ConfigurationError(f"{verb}() takes up to {BATCH} entries, not {len(rows)}; call it in parts")
    found: list[Mapping[str, Any]] = []
    for number, row in enumerate(rows):
        row = {"memory_id": row} if isinstance(row, str) else row
        if not isinstance(row, Mapping) or set(row) - keys:
            raise ConfigurationError(f"{verb}: entry {number} must be a dict with keys among {sorted(keys)}")
        found.append(row)
    return found


def id_of(row: Mapping[str, Any], number: int) -> str:
    """The id that an entry of a batch names."""
    value = compat.one_of(f"entry {number}", memory_id=row.get("memory_id"), id=row.get("id"))
    return words(f"memory_id of entry {number}", value)


def batch_update(core: Core, memories: Any) -> int:
    """Changes several memories, all or none; says how many."""
    todo = []
    for number, row in enumerate(batch("batch_update", memories, {"memory_id", "id", *_TEXTS, "metadata"})):
        held = record(core, "batch_update", id_of(row, number), {})
        text = compat.one_of("batch_update", **{name: row.get(name) for name in _TEXTS})
        todo.append((held, text, row.get("metadata")))
    update(core, todo)
    return len(todo)


def batch_delete(core: Core, memories: Any) -> int:
    """Deletes several memories, all or none; says how many."""
    rows = batch("batch_delete", memories, {"memory_id", "id"})
    delete(core, [record(core, "batch_delete", id_of(row, number), {}) for number, row in enumerate(rows)])
    return len(rows)


def _by_id(memory_id: str, user_id: str, agent_id: str, run_id: str, app_id: str) -> None:
    """Names the keywords of the verbs that take an id."""


def search(
    core: Core,
    query: str,
    ask: Ask,
    *,
    threshold: float | None,
    rerank: bool,
    keyword_search: bool,
    filter_memories: bool,
    enable_graph: bool | None,
    explain: bool,
) -> SearchResult:
    """Finds memories, and items where they are asked for."""
    query = words("query", query)
    least = share("threshold", threshold)
    rerank, explain = flag("rerank", rerank), flag("explain", explain)
    graph = flag("enable_graph", enable_graph)
    flag("keyword_search", keyword_search)  # both are always searched
    if flag("filter_memories", filter_memories):
        least = max(STRICT, least or 0.0)
    limit = count("limit", ask.limit, 10)
    asked = Query(query, ask.scope, ask.view, ask.where, limit, least, rerank, explain)
    hits = core.recall.search(asked) if ask.view.kinds else []
    results = [_hit(hit, explain=explain) for hit in hits]
    if ask.items:
        results = sorted(results + _items(core, query, ask, least), key=lambda r: -r["score"])[:limit]
    found: SearchResult = {"results": results}
    if graph:
        # The graph holds what is known now: of what was known earlier only the results tell.
        near = [] if ask.view.known_at is not None else core.relations(query, ask.scope, ask.view, asked.missed)
        seen = {(r["source"], r["relationship"], r["target"]) for r in near}
        near += [
            r
            for r in relations.said([h.record for h in hits])
            if (r["source"], r["relationship"], r["target"]) not in seen
        ]
        found["relations"] = near
    if asked.missed:
        found["degraded"] = True
    return found


def get_all(core: Core, ask: Ask, page: int, *, enable_graph: bool | None) -> Page:
    """One page of what the scope holds, newest first."""
    ledger, graph = core.ledger, flag("enable_graph", enable_graph)
    total = core.recall.count(ask.scope, ask.view) if ask.where is None else None
    if total is None:
        total = ledger.count(scope=ask.scope, where=ask.where, view=ask.view)
    records = ledger.records(
        scope=ask.scope, where=ask.where, view=ask.view, limit=ask.limit, offset=(page - 1) * ask.limit
    )
    sources = core.sources(records)
    found: Page = {
        "results": [_shapes.memory(r, sources[r.id]) for r in records],
        "count": total,
        "next": page + 1 if page * ask.limit < total else None,
        "previous": page - 1 if page > 1 else None,
    }
    if graph:
        found["relations"] = relations.said(records)
    return found


def update(core: Core, todo: Sequence[tuple[Record, str | None, Mapping[str, Any] | None]]) -> list[MemoryItem]:
    """Changes texts and metadata in one transaction; a new text is read anew for its slot and its relations."""
    now = core.clock()
    looked = {record.id: record for record, _, _ in todo}
    changed: dict[str, Record] = {}
    for record, text, metadata in todo:
        record = changed.get(record.id, record)
        if text is None and metadata is None:
            raise ConfigurationError(f"update of {record.id}: give a new text, metadata, or both")
        if text is not None:
            record = read_anew(core, replace(record, text=words(f"the new text of {record.id}", text)))
            if record.status == "superseded":
                # Who writes it again says that it holds: so is a replacement undone.
                record = replace(record, status="live", valid_to=None, superseded_by=None)
        if metadata is not None:
            record = replace(record, metadata=check_metadata(metadata))
        changed[record.id] = replace(record, updated_at=now)
    reworded = {record.id for record, text, _ in todo if text is not None}
    texts = [spoken(changed[i].text) for i in changed if i in reworded]
    vectors = iter(embedded(core.embedder(), texts) if texts else ())
    changes = [
        (looked[i], Change("UPDATE", r, next(vectors) if i in reworded else None, reason="edit"))
        for i, r in changed.items()
    ]
    changed |= {e.record_id: e.after for e in rewrite(core.ledger, changes) if e.after is not None}
    sources = core.sources(list(changed.values()))
    return [_shapes.memory(changed[record.id], sources[record.id]) for record, _, _ in todo]


def delete(core: Core, records: Sequence[Record]) -> None:
    """Retracts records in one transaction; one that is retracted already stays as it is."""
    now = core.clock()
    unique = {r.id: r for r in records if r.status != "retracted"}
    changes = [
        (r, Change("DELETE", replace(r, status="retracted", updated_at=now), reason="delete")) for r in unique.values()
    ]
    if changes:
        rewrite(core.ledger, changes)


def history(core: Core, record: Record) -> list[HistoryItem]:
    """The changes of a record, of those that it replaced and of those that replaced it."""
    ledger = core.ledger
    chain: dict[str, Record] = {record.id: record}
    todo = [record]
    while todo:
        current = todo.pop()
        linked = [*current.supersedes, *([current.superseded_by] if current.superseded_by else [])]
        for other in ledger.get([i for i in linked if i not in chain]):
            if other is not None:
                chain[other.id] = other
                todo.append(other)
    events: list[Event] = []
    for record_id in chain:
        events += ledger.events(record_id=record_id, limit=-1)
    return _shapes.history(events)


def users(core: Core) -> list[dict[str, Any]]:
    """Everybody that something is stored for, by type and name."""
    found = {(name.removesuffix("_id"), whose) for scope in core.ledger.owners() for name, whose in scope.ids().items()}
    return [{"type": kind, "name": name, "id": name} for kind, name in sorted(found)]


def feedback(core: Core, memory_id: str, rating: str | None, reason: str | None) -> dict[str, Any]:
    """Notes a rating; None clears it."""
    rated = record(core, "feedback", memory_id, {})
    if rating is not None and rating not in RATINGS:
        raise ConfigurationError(f"feedback must be one of {', '.join(RATINGS)} or None, not {brief(rating)}")
    now = core.clock()
    told = "feedback" if reason is None else f"feedback: {words('feedback_reason', reason)}"
    changed = replace(rated, feedback=rating, updated_at=rated.updated_at or now)
    rewrite(core.ledger, [(rated, Change("UPDATE", changed, reason=told))])
    return {"message": "Feedback saved.", "id": rated.id, "feedback": rating, "feedback_reason": reason}


def messages(core: Core, scope: Scope, *, limit: int, after: str | None, last: int | None) -> list[dict[str, Any]]:
    """What was said, in order."""
    view = View(now=core.clock(), kinds=("episode",), cited=False, transcript=True)
    if last is not None:
        if after is not None:
            raise ConfigurationError("messages() takes after= or last=, not both")
        found = core.ledger.records(scope=scope, view=view, limit=count("last", last, 100))[::-1]
    else:
        after = None if after is None else words("after", after)
        found = core.ledger.said(scope=scope, view=view, limit=count("limit", limit, 100), after=after)
    return [
        {
            "id": r.id,
            "message_id": r.message_id,
            "role": r.role,
            "name": r.name,
            "content": r.text,
            "timestamp": r.created_at.isoformat(),
            "metadata": dict(r.metadata) or None,
            **{name: getattr(r.scope, name) for name in ("user_id", "agent_id", "run_id", "app_id")},
        }
        for r in found
    ]


def context(core: Core, found: SearchResult, *, max_tokens: int) -> str:
    """The results of a search as a block for a prompt."""
    return _packed(core.ledger.get([r["id"] for r in found["results"] if r["kind"] != "item"]), max_tokens)


def context_of(
    core: Core, query: str | None, ids: Sequence[str] | None, given: dict[str, Any], *, max_tokens: int
) -> str:
    """Memories by id as a block for a prompt: those that still hold, and match the scope ids among the keywords."""
    if ids is None or query is not None:
        raise ConfigurationError("context() takes a query or ids=: one of them, and not both")
    if isinstance(ids, str) or not isinstance(ids, Sequence):
        raise ConfigurationError(f"ids must be a list of ids, not {brief(ids)}")
    ids = [words(f"ids[{number}]", one) for number, one in enumerate(ids)]
    scope = make_scope(**{name: given.pop(name) for name in ID_FIELDS if name in given})
    if given:
        raise UnsupportedError(f"context(ids=…) takes scope ids and max_tokens beside it, not {', '.join(given)}")
    view = View(now=core.clock())
    return _packed([r for r in core.ledger.get(ids, scope=scope) if r and alive(r, view)], max_tokens)


def _packed(records: Sequence[Record | None], max_tokens: int) -> str:
    budget = count("max_tokens", max_tokens, 2000, most=1 << 30)
    return packing.pack([Hit(r, 0.0) for r in records if r is not None], max_tokens=budget)


def profile(core: Core, scope: Scope, view: View) -> dict[str, Any]:
    """The exact facts by slot."""
    return profiling.profile(core.ledger.slots(scope=scope, view=view))


def graph(core: Core, scope: Scope, view: View) -> dict[str, Any]:
    """Every relation that a fact of the view says."""
    records = core.ledger.records(scope=scope, view=view, limit=-1)
    return {"relations": relations.said(records[::-1])}


def export(core: Core, scope: Scope, where: Filter | None, *, history: bool) -> dict[str, Any]:
    """What the scope holds, as JSON."""
    now, history = core.clock(), flag("history", history)
    view = View(now=now, everything=history)
    records = core.ledger.said(scope=scope, where=where, view=view, limit=-1)
    shown = {r.id for r in records}
    if not history:
        # A message that a live fact was read from belongs to it, though it is not found by itself.
        cited = list(dict.fromkeys(s for r in records for s in r.sources if s not in shown))
        records += [r for r in core.ledger.get(cited, scope=scope) if r is not None and alive(r, view)]
    items = [] if where is not None else core.items.everything(scope=scope)
    return {
        "format": transfer.FORMAT,
        "version": transfer.VERSION,
        "exported_at": now.isoformat(),
        "records": [transfer.dump(r) for r in records],
        "items": [{**_shapes.item(item), "index": fields, **whose.ids()} for whose, item, fields in items],
    }


def import_(core: Core, data: Any, *, progress: Progress | None) -> dict[str, int]:
    """Takes records and items in; embeds them in batches, and writes each batch in one transaction."""
    records, items = transfer.load(data, now=core.clock())
    todo = transfer.fresh(records, core.ledger.get([r.id for r in records]))
    twins = _twins(core, todo)
    todo = [transfer.renamed(r, twins) for r in todo if r.id not in twins]
    if not transfer.is_export(data):
        todo = [read_whole(core, r) for r in todo]
    silent = repeated(todo)
    kept = 0
    for start in range(0, len(todo), _EMBED_AT_ONCE):
        part = todo[start : start + _EMBED_AT_ONCE]
        worded = [r for r in part if r.id not in silent and r.role != "system"]
        vectors = iter(embedded(core.embedder(), [spoken(r.text) for r in worded]) if worded else ())
        indexed = {r.id for r in worded}
        changes = [
            Change("ADD", r, next(vectors) if r.id in indexed else None, index=r.id in indexed, reason="import")
            for r in part
        ]

        def missing(_: Sequence[Event], changes: Sequence[Change] = changes) -> list[Change]:
            # Somebody else may have taken the same in meanwhile.
            held = core.ledger.get([change.record.id for change in changes])
            return [change for change, there in zip(changes, held, strict=True) if there is None]

        kept += len(core.ledger.commit(missing, scope=Scope(), seen=-1))
        if progress is not None:
            progress(min(start + _EMBED_AT_ONCE, len(todo)), len(todo))
    return {"records": kept, "known": len(records) - kept, "items": _import_items(core, items)}


def _twins(core: Core, records: Sequence[Record]) -> dict[str, str]:
    """What is there already under another id: a message by its own id, a fact by its words and its messages."""
    twins: dict[str, str] = {}
    said: dict[Scope, dict[str, str]] = {}
    for record in records:
        if record.kind == "episode" and record.message_id is not None:
            said.setdefault(record.scope, {})[record.id] = record.message_id
    for scope, ids in said.items():
        known = core.ledger.messages_known(list(ids.values()), scope)
        twins |= {mine: known[one] for mine, one in ids.items() if one in known}
    for record in records if twins else ():
        if record.kind != "episode" and not twins.keys().isdisjoint(record.sources):
            for held in core.ledger.citing(transfer.renamed(record, twins).sources):
                if (held.kind, held.text, held.scope) == (record.kind, record.text, record.scope):
                    twins[record.id] = held.id
    return twins


def _import_items(core: Core, carried: Sequence[transfer.Carried]) -> int:
    """Takes in items whose key is free in their scope; says how many. What has expired meanwhile stays behind."""
    kept = 0
    for one in carried:
        item, now = one.item, core.clock()
        ttl = None if item.expires_at is None else (item.expires_at - now).total_seconds()
        place = (item.namespace, item.key)
        if (ttl is None or ttl > 0) and core.items.get([place], scope=one.scope)[0] is None:
            (entry,) = entries(core, [(*place, item.value, one.index, ttl)])
            core.items.put([replace(entry, carried=item)], scope=one.scope)
            kept += 1
    return kept


def reextract(core: Core, scope: Scope, *, everything: bool, progress: Progress | None) -> AddResult:
    """Reads facts out of episodes that wait for it, or out of all of the scope's."""
    if not flag("everything", everything):
        outcomes = core.read_unread(scope)
    else:
        view = View(now=core.clock(), kinds=("episode",), transcript=True)
        told = [r for r in core.ledger.said(scope=scope, view=view, limit=-1) if r.role != "system"]
        apart: dict[tuple[Scope, str | None], list[Record]] = {}
        for record in told:
            apart.setdefault((record.scope, record.session), []).append(record)
        groups = [group for talk in apart.values() for group in core.ingest.groups(talk)]
        outcomes = []
        for number, group in enumerate(groups, 1):
            outcomes.append(core.ingest.read_again(group, scope=group[0].scope))
            if progress is not None:
                progress(number, len(groups))
    result: AddResult = {"results": [], "episodes": []}
    for outcome in outcomes:
        result["results"] += [_shapes.added(w) for w in outcome.written]
        result["episodes"] += [e.id for e in outcome.episodes]
    return result


def _hit(hit: Hit, *, explain: bool) -> MemoryItem:
    found = _shapes.memory(hit.record, hit.sources)
    found["score"] = hit.score
    if explain:
        found["signals"] = dict(hit.signals)
    return found


def _items(core: Core, query: str, ask: Ask, least: float | None) -> list[MemoryItem]:
    vector = core.embedder().embed([query], kind="query")[0]
    found = core.items.search((), scope=ask.scope, vector=vector, limit=ask.limit, exact=False)
    rows = []
    for value in found:
        score = max(0.0, value.score or 0.0)
        if least is None or score >= least:
            row = {
                **_shapes.item(value),
                "id": "/".join((*value.namespace, value.key)),
                "memory": str(value.value),
                "kind": "item",
                "score": score,
            }
            rows.append(cast("MemoryItem", row))
    return rows


def entries(
    core: Core, rows: Sequence[tuple[Sequence[str], str, Mapping[str, Any], Any, float | None]]
) -> list[ItemEntry]:
    """Checked items (namespace, key, value, index, ttl) with the vectors of their fields, embedded in one batch."""
    from memlayer.engine.fields import texts_at

    fields = [texts_at(value, index) for _, _, value, index, _ in rows]
    texts = [text for of_one in fields for text in of_one.values()]
    vectors = iter(core.embedder().embed(texts, kind="document")) if texts else iter(())
    return [
        ItemEntry(tuple(place), key, value, {field: next(vectors) for field in of_one}, ttl)
        for (place, key, value, _, ttl), of_one in zip(rows, fields, strict=True)
    ]
