"""Views, scopes and filters of the file are those of the reference, on random records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memlayer.backends.sqlite.index import SQLiteKeywordIndex, SQLiteVectorIndex
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.filters import And, Compare, Filter, Not, Or, matches
from memlayer.lifetimes import shown
from memlayer.testing import FixedClock, HashEmbedder
from memlayer.testing.contract import added, later, make_record
from memlayer.types import Change, Record, Scope, View

EMBEDDER = HashEmbedder(16)
LAST = 6
EVERYTHING = 10_000

minutes = st.integers(0, LAST)
moments = minutes.map(later)
ends = st.none() | moments
names = st.sampled_from([None, "a", "b", "A"])
scopes = st.builds(Scope, names, names, names, names).filter(lambda s: s.ids() != {})
texts = st.sampled_from(["Likes rice", "Likes tea", "Lives in Rome", "", "rice rice"])

facts: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["fact", "fact", "fact", "procedure"]),
        "text": texts,
        "valid_from": moments,
        "valid_to": ends,
        "expires_at": ends,
        "status": st.sampled_from(["live", "live", "superseded", "retracted"]),
        "feedback": st.sampled_from([None, None, "POSITIVE", "VERY_NEGATIVE"]),
        "metadata": st.sampled_from([{}, {"stars": 1}, {"stars": 2}]),
        "minute": minutes,
    }
)
views = st.builds(
    View,
    now=moments,
    kinds=st.sampled_from([None, ("fact",), ("episode",), ("fact", "episode"), ("fact", "episode", "procedure")]),
    as_of=ends,
    cited=st.booleans(),
    transcript=st.booleans(),
    everything=st.sampled_from([False, False, False, True]),
)
conditions = st.sampled_from(
    [
        Compare(("metadata", "stars"), "gte", 2),
        Compare(("text",), "contains", "rice"),
        Compare(("user_id",), "in", ("a", "b")),
        Compare(("run_id",), "eq", "b"),
    ]
)
filters: st.SearchStrategy[Filter | None] = st.none() | st.recursive(
    conditions,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, max_size=3).map(tuple).flatmap(lambda terms: st.sampled_from([And(terms), Or(terms)]))
    ),
    max_leaves=4,
)


@st.composite
def memories(draw: st.DrawFn) -> list[Record]:
    """Episodes, then facts that cite some of them, in a few scopes; one owner's facts cite across its runs."""
    places = draw(st.lists(scopes, min_size=1, max_size=3))
    found = [
        make_record(f"e{n}", draw(texts), kind="episode", scope=draw(st.sampled_from(places)), minute=draw(minutes),
                    expires_at=draw(ends), status=draw(st.sampled_from(["live", "live", "retracted"])))
        for n in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    episodes = list(found)
    for number in range(draw(st.integers(0, 6))):
        scope = draw(st.sampled_from(places))
        own = [e.id for e in episodes if e.scope.owner == scope.owner]
        sources = tuple(draw(st.lists(st.sampled_from(own), unique=True, max_size=2))) if own else ()
        found.append(make_record(f"f{number}", scope=scope, sources=sources, **draw(facts)))
    return found


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="module")
def ledger(clock: FixedClock) -> Iterator[SQLiteLedger]:
    made = SQLiteLedger(":memory:", clock=clock)
    with made.database.read():
        pass
    yield made
    made.close()


def fill(ledger: SQLiteLedger, records: Sequence[Record]) -> None:
    with ledger.database.write() as connection:
        for table in ("records", "events", "entries", "citations", "owners"):
            connection.execute(f"DELETE FROM {table}")
    vectors = list(EMBEDDER.embed([r.text for r in records]))
    ledger.append(added(records, vectors), scope=Scope())


def expected(records: Sequence[Record], scope: Scope, view: View | None, where: Filter | None) -> list[str]:
    """The ids that the reference gives, newest first."""
    seen = list(records) if view is None else shown(records, view)
    kept = [r for r in seen if scope.covers(r.scope) and (where is None or matches(where, r))]
    order = {r.id: n for n, r in enumerate(records)}
    return [r.id for r in sorted(kept, key=lambda r: (r.created_at, order[r.id]), reverse=True)]


def ids(records: Sequence[Record]) -> list[str]:
    return [r.id for r in records]


quick = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quick
@given(records=memories(), scope=scopes, view=st.none() | views, where=filters, size=st.integers(1, 4))
def test_records_are_those_of_the_reference(
    ledger: SQLiteLedger, records: list[Record], scope: Scope, view: View | None, where: Filter | None, size: int
) -> None:
    fill(ledger, records)
    wanted = expected(records, scope, view, where)
    assert ids(ledger.records(scope=scope, view=view, where=where, limit=EVERYTHING)) == wanted
    assert ids(ledger.said(scope=scope, view=view, where=where, limit=EVERYTHING)) == wanted[::-1]
    assert ledger.count(scope=scope, view=view, where=where) == len(wanted)
    paged: list[str] = []
    while page := ledger.records(scope=scope, view=view, where=where, limit=size, after=paged[-1] if paged else None):
        paged += ids(page)
    assert paged == wanted
    assert ids(ledger.records(scope=scope, view=view, where=where, limit=size, offset=1)) == wanted[1 : 1 + size]


@quick
@given(records=memories(), scope=scopes, where=filters, data=st.data())
def test_no_search_leaves_the_scope(
    ledger: SQLiteLedger, records: list[Record], scope: Scope, where: Filter | None, data: st.DataObject
) -> None:
    fill(ledger, records)
    allowed = set(expected(records, scope, None, where))
    query = data.draw(texts)
    vector = EMBEDDER.embed([query])[0]
    found = SQLiteVectorIndex(ledger.database, dimensions=16).search(vector, scope=scope, where=where, limit=EVERYTHING)
    assert {m.id for m in found} == allowed
    worded = SQLiteKeywordIndex(ledger.database).search_text("rice", scope=scope, where=where, limit=EVERYTHING)
    assert {m.id for m in worded} == {r.id for r in records if r.id in allowed and "rice" in r.text}
    assert {r.id for r in ledger.get(ids(records), scope=scope) if r is not None} == {
        r.id for r in records if scope.covers(r.scope)
    }
    assert {e.record_id for e in ledger.events(scope=scope)} == {r.id for r in records if scope.covers(r.scope)}


@quick
@given(records=memories(), scope=scopes, view=views, data=st.data())
def test_known_at_is_the_reference_on_what_was_there(
    ledger: SQLiteLedger, clock: FixedClock, records: list[Record], scope: Scope, view: View, data: st.DataObject
) -> None:
    clock.now = later(0)
    fill(ledger, records)
    states = [(clock.now, list(records))]
    for _ in range(data.draw(st.integers(0, 3)) if records else 0):
        place = data.draw(st.integers(0, len(records) - 1))
        change = data.draw(facts)
        change.pop("kind"), change.pop("minute")
        states.append((clock.advance(60), list(states[-1][1])))
        changed = replace(states[-1][1][place], **change)
        states[-1][1][place] = changed
        ledger.append([Change("UPDATE", changed, EMBEDDER.embed([changed.text])[0])], scope=Scope())
    for at, there in states:
        seen = ledger.records(scope=scope, view=replace(view, known_at=at), limit=EVERYTHING)
        assert ids(seen) == expected(there, scope, view, None)
        assert set(map(repr, seen)) <= set(map(repr, there))
    before = replace(view, known_at=later(0) - timedelta(microseconds=1))
    assert ledger.records(scope=scope, view=before, limit=EVERYTHING) == []
