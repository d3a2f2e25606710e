"""The way in: messages → episodes → candidates → what is known → `resolve` → one ledger transaction.

Where a language model reads the messages there are two: the episodes are kept and marked unread before it is called,
and read when its facts are written. So no answer that fails, and no process that dies, loses a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from memlayer import _drafts
from memlayer.attributes import rivals
from memlayer.engine import waiting
from memlayer.engine.lazily import Lazily
from memlayer.engine.resolve import Decision, procedures, resolve
from memlayer.engine.stores import Store
from memlayer.engine.unseen import callers, noted
from memlayer.engine.word_pieces import embedded
from memlayer.errors import ExtractionError, NotFoundError
from memlayer.extraction._pieces import KEY, PieceMessage, part_of
from memlayer.protocols import Embedder, Extractor, GuidedExtractor
from memlayer.text import spoken
from memlayer.types import Action, Candidate, Change, Event, Guidance, Message, Record, Scope, View

if TYPE_CHECKING:
    from memlayer.types import Vector

_NEWEST, _LAST_SAID = 200, 4
"""Facts and messages that rules may look at."""
PAUSE = timedelta(minutes=30)
"""A conversation without a run ends when nothing is said for so long."""

Categorise = Callable[[str, Sequence[Mapping[str, str]] | None], tuple[str, ...]]
Related = Callable[[Scope, Sequence[Message]], list[Record]]
"""Current facts that new messages may be about, and what was said just before, for an extractor to see."""


@dataclass(slots=True)
class Request:
    """One call of `add`, checked; nobody changes it, and being frozen would cost every call."""

    messages: Sequence[Message]
    scope: Scope
    infer: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    categories: tuple[str, ...] | None = None
    """Given by the caller for every fact of this call; None lets the text decide."""
    custom_categories: Sequence[Mapping[str, str]] | None = None
    expires_at: datetime | None = None
    immutable: bool = False
    memory_type: str | None = None
    deferred: bool = False
    guidance: Guidance = field(default_factory=Guidance)


@dataclass(frozen=True, slots=True)
class Written:
    """What `add` did with one fact."""

    action: Action
    record: Record
    previous: Record | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call of `add` left behind."""

    written: tuple[Written, ...]
    episodes: tuple[Record, ...]


