"""The way out: query → segments → ranking → the ledger's last word → rerank → limit, threshold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from memlayer import _drafts
from memlayer._blas import one_thread
from memlayer.attributes import attribute
from memlayer.engine import word_pieces
from memlayer.engine.asked import answers, asked, attributes
from memlayer.engine.projector import Projector
from memlayer.engine.question import Question, understand
from memlayer.engine.ranking import Ranked, rank
from memlayer.engine.segment_cache import SegmentCache
from memlayer.engine.segments import IndexRow, Segment
from memlayer.engine.stores import Store
from memlayer.extraction.dates import find_times
from memlayer.filters import Filter, matches
from memlayer.lifetimes import alive
from memlayer.protocols import Embedder, Reranker
from memlayer.text import analyse, spoken
from memlayer.types import Hit, Origin, Record, Scope, View

if TYPE_CHECKING:
    from memlayer.types import Vector, WordPieces

STRICT = 0.5
"""The score below which `filter_memories` leaves a result out: it answers the question less often than not."""
SLOT = 0.9
"""How surely an exact fact answers the question that asks for its slot."""
RERANKED = 4
"""How many times `limit` results a reranker gets to read."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Query:
    """One call of `search`, checked."""

    text: str
    scope: Scope
    view: View
    where: Filter | None = None
    limit: int = 10
    threshold: float | None = None
    rerank: bool = False
    explain: bool = False
    """True where each signal's share of the scores is wanted; a reranker gets them as well."""
    missed: set[str] = field(default_factory=set, compare=False)
    """Servers that could not be asked, so that the ledger answered for them; the search puts them in."""


