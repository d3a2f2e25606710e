"""Parts that a message was kept without: noted with it. Pictures that nobody could see are read when it comes again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from memlayer.extraction._pieces import KEY as DOCUMENT
from memlayer.extraction._pieces import PieceMessage, part_of
from memlayer.types import Change, Message, Record

if TYPE_CHECKING:
    from memlayer.engine.ingest import Ingest, Outcome, Request, Written
    from memlayer.engine.stores import Store
    from memlayer.protocols import Embedder

KEY = "unseen_pictures"
"""Where the metadata of a message says how many of its pictures nobody has seen."""
UNREAD = "unread_parts"
"""Where it says why optional parts could not be read."""


@dataclass(frozen=True, slots=True)
class UnseenMessage(Message):
    """A message that is kept without some of its parts."""

    pictures: int = 0
    parts: tuple[str, ...] = ()
    """Why each of them could not be read."""


@dataclass(frozen=True, slots=True)
class SeenMessage(Message):
    """A message that is kept already, with what its pictures show."""

    episode: Record | None = None


def number(metadata: Mapping[str, Any]) -> int:
    """How many pictures of a message nobody has seen."""
    found = metadata.get(KEY)
    return found if isinstance(found, int) else 0


def noted(message: Message) -> dict[str, Any]:
    """What the metadata of a message's episode says beside the caller's."""
    if isinstance(message, PieceMessage):
        return {DOCUMENT: message.document}
    if not isinstance(message, UnseenMessage):
        return {}
    told = {KEY: message.pictures, UNREAD: list(message.parts)}
    return {name: value for name, value in told.items() if value}


def callers(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What the caller gave of an episode's metadata."""
    own = {KEY, UNREAD} if part_of(metadata) is None else {KEY, UNREAD, DOCUMENT}
    return {name: value for name, value in metadata.items() if name not in own}


def complete(
    messages: Sequence[Message], request: Request, *, store: Store, ingest: Ingest, embedder: Callable[[], Embedder]
) -> Outcome | None:
    """Gives kept messages the words of their pictures, and reads facts out of them; None where there are none.

    The words are in the ledger before a model is asked for facts, as with every message.
    """
    seen = {m.episode.id: (m.text, m.episode) for m in messages if isinstance(m, SeenMessage) and m.episode is not None}
    if not seen:
        return None
    from memlayer.engine.ingest import Outcome
    from memlayer.engine.rewriting import rewrite
    from memlayer.engine.word_pieces import embedded
    from memlayer.text import spoken

    vectors = embedded(embedder(), [spoken(text) for text, _ in seen.values()])
    changes = []
    for (text, episode), vector in zip(seen.values(), vectors, strict=True):
        metadata = {name: value for name, value in episode.metadata.items() if name != KEY}
        unread = request.infer and episode.role != "system"
        record = replace(episode, text=text, metadata=metadata, unread=unread)
        changes.append((episode, Change("UPDATE", record, vector, reason="seen")))
        if not request.infer:
            # Kept in its own words, it is a fact as well.
            same = [r for r in store.citing([episode.id]) if r.text == episode.text and r.status == "live"]
            changes += [
                (r, Change("UPDATE", replace(r, text=text, metadata=metadata), vector, reason="seen")) for r in same
            ]
    records = [change.record for _, change in changes if change.record.id in seen]
    with ingest.claims.held(list(seen), records[0].scope.owner):
        rewrite(store, changes)
        written: list[Written] = []
        if not request.deferred:
            for group in ingest.groups([r for r in records if r.unread]):
                written += ingest.read_again(group, scope=group[0].scope).written
    return Outcome(tuple(written), tuple(records))
