"""What `search` and `context` do with their keywords, and with memories of other kinds and sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory
from memlayer.testing import FixedClock, HashEmbedder
from memlayer.types import Candidate, Message, Record, Scope

START = datetime(2024, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def memory(tmp_path: Path, clock: FixedClock) -> Iterator[Memory]:
    """A memory with the local model, as everybody has it."""
    with Memory(tmp_path / "memory.db", clock=clock) as made:
        yield made


def told(memory: Memory, query: str, **options: Any) -> list[str]:
    return [row["memory"] for row in memory.search(query, user_id="anna", **options)["results"]]


def keep(memory: Memory, *texts: str, **options: Any) -> list[str]:
    """Adds texts in their own words, a day apart; their ids."""
    ids = []
    for n, text in enumerate(texts):
        note = {"role": "user", "content": text, "timestamp": START + timedelta(days=n)}
        ids.append(memory.add(note, user_id="anna", infer=False, **options)["results"][0]["id"])
    return ids


# Threshold and filter_memories


def test_a_threshold_means_the_same_for_every_question(memory: Memory) -> None:
    keep(memory, "My dentist is Doctor Weber in Bonn.", "The boiler was serviced in March.")
    answered = memory.search("Who is my dentist?", user_id="anna")["results"]
    never = memory.search("Which lecture on quantum chromodynamics did I give?", user_id="anna")["results"]
    assert answered[0]["score"] > 0.6 > 0.3 > never[0]["score"]
    assert told(memory, "Who is my dentist?", threshold=0.6) == ["My dentist is Doctor Weber in Bonn."]
    assert told(memory, "Which lecture on quantum chromodynamics did I give?", threshold=0.3) == []


def test_filter_memories_keeps_what_likely_answers(memory: Memory) -> None:
    keep(memory, "My dentist is Doctor Weber in Bonn.", "The boiler was serviced in March.", "Olives are tasty.")
    assert len(told(memory, "Who is my dentist?")) == 3
    assert told(memory, "Who is my dentist?", filter_memories=True) == ["My dentist is Doctor Weber in Bonn."]
    assert told(memory, "Which lecture on quantum chromodynamics did I give?", filter_memories=True) == []
    assert told(memory, "Who is my dentist?", filter_memories=True, threshold=0.9999) == []


def test_keyword_search_changes_nothing_because_words_always_count(memory: Memory) -> None:
    keep(memory, "The spare fuse is an XK-4471.", "The boiler was serviced in March.")
    assert told(memory, "XK-4471")[0] == "The spare fuse is an XK-4471."
    assert told(memory, "XK-4471", keyword_search=True) == told(memory, "XK-4471")


# Categories, importance, feedback


def test_categories_narrow(memory: Memory) -> None:
    keep(memory, "Tea at four.", categories=["food"])
    keep(memory, "Tea leaves the harbour at four.", categories=["travel"])
    assert told(memory, "tea at four", categories=["travel"]) == ["Tea leaves the harbour at four."]
    assert told(memory, "tea at four", categories=["sports"]) == []
    assert len(told(memory, "tea at four", categories=["food", "travel"])) == 2


class Weighty:
    """An extractor that takes each message as a fact and "!" for importance."""

    def extract(self, messages: Sequence[Message], *, scope: Scope, known: Sequence[Record] = ()) -> list[Candidate]:
        return [
            Candidate(
                text=m.text, importance=0.9 if m.text.endswith("!") else 0.1, sources=(m.episode_id or "",),
                valid_from=m.timestamp,
            )
            for m in messages
        ]  # fmt: skip


def test_of_two_that_answer_the_important_one_comes_first(tmp_path: Path) -> None:
    with Memory(tmp_path / "memory.db", extractor=Weighty(), clock=FixedClock()) as memory:
        for text in ("Peanuts are bad for Tom!", "Peanuts are bad for Tim."):
            memory.add(text, user_id="anna")
        found = memory.search("peanuts", user_id="anna", explain=True)["results"]
        assert [row["memory"] for row in found] == ["Peanuts are bad for Tom!", "Peanuts are bad for Tim."]
        assert [row["signals"]["importance"] for row in found] == [0.4, -0.4]
        memory.feedback(found[0]["id"], "NEGATIVE")
        assert memory.search("peanuts", user_id="anna", limit=1)["results"][0]["memory"] == "Peanuts are bad for Tim."


def test_feedback_sinks_hides_and_is_cleared(memory: Memory) -> None:
    first, second, third = keep(
        memory, "The gate code is 4711.", "The gate code is under the mat.", "The gate is painted green."
    )
    query = "What is the gate code?"

    def order() -> list[str]:
        return [row["id"] for row in memory.search(query, user_id="anna")["results"]]

    before = order()
    best, last = before[0], before[-1]
    memory.feedback(best, "NEGATIVE", "somebody changed it")
    assert order().index(best) > 0
    shown = memory.search(query, user_id="anna", explain=True)["results"]
    assert next(r for r in shown if r["id"] == best)["signals"]["feedback"] == -2.0
    memory.feedback(best, "VERY_NEGATIVE")
    assert best not in order()
    assert best not in memory.context(query, user_id="anna")
    assert memory.get(best)["id"] == best
    memory.feedback(best)
    assert order() == before
    memory.feedback(last, "POSITIVE")
    assert next(
        r for r in memory.search(query, user_id="anna", explain=True)["results"] if r["id"] == last
    )["signals"]["feedback"] == 2.0  # fmt: skip
    assert {first, second, third} == set(order())


# Explain


def test_every_share_of_a_score_is_named(memory: Memory) -> None:
    memory.add("I live in Paris.", user_id="anna")
    memory.add("My dentist is Doctor Weber.", user_id="anna")
    best, other = memory.search("Where do I live?", user_id="anna", explain=True)["results"]
    assert "Paris" in best["memory"]
    assert best["signals"]["slot"] > 0
    assert {"role", "meaning", "name_asked"} <= best["signals"].keys()
    assert "slot" not in other["signals"]
    assert "signals" not in memory.search("Where do I live?", user_id="anna")["results"][0]


def test_an_exact_fact_says_so_where_its_words_say_nothing(memory: Memory) -> None:
    memory.add("I moved to Lyon.", user_id="anna")
    (best,) = memory.search("Where am I based?", user_id="anna", explain=True, limit=1)["results"]
    assert "Lyon" in best["memory"]
    assert best["signals"]["slot"] > 0
    assert best["score"] >= 0.9


# Context


def test_context_is_grouped_dated_and_newest_first(memory: Memory, clock: FixedClock) -> None:
    for days, text in ((40, "I like jazz."), (20, "I like chess."), (1, "I live in Oslo.")):
        memory.add([{"role": "user", "content": text, "timestamp": clock() - timedelta(days=days)}], user_id="anna")
    said = {"role": "user", "content": "Could you look over the draft?", "timestamp": clock() - timedelta(hours=1)}
    memory.add([said], user_id="anna")
    lines = memory.context("What do I like and where do I live?", user_id="anna").splitlines()
    assert (lines[0], lines[-1]) == ("<memories>", "</memories>")
    known = lines[lines.index("Known:") + 1 : lines.index("Said:")]
    assert [word for line in known for word in ("Oslo", "chess", "jazz") if word in line] == ["Oslo", "chess", "jazz"]
    assert all("(since 2024-" in line for line in known)
    assert lines[lines.index("Said:") + 1].startswith(f"- {clock():%Y-%m-%d}, user: Could you")


def test_context_takes_the_best_evidence_into_its_budget(memory: Memory) -> None:
    keep(memory, "The plumber is called Ines Duarte.", *(f"Note {n}: the weather was fine." for n in range(30)))
    for budget in (60, 100, 400):
        block = memory.context("Who is the plumber?", user_id="anna", max_tokens=budget)
        assert "Ines Duarte" in block
        assert len(block) <= 4 * budget
    assert memory.context("Who is the plumber?", user_id="anna", max_tokens=10) == ""


def test_context_shows_the_new_truth_and_not_the_old_one(memory: Memory, clock: FixedClock) -> None:
    memory.add("I live in Paris.", user_id="anna")
    clock.advance(days=30)
    memory.add("I moved to Lyon.", user_id="anna")
    block = memory.context("Where do I live?", user_id="anna")
    assert "Lyon" in block
    assert "Paris" not in block


# Memories of other kinds


def chat(*turns: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)]


def test_an_ordinary_chat_answers_for_both_sides(memory: Memory) -> None:
    memory.add(
        chat(
            "Can you suggest a name for our bakery newsletter?",
            "How about The Daily Crumb? It is short and warm.",
            "Nice. By the way, our oven broke on Friday and the repair costs 640 euros.",
            "Sorry to hear that. Perhaps the guarantee covers it.",
            "What is a good starter for rye?",
            "A mature sourdough starter, fed twice a day, works best for rye.",
        ),
        user_id="anna",
        run_id="r1",
    )
    assert "640 euros" in " ".join(told(memory, "How much does the repair of my oven cost?", limit=2))
    assert "Daily Crumb" in " ".join(told(memory, "Which newsletter name did you suggest?", limit=2))
    assert "sourdough" in " ".join(told(memory, "What did you tell me about a starter for rye?", limit=2))


def test_short_notes(memory: Memory) -> None:
    keep(memory, "wifi: hunter2", "milk, eggs, rye flour", "bike lock 8832", "dad's ring size 62", "flight LH 455 9:40")
    for query, wanted in (
        ("wifi password", "wifi: hunter2"),
        ("code of the bike lock", "bike lock 8832"),
        ("ring size of my dad", "dad's ring size 62"),
        ("When does my flight leave?", "flight LH 455 9:40"),
        ("what was on the shopping list, eggs?", "milk, eggs, rye flour"),
    ):
        assert told(memory, query, limit=1) == [wanted]


def test_code(memory: Memory) -> None:
    snippets = (
        "def parse_header(line: str) -> list[str]:\n    name, _, value = line.partition(':')\n    return [name, value]",
        "SELECT user_id, count(*) FROM orders WHERE created_at > now() - interval '7 days' GROUP BY user_id;",
        "const total = items.reduce((sum, item) => sum + item.price * item.quantity, 0);",
        "docker run --rm -p 8080:80 -v $PWD/site:/usr/share/nginx/html nginx:alpine",
        "git rebase --onto main feature~3 feature",
    )
    keep(memory, *snippets)
    for query, place in (
        ("parse_header", 0), ("SQL for orders per user in the last 7 days", 1), ("sum of price times quantity", 2),
        ("how do I serve the site with nginx in docker", 3), ("rebase --onto", 4),
    ):  # fmt: skip
        assert told(memory, query, limit=1) == [snippets[place]]


def test_a_memory_of_one(memory: Memory) -> None:
    keep(memory, "My passport is in the blue drawer.")
    assert told(memory, "Where is my passport?", filter_memories=True) == ["My passport is in the blue drawer."]
    assert told(memory, "What is the capital of Mongolia?", filter_memories=True) == []
    assert told(memory, "?!") == ["My passport is in the blue drawer."]


THINGS = (
    "lamp kettle tent violin drill camera saddle printer canoe telescope toaster ladder scooter anvil globe".split()
)
PLACES = "cellar attic garage shed kitchen hallway balcony office cabin workshop".split()


@pytest.mark.slow
def test_a_hundred_thousand_memories_of_one_user(tmp_path: Path) -> None:
    """Needles are found among 100,000 notes that look like them; `benchmarks/speed/mixed.py` says how fast."""
    size, batch = 100_000, 1_000
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder(64), clock=FixedClock()) as memory:
        for start in range(0, size, batch):
            notes = [
                {"role": "user", "content": f"The {THINGS[n % 15]} number {n} is in the {PLACES[n * 7 % 10]}."}
                for n in range(start, start + batch)
            ]
            memory.add(notes, user_id="anna", infer=False, run_id=f"r{start}")
        needles = [f"{thing.capitalize()} of Aunt Zelda{n} lies beneath the willow." for n, thing in enumerate(THINGS)]
        keep(memory, *needles)
        for n, needle in enumerate(needles):
            assert told(memory, f"Where is the {THINGS[n]} of Zelda{n}?", limit=1) == [needle]
            assert "number 77123 " in told(memory, "Where is number 77123?", limit=1)[0]