class Recall:
    """Finds memories; holds nothing but a cache of what the ledger says."""

    def __init__(
        self,
        store: Store,
        embedder: Callable[[], Embedder],
        *,
        reranker: Reranker | None = None,
        limit_bytes: int = 256 << 20,
        servers: Projector | None = None,
    ) -> None:
        """`limit_bytes` bounds the memory that segments of owners may take together."""
        self._store = store
        self._embedder = embedder
        self._reranker = reranker
        self._servers = servers
        self._segments = SegmentCache(self._load, limit_bytes=limit_bytes)

    def search(self, query: Query) -> list[Hit]:
        """The records that answer the query, best first; the score never rises down the list."""
        reranker = self._reranker if query.rerank else None
        wanted = query.limit * RERANKED if reranker else query.limit
        hits = self._hits(self._answered(query, self._ranked(query, wanted))[:wanted], query)
        if reranker is not None and hits:
            hits = reranker.rerank(query.text, hits, limit=query.limit)
        # The threshold is for the score that is shown: a reranker may lift what ranking placed low.
        return [h for h in hits if query.threshold is None or h.score >= query.threshold][: query.limit]

    def count(self, scope: Scope, view: View) -> int | None:
        """How many facts the view shows, where that is known without reading the ledger's rows; else None."""
        if view.known_at is not None or view.everything or view.kinds is None or "episode" in view.kinds:
            return None
        owners = [f"{number}.{generation}" for number, generation in self._store.partitions(scope)]
        if not all(self._segments.holds(owner) for owner in owners):
            return None
        total = 0
        for owner in owners:
            segment = self._segments.get(owner)
            with segment.lock:
                total += int(segment.visible(view, scope).shown.sum())
        return total

    def _answered(self, query: Query, ranked: list[Ranked]) -> list[Ranked]:
        """The results, with the exact facts in front that fill a slot which the query asks for."""
        wanted = asked(query.text)
        if not wanted or query.view.known_at is not None or "fact" not in (query.view.kinds or ("fact",)):
            return ranked
        found = self._store.related(scope=query.scope, slots=[*attributes(wanted), "name"])
        called = {r.value for r in found if r.attribute == "name" and r.subject == "user" and r.value}
        mine = {query.scope.user_id, *called}
        facts = [
            r
            for r in found
            if any(answers(a, r, also=mine) for a in wanted)
            and alive(r, query.view)
            and (query.where is None or matches(query.where, r))
        ]
        held = {r.id: r for r in ranked}
        best = max((r.score for r in ranked), default=0.0)
        exact: list[Ranked] = []
        for number, fact in enumerate(sorted(facts, key=lambda r: r.valid_from), 1):
            known = held.pop(fact.id, None) or Ranked(fact.id, 0, 0.0, fact.sources, {})
            score = max(best, 1 - (1 - known.score) * (1 - SLOT))
            shares = {**known.shares, "slot": round(score - known.score, 4)}
            exact.append(known._replace(score=score, seq=known.seq or number, shares=shares))
        exact.sort(key=lambda r: (-r.score, -r.seq))
        return exact + list(held.values())

    def _ranked(self, query: Query, limit: int) -> list[Ranked]:
        if query.view.known_at is not None:
            segment, fitting = self._past(query)
            return self._rank(query, segment, limit, fitting, {})
        found: list[Ranked] = []
        vectors: dict[str, tuple[Vector, WordPieces | None]] = {}
        for number, generation in self._store.partitions(query.scope):
            allowed = None if query.where is None else self._store.allowed(number, query.where)
            if allowed == []:
                continue
            segment = self._segments.get(f"{number}.{generation}")
            found += self._rank(query, segment, limit, allowed, vectors)
        found.sort(key=lambda r: (-r.score, -r.seq))
        return found[:limit]

    def _rank(
        self,
        query: Query,
        segment: Segment,
        limit: int,
        allowed: Sequence[int] | None,
        vectors: dict[str, tuple[Vector, WordPieces | None]],
    ) -> list[Ranked]:
        if segment.rows == 0:
            return []
        question = understand(query.text, list(segment.names.numbers))
        if question.plain not in vectors:
            vectors[question.plain] = word_pieces.asked(self._embedder(), question.plain)
        vector, pieces = vectors[question.plain]
        among = None
        if self._servers is not None and query.view.known_at is None:
            among = self._servers.candidates(
                question.plain, vector, scope=query.scope, where=query.where, view=query.view, missed=query.missed
            )
        with one_thread:
            return rank(
                segment,
                question,
                vector,
                view=query.view,
                scope=query.scope,
                limit=limit,
                allowed=allowed,
                times=_times(question, query.view),
                among=among,
                closer=None if pieces is None or query.view.known_at else (pieces, self._store.word_pieces),
                explain=query.explain or query.rerank,
            )

    def _hits(self, ranked: Sequence[Ranked], query: Query) -> list[Hit]:
        """The records themselves; the ledger decides scope, filter and lifetime last."""
        ids = [r.id for r in ranked]
        cited = list(dict.fromkeys(s for r in ranked for s in r.sources))
        denied: dict[str, list[Origin]] = {}
        if query.view.known_at is None:
            held = {r.id: r for r in self._store.get(ids, scope=query.scope) if r is not None}
            said = self._store.origins(cited, scope=query.scope) if cited else {}
            denied = self._contradicted(list(held.values()), query.scope)
        else:
            held = {r.id: r for r in self._known(query) if query.scope.covers(r.scope)}
            said = {s: origin(held[s]) for s in cited if s in held}
        hits = []
        for found in ranked:
            record = held.get(found.id)
            if record is None or not alive(record, query.view):
                continue
            if query.where is not None and not matches(query.where, record):
                continue
            own = record.kind == "episode"
            sources = (origin(record),) if own else tuple(said[s] for s in found.sources if s in said)
            hits.append(Hit(record, found.score, (*sources, *denied.get(record.id, ())), found.shares))
        return hits

    def _contradicted(self, records: Sequence[Record], scope: Scope) -> dict[str, list[Origin]]:
        """By the id of a fact, who said the opposite before: a reader of a contradiction wants both of its sides."""
        pairs = {r.id: r.supersedes for r in records if r.supersedes}
        if not pairs:
            return {}
        wanted = list(dict.fromkeys(old for olds in pairs.values() for old in olds))
        olds = {r.id: r for r in self._store.get(wanted, scope=scope) if r is not None and r.status == "superseded"}
        by_id = {r.id: r for r in records}
        sides = {
            new: [s for old in before if old in olds and _opposed(by_id[new], olds[old]) for s in olds[old].sources]
            for new, before in pairs.items()
        }
        cited = list(dict.fromkeys(s for told in sides.values() for s in told))
        said = self._store.origins(cited, scope=scope) if cited else {}
        return {
            new: [replace(said[s], contradicted=True) for s in told if s in said and s not in by_id[new].sources]
            for new, told in sides.items()
        }

    def _load(self, owner: str, after: int) -> Iterable[Sequence[Any]]:
        return self._store.index_rows(int(owner.partition(".")[0]), after)

    def _known(self, query: Query) -> list[Record]:
        """What had been written by then, whatever became of it: what no longer held hides what it was read from."""
        mine = query.scope if query.scope.spans_owners else Scope(user_id=query.scope.user_id)
        return self._store.records(scope=mine, view=replace(query.view, kinds=None, everything=True), limit=-1)

    def _past(self, query: Query) -> tuple[Segment, list[int] | None]:
        """What was known at an earlier time, as a segment of its own, and its rows that pass the filter."""
        records = self._known(query)
        silent = repeated(records)
        worded = [r for r in records if r.id not in silent and r.role != "system"]
        segment = Segment()
        seen = [r for r in worded if alive(r, query.view) and query.scope.covers(r.scope)]
        if seen:
            vectors = self._embedder().embed([spoken(r.text) for r in seen], kind="document")
            held = {r.id: v.tobytes() for r, v in zip(seen, vectors, strict=True)}
            segment.apply(_row(n, r, held.get(r.id)) for n, r in enumerate(worded, 1))
        if query.where is None:
            return segment, None
        return segment, [n for n, r in enumerate(worded, 1) if matches(query.where, r)]


