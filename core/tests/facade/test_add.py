"""What `add` writes, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory, NotFoundError
from memlayer.testing import HashEmbedder
from memlayer.types import Candidate, Message, Record, Relation, Scope

ANN = {"user_id": "ann"}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(path=tmp_path / "m.db", embedder=HashEmbedder()) as made:
        yield made


def test_what_is_said_again_of_an_immutable_fact_leaves_no_event(memory: Memory) -> None:
    (fact,) = memory.add("I live in Rome.", immutable=True, **ANN)["results"]
    for text in ("I live in Rome.", "I still live in Rome."):
        assert memory.add(text, **ANN)["results"] == []
    assert len(memory.history(fact["id"])) == 1


def test_what_is_said_again_counts_and_is_no_change(memory: Memory) -> None:
    (fact,) = memory.add("I live in Rome.", **ANN)["results"]
    assert memory.add("I live in Rome.", **ANN)["results"] == []
    assert len(memory.get(fact["id"])["sources"]) == 2


class Denier:
    """Reads every message as a denial, and draws its edge all the same."""

    def extract(self, messages: Sequence[Message], *, scope: Scope, known: Sequence[Record]) -> list[Candidate]:
        edge = Relation("user", "lives_in", "Rome")
        return [
            Candidate(m.text, (m.episode_id,), "user", "lives_in", "Rome", negated=True, relations=(edge,))
            for m in messages
        ]


def test_what_is_denied_is_no_edge(tmp_path: Path) -> None:
    with Memory(path=tmp_path / "d.db", embedder=HashEmbedder(), extractor=Denier()) as memory:
        added = memory.add("I no longer live in Rome.", **ANN)
        assert len(added["results"]) == 1
        assert "relations" not in added
        assert memory.graph(**ANN)["relations"] == []


def test_what_is_erased_between_look_and_lock_stops_no_add(tmp_path: Path) -> None:
    """The add raised that there is no record with the id of what it meant to replace, and its message was lost."""
    with (
        Memory(tmp_path / "m.db", embedder=HashEmbedder()) as memory,
        Memory(tmp_path / "m.db", embedder=HashEmbedder()) as other,
    ):
        memory.add("I live in Berlin.", user_id="ann")
        ledger = memory._core.ledger
        commit = ledger.commit

        def late(*args: Any, **options: Any) -> Any:
            other.delete_all(user_id="ann")
            return commit(*args, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ledger, "commit", late)
            added = memory.add("I moved to Rome.", user_id="ann")["results"]
        assert [(r["event"], r["memory"]) for r in added] == [("ADD", "Moved to Rome")]
        assert [r["memory"] for r in memory.get_all(user_id="ann")["results"]] == ["Moved to Rome"]


@pytest.mark.parametrize("verb", ["metadata", "feedback", "text", "delete"])
def test_a_change_of_one_field_leaves_what_somebody_else_changes_meanwhile(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """It wrote the record as it had been read: the other one's change was lost, and its words found the old text."""
    id_ = memory.add("I live in Berlin.", **ANN)["results"][0]["id"]
    ledger = memory._core.ledger
    commit = ledger.commit

    def late(*args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        if verb == "text":
            memory.update(id_, metadata={"by": "other"})
        else:
            memory.update(id_, "Lives in Rome")
        return commit(*args, **options)

    monkeypatch.setattr(ledger, "commit", late)
    if verb == "feedback":
        memory.feedback(id_, feedback="POSITIVE")
    elif verb == "delete":
        memory.delete(id_)
    else:
        memory.update(id_, **({"text": "Lives in Oslo"} if verb == "text" else {"metadata": {"by": "me"}}))
    assert memory.verify()["ok"]
    found = memory.get(id_)
    assert found["memory"] == ("Lives in Oslo" if verb == "text" else "Lives in Rome")
    assert found["metadata"] == {"metadata": {"by": "me"}, "text": {"by": "other"}}.get(verb)
    assert found["feedback"] == ("POSITIVE" if verb == "feedback" else None)
    assert found["status"] == ("retracted" if verb == "delete" else "live")


def test_what_is_deleted_meanwhile_takes_no_update(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = memory.add("I live in Berlin.", **ANN)["results"][0]["id"]
    ledger = memory._core.ledger
    commit = ledger.commit

    def late(*args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        memory.delete(id_)
        return commit(*args, **options)

    monkeypatch.setattr(ledger, "commit", late)
    with pytest.raises(NotFoundError, match=f"{id_} was deleted meanwhile"):
        memory.update(id_, "Lives in Rome")
    assert memory.get_all(**ANN)["results"] == []
