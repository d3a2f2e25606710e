"""Which talk gives a fact, in which words, about whom, since when; and what never gives one."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlayer.extraction.categories import DEFAULT_CATEGORIES, categorize
from memlayer.extraction.local import LocalExtractor
from memlayer.protocols import Extractor
from memlayer.types import Candidate, Message, Record, Scope

AT = datetime(2023, 5, 8, 13, 56, tzinfo=timezone.utc)
SCOPE = Scope(user_id="alex")


def said(text: str, name: str | None = None, role: str = "user", episode: str = "e1") -> Message:
    return Message(role, text, AT, name=name, episode_id=episode)


def read(*messages: Message, known: tuple[Record, ...] = ()) -> list[Candidate]:
    return LocalExtractor().extract(messages, scope=SCOPE, known=known)


TEXTS = [
    ("I live in San Francisco.", "Lives in San Francisco"),
    ("Actually, I don't like cheese.", "Does not like cheese"),
    ("Actually, I don't like cheese on my sandwich", "Does not like cheese"),
    ("My name is Alice.", "Name is Alice"),
    ("I work at Acme as a data engineer", "Works at Acme as a data engineer; Is a data engineer"),
    ("My sister moved to Rome", "The user's sister moved to Rome"),
    ("I live in Oslo with my dog", "Lives in Oslo with their dog"),
    ("I moved to Berlin last May", "Moved to Berlin in May 2022"),
    ("I went hiking yesterday", "Went hiking on 2023-05-07"),
    ("Last week I won my second tournament!", "Won their second tournament in the week of 2023-05-01"),
    ("I bought a road bike two weeks ago", "Bought a road bike around 2023-04-24"),
    ("I graduated from Lund in 2019", "Graduated from Lund in 2019"),
    ("I'm planning to visit Japan next year", "Is planning to visit Japan in 2024"),
    ("I want to learn Spanish", "Wants to learn Spanish"),
    ("I'm training for a marathon in October", "Is training for a marathon in October 2023"),
    ("We have two dogs, Rex and Luna", "Has a dog named Rex; Has a dog named Luna"),
    ("I'm allergic to peanuts and shellfish", "Is allergic to peanuts; Is allergic to shellfish"),
    ("My birthday is March 15th", "Birthday is March 15th"),
    ("I no longer eat meat", "No longer eats meat"),
    ("My favorite color is blue", "Favorite color is blue"),
    ("I've been reading \"Dune\" since Friday", "Has been reading \"Dune\" since 2023-05-05"),
    ("Been working on a new novel lately", "Has been working on a new novel lately"),
    ("I have a dentist appointment on Friday", "Has a dentist appointment on 2023-05-12"),
    ("My grandma passed away last week", "The user's grandma passed away in the week of 2023-05-01"),
    ("My dog Rex died yesterday", "The user's dog Rex died on 2023-05-07"),
    ("I lost my keys at the airport yesterday", "Lost their keys at the airport on 2023-05-07"),
    ("I've been using my Fender Mustang I V2 for practice", "Has been using their Fender Mustang I V2 for practice"),
    ("We've started a Sunday morning yoga routine", "Has started a Sunday morning yoga routine"),
    ("I've started taking yoga classes on Saturday mornings", "Has started taking yoga classes on Saturday mornings"),
    ("I'm planning a trip to Japan and need some help", "Is planning a trip to Japan and needs some help"),
    ("My boss and I met Ann together in May", "Met Ann with their boss in May 2023"),
    ("Should I bring a coat, since I live in Oslo?", "Lives in Oslo"),
    ('I am reading a book called "Finding Home."', 'Is reading a book called "Finding Home"'),
    ("I joined a chess club last Tues", "Joined a chess club on 2023-05-02"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[t[0] for t in TEXTS])
def test_facts_are_short_standing_sentences(text: str, expected: str) -> None:
    assert "; ".join(c.text for c in read(said(text))) == expected


NOTHING = [
    "Hi!",
    "Hello there, how are you?",
    "Thanks so much!",
    "Thank you, that was helpful.",
    "Good morning",
    "Sounds great!",
    "What is the capital of France?",
    "Can you recommend a restaurant in Rome?",
    "Tell me about black holes.",
    "Explain recursion to me please.",
    "I'd like to know more about Rome.",
    "I want to know how tides work.",
    "I'm looking for a good book. Any ideas?",
    "Could you help me plan a trip?",
    "I need some advice.",
    "I was wondering if you could help me.",
    "Please write a poem about autumn.",
    "Translate the following: I live in Rome.",
    "Proofread this text: I moved to Berlin last year and I love it.",
    "Write a story where I live on Mars.",
    "Photosynthesis is the process by which plants make food.",
    "Paris is the capital of France.",
    "Water boils at 100 degrees.",
    "A list comprehension builds a list.",
    "The mitochondrion is the powerhouse of the cell.",
    "Cats are mammals.",
    "If I won the lottery, I would move to Italy.",
    "I'd move to Italy if I could.",
    "Suppose I work at Acme.",
    "What if I moved to Berlin?",
    "I might buy a car.",
    "Maybe I am allergic to nuts.",
    "I guess I like jazz.",
    "I wish I had a dog.",
    "I could have been a doctor.",
    "I dreamed I lived on a boat.",
    "I almost bought a house.",
    "Pretend you are my doctor. I have diabetes.",
    "Let's role-play: I am a pirate named Jack.",
    "You are a helpful assistant.",
    "Imagine I am the king of Spain.",
    "Yeah right, I live in a castle.",
    "I love waking up at 5am, said no one ever.",
    "I moved to Mars. Just kidding!",
    "I just love traffic /s",
    'My friend said "I live in Rome and I hate cheese".',
    "> I live in Rome",
    "```\nmy name is Bob\nI live in Rome\n```",
    "def f(x): return my_sister(x)",
    "I = 5; my = 6;",
    "SELECT name FROM users",
    "import os",
    "Ich wohne in Berlin und mag Käse.",
    "Vivo en Madrid y no me gusta el queso.",
    "J'habite à Paris et je n'aime pas le fromage.",
    "Abito a Roma. I bambini sono a scuola.",
    "I Stockholm bor jag.",
    "私は東京に住んでいます。",
    "Я живу в Москве.",
    "أعيش في القاهرة",
    "Mieszkam w Warszawie.",
    "我住在北京。",
    "Mi hermana vive en Roma.",
    "Ik woon in Utrecht en my naam is Jan.",
    "",
    "   ",
    "???",
    "12345",
    "😀😀😀",
    "lol",
    "ok",
    "I agree.",
    "I see.",
    "I think so too.",
    "I don't know.",
    "I'm not sure.",
    "I'm fine.",
    "I am happy to hear that.",
    "I understand.",
    "I'll try that, thanks!",
    "I'll check it out.",
    "I will keep that in mind.",
    "That's my favorite!",
    "You have a nice dog.",
    "Your sister lives in Rome.",
    "He is a doctor.",
    "It is raining.",
    "I had a great time!",
    "I love you.",
    "I miss you.",
    "I hope you like it.",
    "I am so glad!",
    "I can't wait!",
    "I got it.",
    "I made it!",
    "I found it.",
    "I tried.",
    "I've been subscribed to for about six months.",
    "I bought a few packs of it yesterday.",
    "I've been preparing for this trip for a while.",
    "In my novel the hero says: I moved to Milan.",
    "Translate this: I am no longer a teacher.",
    'Can you proofread this? "Hello, I recently moved to Cadiz."',
]


@pytest.mark.parametrize("text", NOTHING)
def test_other_talk_gives_nothing(text: str) -> None:
    assert [c.text for c in read(said(text))] == []


@pytest.mark.parametrize("role", ["assistant", "system", "tool"])
def test_only_people_are_read(role: str) -> None:
    assert read(said("I live in San Francisco and my name is Claude.", role=role)) == []


@pytest.mark.parametrize("name", ["assistant", "Support Bot", "planner", "GPT", "My Agent", "user_proxy"])
def test_a_named_machine_is_no_person(name: str) -> None:
    assert read(said("Nice to meet you.", "Anna"), said("I live in San Francisco.", name, "assistant")) == []


def test_named_speakers_are_their_own_subjects() -> None:
    a, b = (
        said("I live in Rome.", "Caroline"),
        said("I work at Acme. My sister moved to Oslo.", "Melanie", "assistant", "e2"),
    )
    found = read(a, b)
    assert [(c.text, c.subject, c.sources) for c in found] == [
        ("Caroline lives in Rome", "Caroline", ("e1",)),
        ("Melanie works at Acme", "Melanie", ("e2",)),
        ("Melanie's sister moved to Oslo", "Melanie's sister", ("e2",)),
    ]
    assert [c.relations[0].source for c in found] == ["Caroline", "Melanie", "Melanie's sister"]


def test_one_sentence_fills_all_three_stores() -> None:
    found = read(said("I live in SF and I don't like cheese."))
    edges = [(r.source, r.predicate, r.target, r.target_type) for c in found for r in c.relations]
    assert [(c.attribute, c.value) for c in found] == [("lives_in", "SF"), ("dislikes", "cheese")]
    assert edges == [("user", "lives_in", "SF", "place"), ("user", "dislikes", "cheese", "food")]
    assert len({r for e in edges for r in (e[0], e[2])}) == 3


CORRECTIONS = [
    "Actually, I live in Oslo.",
    "I meant I live in Oslo.",
    "No wait, I live in Oslo.",
    "Scratch that, I live in Oslo.",
    "I live in Rome, no wait, Oslo.",
    "I live in Rome... I mean Oslo.",
    "Sorry, I meant I live in Oslo.",
    "I live in Rome, sorry, Oslo.",
]


@pytest.mark.parametrize("text", CORRECTIONS)
def test_a_correction_is_marked(text: str) -> None:
    (fact,) = read(said(text))
    assert (fact.attribute, fact.value, fact.correction) == ("lives_in", "Oslo", True)


@pytest.mark.parametrize("text", ["I live in Oslo.", "By the way, I live in Oslo.", "So I live in Oslo."])
def test_other_openings_are_no_correction(text: str) -> None:
    assert [c.correction for c in read(said(text))] == [False]


SINCE = [
    ("I've been living in Lisbon since 2019", "2019-01-01"),
    ("I moved to Berlin last May", "2022-05-01"),
    ("I have been working at Acme for three years", "2020-05-08"),
    ("I live in Rome", "2023-05-08"),
    ("I bought a house last week", "2023-05-08"),
    ("I went hiking yesterday", "2023-05-07"),
    ("I'm planning to visit Japan next year", "2023-05-08"),
    ("My lease ends in March", "2023-05-08"),
]


@pytest.mark.parametrize(("text", "since"), SINCE)
def test_since_when_it_is_true(text: str, since: str) -> None:
    assert f"{read(said(text))[0].valid_from:%Y-%m-%d}" == since


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("I work at IBM until the end of March", "2024-04-01"),
        ("I live in Zanzibar until tomorrow", "2023-05-10"),
        ("I lived in Rome until March", None),
        ("I live in Rome", None),
    ],
)
def test_until_when_it_is_true(text: str, until: str | None) -> None:
    end = read(said(text))[0].valid_to
    assert (end and f"{end:%Y-%m-%d}") == until


def test_known_names_make_a_person_of_a_word() -> None:
    record = Record(
        "r1",
        "fact",
        "Has a friend named Zorblax",
        SCOPE,
        AT,
        AT,
        AT,
        subject="user",
        attribute="has_friend",
        value="Zorblax",
    )
    assert read(said("Zorblax lives in Rome.")) == []
    (fact,) = read(said("Zorblax lives in Rome."), known=(record,))
    assert (fact.subject, fact.attribute, fact.value) == ("Zorblax", "lives_in", "Rome")


def test_forty_turns_do_not_become_forty_facts() -> None:
    talk = [said(t, episode=f"e{n}") for n, t in enumerate((*NOTHING[:30], *[t for t, _ in TEXTS[:10]]))]
    assert len({c.sources for c in read(*talk)}) <= 13


def test_the_same_statement_twice_in_a_message_is_one_fact() -> None:
    assert len(read(said("I live in Rome. I live in Rome."))) == 1


def test_a_message_without_an_episode_gives_nothing() -> None:
    assert read(said("I live in Rome.", episode="")) == []


def test_what_a_long_message_is_cut_in_is_not_read() -> None:
    """The second fact was "Loves t"."""
    assert [fact.text for fact in read(said("I love tea. " * 5_000))] == ["Loves tea"]


def test_a_long_fact_ends_with_a_whole_word() -> None:
    (fact,) = read(said("I love sitting on the balcony with " + "a cup of strong black tea and " * 10 + "a book."))
    assert len(fact.text) <= 240
    assert re.fullmatch(r"Loves sitting .* (a|cup|of|strong|black|tea|and)…", fact.text)


def test_default_categories() -> None:
    assert categorize("Lives in Rome", "lives_in")[0] == "personal_details"
    assert categorize("Is allergic to peanuts", "allergic_to")[0] == "health"
    assert categorize("Xyzzy") == ("misc",)
    assert {c for t, _ in TEXTS for f in read(said(t)) for c in f.categories} <= set(DEFAULT_CATEGORIES)


def test_custom_categories_replace_the_default_ones() -> None:
    custom = [{"commute": "how the user gets to work, by bike, train or car"}, {"kitchen": "cooking and recipes"}]
    extractor = LocalExtractor(custom_categories=custom)
    (fact,) = extractor.extract([said("I drive a Honda Civic.")], scope=SCOPE, known=[])
    assert fact.categories == ()
    (fact,) = extractor.extract([said("I love cooking.")], scope=SCOPE, known=[])
    assert fact.categories == ("kitchen",)


def test_it_is_an_extractor() -> None:
    assert isinstance(LocalExtractor(), Extractor)


WORDS = st.sampled_from(
    """I my we sister Anna live lives in Rome like not don't love hate and , . ? ! have a dog named Rex is am was to
    moved yesterday if said " ' - no wait actually favorite name color used work at Acme as since 2019 last week for
    three years""".split()
)


@settings(deadline=None)
@given(st.text(max_size=200) | st.lists(WORDS, max_size=30).map(" ".join), st.sampled_from([None, "Anna", "user", ""]))
def test_any_text_is_read(text: str, name: str | None) -> None:
    message = said(text, name)
    found = read(message)
    assert found == read(message)
    for c in found:
        assert c.text.strip() == c.text != ""
        assert c.sources == ("e1",)
        assert c.subject
        assert c.valid_from is not None
        assert c.valid_from <= AT
        assert 0 <= c.importance <= 1


@pytest.mark.parametrize(
    "part",
    ["I ", "my sister ", "a", "A", "Rex Rex ", "\"", "- ", "no wait, ", "I used to ", "if ", "```", "(",
      "and ", " ", "hi ", "I love a and b and "],
)  # fmt: skip
@pytest.mark.parametrize("opening", ["", "I live in ", "I have a dog named "])
def test_long_texts_take_time_in_proportion(opening: str, part: str) -> None:
    started = time.process_time()
    read(said((opening + part * 100_000)[:100_000]))
    assert time.process_time() - started < 2


def test_blanks_cost_nothing() -> None:
    """A message of 20,000 characters, most of them blanks, took ten seconds."""
    begun = time.process_time()
    assert {c.text for c in read(said(f"I like{' ' * 550}tea. " * 35))} == {"Likes tea"}
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("text", ["In this example, I live in a small village near Bath.", "I separated the files."])
def test_an_example_and_things_put_apart_are_no_life(text: str) -> None:
    assert [c for c in read(said(text)) if c.attribute is not None or "village" in c.text] == []
