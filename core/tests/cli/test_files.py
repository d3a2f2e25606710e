"""`memlayer add FILE…`: documents taken in from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def test_a_bad_document_is_one_line(memlayer: Any, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Grüße".encode("latin-1"))
    said = memlayer("add", tmp_path / "latin.txt", *ANN)
    assert said.code == 2
    assert said.err.startswith("error: latin.txt is no UTF-8 text")
