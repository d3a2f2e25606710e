"""Contents of messages in every form that the guide and the frameworks know."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from papers import pdf

from memlayer import Memory
from memlayer.errors import ConfigurationError, DocumentError, FetchError, ModelError, UnsupportedError
from memlayer.extraction import _fetch
from memlayer.testing.fakes import HashEmbedder

PNG = b"\x89PNG\r\n\x1a\n the rest"
PICTURE = base64.b64encode(PNG).decode()
URI = f"data:image/png;base64,{PICTURE}"
TEXT = "# Leave\n\nHolidays are 30 days."
TEXT64 = base64.b64encode(TEXT.encode()).decode()
KEPT = "Leave\n\nHolidays are 30 days."


class Sees:
    """A model that sees pictures."""

    name = "sees"
    vision = "low"

    def __init__(self, answer: Any = "A grey cat\non a red sofa.") -> None:
        self.answer = answer
        self.asked: list[Any] = []
        self.read: list[Any] = []

    def complete(self, messages: Any, *, schema: Any = None) -> str:
        if schema is not None:
            self.read += messages
            return '{"facts": []}'
        self.asked += messages
        if isinstance(self.answer, Exception):
            raise self.answer
        return str(self.answer)


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as opened:
        yield opened


def texts(memory: Memory) -> list[str]:
    return [row["content"] for row in memory.messages(user_id="ann")["results"]]


PICTURES: dict[str, dict[str, Any]] = {
    "the guide's": {"type": "image_url", "image_url": {"url": URI}},
    "a bare address": {"type": "image_url", "image_url": URI},
    "OpenAI responses": {"type": "input_image", "image_url": URI, "detail": "auto"},
    "Anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
    "Anthropic, an address": {"type": "image", "source": {"type": "url", "url": URI}},
    "LangChain": {"type": "image", "base64": PICTURE, "mime_type": "image/png"},
    "LangChain before 1.0": {"type": "image", "source_type": "base64", "data": PICTURE, "mime_type": "image/png"},
    "a file that is a picture": {"type": "file", "base64": PICTURE, "mime_type": "image/png"},
}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "the guide's": {"type": "mdx_url", "mdx_url": {"url": f"data:text/markdown;base64,{TEXT64}"}},
    "not in base64": {
        "type": "mdx_url",
        "mdx_url": {"url": "data:text/markdown,%23%20Leave%0A%0AHolidays are 30 days."},
    },
    "OpenAI": {"type": "file", "file": {"filename": "leave.md", "file_data": f"data:text/markdown;base64,{TEXT64}"}},
    "OpenAI responses": {"type": "input_file", "filename": "leave.md", "file_data": TEXT64},
    "Anthropic": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": TEXT}},
    "LangChain text": {"type": "text-plain", "text": TEXT},
    "LangChain file": {"type": "file", "base64": TEXT64, "mime_type": "text/markdown", "filename": "leave.md"},
}


@pytest.mark.parametrize("form", PICTURES)
def test_a_picture_becomes_words(form: str) -> None:
    model = Sees()
    with Memory(":memory:", llm=model, embedder=HashEmbedder()) as memory:
        memory.add({"content": [{"type": "text", "text": "Look!"}, PICTURES[form]]}, user_id="ann", mode="deferred")
        assert texts(memory) == ["Look!\n[image: A grey cat on a red sofa.]"]
    assert model.asked[0]["content"][1] == {"type": "image_url", "image_url": {"url": URI, "detail": "low"}}


@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_document_becomes_pieces(form: str, memory: Memory) -> None:
    for _ in range(2):
        memory.add({"id": "m1", "content": ["Keep this.", DOCUMENTS[form]]}, user_id="ann")
    assert texts(memory) == ["Keep this.", KEPT]
    found = memory.search("how many holidays", user_id="ann", limit=1)["results"][0]
    assert found["metadata"]["document"]["heading"] == "Leave"
    assert found["sources"][0]["name"] == found["metadata"]["document"]["source"]


def test_an_address_is_the_source(memory: Memory, tricks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdf")
    monkeypatch.setenv(_fetch.HOSTS, "127.0.0.1")
    url = tricks.gives("/a/leave.pdf", pdf(["Hello.", "Holidays are 30 days."])).replace("files.example", "127.0.0.1")
    memory.add({"content": {"type": "pdf_url", "pdf_url": {"url": url}}}, user_id="ann", metadata={"team": "hr"})
    found = memory.search("holidays", user_id="ann", metadata={"team": "hr"}, limit=1)["results"][0]
    assert found["sources"][0]["name"] == url
    assert (found["metadata"]["team"], found["metadata"]["document"]["page"]) == ("hr", 2)


def test_a_picture_at_an_address(tricks: Any) -> None:
    url = tricks.gives("/cat", PNG, "text/plain").replace("files.example", "127.0.0.1")
    model = Sees()
    with Memory(":memory:", llm=model, fetch_hosts=["127.0.0.1"], embedder=HashEmbedder()) as memory:
        for part in ({"type": "image_url", "image_url": {"url": url}}, {"type": "file_url", "file_url": {"url": url}}):
            memory.add({"content": ["Look!", part]}, user_id="ann")
        assert texts(memory) == ["Look!\n[image: A grey cat on a red sofa.]"] * 2
        # The model is never told the address, which nobody has checked for it.
        assert {m["content"][1]["image_url"]["url"] for m in model.asked} == {URI}


def test_parts_that_nobody_said_are_left_out(memory: Memory) -> None:
    """A conversation with Anthropic's model was refused whole, as soon as the model had used a tool."""
    talk = [
        {"role": "user", "content": [{"type": "text", "text": "I live in Rome. Is it raining?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "The user wants the weather.", "signature": "x"},
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Rome"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "I live in Paris."}]},
        {"role": "assistant", "content": [{"type": "text", "text": "It is dry."}]},
    ]
    assert [row["memory"] for row in memory.add(talk, user_id="ann")["results"]] == ["Lives in Rome"]
    assert texts(memory) == ["I live in Rome. Is it raining?", "Let me look.", "It is dry."]


def test_facts_of_the_speaker_are_not_read_out_of_a_document(memory: Memory) -> None:
    part = {"type": "text-plain", "text": "I live in Paris."}
    assert memory.add(["I live in Rome.", {"content": part}], user_id="ann")["results"][0]["memory"] == "Lives in Rome"
    assert "Paris" not in str(memory.profile(user_id="ann"))


@pytest.mark.parametrize(
    ("part", "error", "told"),
    [
        ({"type": "pdf_url", "pdf_url": {"url": "http://127.0.0.1:1/a.pdf"}}, FetchError, "rule: loopback"),
        ({"type": "pdf_url", "pdf_url": {"url": "file:///etc/passwd"}}, FetchError, "rule: scheme"),
        ({"type": "pdf_url", "pdf_url": {"url": f"data:text/plain;base64,{TEXT64}"}}, DocumentError, "should be a PDF"),
        ({"type": "pdf_url", "pdf_url": {"url": "data:application/pdf;base64,***"}}, DocumentError, "is no base64"),
        ({"type": "mdx_url", "mdx_url": {"url": "data:text/plain"}}, DocumentError, "without a comma"),
        ({"type": "file", "file": {"file_id": "file-1"}}, UnsupportedError, "only its provider has"),
        ({"type": "pdf_url"}, ConfigurationError, "needs a url"),
        ({"type": "pdf_url", "pdf_url": {"url": 7}}, ConfigurationError, "are strings, not int"),
        ({"type": "file", "url": "data:,a", "base64": "YQ=="}, ConfigurationError, "needs one of"),
        ({"type": "input_audio", "input_audio": {"data": "YQ=="}}, UnsupportedError, "'input_audio' cannot be read"),
        ({"type": "media", "mime_type": "video/mp4", "data": "YQ=="}, UnsupportedError, "'video/mp4' cannot be read"),
        (b"bytes", ConfigurationError, "not bytes"),
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_read_leaves_nothing(
    part: Any, error: type[Exception], told: str, memory: Memory
) -> None:
    with pytest.raises(error, match=told):
        memory.add(["I live in Rome.", {"content": ["Hello.", part]}], user_id="ann")
    assert texts(memory) == []


class TestUnseen:
    def test_without_sight_the_error_says_how_and_the_rest_is_kept(self, memory: Memory) -> None:
        with pytest.raises(UnsupportedError, match=r"messages\[0\].content\[1\]: a picture.*enable_vision"):
            memory.add([{"content": ["I live in Rome.", PICTURES["the guide's"]]}, "Bye."], user_id="ann")
        assert texts(memory) == ["I live in Rome.", "Bye."]

    @pytest.mark.parametrize("fault", [ModelError("it failed"), RuntimeError("boom"), "  "])
    def test_a_model_that_fails_costs_no_words(self, fault: Any) -> None:
        with Memory(":memory:", llm=Sees(fault), embedder=HashEmbedder()) as memory:
            with pytest.raises(ModelError):
                memory.add({"content": ["Look!", PICTURES["LangChain"]]}, user_id="ann", mode="deferred")
            assert texts(memory) == ["Look!"]


class TestOptional:
    """What an adapter hands on: a turn of an agent does not fail over it, and what is missing is said."""

    @pytest.mark.parametrize("form", PICTURES)
    def test_a_picture_is_noted_and_read_later(self, form: str, tmp_path: Any) -> None:
        message = {"id": "m1", "content": ["Look!", {**PICTURES[form], "optional": True}]}
        with Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as memory:
            for _ in range(2):
                memory.add(message, user_id="ann")
            assert memory.messages(user_id="ann")["results"][0]["metadata"] == {"unseen_pictures": 1}
        with Memory(tmp_path / "memory.db", llm=Sees(), embedder=HashEmbedder()) as memory:
            memory.add(message, user_id="ann")
            assert texts(memory) == ["Look!\n[image: A grey cat on a red sofa.]"]

    @pytest.mark.parametrize(
        ("part", "told"),
        [
            ({"type": "file", "file": {"file_id": "file-1"}}, "only its provider has"),
            ({"type": "pdf_url", "pdf_url": {"url": "http://127.0.0.1/a.pdf"}}, r"\(rule: loopback\)"),
            ({"type": "input_audio", "input_audio": {"data": "YQ=="}}, "cannot be read"),
            ({"type": "file", "base64": "AAEC", "mime_type": "application/zip"}, "is no text"),
            ({"type": "pdf_url"}, "needs a url"),
        ],
    )
    def test_a_document_that_cannot_be_read_is_noted(self, part: Any, told: str, memory: Memory) -> None:
        memory.add({"content": ["I live in Rome.", {**part, "optional": True}]}, user_id="ann")
        row = memory.messages(user_id="ann")["results"][0]
        assert row["content"] == "I live in Rome."
        assert re.search(told, row["metadata"]["unread_parts"][0])
        assert memory.get_all(user_id="ann")["results"][0]["metadata"] is None

    def test_a_model_that_fails_is_an_error_still(self) -> None:
        with Memory(":memory:", llm=Sees(ModelError("it failed")), embedder=HashEmbedder()) as memory:
            with pytest.raises(ModelError):
                memory.add({"content": ["Look!", {**PICTURES["LangChain"], "optional": True}]}, user_id="ann")
            assert texts(memory) == ["Look!"]


class TestKnown:
    """A message with an id that is kept already: nothing of it is read again but what nobody had seen."""

    LOOK = ("I live in Rome.", PICTURES["the guide's"])

    def look(self, memory: Memory, **more: Any) -> Any:
        return memory.add({"id": "m1", "content": list(self.LOOK)}, user_id="ann", metadata={"app": "chat"}, **more)

    def test_a_model_sees_a_picture_once(self) -> None:
        model = Sees()
        with Memory(":memory:", llm=model, embedder=HashEmbedder()) as memory:
            for _ in range(3):
                self.look(memory)
            assert len([m for m in model.asked if isinstance(m["content"], list)]) == 1
            assert texts(memory) == ["I live in Rome.\n[image: A grey cat on a red sofa.]"]

    def test_an_address_is_asked_once(self, tricks: Any) -> None:
        part = {
            "type": "mdx_url",
            "mdx_url": {"url": tricks.gives("/a.md", TEXT.encode()).replace("files.example", "127.0.0.1")},
        }
        with Memory(":memory:", fetch_hosts=["127.0.0.1"], embedder=HashEmbedder()) as memory:
            for _ in range(2):
                memory.add({"id": "m1", "content": ["Read this.", part]}, user_id="ann")
            assert len(tricks.asked) == 1
            assert texts(memory) == ["Read this.", KEPT]

    @pytest.mark.parametrize("found", [True, False])
    def test_a_message_of_nothing_but_a_document_is_known_by_its_id(self, tricks: Any, found: bool) -> None:
        url = tricks.gives("/a.md", TEXT.encode() if found else b"\0").replace("files.example", "127.0.0.1")
        part = {"type": "mdx_url", "mdx_url": {"url": url}, "optional": True}
        with Memory(":memory:", fetch_hosts=["127.0.0.1"], embedder=HashEmbedder()) as memory:
            for _ in range(2):
                memory.add({"id": "m1", "content": part}, user_id="ann")
            assert len(tricks.asked) == 1
            assert texts(memory) == ([f"[document: {url}]", KEPT] if found else ["[document: not read]"])

    @pytest.mark.parametrize("infer", [True, False])
    @pytest.mark.parametrize("mode", ["now", "deferred"])
    def test_a_picture_that_was_not_seen_is_read_once_there_is_sight(
        self, infer: bool, mode: Any, tmp_path: Any
    ) -> None:
        file = tmp_path / "memory.db"
        with Memory(file, embedder=HashEmbedder()) as memory:
            for _ in range(2):
                with pytest.raises(UnsupportedError, match="enable_vision"):
                    self.look(memory, infer=infer)
            assert texts(memory) == ["I live in Rome."]
            rows = memory.messages(user_id="ann")["results"]
            assert rows[0]["metadata"] == {"app": "chat", "unseen_pictures": 1}
            if infer:
                facts = memory.get_all(user_id="ann")["results"]
                assert [fact["metadata"] for fact in facts] == [{"app": "chat"}]
        model = Sees()
        with Memory(file, llm=model, embedder=HashEmbedder()) as memory:
            answer = self.look(memory, infer=infer, mode=mode)
            assert answer["episodes"] == [rows[0]["id"]]
            full = "I live in Rome.\n[image: A grey cat on a red sofa.]"
            row = memory.messages(user_id="ann")["results"]
            assert [(r["id"], r["content"], r["metadata"]) for r in row] == [(rows[0]["id"], full, {"app": "chat"})]
            assert memory.history(rows[0]["id"])[0]["event"] == "UPDATE"
            found = memory.search("cat on a sofa", user_id="ann")["results"]
            assert found[0]["sources"][0]["episode_id"] == rows[0]["id"]
            assert found[0]["memory"] == ("Lives in Rome" if infer else full)
            assert self.look(memory, infer=infer, mode=mode)["episodes"] == []
            assert memory.verify()["ok"]
        with Memory(file, embedder=HashEmbedder()) as memory:
            assert texts(memory) == [full]

    def test_what_the_picture_says_is_read_for_facts(self, tmp_path: Any) -> None:
        file = tmp_path / "memory.db"
        with Memory(file, embedder=HashEmbedder()) as memory, pytest.raises(UnsupportedError):
            self.look(memory)
        model = Sees()
        with Memory(file, llm=model, embedder=HashEmbedder()) as memory:
            self.look(memory)
            asked = [m["content"] for m in model.read]
            assert any("I live in Rome." in text and "A grey cat" in text for text in asked)

    def test_one_that_was_deleted_stays_deleted(self) -> None:
        model = Sees(ModelError("not now"))
        with Memory(":memory:", llm=model, embedder=HashEmbedder()) as memory:
            with pytest.raises(ModelError):
                self.look(memory)
            memory.delete(memory.messages(user_id="ann")["results"][0]["id"])
            model.answer = "A cat."
            assert self.look(memory)["episodes"] == []
            assert texts(memory) == []


def test_vision_goes_over_the_wire() -> None:
    pytest.importorskip("openai")
    from memlayer.testing.openai_server import OpenAIServer

    config = {"model": "any", "api_key": "any", "enable_vision": True, "vision_details": "high"}
    with OpenAIServer(["A menu: soup 4 euros.", '{"facts": []}']) as server:
        llm = {"provider": "openai", "config": {**config, "openai_base_url": server.base_url}}
        with Memory(":memory:", llm=llm, embedder=HashEmbedder()) as memory:
            memory.add({"content": PICTURES["the guide's"]}, user_id="ann")
            assert texts(memory) == ["[image: A menu: soup 4 euros.]"]
        sent = server.requests[0]["messages"][0]["content"][1]
        assert sent == {"type": "image_url", "image_url": {"url": URI, "detail": "high"}}
