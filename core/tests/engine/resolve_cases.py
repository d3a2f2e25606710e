"""Facts to resolve, and the table of pairs: what is held, what is said a month later, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from memlayer.engine.resolve import Decision, resolve
from memlayer.types import Candidate, Record, Scope

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
