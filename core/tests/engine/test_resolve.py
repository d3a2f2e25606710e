"""What a new fact does to the ones that are held: a table of cases, then what holds for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlayer.engine.resolve import Decision, resolve
from memlayer.types import Candidate, Record, Relation, Scope

NOW = datetime(2025, 6, 1, tzinfo=timezone.utc)
ANN = Scope(user_id="ann")


def day(number: int) -> datetime:
    """A day of 2024, counted from 0."""
    return datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(days=number)


class Ids:
    """Ids r1, r2, … and how many were asked for."""

    def __init__(self, prefix: str = "r") -> None:
        self._numbers: Iterator[int] = count(1)
        self.prefix = prefix
        self.made = 0

    def __call__(self) -> str:
        self.made = next(self._numbers)
        return f"{self.prefix}{self.made}"


def fact(text: str, attribute: str | None = None, value: str | None = None, at: int = 0, **more: Any) -> Candidate:
    more.setdefault("sources", (f"e:{text}:{at}",))
    return Candidate(text, attribute=attribute, value=value, created_at=day(at), **more)


def run(
    candidates: Sequence[Candidate],
    known: Sequence[Record] = (),
    *,
    scope: Scope = ANN,
    prefix: str = "r",
    now: datetime = NOW,
) -> list[Decision]:
    return resolve(candidates, known, now=now, new_id=Ids(prefix), scope=scope)


def held(candidate: Candidate, *, scope: Scope = ANN, **more: Any) -> Record:
    """The record that a candidate makes in an empty memory."""
    record = run([candidate], scope=scope, prefix="old")[0].record
    assert record is not None
    return replace(record, **more)


def after(decisions: Sequence[Decision], known: Sequence[Record] = ()) -> dict[str, Record]:
    """All records as they are in the end."""
    records = {r.id: r for r in known}
    for d in decisions:
        records.update((r.id, r) for r in (*d.replaced, *((d.record,) if d.record else ())))
    return records


# Each pair: what is held, what is said a month later.
PAIRS: dict[str, list[tuple[Candidate, Candidate]]] = {
    "NONE reinforce": [
        (fact("Lives in San Francisco", "lives_in", "San Francisco"), fact("lives in San Francisco.", at=30)),
        (fact("Likes hiking", "likes", "hiking"), fact("Really loves hiking", "likes", "hiking", at=30)),
        (
            fact("Is allergic to peanuts", "allergic_to", "peanuts"),
            fact("Has a peanut allergy", "allergic_to", "peanut", at=30),
        ),
        (fact("Went to the café with Zoë"), fact("went to a cafe with Zoe", at=30)),
        (
            fact("Does not like cheese", "likes", "cheese", negated=True),
            fact("Dislikes cheese", "dislikes", "cheese", at=30),
        ),
        (fact("Is 34 years old", "age", "34 years old"), fact("Is 34", "age", "34", at=30)),
        (fact("Does not smoke", "smokes", negated=True), fact("Is a non-smoker", "smokes", negated=True, at=30)),
        # A coarser word for the same truth adds nothing.
        (
            fact("Lives in the Mission, San Francisco", "lives_in", "the Mission, San Francisco"),
            fact("Lives in San Francisco", "lives_in", "San Francisco", at=30),
        ),
        (fact("Works at Acme Corp", "works_at", "Acme Corp"), fact("Works at Acme", "works_at", "Acme", at=30)),
        (fact("Name is Anna Kowalska", "name", "Anna Kowalska"), fact("Is called Anna", "name", "Anna", at=30)),
    ],
    "UPDATE supersede": [
        (
            fact("Lives in San Francisco", "lives_in", "San Francisco"),
            fact("Moved to Berlin", "lives_in", "Berlin", at=30),
        ),
        (fact("Lives in York", "lives_in", "York"), fact("Lives in New York", "lives_in", "New York", at=30)),
        (fact("Lives in Seattle", "lives_in", "Seattle"), fact("Moved to Canada", "lives_in", "Canada", at=30)),
        (fact("Works at Acme", "works_at", "Acme"), fact("Started at Globex", "works_at", "Globex", at=30)),
        (
            fact("Favourite colour is blue", "favorite:color", "blue"),
            fact("Favourite colour is green", "favorite:color", "green", at=30),
        ),
        (fact("Is 34", "age", "34"), fact("Turned 35", "age", "35", at=30)),
        (fact("Is a nurse", "occupation", "nurse"), fact("Is a midwife now", "occupation", "midwife", at=30)),
        (fact("Drives a Fiat", "drives", "Fiat"), fact("Drives a Zoe", "drives", "Zoe", at=30)),
        (fact("Works with Nike", "works_at", "Nike"), fact("Works for Puma", "works_at", "Puma", at=30)),
        (fact("Is on keto", "diet", "keto"), fact("Is doing paleo", "diet", "paleo", at=30)),
        (fact("Is vegetarian", "diet", "vegetarian"), fact("Is vegan", "diet", "vegan", at=30)),
        (
            fact("Is an assistant manager", "occupation", "assistant manager"),
            fact("Was promoted to manager", "occupation", "manager", at=30),
        ),
        (
            fact("Maria lives in Porto", "lives_in", "Porto", subject="Maria"),
            fact("Maria lives in Lisbon", "lives_in", "Lisbon", subject="maria", at=30),
        ),
        (
            fact("The user's sister lives in Oslo", "lives_in", "Oslo", subject="the user's sister"),
            fact("The user's sister moved to Rome", "lives_in", "Rome", subject="the user's sister", at=30),
        ),
        (
            fact("The user's mother lives in Oslo", "lives_in", "Oslo", subject="the user's mother"),
            fact("The user's mother lives in Rome", "lives_in", "Rome", subject="the user's mother", at=30),
        ),
        (
            fact("Is engaged to Matteo", "engaged_to", "Matteo"),
            fact("Is married to Matteo", "married_to", "Matteo", at=30),
        ),
        (
            fact("Is dating Freya", "in_relationship_with", "Freya"),
            fact("Is engaged to Freya", "engaged_to", "Freya", at=30),
        ),
        (
            fact("Is with Kim", "in_relationship_with", "Kim"),
            fact("Married Kim", "married_to", "Kim", at=30),
        ),
    ],
    "UPDATE refine": [
        (
            fact("Lives in San Francisco", "lives_in", "San Francisco"),
            fact("Lives in San Francisco, in the Mission", "lives_in", "San Francisco, in the Mission", at=30),
        ),
        (fact("Works at Acme", "works_at", "Acme"), fact("Works at Acme Corp", "works_at", "Acme Corp", at=30)),
        (
            fact("Comes from Spain", "comes_from", "Spain"),
            fact("Comes from Seville, Spain", "comes_from", "Seville, Spain", at=30),
        ),
        (fact("Drives a Tesla", "drives", "a Tesla"), fact("Drives a Tesla Model 3", "drives", "Tesla Model 3", at=30)),
    ],
    "UPDATE contradict": [
        (fact("Likes cheese", "likes", "cheese"), fact("Dislikes cheese", "dislikes", "cheese", at=30)),
        (fact("Dislikes cats", "dislikes", "cats"), fact("Loves cats now", "likes", "cats", at=30)),
        (
            fact("Prefers window seats", "prefers", "window seats"),
            fact("Hates window seats", "dislikes", "window seats", at=30),
        ),
        (fact("Likes olives", "likes", "olives"), fact("Does not like olives", "likes", "olives", negated=True, at=30)),
        (fact("Eats meat", "eats", "meat"), fact("No longer eats meat", "eats", "meat", negated=True, at=30)),
        (fact("Does not eat fish", "eats", "fish", negated=True), fact("Eats fish again", "eats", "fish", at=30)),
        (
            fact("Is vegetarian", "diet", "vegetarian"),
            fact("Is not a vegetarian any more", "diet", "vegetarian", negated=True, at=30),
        ),
        (
            fact("Works at Acme Corp", "works_at", "Acme Corp"),
            fact("No longer works at Acme", "works_at", "Acme", negated=True, at=30),
        ),
        (fact("Smokes", "smokes"), fact("Quit smoking", "smokes", negated=True, at=30)),
        (fact("Works at Acme", "works_at", "Acme"), fact("Is out of work", "works_at", None, negated=True, at=30)),
    ],
    "UPDATE correct": [
        (
            fact("Has a kitten named Mocha", "has_pet", "Mocha"),
            fact("Has a kitten named Moki", "has_pet", "Moki", at=0, correction=True),
        ),
        (
            fact("Is allergic to walnuts", "allergic_to", "walnuts"),
            fact("Is allergic to hazelnuts, not walnuts", "allergic_to", "hazelnuts", at=30),
        ),
        (
            fact("Speaks Danish", "speaks", "Danish"),
            fact("Speaks Dutch and not Danish", "speaks", "Dutch", at=30),
        ),
        (
            fact("Has a dog named Rex", "has_pet", "Rex"),
            fact("The dog is called Max, not Rex", "has_pet", "Max", at=30, correction=True),
        ),
        (
            fact("Has a sister named Anna", "has_sibling", "Anna"),
            fact("Has a sister named Hanna", "has_sibling", "Hanna", at=0, correction=True),
        ),
        (
            fact("Is allergic to pine nuts", "allergic_to", "pine nuts"),
            fact("Is allergic to cashew nuts", "allergic_to", "cashew nuts", at=0, correction=True),
        ),
    ],
    "UPDATE end": [
        (
            fact("Lives in Paris", "lives_in", "Paris"),
            fact("Lived in Paris until January", "lives_in", "Paris", at=60, valid_to=day(30)),
        ),
        (
            fact("Plays tennis", "plays", "tennis"),
            fact("Used to play tennis", "plays", "tennis", at=60, valid_to=day(60)),
        ),
        (
            fact("Works at Acme", "works_at", "Acme"),
            fact("Leaves Acme in July", "works_at", "Acme", at=60, valid_to=day(180)),
        ),
    ],
    "ADD add": [
        # Many-valued slots hold many.
        (fact("Has a dog named Rex", "has_pet", "Rex"), fact("Has a cat named Mia", "has_pet", "Mia", at=30)),
        (fact("Has a son, Leo", "has_child", "Leo"), fact("Has a daughter, Ida", "has_child", "Ida", at=30)),
        (fact("Likes tea", "likes", "tea"), fact("Likes coffee", "likes", "coffee", at=30)),
        (fact("Speaks French", "speaks", "French"), fact("Speaks Dutch", "speaks", "Dutch", at=30)),
        # Other slots, other topics.
        (fact("Lives in Berlin", "lives_in", "Berlin"), fact("Visited Rome", "visited", "Rome", at=30)),
        (
            fact("Favourite colour is blue", "favorite:color", "blue"),
            fact("Favourite food is ramen", "favorite:food", "ramen", at=30),
        ),
        (fact("Favourite is blue", "favorite", "blue"), fact("Favourite is ramen", "favorite", "ramen", at=30)),
        (fact("Likes cheese", "likes", "cheese"), fact("Dislikes blue cheese", "dislikes", "blue cheese", at=30)),
        (fact("Does not dislike tea", "dislikes", "tea", negated=True), fact("Likes tea", "likes", "tea", at=30)),
        # Somebody else.
        (
            fact("Lives in Berlin", "lives_in", "Berlin"),
            fact("The user's sister moved to Rome", "lives_in", "Rome", subject="the user's sister", at=30),
        ),
        (
            fact("Tom works at Acme", "works_at", "Acme", subject="Tom"),
            fact("Tim works at Globex", "works_at", "Globex", subject="Tim", at=30),
        ),
        (
            fact("Lives in Berlin", "lives_in", "Berlin", role="user", name="Ann"),
            fact("Lives in Rome", "lives_in", "Rome", role="user", name="Bob", at=30),
        ),
        # One of many: perhaps another friend, another brother, another dog.
        (
            fact("The user's friend lives in Oslo", "lives_in", "Oslo", subject="the user's friend"),
            fact("The user's friend lives in Bonn", "lives_in", "Bonn", subject="the user's friend", at=30),
        ),
        (
            fact("The user's brother works at Acme", "works_at", "Acme", subject="the user's brother"),
            fact("The user's brother works at Globex", "works_at", "Globex", subject="the user's brother", at=30),
        ),
        (
            fact("The user's dog is named Rex", "name", "Rex", subject="the user's dog"),
            fact("The user's dog is named Max", "name", "Max", subject="the user's dog", at=30),
        ),
        (
            fact("Is engaged to Matteo", "engaged_to", "Matteo"),
            fact("Is married to Sven", "married_to", "Sven", at=30),
        ),
        (
            fact("Is married to Matteo", "married_to", "Matteo"),
            fact("Is engaged to Matteo", "engaged_to", "Matteo", at=30),
        ),
        (
            fact("The user's friend lives in Oslo", "lives_in", "Oslo", subject="the user's friend"),
            fact("The user's friend moved to Rome", "lives_in", "Rome", subject="the user's friend", at=30),
        ),
        (
            fact("The user's brother works at Acme", "works_at", "Acme", subject="the user's brother"),
            fact(
                "The user's brother works at New Balance",
                "works_at",
                "New Balance",
                at=30,
                subject="the user's brother",
            ),
        ),
        (fact("Is from Boston", "comes_from", "Boston"), fact("Is from New York", "comes_from", "New York", at=30)),
        # People are several things, come from several places and have several cars and clients.
        (fact("Is a nurse", "occupation", "nurse"), fact("Is a photographer", "occupation", "photographer", at=30)),
        (fact("Is from Boston", "comes_from", "Boston"), fact("Is from Quito", "comes_from", "Quito", at=30)),
        (fact("Drives a Fiat", "drives", "Fiat"), fact("Has a Ford Mustang", "drives", "Ford Mustang", at=30)),
        (fact("Works at Acme", "works_at", "Acme"), fact("Is working with Nike", "works_at", "Nike", at=30)),
        (fact("Is vegetarian", "diet", "vegetarian"), fact("Eats gluten-free", "diet", "gluten-free", at=30)),
        (
            fact("Favorite movies are Heat and Jaws", "favorite:movies", "Heat"),
            fact("Favorite movies are Alien and Up", "favorite:movies", "Alien", at=30),
        ),
        # Said beside, not instead.
        (fact("Works at Acme", "works_at", "Acme"), fact("Also works at a bar", "works_at", "a bar", at=30)),
        (
            fact("Lives in Berlin", "lives_in", "Berlin"),
            fact("Is staying in Rome for the summer", "lives_in", "Rome", at=30),
        ),
        (
            fact("Favourite book is Emma", "favorite:book", "Emma"),
            fact("One of the favourite books is Dune", "favorite:book", "Dune", at=30),
        ),
        # A region may contain the town.
        (
            fact("Lives in San Francisco", "lives_in", "San Francisco"),
            fact("Lives in California", "lives_in", "California", at=30),
        ),
        (fact("Comes from Seville", "comes_from", "Seville"), fact("Comes from Spain", "comes_from", "Spain", at=30)),
        (fact("Comes from the UK", "comes_from", "the UK"), fact("Comes from Leeds", "comes_from", "Leeds", at=30)),
        # A denial of something else.
        (
            fact("Lives in Berlin", "lives_in", "Berlin"),
            fact("Does not live in Paris", "lives_in", "Paris", negated=True, at=30),
        ),
        (fact("Eats meat", "eats", "meat"), fact("Does not eat red meat", "eats", "red meat", negated=True, at=30)),
        (fact("Has a dog, Rex", "has_pet", "Rex"), fact("Has no pets", "has_pet", None, negated=True, at=30)),
        (
            fact("Does not live in Paris", "lives_in", "Paris", negated=True),
            fact("Lives in Rome", "lives_in", "Rome", at=30),
        ),
        # The past says nothing against the present, nor a time that ends against one that does not.
        (
            fact("Lives in Berlin", "lives_in", "Berlin"),
            fact("Lived in Paris as a student", "lives_in", "Paris", at=30, valid_from=day(-900), valid_to=day(-500)),
        ),
        (
            fact("Lives in Paris", "lives_in", "Paris"),
            fact("Lived in Paris as a student", "lives_in", "Paris", at=30, valid_from=day(-900), valid_to=day(-500)),
        ),
        (
            fact("Lives in Berlin", "lives_in", "Berlin"),
            fact("Lives in Rome till May", "lives_in", "Rome", at=30, valid_to=day(130)),
        ),
        (
            fact("Likes jazz", "likes", "jazz"),
            fact("Hated jazz as a child", "dislikes", "jazz", at=30, valid_to=day(-3000)),
        ),
        (
            fact("Was in Rome", valid_from=day(-30), valid_to=day(-20)),
            fact("Was in Rome", at=30, valid_from=day(10), valid_to=day(20)),
        ),
        # A correction of something else, or too long ago to mean that.
        (
            fact("Has a kitten named Mocha", "has_pet", "Mocha"),
            fact("Has a kitten named Tiger", "has_pet", "Tiger", at=0),
        ),
        (
            fact("Has a kitten named Mocha", "has_pet", "Mocha"),
            fact("Has a kitten named Tiger", "has_pet", "Tiger", at=30, correction=True),
        ),
        (
            fact("Likes dogs", "likes", "dogs"),
            fact("Likes cats, not only dogs", "likes", "cats", at=30),
        ),
        (
            fact("Has a dog named Rex", "has_pet", "Rex"),
            fact("Has a cat named Whiskers", "has_pet", "Whiskers", at=0, correction=True),
        ),
        (fact("Likes coffee", "likes", "coffee"), fact("Likes tea", "likes", "tea", at=0, correction=True)),
        (
            fact("Has a sister named Anna", "has_sibling", "Anna"),
            fact("Has a sister named Hanna", "has_sibling", "Hanna", at=30, correction=True),
        ),
        # Words alone never replace words.
        (fact("The meeting is on Monday"), fact("The meeting is on Tuesday", at=30)),
        (fact("Likes C", "likes", "C"), fact("Likes C#", "likes", "C#", at=30)),
        (fact("体重は増えた"), fact("体重は減った", at=30)),
        (fact("是"), fact("不是", at=30)),
    ],
}


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