def repeated(records: Iterable[Record]) -> set[str]:
    """Ids of the episodes that a fact of `infer=False` says word for word from their place: they are not searched."""
    records = list(records)
    places = {r.id: (r.session, r.position) for r in records if r.kind == "episode"}
    facts = [r for r in records if r.kind != "episode" and r.session is not None]
    return {s for r in facts for s in r.sources if places.get(s) == (r.session, r.position)}


def _opposed(new: Record, old: Record) -> bool:
    """Says whether one of two facts denies what the other says."""
    if new.attribute == old.attribute:
        return new.negated != old.negated
    slots = ((attribute(new.attribute), old), (attribute(old.attribute), new))
    return any(slot is not None and slot.opposite == other.attribute for slot, other in slots)


def origin(episode: Record) -> Origin:
    """Who said an episode, and when."""
    return _drafts.origin(episode.id, episode.message_id, episode.role, episode.name, episode.created_at)


def _times(question: Question, view: View) -> list[tuple[int, int]]:
    spans = find_times(question.text, view.as_of or view.now)
    return [((s.start - _EPOCH) // _MICROSECOND, (s.end - _EPOCH) // _MICROSECOND) for s in spans]


def _row(number: int, r: Record, vector: bytes | None) -> IndexRow:
    words = analyse(r.text)
    times: Mapping[str, int | None] = {
        name: None if at is None else (at - _EPOCH) // _MICROSECOND
        for name, at in (("valid_to", r.valid_to), ("expires_at", r.expires_at))
    }
    return IndexRow(
        seq=number, version=number, id=r.id, kind=r.kind, status=r.status,
        created_at=(r.created_at - _EPOCH) // _MICROSECOND, valid_from=(r.valid_from - _EPOCH) // _MICROSECOND,
        valid_to=times["valid_to"], expires_at=times["expires_at"], agent_id=r.scope.agent_id, run_id=r.scope.run_id,
        app_id=r.scope.app_id, role=r.role, name=r.name, session=r.session, position=r.position, sources=r.sources,
        importance=r.importance, feedback=r.feedback, vector=vector, terms=words.terms.tobytes(), words=words.words,
        flags=words.flags,
    )  # fmt: skip