class Ingest:
    """Takes messages in; the only state is who reads what."""

    def __init__(
        self,
        store: Store,
        embedder: Callable[[], Embedder],
        extractor: Extractor,
        *,
        categorise: Categorise,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        leases: waiting.Leases,
        related: Related | None = None,
    ) -> None:
        """`embedder` is called when a vector is first needed; tests fix `clock` and `new_id`.

        `related` is given where the extractor may be slow or fail, as one that asks a language model: messages are
        kept before it is called, and it is shown what `related` finds.
        """
        self._store = store
        self._embedder = embedder
        self._extractor = extractor
        self._categorise = categorise
        self._clock = clock
        self._new_id = new_id
        self._related = related
        self._guided = isinstance(extractor, GuidedExtractor)
        self.claims = waiting.Claims(leases)

    def add(self, request: Request) -> Outcome:
        """Keeps the messages as episodes and what they say as facts, in one transaction."""
        direct = not request.infer or (request.memory_type is not None and not self._guided)
        if not direct and (request.deferred or self._related is not None):
            return self._waiting(request)
        # Before anything is looked up: what others write from here on is seen under the lock.
        seen = self._store.sequence()
        fresh = self._fresh(request)
        if not fresh:
            return Outcome((), ())
        if direct:
            return self._verbatim(request, fresh, seen)
        return self._write(request, fresh, self._extract(request, fresh, self._lazily(request.scope)), seen)

    def read_again(self, episodes: Sequence[Record], *, scope: Scope) -> Outcome:
        """Extracts facts from episodes that are stored already, and marks them as read.

        All must share a conversation and what was wished when they were added (`groups` parts them so). One that was
        read by somebody else meanwhile, or deleted, gives nothing.
        """
        messages = [_message(r) for r in episodes]
        request = self._asked(episodes[0], scope, messages)
        shown = () if self._related is None else self._related(scope, messages)
        candidates = self._extract(request, messages, shown if self._related else self._lazily(scope))
        was_unread = {e.id for e in episodes if e.unread}

        def keep(_: Sequence[Event]) -> tuple[list[Change], list[str]]:
            held = {r.id: r for r in self._store.get([e.id for e in episodes]) if r is not None}
            live = [r for r in held.values() if r.status != "retracted" and (r.unread or r.id not in was_unread)]
            read = [Change("UPDATE", replace(r, unread=False), reason="read") for r in live if r.unread]
            return read, sorted({e.id for e in episodes} - {r.id for r in live})

        return self._decide(request, candidates, keep, messages, shown=[r.id for r in shown if r.kind == "fact"])

    def groups(self, episodes: Sequence[Record]) -> list[list[Record]]:
        """Episodes parted into what one call of an extractor can read, in order."""
        return waiting.groups(episodes, lambda e: self._store.events(record_id=e.id, limit=1))

    def _read_new(self, own: Sequence[Record]) -> list[Written]:
        """Reads new episodes, together with those of the same scope that an earlier call could not read."""
        if not own:
            return []
        mine = {e.id for e in own}
        left = [
            e
            for e in self._store.unread(scope=own[0].scope, limit=waiting.AT_ONCE)
            if e.scope == own[0].scope and e.id not in mine
        ]
        written: list[Written] = []
        with self.claims.free([e.id for e in left], own[0].scope.owner) as claimed:
            for group in self.groups([*(e for e in left if e.id in claimed), *own]):
                try:
                    outcome = self.read_again(group, scope=group[0].scope)
                except ExtractionError as error:
                    new = [e for e in group if e.id in mine]
                    if len(new) == len(group) or waiting.unreachable(error):
                        raise
                    if not new:
                        continue
                    # What an earlier call could not read may be what spoils this one.
                    outcome = self.read_again(new, scope=new[0].scope)
                written += outcome.written
        return written

    def _asked(self, episode: Record, scope: Scope, messages: Sequence[Message]) -> Request:
        """What the call that added an episode asked for."""
        events = self._store.events(record_id=episode.id, limit=1)
        told = waiting.told(events[0].reason if events else None)
        given = callers(episode.metadata)
        return Request(messages=messages, scope=scope, metadata=given, expires_at=episode.expires_at, **told)

    def _fresh(self, request: Request) -> list[Message]:
        """The messages that this scope has not seen, each with the id of the episode that will keep it."""
        ids = [m.id for m in request.messages if m.id is not None]
        known = self._store.messages_known(ids, request.scope) if ids else {}
        found: list[Message] = []
        for message in request.messages:
            if message.id is not None:
                if message.id in known:
                    continue
                known[message.id] = ""
            found.append(_kept_as(message, self._new_id()))
        return found

    def _extract(self, request: Request, messages: Sequence[Message], known: Sequence[Record]) -> list[Candidate]:
        extractor = self._extractor
        if request.guidance != Guidance() and isinstance(extractor, GuidedExtractor):
            extractor = extractor.guided(request.guidance)
        found = extractor.extract(messages, scope=request.scope, known=known)
        pieces = {m.episode_id: m.document for m in messages if isinstance(m, PieceMessage)}
        return [self._finish(c, request, next((pieces[s] for s in c.sources if s in pieces), None)) for c in found]

    def _finish(self, candidate: Candidate, request: Request, piece: Mapping[str, Any] | None) -> Candidate:
        """Adds what the call, and the document it came from, say of a fact; in the graph, "user" is the user's id."""
        categories = request.categories
        if categories is None:
            custom = request.custom_categories
            sorted_ = self._guided or not custom
            categories = candidate.categories if sorted_ else self._categorise(candidate.text, custom)
        me = request.scope.user_id or "user"
        relations = tuple(
            replace(r, source=me if r.source == "user" else r.source, target=me if r.target == "user" else r.target)
            for r in candidate.relations
        )
        return replace(
            candidate,
            metadata={**request.metadata, **({KEY: piece} if piece else {}), **candidate.metadata},
            categories=categories,
            relations=relations,
        )

    def _verbatim(self, request: Request, messages: Sequence[Message], seen: int) -> Outcome:
        """`infer=False`: each message is a fact in its own words, never merged, never superseding."""
        now = self._clock()
        spoken_ = [m for m in messages if m.role != "system"]
        vectors = self._vectors([spoken(m.text) for m in spoken_])
        episodes = self._episodes(request, messages, now)
        by_id = {r.id: r for r in episodes}
        facts = []
        for message in spoken_:
            episode = by_id[message.episode_id]
            categories = request.categories
            if categories is None:
                categories = self._categorise(message.text, request.custom_categories)
            facts.append(
                replace(
                    episode,
                    id=self._new_id(),
                    kind="procedure" if request.memory_type else "fact",
                    message_id=None,
                    sources=(episode.id,),
                    categories=categories,
                    expires_at=request.expires_at,
                    immutable=request.immutable,
                    memory_type=request.memory_type,
                )
            )
        written: list[Record] = []

        def decide(news: Sequence[Event]) -> list[Change]:
            stale = _stale(news, request.scope, messages)
            placed = _placed(episodes, news)
            changes = [Change("ADD", placed[e.id], index=False) for e in episodes if e.id not in stale]
            written.clear()
            for fact, vector in zip(facts, vectors, strict=True):
                if fact.sources[0] not in stale:
                    record = replace(fact, position=placed[fact.sources[0]].position)
                    written.append(record)
                    changes.append(Change("ADD", record, vector))
            return changes

        events = self._store.commit(decide, scope=person(request.scope), seen=seen)
        kept = tuple(e.after for e in events if e.after is not None and e.after.kind == "episode")
        return Outcome(tuple(Written("ADD", r) for r in written), kept)

    def _waiting(self, request: Request) -> Outcome:
        """Keeps the messages as episodes that wait to be read, and reads them unless that is deferred."""
        fresh = self._fresh(request)
        if not fresh:
            return Outcome((), ())
        if request.deferred:
            return Outcome((), self._keep(request, fresh))
        with self.claims.held([m.episode_id for m in fresh], request.scope.owner):
            kept = self._keep(request, fresh)
            return Outcome(tuple(self._read_new([e for e in kept if e.unread])), kept)

    def _keep(self, request: Request, messages: Sequence[Message]) -> tuple[Record, ...]:
        """Writes the messages as episodes and nothing else, so that everything is looked up under the lock."""
        shown = [m for m in messages if m.role != "system"]
        vectors = self._vectors([spoken(m.text) for m in shown])
        own = dict(zip((m.episode_id for m in shown), vectors, strict=True))
        reason, now = waiting.note(request), self._clock()

        def keep(_: Sequence[Event]) -> list[Change]:
            ids = [m.id for m in messages if m.id is not None]
            there = self._store.messages_known(ids, request.scope) if ids else {}
            new = [m for m in messages if m.id is None or m.id not in there]
            return [
                Change("ADD", e, own.get(e.id), index=e.unread, reason=reason if e.unread else None)
                for e in self._episodes(request, new, now, unread=True)
            ]

        events = self._store.commit(keep, scope=request.scope, seen=-1)
        return tuple(e.after for e in events if e.after is not None)

    def _write(
        self, request: Request, messages: Sequence[Message], candidates: Sequence[Candidate], seen: int
    ) -> Outcome:
        episodes = self._episodes(request, messages, self._clock())
        shown = [e for e in episodes if e.role != "system"]
        # One batch for the turns and for the facts that were read from them.
        texts = [spoken(e.text) for e in shown] + [c.text for c in candidates]
        vectors = self._vectors(texts)
        own = dict(zip((e.id for e in shown), vectors, strict=False))

        def keep(news: Sequence[Event]) -> tuple[list[Change], list[str]]:
            stale = _stale(news, request.scope, messages)
            placed = _placed(episodes, news)
            kept = [e for e in episodes if e.id not in stale]
            return [Change("ADD", placed[e.id], own.get(e.id), index=e.role != "system") for e in kept], list(stale)

        return self._decide(request, candidates, keep, messages, vectors[len(shown) :], seen=seen)

    def _decide(
        self,
        request: Request,
        candidates: Sequence[Candidate],
        keep: Callable[[Sequence[Event]], tuple[list[Change], list[str]]],
        messages: Sequence[Message],
        vectors: Sequence[Vector] | None = None,
        *,
        shown: Sequence[str] = (),
        seen: int | None = None,
    ) -> Outcome:
        """Resolves the candidates against what is known, and writes everything in one transaction.

        `shown` are ids of facts that the extractor saw, and may have named. `seen` is the ledger's sequence before
        the first look at it, where `keep` has to know of everything since.
        """
        if vectors is None:
            vectors = self._vectors([c.text for c in candidates])
        whole = person(request.scope)
        seen = self._store.sequence() if seen is None else seen
        known = {r.id: r for r in self._known(whole, candidates)}
        named = [*shown, *(i for c in candidates for i in (*c.retracts, *c.replaces))]
        known |= {r.id: r for r in self._store.get(named) if r is not None} if named and candidates else {}
        of = {id(c): v for c, v in zip(candidates, vectors, strict=True)}
        decisions: list[Decision] = []

        def decide(news: Sequence[Event]) -> list[Change]:
            changes, stale = keep(news)
            current = dict(known)
            for event in news:
                if event.after is not None and event.after.kind == "fact":
                    current[event.record_id] = event.after
            gone = set(stale)
            fresh = [c for c in candidates if not gone.issuperset(c.sources)]
            decide_ = procedures if request.guidance.procedure else resolve
            decisions[:] = decide_(
                fresh, list(current.values()), now=self._clock(), new_id=self._new_id, scope=request.scope
            )
            return changes + _changes(decisions, current, of, request)

        try:
            events = self._store.commit(decide, scope=whole, seen=seen)
        except NotFoundError:  # what is known was erased between our look and our lock, and no event tells of it
            return self._decide(request, candidates, keep, messages, vectors, shown=shown, seen=seen)
        kept = tuple(e.after for e in events if e.after is not None and e.after.kind == "episode")
        return Outcome(tuple(_outcome(decisions, events, known)), kept)

    def _known(self, scope: Scope, candidates: Sequence[Candidate]) -> list[Record]:
        """Facts that the candidates may repeat or replace: of the same slot or its opposite, or of the same words."""
        if not candidates:
            return []
        slots: dict[str, None] = {}
        for c in candidates:
            if c.attribute is not None:
                slots.update(dict.fromkeys(sorted(rivals(c.attribute))))
        return self._store.related(scope=scope, slots=list(slots), texts=[c.text for c in candidates])

    def _lazily(self, scope: Scope) -> Sequence[Record]:
        """The newest facts of the person and the last messages, looked up when a rule asks for what was said."""
        facts, said = View(self._clock(), kinds=("fact",)), View(self._clock(), kinds=("episode",), transcript=True)
        return Lazily(
            lambda: self._store.records(scope=person(scope), view=facts, limit=_NEWEST),
            lambda: self._store.records(scope=scope, view=said, limit=_LAST_SAID),
        )

    def _episodes(
        self, request: Request, messages: Sequence[Message], now: datetime, *, unread: bool = False
    ) -> list[Record]:
        """The messages as records; each knows its conversation, its place in it is given under the lock."""
        if not messages:
            return []
        scope = request.scope
        session, position = self._conversation(scope, messages[0].timestamp, messages[0].episode_id)
        return [
            _drafts.record(
                id=m.episode_id,
                kind="episode",
                text=m.text,
                scope=scope,
                created_at=m.timestamp,
                recorded_at=now,
                valid_from=m.timestamp,
                role=m.role,
                name=m.name,
                message_id=m.id,
                metadata={**request.metadata, **noted(m)},
                session=session,
                position=position + number,
                expires_at=request.expires_at,
                unread=unread and m.role != "system",
            )
            for number, m in enumerate(messages)
        ]

    def _conversation(self, scope: Scope, at: datetime, new: str) -> tuple[str, int]:
        session, position, said = self._store.last_said(scope) or (None, -1, at)
        if scope.run_id is not None:
            return "/".join(f"{v or ''}" for v in (scope.app_id, scope.agent_id, scope.run_id)), position + 1
        if session is not None and abs(at - said) <= PAUSE:
            return session, position + 1
        return new, 0

    def _vectors(self, texts: Sequence[str]) -> list[Vector]:
        return embedded(self._embedder(), texts) if texts else []


