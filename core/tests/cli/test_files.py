"""`memlayer add FILE…`: documents taken in from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from papers import pdf

from memlayer.cli.desk import Desk

ANN = ("--user", "ann")


def test_documents_are_kept_in_pieces_and_once(memlayer: Any, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text(
        "# Leave\n\nHolidays are 30 days.\n\n# Travel\n\nTrains first.", encoding="utf-8"
    )
    (tmp_path / "guide.mdx").write_text("import X from 'x'\n\nThe door code is 4711.", encoding="utf-8")
    files = (tmp_path / "leave.md", tmp_path / "guide.mdx")
    assert memlayer("add", *files, *ANN).out == "3 messages kept, 0 memories changed.\n"
    assert memlayer("add", *files, *ANN).out == "0 messages kept; 3 known or empty, 0 memories changed.\n"
    found = memlayer("search", "door code", *ANN, "--json").json["results"][0]
    assert found["memory"] == "The door code is 4711."
    assert found["sources"][0]["name"] == "guide.mdx"
    assert memlayer("add", "-f", tmp_path / "guide.mdx", *ANN, "--json").json["episodes"] == []


def test_a_name_of_no_file_is_a_text(memlayer: Any) -> None:
    assert memlayer("add", "see readme.md", *ANN).code == 0
    assert memlayer("search", "readme", *ANN, "--json").json["results"][0]["memory"] == "see readme.md"
    assert memlayer("add", "Rex", "chewed", "notes.md", *ANN).code == 0


@pytest.mark.parametrize("name", ["handbok.pdf", "notes.md", "cat.png", "chat.jsonl"])
def test_a_file_that_is_not_there_is_no_memory(memlayer: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("I live in Rome.")
    for words in ([name], [tmp_path / "notes.txt", name]):
        said = memlayer("add", *words, *ANN)
        assert (said.code, said.err) == (2, f"error: {name}: no such file. (memlayer add --help)\n")
    assert memlayer("users").code == 1


def test_a_folder_is_no_text(memlayer: Any, tmp_path: Path) -> None:
    """Its name was kept as a message."""
    said = memlayer("add", f"{tmp_path}/", *ANN)
    assert (said.code, said.out) == (2, "")
    assert f"{tmp_path}/ is a folder; name the files in it, such as {tmp_path}/*.md" in said.err
    assert memlayer("add", "I like tea and/or coffee.", *ANN).code == 0


def test_progress_of_reading_and_of_keeping(memlayer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdf")
    pages = [f"Page {n}: {'the zebra' if n == 7 else 'a horse'}." for n in range(1, 61)]
    (tmp_path / "book.pdf").write_bytes(pdf(pages))
    bars: list[tuple[str, int, int]] = []

    @contextmanager
    def progress(self: Desk, what: str) -> Iterator[Any]:
        yield lambda done, total: bars.append((what, done, total))

    monkeypatch.setattr(Desk, "progress", progress)
    assert memlayer("add", tmp_path / "book.pdf", *ANN).out == "60 messages kept, 0 memories changed.\n"
    assert bars[:60] == [("Reading", n, 60) for n in range(1, 61)]
    assert bars[60:] == [("Taking in", n, 60) for n in (0, 40, 60)]
    assert " · page 7 · " in memlayer("search", "zebra", *ANN, "-n", "1").out


def test_documents_are_listed_and_forgotten_as_one_thing(memlayer: Any, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text(
        "# Leave\n\nHolidays are 30 days.\n\n# Travel\n\nTrains first.", encoding="utf-8"
    )
    assert memlayer("documents", *ANN).code == 1
    for verb in ("delete", "erase"):
        assert memlayer("add", tmp_path / "leave.md", *ANN).out == "2 messages kept, 0 memories changed.\n"
        assert memlayer("documents", *ANN).out.split()[1:] == ["leave.md", "Leave", "2", "pieces"]
        sure = ("--yes",) if verb == "erase" else ()
        said = memlayer(verb, "--document", "leave.md", *ANN, *sure)
        assert said.out.startswith("- leave.md  2 pieces" if verb == "delete" else "Erased: 4 messages"), said
        assert memlayer("search", "holidays", *ANN).code == 1
        assert memlayer(verb, "--document", "leave.md", *ANN, *sure).code == 1
    assert "Whose document?" in memlayer("delete", "--document", "leave.md").err
    assert "or one --document" in memlayer("delete", *ANN).err


def test_scanned_pages_are_named(memlayer: Any, tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "scan.pdf").write_bytes(pdf(["Hello there.", None, None]))
    assert memlayer("add", tmp_path / "scan.pdf", *ANN).err == "scan.pdf: scanned, without text: page 2, 3.\n"


def test_addresses_and_pages(memlayer: Any, tmp_path: Path, tricks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lxml")
    page = b"<html><title>Acme</title><body><h1>Doors</h1><p>The code is 4711.</p></body></html>"
    url = tricks.gives("/doors", page, "text/html").replace("files.example", "127.0.0.1")
    refused = memlayer("add", url, *ANN)
    assert refused.code == 2
    assert "(rule: loopback)" in refused.err
    (tmp_path / "doors.html").write_bytes(page)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"path": str(tmp_path / "memory.db"), "fetch_hosts": ["127.0.0.1"]}), encoding="utf-8")
    said = memlayer("add", url, tmp_path / "doors.html", *ANN, "--config", config, "--json").json
    assert [told["source"] for told in said["documents"]] == [url, "doors.html"]
    assert len(said["episodes"]) == 1, "it is the same page"


def test_a_picture_needs_a_model_that_sees(memlayer: Any, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n the rest")
    blind = memlayer("add", tmp_path / "cat.png", *ANN)
    assert blind.code == 2
    assert "enable_vision" in blind.err


def test_a_picture_is_described_once(memlayer: Any, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    from memlayer.testing.openai_server import OpenAIServer

    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n the rest")
    with OpenAIServer(["A grey cat.", '{"facts": []}']) as server:
        llm = {"model": "any", "api_key": "any", "enable_vision": True, "openai_base_url": server.base_url}
        config = tmp_path / "config.json"
        settings = {"path": str(tmp_path / "memory.db"), "llm": {"provider": "openai", "config": llm}}
        config.write_text(json.dumps(settings), encoding="utf-8")
        for kept in (1, 0):
            said = memlayer("add", tmp_path / "cat.png", *ANN, "--config", config, "--json").json
            assert len(said["episodes"]) == kept
        found = memlayer("search", "cat", *ANN, "--config", config, "--json").json["results"][0]
        assert (found["memory"], found["sources"][0]["name"]) == ("[image: A grey cat.]", "cat.png")


def test_a_bad_document_is_one_line(memlayer: Any, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Grüße".encode("latin-1"))
    said = memlayer("add", tmp_path / "latin.txt", *ANN)
    assert said.code == 2
    assert said.err.startswith("error: latin.txt is no UTF-8 text")
