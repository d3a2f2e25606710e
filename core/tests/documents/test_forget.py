"""Documents taken in, listed and forgotten as one thing; added again, they are known again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from papers import pdf

from memlayer import AsyncMemory, Memory
from memlayer._bridge import complete
from memlayer.errors import ConfigurationError, DocumentError, NotFoundError
from memlayer.testing.fakes import HashEmbedder

LEAVE = "# Leave\n\nHolidays are 30 days.\n\n# Travel\n\nTrains first."
MORE = "# Leave\n\nHolidays are 31 days."


class Reads:
    """A model that reads one fact out of every message that speaks of holidays."""

    name = "reads"

    def complete(self, messages: Any, *, schema: Any = None) -> str:
        told = messages[-1]["content"]
        facts = [{"text": "Holidays are 30 days", "sources": [1]}] if "olidays are 30" in told else []
        return json.dumps({"facts": facts})


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as opened:
        yield opened


def kept(memory: Memory, **ids: str) -> list[str]:
    return [row["content"] for row in memory.messages(**(ids or {"user_id": "ann"}), limit=1000)["results"]]


def listed(memory: Memory, **ids: str) -> list[tuple[str, int, int]]:
    found = memory.documents.get_all(**(ids or {"user_id": "ann"}))["results"]
    return [(row["source"], row["kept"], row["pieces"]) for row in found]


class TestAdd:
    def test_a_file_and_bytes(self, memory: Memory, tmp_path: Any) -> None:
        (tmp_path / "leave.md").write_text(LEAVE)
        answer = memory.documents.add(tmp_path / "leave.md", user_id="ann", metadata={"topic": "work"})
        assert answer["document"]["source"] == "leave.md"
        assert answer["document"]["title"] == "Leave"
        assert len(answer["episodes"]) == answer["document"]["pieces"] == 2
        best = memory.search("holidays", user_id="ann", limit=1)["results"][0]
        assert best["metadata"]["topic"] == "work"
        assert best["sources"][0]["name"] == "leave.md"
        memory.documents.add(MORE.encode(), name="more.md", user_id="ann")
        assert sorted(listed(memory)) == [("leave.md", 2, 2), ("more.md", 1, 1)]

    def test_again_changes_nothing(self, memory: Memory) -> None:
        for _ in range(2):
            answer = memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")
        assert answer["episodes"] == []
        assert listed(memory) == [("leave.md", 2, 2)]

    def test_progress_of_reading_and_of_keeping(self, memory: Memory) -> None:
        pytest.importorskip("pypdf")
        steps: list[tuple[str, int, int]] = []
        data = pdf([f"Page {n} of the book." for n in range(1, 101)])
        memory.documents.add(data, name="book.pdf", user_id="ann", progress=lambda *step: steps.append(step))
        assert steps[:100] == [("read", n, 100) for n in range(1, 101)]
        assert steps[100:] == [("keep", n, 100) for n in (0, 40, 80, 100)]

    def test_what_was_cut_off_is_completed(self, memory: Memory) -> None:
        pytest.importorskip("pypdf")
        data = pdf([f"Page {n} of the book." for n in range(1, 101)])

        def stop(step: str, done: int, total: int) -> None:
            if (step, done) == ("keep", 40):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            memory.documents.add(data, name="book.pdf", user_id="ann", progress=stop)
        assert listed(memory) == [("book.pdf", 40, 100)]
        assert len(memory.documents.add(data, name="book.pdf", user_id="ann")["episodes"]) == 60
        assert listed(memory) == [("book.pdf", 100, 100)]

    @pytest.mark.parametrize(
        ("file", "error"),
        [(b"\0\1", DocumentError), (b"", DocumentError), ("missing.md", FileNotFoundError), (7, ConfigurationError)],
    )
    def test_what_cannot_be_read(self, memory: Memory, file: Any, error: type[Exception]) -> None:
        with pytest.raises(error):
            memory.documents.add(file, user_id="ann")
        assert kept(memory) == []

    def test_whose_it_is_is_asked_before_anything_is_read(self, memory: Memory) -> None:
        with pytest.raises(ConfigurationError, match=r"documents.add\(\) needs at least one of user_id"):
            memory.documents.add("missing.md")

    def test_awaited(self) -> None:
        async def program() -> list[int]:
            async with AsyncMemory(":memory:", embedder=HashEmbedder()) as memory:
                await memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")
                before = await memory.documents.get_all(user_id="ann")
                await memory.documents.delete("leave.md", user_id="ann")
                after = await memory.documents.get_all(user_id="ann")
                await memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")
                gone = await memory.documents.erase("leave.md", user_id="ann")
            return [len(before["results"]), len(after["results"]), gone["episodes"]]

        assert complete(program()) == [1, 0, 4]


class TestDelete:
    @pytest.mark.parametrize("by", ["source", "id"])
    @pytest.mark.parametrize("infer", [True, False])
    def test_all_of_it_goes_and_comes_back(self, memory: Memory, by: str, infer: bool) -> None:
        document = memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann", infer=infer)["document"]
        memory.add("I live in Rome.", user_id="ann")
        piece = memory.search("holidays", user_id="ann", limit=1)["results"][0]
        answer = memory.documents.delete(document[by], user_id="ann")
        assert answer == {"message": "Document deleted successfully!", "pieces": 2, "memories": 0 if infer else 2}
        assert kept(memory) == ["I live in Rome."]
        assert memory.documents.get_all(user_id="ann") == {"results": []}
        assert all("olidays" not in r["memory"] for r in memory.search("holidays", user_id="ann")["results"])
        assert [change["event"] for change in memory.history(piece["id"])] == ["DELETE", "ADD"]
        again = memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann", infer=infer)
        assert len(again["episodes"]) == 2
        assert listed(memory) == [("leave.md", 2, 2)]
        assert "olidays" in memory.search("holidays", user_id="ann", limit=1)["results"][0]["memory"]
        assert memory.verify()["ok"]

    def test_pieces_that_were_deleted_one_by_one_come_back_too(self, memory: Memory) -> None:
        ids = memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")["episodes"]
        memory.batch_delete(ids)
        assert listed(memory) == []
        assert memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")["episodes"] == []
        assert memory.documents.delete("leave.md", user_id="ann")["pieces"] == 0
        assert len(memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")["episodes"]) == 2

    def test_every_version_of_a_source_goes(self, memory: Memory) -> None:
        for text in (LEAVE, MORE):
            memory.documents.add(text.encode(), name="leave.md", user_id="ann")
        assert memory.documents.delete("leave.md", user_id="ann")["pieces"] == 3

    def test_others_keep_theirs(self, memory: Memory) -> None:
        for user in ("ann", "bob"):
            memory.documents.add(LEAVE.encode(), name="leave.md", user_id=user)
        memory.documents.delete("leave.md", user_id="ann")
        assert listed(memory, user_id="bob") == [("leave.md", 2, 2)]
        memory.documents.erase("leave.md", user_id="bob")
        assert listed(memory, user_id="bob") == []

    @pytest.mark.parametrize("verb", ["delete", "erase"])
    def test_what_is_not_there(self, memory: Memory, verb: str) -> None:
        memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")
        call = getattr(memory.documents, verb)
        with pytest.raises(NotFoundError, match=r"no document has the id or source 'other.md' in \{'user_id': 'ann'\}"):
            call("other.md", user_id="ann")
        with pytest.raises(NotFoundError):
            call("leave.md", user_id="bob")
        with pytest.raises(ConfigurationError, match="needs at least one of"):
            call("leave.md")
        call("leave.md", user_id="ann")
        with pytest.raises(NotFoundError):
            call("leave.md", user_id="ann")


class TestFacts:
    """What a model reads out of a document goes with it; what somebody said as well stays."""

    @pytest.fixture
    def memory(self) -> Iterator[Memory]:
        with Memory(":memory:", llm=Reads(), embedder=HashEmbedder()) as opened:
            yield opened

    def facts(self, memory: Memory) -> list[str]:
        return [row["memory"] for row in memory.get_all(user_id="ann")["results"]]

    @pytest.mark.parametrize("verb", ["delete", "erase"])
    def test_facts_go_with_their_document(self, memory: Memory, verb: str) -> None:
        for _ in range(2):
            memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")
            assert self.facts(memory) == ["Holidays are 30 days"]
            getattr(memory.documents, verb)("leave.md", user_id="ann")
            assert self.facts(memory) == []
            assert kept(memory) == []
        assert memory.verify()["ok"]

    @pytest.mark.parametrize("verb", ["delete", "erase"])
    @pytest.mark.parametrize("first", ["said", "document"])
    def test_what_was_said_as_well_stays_known(self, memory: Memory, verb: str, first: str) -> None:
        for what in (first, "document" if first == "said" else "said"):
            if what == "said":
                memory.add("Holidays are 30 days.", user_id="ann")
            else:
                memory.documents.add(LEAVE.encode(), name="leave.md", user_id="ann")
        assert self.facts(memory) == ["Holidays are 30 days"]
        getattr(memory.documents, verb)("leave.md", user_id="ann")
        found = memory.search("holidays", user_id="ann")["results"]
        assert [row["memory"].rstrip(".") for row in found] == ["Holidays are 30 days"]
        assert kept(memory) == ["Holidays are 30 days."]
        if verb == "erase":
            assert {s["name"] for row in found for s in row["sources"]} == {None}
        assert memory.verify()["ok"]


def test_erased_is_gone_for_good(tmp_path: Any) -> None:
    file = tmp_path / "memory.db"
    with Memory(file, embedder=HashEmbedder()) as memory:
        memory.documents.add(b"# Plan\n\nThe zebra sleeps at noon.", name="plan.md", user_id="ann")
        memory.add("I live in Rome.", user_id="ann")
        memory.documents.delete("plan.md", user_id="ann")
        piece = memory.documents.add(b"# Plan\n\nThe zebra sleeps at noon.", name="plan.md", user_id="ann")["episodes"]
        assert memory.documents.erase("plan.md", user_id="ann")["episodes"] == 2
        with pytest.raises(NotFoundError):
            memory.history(piece[0])
        assert memory.verify()["ok"]
    assert b"zebra" not in file.read_bytes()
    assert b"plan.md" not in file.read_bytes()
