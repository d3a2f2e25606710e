"""What a new fact does to the ones that are held: a table of cases, then what holds for all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from resolve_cases import ANN, NOW, PAIRS, Ids, after, day, fact, held, run

from memlayer.engine.resolve import resolve
from memlayer.types import Candidate, Record, Relation, Scope


@pytest.mark.parametrize(
    ("wanted", "old", "new"),
    [
        pytest.param(wanted, old, new, id=f"{wanted}: {old.text} / {new.text}")
        for wanted, pairs in PAIRS.items()
        for old, new in pairs
    ],
)
def test_second_statement(wanted: str, old: Candidate, new: Candidate) -> None:
    known = held(old)
    (decision,) = run([new], [known])
    assert f"{decision.event} {decision.reason}" == wanted
    assert decision.record is not None
    if decision.event == "NONE":
        assert decision.replaced == ()
        assert decision.record == replace(known, reinforced=1, sources=(*known.sources, *new.sources), updated_at=NOW)
    else:
        assert decision.record.text == new.text
        assert decision.record.status == "live"
    if decision.event == "ADD":
        assert decision.replaced == ()
        assert decision.record.supersedes == ()
    if decision.event == "UPDATE":
        (gone,) = decision.replaced
        assert (gone.id, gone.text, gone.superseded_by) == (known.id, known.text, decision.record.id)
        assert (gone.status, gone.updated_at) == ("superseded", NOW)
        assert gone.valid_to == decision.record.valid_from
        assert decision.record.supersedes == (known.id,)


@pytest.mark.parametrize(
    ("old", "new"),
    [pytest.param(o, n, id=f"{o.text} / {n.text}") for k, p in PAIRS.items() if k != "ADD add" for o, n in p],
)
def test_immutable_record_is_left_alone(old: Candidate, new: Candidate) -> None:
    known = held(old, immutable=True)
    (decision,) = run([new], [known])
    assert decision.replaced == ()
    if decision.event == "NONE":
        assert decision.record == known
    else:
        assert (decision.event, decision.reason) == ("ADD", "immutable")


@pytest.mark.parametrize(
    "scope",
    [
        Scope(user_id="bob"),
        Scope(user_id="ann", agent_id="a"),
        Scope(user_id="ann", app_id="p"),
        Scope(agent_id="ann"),
        Scope(run_id="ann"),
    ],
)
@pytest.mark.parametrize(("old", "new"), [p[0] for k, p in PAIRS.items() if k != "ADD add"])
def test_record_of_another_owner_is_out_of_reach(scope: Scope, old: Candidate, new: Candidate) -> None:
    known = held(old, scope=scope)
    (decision,) = run([replace(new, replaces=(known.id,), retracts=(known.id,))], [known])
    assert (decision.event, decision.replaced) == ("ADD", ())


def test_fact_of_the_person_is_replaced_from_another_run() -> None:
    old, new = PAIRS["UPDATE supersede"][0]
    known = held(old, scope=Scope(user_id="ann", run_id="a"))
    (decision,) = run([new], [known], scope=Scope(user_id="ann", run_id="b"))
    assert decision.event == "UPDATE"
    assert decision.record is not None
    assert decision.record.scope == Scope(user_id="ann", run_id="b")
    assert decision.replaced[0].scope == Scope(user_id="ann", run_id="a")


def test_runs_without_an_owner_stay_apart() -> None:
    old, new = PAIRS["UPDATE supersede"][0]
    known = held(old, scope=Scope(run_id="a"))
    assert run([new], [known], scope=Scope(run_id="b"))[0].event == "ADD"
    assert run([new], [known], scope=Scope(run_id="a"))[0].event == "UPDATE"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "episode"},
        {"status": "retracted"},
        {"status": "superseded"},
        {"expires_at": NOW},
        {"valid_to": day(10)},
    ],
)
def test_only_current_facts_are_replaced(change: dict[str, Any]) -> None:
    old, new = PAIRS["UPDATE supersede"][0]
    (decision,) = run([replace(new, replaces=("old1",))] if "valid_to" not in change else [new], [held(old, **change)])
    assert (decision.event, decision.replaced) == ("ADD", ())


def test_every_field_of_the_candidate_is_kept() -> None:
    candidate = Candidate(
        "Maria lives in Porto",
        ("e1", "e2"),
        "Maria",
        "lives_in",
        "Porto",
        created_at=day(3),
        valid_from=day(1),
        valid_to=day(900),
        categories=("travel",),
        importance=0.8,
        role="user",
        name="Ann",
        metadata={"a": 1},
    )
    (decision,) = run([candidate])
    assert decision.record == Record(
        id="r1",
        kind="fact",
        text="Maria lives in Porto",
        scope=ANN,
        created_at=day(3),
        recorded_at=NOW,
        valid_from=day(1),
        valid_to=day(900),
        metadata={"a": 1},
        categories=("travel",),
        importance=0.8,
        role="user",
        name="Ann",
        sources=("e1", "e2"),
        subject="Maria",
        attribute="lives_in",
        value="Porto",
    )


def test_relations_are_kept_but_for_what_is_denied() -> None:
    edge = Relation("user", "lives_in", "Porto")
    kept, denied = run(
        [
            fact("Lives in Porto", "lives_in", "Porto", relations=(edge,)),
            fact("Does not live in Rome", "lives_in", "Rome", relations=(edge,), negated=True),
        ]
    )
    assert kept.record is not None
    assert denied.record is not None
    assert (kept.record.relations, denied.record.relations) == ((edge,), ())


def test_lifetime_never_ends_before_it_begins() -> None:
    known = held(fact("Lives in Berlin", "lives_in", "Berlin", at=60))
    (decision,) = run([fact("Lives in Paris since 2023", "lives_in", "Paris", at=90, valid_from=day(-300))], [known])
    assert [(r.valid_from, r.valid_to) for r in decision.replaced] == [(day(60), day(60))]


def test_statement_without_a_time_is_said_now() -> None:
    record = run([Candidate("Likes tea", ("e1",))])[0].record
    assert record is not None
    assert (record.created_at, record.valid_from, record.valid_to) == (NOW, NOW, None)


def test_refined_fact_cites_the_evidence_of_the_coarser_one() -> None:
    old, new = PAIRS["UPDATE refine"][0]
    record = run([new], [held(old)])[0].record
    assert record is not None
    assert record.sources == (*new.sources, *old.sources)
    assert record.reinforced == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (fact("Lives in Berlin", "lives_in", "Berlin", at=60), fact("Lives in Rome", "lives_in", "Rome", at=20)),
        (fact("Works at Acme", "works_at", "Acme", at=60), fact("Started at Globex", "works_at", "Globex", at=59)),
        (fact("Likes tea", "likes", "tea", at=60), fact("Dislikes tea", "dislikes", "tea", at=0)),
        (fact("Eats meat", "eats", "meat", at=60), fact("Is off meat", "eats", "meat", negated=True, at=20)),
    ],
)
def test_late_arrival_goes_into_the_past(old: Candidate, new: Candidate) -> None:
    known = held(old)
    (decision,) = run([new], [known])
    assert (decision.event, decision.reason, decision.replaced) == ("ADD", "late", ())
    record = decision.record
    assert record is not None
    assert (record.status, record.superseded_by) == ("superseded", known.id)
    assert (record.valid_from, record.valid_to) == (new.created_at, known.valid_from)


def test_statement_from_before_an_announced_change_holds_until_then() -> None:
    berlin = held(fact("Moves to Berlin in June", "lives_in", "Berlin", valid_from=day(150)))
    (decision,) = run([fact("Lives in Rome", "lives_in", "Rome", at=60)], [berlin], now=day(61))
    assert decision.record is not None
    assert (decision.reason, decision.record.status, decision.record.valid_to) == ("late", "live", day(150))


def test_announced_change_leaves_the_old_fact_live_until_then() -> None:
    known = held(fact("Works at Acme", "works_at", "Acme"))
    coming = fact("Starts at Globex in May", "works_at", "Globex", at=60, valid_from=day(120))
    (decision,) = run([coming], [known], now=day(61))
    assert decision.event == "UPDATE"
    (old,) = decision.replaced
    assert (old.status, old.valid_to, old.superseded_by) == ("live", day(120), "r1")
    (decision,) = run([coming], [known], now=day(130))
    assert decision.replaced[0].status == "superseded"


def test_slip_of_the_tongue_never_was_true() -> None:
    slip = fact("Lives in Berlin", "lives_in", "Berlin")
    mend = fact("Lives in Bern", "lives_in", "Bern", correction=True)
    mend = replace(mend, created_at=day(0) + timedelta(minutes=5))
    _, decision = run([slip, mend])
    assert decision.record is not None
    assert decision.record.valid_from == day(0)
    assert decision.replaced[0].valid_to == day(0)


def test_correction_much_later_is_a_change() -> None:
    known = held(fact("Lives in Berlin", "lives_in", "Berlin"))
    (decision,) = run([fact("Actually lives in Bern now", "lives_in", "Bern", at=90, correction=True)], [known])
    assert decision.replaced[0].valid_to == day(90)


def test_end_takes_over_the_beginning() -> None:
    known = held(fact("Lives in Paris", "lives_in", "Paris"))
    (decision,) = run([PAIRS["UPDATE end"][0][1]], [known])
    assert decision.record is not None
    assert (decision.record.valid_from, decision.record.valid_to) == (day(0), day(30))


def test_correction_means_the_last_of_several() -> None:
    known = [
        held(fact("Is allergic to pine nuts", "allergic_to", "pine nuts"), id="a"),
        replace(
            held(fact("Is allergic to hazel nuts", "allergic_to", "hazel nuts"), id="b"),
            created_at=day(0) + timedelta(minutes=1),
        ),
    ]
    (decision,) = run([fact("Is allergic to cashew nuts", "allergic_to", "cashew nuts", correction=True)], known)
    # Said at the same minute as the first, before the second: then the second cannot be meant to be older.
    assert decision.reason == "late"
    later = replace(decision.candidate, created_at=day(0) + timedelta(minutes=2))
    (decision,) = run([later], known)
    assert [r.id for r in decision.replaced] == ["b"]


def test_earlier_candidates_of_the_call_are_seen() -> None:
    said = [
        fact("Lives in Rome", "lives_in", "Rome", at=1),
        fact("Lives in Rome", "lives_in", "Rome", at=2),
        fact("Moved to Oslo", "lives_in", "Oslo", at=3),
        fact("Moved back to Rome", "lives_in", "Rome", at=4),
    ]
    decisions = run(said)
    assert [d.event for d in decisions] == ["ADD", "NONE", "UPDATE", "UPDATE"]
    live = [r.text for r in after(decisions).values() if r.status == "live"]
    assert live == ["Moved back to Rome"]


def test_change_of_job_among_several_replaces_none() -> None:
    known = [
        held(fact("Is a nurse", "occupation", "nurse"), id="a"),
        held(fact("Is a photographer", "occupation", "photographer"), id="b"),
    ]
    change = fact("Is a midwife now", "occupation", "midwife", at=30)
    assert run([change], known)[0].event == "ADD"
    assert [r.id for r in run([change], known[:1])[0].replaced] == ["a"]
    assert [r.id for r in run([replace(change, replaces=("b",))], known)[0].replaced] == ["b"]


class TestModel:
    """What a language model names is trusted only within reach."""

    def test_replaces_and_retracts_what_it_was_shown(self) -> None:
        known = [held(fact("The deadline is Friday"), id="a"), held(fact("The budget is open"), id="b")]
        (decision,) = run([fact("The deadline is Monday", at=30, replaces=("a",), retracts=("b",))], known)
        assert decision.event == "UPDATE"
        assert {r.id: r.superseded_by for r in decision.replaced} == {"a": "r1", "b": "r1"}

    @pytest.mark.parametrize("text", ["", " "])
    def test_retraction_without_a_statement_leaves_nothing(self, text: str) -> None:
        known = held(fact("The deadline is Friday"), id="a")
        (decision,) = run([fact(text, at=30, retracts=("a",))], [known])
        assert (decision.event, decision.record) == ("DELETE", None)
        (gone,) = decision.replaced
        assert (gone.status, gone.valid_to, gone.superseded_by) == ("retracted", day(30), None)

    def test_retraction_by_slot(self) -> None:
        known = held(fact("Lives in Rome", "lives_in", "Rome"))
        (decision,) = run([fact("", "lives_in", "Rome", at=30, negated=True)], [known])
        assert (decision.event, decision.replaced[0].status) == ("DELETE", "retracted")

    def test_ids_that_were_not_shown_do_nothing(self) -> None:
        (added, nothing) = run([fact("A new thing", replaces=("x",), retracts=("y",)), fact("", retracts=("z",))])
        assert (added.event, nothing.event, nothing.record) == ("ADD", "NONE", None)

    def test_immutable_and_newer_records_stay(self) -> None:
        fixed = held(fact("The code is 1"), id="a", immutable=True)
        newer = held(fact("The code is 3", at=60), id="b")
        for ids, reason in ((("a",), "immutable"), (("b",), "late")):
            (decision,) = run([fact("The code is 2", at=30, replaces=ids)], [fixed, newer])
            assert (decision.event, decision.reason, decision.replaced) == ("ADD", reason, ())
            (decision,) = run([fact("", at=30, retracts=ids)], [fixed, newer])
            assert (decision.event, decision.replaced) == ("NONE", ())


# Invariants.

_SLOTS = {
    "lives_in": ["Rome", "Oslo", "Bonn, in the old town", "Bonn"],
    "works_at": ["Acme", "Acme Corp", "Globex"],
    "likes": ["tea", "jazz", "cats"],
    "dislikes": ["tea", "jazz"],
    "has_pet": ["Rex", "Max"],
}
_SCOPES = [ANN, Scope(user_id="ann", run_id="r"), Scope(user_id="bob"), Scope(user_id="ann", agent_id="a")]


@st.composite
def facts(draw: st.DrawFn) -> Candidate:
    slot = draw(st.sampled_from(sorted(_SLOTS)))
    value = draw(st.sampled_from(_SLOTS[slot]))
    subject = draw(st.sampled_from(["user", "Maria", "the user's friend"]))
    negated = draw(st.integers(0, 4)) == 0
    at = draw(st.integers(0, 90))
    end = draw(st.sampled_from([None, None, None, -5, 20, 400]))
    return fact(
        f"{subject} {'not ' if negated else ''}{slot} {value}",
        slot,
        value,
        at,
        subject=subject,
        negated=negated,
        correction=draw(st.integers(0, 4)) == 0,
        valid_to=None if end is None else day(at + end),
        replaces=draw(st.sampled_from([(), (), ("k1",)])),
        sources=(f"e{draw(st.integers(0, 9999))}",),
    )


@st.composite
def memories(draw: st.DrawFn) -> list[Record]:
    """Records as an earlier call left them, some of other owners, some immutable."""
    records = list(after(run(draw(st.lists(facts(), max_size=6)), prefix="k")).values())
    return [replace(r, scope=draw(st.sampled_from(_SCOPES)), immutable=draw(st.integers(0, 3)) == 0) for r in records]


@given(st.lists(facts(), max_size=8), memories())
def test_immutable_and_foreign_records_are_never_touched(said: list[Candidate], known: list[Record]) -> None:
    final = after(run(said, known), known)
    for before in known:
        if before.immutable or before.scope not in (ANN, Scope(user_id="ann", run_id="r")):
            assert final[before.id] == before


@given(st.lists(facts(), max_size=12))
def test_single_slot_holds_one_value(said: list[Candidate]) -> None:
    final = after(run(said)).values()
    open_ended = [r for r in final if r.status == "live" and not r.negated and r.valid_to is None]
    slots = Counter((r.subject, r.attribute) for r in open_ended if r.attribute in ("lives_in", "works_at"))
    assert not [slot for slot, n in slots.items() if n > 1 and slot[0] != "the user's friend"]


@given(st.lists(facts(), max_size=12), memories())
def test_every_superseded_record_has_a_successor(said: list[Candidate], known: list[Record]) -> None:
    before = {r.id: r for r in known}
    final = after(run(said, known), known)
    for record in final.values():
        if record != before.get(record.id) and record.status == "superseded":
            assert record.superseded_by in final
            assert final[record.superseded_by].status in ("live", "superseded")
        if record.valid_to is not None:
            assert record.valid_from <= record.valid_to
        for old in record.supersedes:
            assert old in final


@given(st.lists(facts(), max_size=8), memories())
def test_same_candidates_twice_add_nothing(said: list[Candidate], known: list[Record]) -> None:
    once = after(run(said, known), known)
    twice = run(said, list(once.values()), prefix="second")
    assert {d.event for d in twice} <= {"NONE"}
    # An immutable record does not learn who repeated it, so a repetition may be counted elsewhere, once.
    if not any(r.immutable for r in known):
        assert after(twice, list(once.values())) == once


@given(st.lists(facts(), max_size=10), memories())
def test_ids_are_made_for_new_facts_only(said: list[Candidate], known: list[Record]) -> None:
    ids = Ids()
    decisions = resolve(said, known, now=NOW, new_id=ids, scope=ANN)
    assert [d.candidate for d in decisions] == said
    assert ids.made == sum(d.event in ("ADD", "UPDATE") for d in decisions)


@given(st.permutations([("Rome", 1), ("Oslo", 2), ("Lima", 3), ("Bonn", 4), ("Kyiv", 5)]))
def test_current_value_does_not_depend_on_the_order_of_arrival(said: list[tuple[str, int]]) -> None:
    final = after(run([fact(f"Lives in {city}", "lives_in", city, at=at) for city, at in said])).values()
    assert [r.value for r in final if r.status == "live"] == ["Kyiv"]
