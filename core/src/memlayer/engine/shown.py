"""What an extractor is shown beside the new messages: facts that they may be about, and what was said before them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from memlayer.engine.ingest import person
from memlayer.engine.recall import Query, Recall
from memlayer.engine.stores import Store
from memlayer.text import spoken
from memlayer.types import Message, Record, Scope, View

FACTS = 24
"""Most facts that are shown."""
PER_MESSAGE = 8
"""Most facts that one message finds: each is looked up by itself, for a whole conversation is near to nothing."""
MESSAGES = 10
"""Messages that are looked up, the last ones; what came before them is near to them."""
BEFORE = 6
"""Most messages of the same conversation that came before."""


def related(store: Store, recall: Recall, scope: Scope, messages: Sequence[Message], *, now: datetime) -> list[Record]:
    """Facts of this very person, nearest first, that a new one may repeat or replace; then what was said before."""
    whole = person(scope)
    best: dict[str, tuple[float, Record]] = {}
    for message in [m for m in messages if m.role != "system" and m.text.strip()][-MESSAGES:]:
        query = Query(spoken(message.text), whole, View(now=now, kinds=("fact",)), limit=PER_MESSAGE)
        for hit in recall.search(query):
            if person(hit.record.scope) == whole and hit.score > best.get(hit.record.id, (-1.0,))[0]:
                best[hit.record.id] = (hit.score, hit.record)
    nearest = sorted(best.values(), key=lambda pair: -pair[0])[:FACTS]
    return [record for _, record in nearest] + _before(store, scope, messages, now)


def _before(store: Store, scope: Scope, messages: Sequence[Message], now: datetime) -> list[Record]:
    """The last messages of the conversation before these, oldest first."""
    own = {m.episode_id for m in messages}
    view = View(now=now, kinds=("episode",), transcript=True)
    told = [r for r in store.records(scope=scope, view=view, limit=len(own) + 2 * BEFORE) if r.scope == scope]
    session = next((r.session for r in told if r.id in own), None)
    first = messages[0].timestamp
    before = [
        r
        for r in told
        if r.id not in own and r.session == session is not None and r.created_at <= first and r.role != "system"
    ]
    return before[:BEFORE][::-1]