def _kept_as(message: Message, episode_id: str) -> Message:
    """The message with the id of the episode that will keep it."""
    if type(message) is not Message:
        return replace(message, episode_id=episode_id)
    return _drafts.message(message.role, message.text, message.timestamp, message.name, message.id, episode_id)


def _message(episode: Record) -> Message:
    """The message that an episode keeps."""
    said = (episode.role or "user", episode.text, episode.created_at, episode.name, episode.message_id, episode.id)
    piece = part_of(episode.metadata)
    return Message(*said) if piece is None else PieceMessage(*said, document=piece)


def person(scope: Scope) -> Scope:
    """The scope without its run: what is true of a person holds in every conversation."""
    wide = scope if scope.run_id is None else replace(scope, run_id=None)
    return wide if wide.ids() else scope


def _stale(news: Sequence[Event], scope: Scope, messages: Sequence[Message]) -> set[str]:
    """Episodes whose message another writer stored between our look and our lock."""
    there = {
        e.after.message_id
        for e in news
        if e.after is not None and e.after.kind == "episode" and e.after.scope == scope and e.after.message_id
    }
    return {m.episode_id for m in messages if m.id is not None and m.id in there}


def _placed(episodes: Sequence[Record], news: Sequence[Event]) -> dict[str, Record]:
    """The episodes behind whatever another writer said in their conversation meanwhile."""
    said = [e.after for e in news if e.after is not None and e.after.kind == "episode"]
    after = [r.position for r in said if r.session == episodes[0].session]
    shift = max(0, max(after) + 1 - episodes[0].position) if after else 0
    return {e.id: replace(e, position=e.position + shift) if shift else e for e in episodes}


