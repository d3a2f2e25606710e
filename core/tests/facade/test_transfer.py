"""What `export` writes and `import_` takes in: whole, the same, and checked before anything is written."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from memlayer import ConfigurationError, Memory
from memlayer.testing import FixedClock, HashEmbedder

ANN: dict[str, Any] = {"user_id": "ann"}
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def new(clock: FixedClock) -> Iterator[Callable[[], Memory]]:
    made: list[Memory] = []

    def make() -> Memory:
        made.append(Memory(":memory:", embedder=HashEmbedder(), clock=clock))
        return made[-1]

    yield make
    for memory in made:
        memory.close()


def export(memory: Memory, **options: Any) -> dict[str, Any]:
    """What a file holds of the memory."""
    found: dict[str, Any] = json.loads(json.dumps(memory.export(**ANN, **options)))
    return found


def filled(memory: Memory, clock: FixedClock) -> Memory:
    """A memory with something of everything, several of one instant among it."""
    memory.add(
        [
            {"role": "user", "content": "I live in Rome and I love sushi.", "id": "m1", "name": "Ann"},
            {"role": "assistant", "content": "Noted."},
        ],
        run_id="monday", metadata={"tags": ["a", {"b": 1.5}]}, expiration_date="9999-12-31", **ANN,
    )  # fmt: skip
    memory.add("I like tea.", **ANN)
    memory.add("I am allergic to nuts.", immutable=True, **ANN)
    memory.items.put(("notes", "day"), "first", {"text": "one"}, index=["text"], ttl=3600, **ANN)
    memory.items.put("notes", "second", {"text": "two"}, **ANN)
    clock.advance(60)
    memory.items.put(("notes", "day"), "first", {"text": "three"}, index=["text"], ttl=3600, **ANN)
    memory.add("I moved to Berlin.", **ANN)
    gone = memory.add("I have a boat.", **ANN)["results"][0]["id"]
    memory.feedback(memory.add("I hate fog.", **ANN)["results"][0]["id"], "NEGATIVE")
    memory.delete(gone)
    return memory


@pytest.mark.parametrize("history", [True, False])
def test_what_was_exported_is_exported_the_same(new: Callable[[], Memory], clock: FixedClock, history: bool) -> None:
    whole = export(filled(new(), clock), history=history)
    clock.advance(60)
    other = new()
    assert other.import_(whole) == {"records": len(whole["records"]), "known": 0, "items": 2}
    again = export(other, history=history)
    assert {**again, "exported_at": whole["exported_at"]} == whole
    assert other.verify() == {"ok": True, "problems": []}


def test_a_deleted_message_is_exported_with_the_history_only(new: Callable[[], Memory]) -> None:
    memory, other = new(), new()
    (episode,) = memory.add("I live in Rome, at the river.", **ANN)["episodes"]
    memory.delete(episode)
    plain = export(memory)
    assert [row["text"] for row in plain["records"]] == [r["memory"] for r in memory.get_all(**ANN)["results"]]
    assert episode in {row["id"] for row in export(memory, history=True)["records"]}
    other.import_(plain)
    assert other.get_all(**ANN)["count"] == len(plain["records"]) == 1
    assert other.verify() == {"ok": True, "problems": []}


def test_what_is_searched_is_searched_again(new: Callable[[], Memory]) -> None:
    """A message that says once more what a fact of `infer=False` says is searched; the one of that fact is not."""
    memory, other = new(), new()
    memory.add("Loves tofu", infer=False, **ANN)
    (again,) = memory.add("I love tofu.", **ANN)["episodes"]
    assert again in indexed(memory)
    other.import_(export(memory))
    assert indexed(other) == indexed(memory)
    assert other.search("What do I love?", **ANN) == memory.search("What do I love?", **ANN)


def indexed(memory: Memory) -> set[str]:
    """Ids of what is searched."""
    with memory._core.ledger.database.read() as connection:
        return {row[0] for row in connection.execute("SELECT id FROM entries")}


def test_items_are_listed_in_the_order_that_they_had(new: Callable[[], Memory], clock: FixedClock) -> None:
    first = filled(new(), clock)
    other = new()
    other.import_(export(first))
    assert other.items.search(**ANN) == first.items.search(**ANN)


def test_an_importance_of_nothing_stays(new: Callable[[], Memory], clock: FixedClock) -> None:
    whole = export(filled(new(), clock))
    whole["records"][0]["importance"] = 0.0
    other = new()
    other.import_(whole)
    assert export(other)["records"][0]["importance"] == 0.0


def test_a_message_that_is_there_under_another_id_is_known_and_so_is_what_was_read_from_it(
    new: Callable[[], Memory],
) -> None:
    said = [{"role": "user", "content": "I live in Rome.", "id": "m1"}]
    more = {"role": "user", "content": "I like tea.", "id": "m2"}
    first, second = new(), new()
    first.add([*said, more], **ANN)
    second.add(said, **ANN)
    assert second.import_(export(first)) == {"records": 2, "known": 2, "items": 0}
    assert [r["memory"] for r in second.get_all(**ANN)["results"]] == ["Likes tea", "Lives in Rome"]
    assert [r["content"] for r in second.messages(**ANN)["results"]] == ["I live in Rome.", "I like tea."]
    assert second.verify() == {"ok": True, "problems": []}


def test_what_else_was_read_from_a_known_message_cites_the_one_that_is_there(new: Callable[[], Memory]) -> None:
    said = [{"role": "user", "content": "I live in Rome.", "id": "m1"}]
    first, second = new(), new()
    first.update(first.add(said, **ANN)["results"][0]["id"], text="Lives in Rome, near the river")
    episode = second.add(said, **ANN)["episodes"][0]
    second.import_(export(first))
    (taken,) = [r for r in second.get_all(**ANN)["results"] if "river" in r["memory"]]
    assert [s["episode_id"] for s in taken["sources"]] == [episode]


def test_a_row_that_stands_twice_is_taken_in_once(new: Callable[[], Memory]) -> None:
    row = {"id": "r1", "memory": "Likes tea", "user_id": "ann"}
    assert new().import_({"results": [row, row]}) == {"records": 1, "known": 1, "items": 0}


@pytest.mark.parametrize(("text", "said", "event"), [
    ("Lives in San Francisco", "I moved to Berlin.", "UPDATE"),
    ("User lives in San Francisco.", "I moved to Berlin.", "UPDATE"),
    ("The user likes cheese", "I don't like cheese any more.", "UPDATE"),
    ("Works at Acme as a nurse", "I quit my job at Acme.", "UPDATE"),
    # What else it says would go with it.
    ("Lives in San Francisco, and works at Acme", "I moved to Berlin.", "ADD"),
    ("Somebody lives in San Francisco", "I moved to Berlin.", "ADD"),
])  # fmt: skip
def test_a_fact_of_another_memory_is_replaced_like_an_own_one(
    new: Callable[[], Memory], text: str, said: str, event: str
) -> None:
    memory = new()
    memory.import_([{"memory": text, "user_id": "ann", "created_at": "2024-03-01"}])
    (change,) = memory.add(said, timestamp="2024-06-01", **ANN)["results"]
    assert (change["event"], change.get("previous_memory")) == (event, text if event == "UPDATE" else None)
    assert memory.verify()["ok"]


def test_a_fact_of_another_memory_is_in_the_profile_and_the_graph(new: Callable[[], Memory]) -> None:
    memory = new()
    memory.import_([{"memory": "User's dog is named Rex", "user_id": "ann"}])
    assert memory.profile(**ANN)["profile"] == {"has_pet": ["Rex"]}
    assert [edge["target"] for edge in memory.graph(**ANN)["relations"]] == ["Rex"]


def test_a_fact_of_another_memory_has_categories(new: Callable[[], Memory]) -> None:
    memory = new()
    said = {"memory": "User is allergic to nuts", "user_id": "ann"}
    memory.import_([said, {**said, "id": "r2", "categories": ["mine"]}])
    assert sorted(row["categories"] for row in memory.get_all(**ANN)["results"]) == [["health"], ["mine"]]


def test_a_row_without_an_id_is_known_by_what_it_says(new: Callable[[], Memory]) -> None:
    """Each import made another one of it."""
    memory = new()
    row = {"memory": "Likes tea", "user_id": "ann"}
    rows = [row, {**row, "user_id": "ben"}, {**row, "created_at": "2024-03-01"}, {**row, "metadata": {"a": 1}}, row]
    assert memory.import_(rows) == {"records": 4, "known": 1, "items": 0}
    assert memory.import_({"results": rows}) == {"records": 0, "known": 5, "items": 0}
    assert [row["memory"] for row in memory.get_all(**ANN)["results"]] == ["Likes tea"] * 3


def test_several_that_take_the_same_in_at_once_take_it_in_once(new: Callable[[], Memory]) -> None:
    memory = new()
    rows = {"results": [{"id": f"r{n}", "memory": f"Likes tea {n}", "user_id": "ann"} for n in range(300)]}
    answers: list[dict[str, int]] = []
    threads = [threading.Thread(target=lambda: answers.append(memory.import_(rows))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["records"] for answer in answers) == 300
    assert sum(answer["known"] for answer in answers) == 900


ODD: list[Any] = [
    True, 0, -1, 10**30, 1.5, float("nan"), "", "*", "\ud800", "a\0b", "2024-13-01", [1], ["\ud800"], [["a"]],
    [["a", "b", 3]], {"a": 1}, {"a": float("nan")}, b"x", object(),
]  # fmt: skip


def test_whatever_a_row_says_it_is_refused_whole_or_taken_in_whole(
    new: Callable[[], Memory], clock: FixedClock
) -> None:
    """An export that was edited by hand raises no raw error, and leaves no record that cannot be read again."""
    whole = export(filled(new(), clock), history=True)
    memory = new()
    refused = 0
    for section in ("records", "items"):
        names = sorted({name for row in whole[section] for name in row})
        for name in names:
            number = next(n for n, row in enumerate(whole[section]) if name in row)
            for odd in ODD:
                edited = copy.deepcopy(whole)
                edited[section][number][name] = odd
                try:
                    memory.import_(edited)
                except ConfigurationError:
                    refused += 1
                    assert memory.users()["results"] == []
                else:
                    for user in [row["name"] for row in memory.users()["results"] if row["type"] == "user"]:
                        json.dumps(memory.export(user_id=user, history=True)).encode()
                        memory.search("tea", user_id=user)
                    assert memory.verify() == {"ok": True, "problems": []}
                    memory = new()
    assert refused > 300


@pytest.mark.parametrize(
    ("data", "mend"),
    [
        ({"records": 5}, "records of an export must be a list, not int"),
        ({"items": [5]}, r"items\[0\] must be a dict, not int"),
        ({"items": [{"user_id": "ann", "key": "k"}]}, r"items\[0\] needs namespace, key and value"),
        ({"records": [{"id": "a", "kind": "fact", "text": "x", "user_id": "ann"}]}, "needs id, kind"),
        ({"records": [{"id": "a", "kind": "thing", "text": "x", "user_id": "ann", "created_at": "2024-01-01"}]},
         r"records\[0\].kind must be one of fact, episode, procedure, not 'thing'"),
    ],
)  # fmt: skip
def test_what_is_no_export_is_told_with_its_place(new: Callable[[], Memory], data: Any, mend: str) -> None:
    with pytest.raises(ConfigurationError, match=mend):
        new().import_({"format": "memlayer-export", "version": 1, **data})


@pytest.mark.parametrize(
    ("row", "mend"),
    [
        ({"memory": "\ud800"}, "a text under"),
        ({"categories": "food"}, "categories must be a list of texts"),
        ({"immutable": "no"}, "immutable must be true or false"),
        ({"created_at": []}, "created_at"),
        ({"metadata": 5}, "metadata must be a dict"),
    ],
)
def test_rows_of_others_are_checked_too(new: Callable[[], Memory], row: dict[str, Any], mend: str) -> None:
    with pytest.raises(ConfigurationError, match=mend):
        new().import_({"results": [{"memory": "Likes tea", "user_id": "ann", **row}]})


def test_what_others_leave_empty_is_not_given(new: Callable[[], Memory]) -> None:
    memory = new()
    empty = {"created_at": "", "updated_at": None, "metadata": None, "categories": None, "expiration_date": None}
    memory.import_({"results": [{"memory": "Likes tea", "user_id": "ann", "agent_id": None, **empty}]})
    assert memory.get_all(**ANN)["results"][0]["created_at"] == NOW.isoformat()


def test_the_last_day_there_is_means_never(new: Callable[[], Memory], clock: FixedClock) -> None:
    memory = new()
    memory.add("I like tea.", expiration_date="9999-12-31", **ANN)
    clock.advance(days=365_000)
    assert memory.get_all(**ANN)["count"] == 1
    assert memory.get_all(filters={"expires_at": {"lte": "9999-12-31"}}, **ANN)["count"] == 1


def test_an_item_expires_when_it_would_have(new: Callable[[], Memory], clock: FixedClock) -> None:
    first, other = filled(new(), clock), new()
    clock.advance(1800)
    other.import_(export(first))
    clock.advance(1740)
    assert other.items.get(("notes", "day"), "first", **ANN) is not None
    clock.advance(120)
    assert other.items.get(("notes", "day"), "first", **ANN) is None