def _changes(
    decisions: Sequence[Decision], known: Mapping[str, Record], vectors: Mapping[int, Vector], request: Request
) -> list[Change]:
    """The last state of every record that the decisions touch, new ones before the ones that they replace."""
    final: dict[str, Change] = {}
    for decision in decisions:
        record = decision.record
        if record is not None and decision.event != "NONE":
            final[record.id] = Change(
                "ADD", _dressed(record, request), vectors[id(decision.candidate)], reason=decision.reason
            )  # fmt: skip
        elif record is not None and (record.id in final or record != known.get(record.id)):
            final[record.id] = _touched(final, record, "reinforce")
        for old in decision.replaced:
            final[old.id] = _touched(final, old, decision.reason)
    return list(final.values())


def _touched(final: Mapping[str, Change], record: Record, reason: str) -> Change:
    made = final.get(record.id)
    if made is not None and made.action == "ADD":
        made_with = made.record
        return replace(made, record=replace(record, expires_at=made_with.expires_at, immutable=made_with.immutable))
    return Change("DELETE" if record.status == "retracted" else "UPDATE", record, reason=reason)


def _dressed(record: Record, request: Request) -> Record:
    relations = tuple(dict.fromkeys(record.relations))
    if (relations, request.expires_at, request.immutable) == (record.relations, record.expires_at, record.immutable):
        return record
    return replace(record, relations=relations, expires_at=request.expires_at, immutable=request.immutable)


def _outcome(decisions: Sequence[Decision], events: Sequence[Event], known: Mapping[str, Record]) -> list[Written]:
    now = {e.record_id: e.after for e in events if e.after is not None}
    found = []
    for decision in decisions:
        old = decision.replaced[0] if decision.replaced else None
        if decision.event == "NONE":
            continue
        if decision.record is not None:
            found.append(Written(decision.event, now.get(decision.record.id, decision.record), old))
        elif old is not None:
            found.append(Written("DELETE", old, old))
    return found
