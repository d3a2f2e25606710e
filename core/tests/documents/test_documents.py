"""Documents read into pieces, kept once, found with their page and source; bad ones leave nothing behind."""

from __future__ import annotations

import importlib.util
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from papers import pdf, write

from memlayer import Memory
from memlayer.errors import DocumentError, MissingDependencyError
from memlayer.extraction import documents
from memlayer.extraction._pieces import AIM
from memlayer.testing.fakes import HashEmbedder

needs_pypdf = pytest.mark.skipif(importlib.util.find_spec("pypdf") is None, reason="needs the extra documents")
HANDBOOK = (
    "# Handbook\n\nWelcome.\n\n## Leave\n\nHolidays are 30 days.\n\n```\n# no heading\n```\n\n"
    "## Travel\n\nTrains first."
)


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as opened:
        yield opened


def kept(memory: Memory) -> list[dict[str, Any]]:
    return memory.messages(user_id="ann", limit=1000)["results"]


class TestText:
    def test_pieces_follow_the_headings(self) -> None:
        found = documents.read(HANDBOOK.encode(), source="handbook.md")
        assert [(p.heading, p.text) for p in found.pieces] == [
            ("Handbook", "Welcome."),
            ("Handbook > Leave", "Holidays are 30 days.\n\n```\n# no heading\n```"),
            ("Handbook > Travel", "Trains first."),
        ]
        assert found.title == "Handbook"
        assert found.told()[1][1].startswith("Handbook > Leave\n\nHolidays")

    def test_every_word_is_in_some_piece_and_none_is_too_long(self) -> None:
        text = "\n\n".join(" ".join(f"word{n}.{m}" for m in range(n * 37 % 400)) for n in range(40)) + "x" * 5000
        cut = documents.read(text.encode(), source="a.txt").pieces
        assert max(len(p.text) for p in cut) <= AIM
        assert "".join("".join(p.text.split()) for p in cut) == "".join(text.split())

    def test_mdx_is_read_without_its_code(self) -> None:
        text = b"import X from 'x'\nexport const a = 1\n{/* hidden */}\n# Guide\n\n<Note>Keep it dry.</Note>"
        told = documents.read(text, source="a.mdx").pieces
        assert [p.text for p in told] == ["<Note>Keep it dry.</Note>"]
        assert "import X" in documents.read(text, source="a.md").pieces[0].text

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_encodings_that_say_what_they_are(self, encoding: str) -> None:
        assert documents.read("Grüße aus Köln".encode(encoding), source="a.txt").pieces[0].text == "Grüße aus Köln"


@needs_pypdf
class TestPDF:
    def test_pages_and_the_table_of_contents(self) -> None:
        seen: list[tuple[int, int]] = []
        data = pdf(["Welcome to Acme.", "Holidays are 30 days.", "Ask Bo."], outline={"Start": 1, "Leave": 2})
        found = documents.read(data, source="a.pdf", progress=lambda done, total: seen.append((done, total)))
        assert [(p.page, p.heading, p.text) for p in found.pieces] == [
            (1, "Start", "Welcome to Acme."), (2, "Leave", "Holidays are 30 days."), (3, "Leave", "Ask Bo."),
        ]  # fmt: skip
        assert seen == [(1, 3), (2, 3), (3, 3)]

    def test_scanned_pages_are_named(self, memory: Memory) -> None:
        found = documents.read(pdf(["Hello there.", None, None, "", None]), source="scan.pdf")
        assert found.scanned == (2, 3, 5)
        memory.add({"content": found}, user_id="ann")
        assert [row["content"] for row in kept(memory)] == [
            "Hello there.", "[pages 2-3, 5 of scan.pdf: scanned, without text]",
        ]  # fmt: skip

    def test_five_hundred_pages_are_found_added_again_and_forgotten(self, memory: Memory) -> None:
        pages = [f"Chapter {n}. The lamp of room {n} has the number L{n * 7}." for n in range(1, 501)]
        found = documents.read(pdf(pages), source="lamps.pdf")
        for part in found.parts(200):
            memory.add({"content": part}, user_id="ann", run_id="import")
        assert len(kept(memory)) == 500
        assert memory.add({"content": found}, user_id="ann", run_id="import")["episodes"] == []
        best = memory.search("number of the lamp of room 321", user_id="ann", limit=1)["results"][0]
        assert best["metadata"]["document"]["page"] == 321
        assert best["sources"][0]["name"] == "lamps.pdf"
        wanted = {"metadata": {"document": {"id": found.id}}}
        rows = memory.get_all(user_id="ann", filters=wanted, kinds=["episode", "fact"], limit=1000)["results"]
        memory.batch_delete([row["id"] for row in rows])
        assert len(rows) == 500
        assert memory.search("lamp of room 321", user_id="ann")["results"] == []

    @pytest.mark.parametrize("page", [3, 7, 12])
    def test_a_page_replaces_no_other_however_alike_they_are(self, page: int) -> None:
        with Memory(":memory:") as memory:
            memory.documents.add(pdf([f"Page {n} of the book." for n in range(1, 31)]), name="a.pdf", user_id="ann")
            best = memory.search(f"page {page} of the book", user_id="ann", limit=1)["results"][0]
            assert best["memory"] == f"Page {page} of the book."

    def test_without_the_package_the_pip_line_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pypdf", None)
        with pytest.raises(MissingDependencyError, match=r"pip install 'memlayer-core\[documents\]'"):
            documents.read(pdf(["a"]), source="a.pdf")


def locked() -> bytes:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def packed(body: bytes) -> bytes:
    """A PDF of one page, whose content is packed."""
    stream = zlib.compress(body, 9)
    return write(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /ProcSet [/PDF] >> /Contents 4 0 R >>",
            f"<< /Filter /FlateDecode /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream",
        ]
    )


def circle(of: str) -> bytes:
    """A PDF whose pages, or whose table of contents, go round in a circle."""
    outline = "/Outlines 3 0 R" if of == "contents" else ""
    kid = "4 0 R" if of == "contents" else "2 0 R"
    return write(
        [
            f"<< /Type /Catalog /Pages 2 0 R {outline} >>".encode(),
            f"<< /Type /Pages /Count 1 /Kids [{kid}] >>".encode(),
            b"<< /Type /Outlines /First 5 0 R /Last 5 0 R /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
            b"<< /Title (Round) /Parent 3 0 R /Next 5 0 R /First 5 0 R /Dest [4 0 R /Fit] >>",
        ]
    )


BAD: dict[str, tuple[Any, str]] = {
    "truncated.pdf": (lambda: pdf(["Hello there."] * 5)[:600], "truncated.pdf"),
    "only the head.pdf": (lambda: b"%PDF-1.7\n", "is no whole PDF file"),
    "rubbish.pdf": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 20, "is no whole PDF file"),
    "encrypted.pdf": (locked, "is encrypted"),
    "no pages.pdf": (lambda: pdf([]), "has no pages"),
    "no catalog.pdf": (lambda: write([b"<< >>"]), "is no whole PDF file"),
    "scanned.pdf": (lambda: pdf([None, None]), "no page has text; pages 1-2 scanned"),
    "blank.pdf": (lambda: pdf(["", ""]), "has no text"),
    "bomb.pdf": (lambda: packed(bytes(200_000_000)), "page 1 cannot be read: Limit reached while decompressing"),
    "circle.pdf": (lambda: circle("pages"), "is no whole PDF file"),
    "circle in the contents.pdf": (lambda: circle("contents"), "has no text"),
    "text.pdf": (lambda: b"Hello there.", "should be a PDF"),
    "latin.txt": (lambda: "Grüße".encode("latin-1"), r"is no UTF-8 text: .* at byte 2"),
    "half.txt": (lambda: "€".encode()[:2], "is no UTF-8 text"),
    "half16.txt": (lambda: "ab".encode("utf-16")[:-1], "is no UTF-8 text"),
    "binary.txt": (lambda: b"MZ\0\0\1\2", "is no text"),
    "empty.md": (lambda: b" \n\n ", "has no text"),
    "line.txt": (lambda: b"x" * (documents.LETTERS + 1), "has more than 5,000,000 letters"),
    "picture.md": (lambda: b"\x89PNG\r\n\x1a\n rest", "should be a text; by its content it is image/png"),
}


@needs_pypdf
@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_is_a_clear_error_and_leaves_nothing(name: str, memory: Memory, tmp_path: Path) -> None:
    make, told = BAD[name]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(DocumentError, match=told):
        memory.add([{"content": "I live in Rome."}, {"content": documents.read_file(tmp_path / name)}], user_id="ann")
    assert kept(memory) == []


@needs_pypdf
def test_a_document_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memlayer.extraction._pdf.SECONDS", -1.0)
    with pytest.raises(DocumentError, match=r"long.pdf: reading it takes longer than -1 seconds"):
        documents.read(pdf(["a", "b"]), source="long.pdf")


def test_a_hundred_megabytes_of_one_line_are_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "line.txt").open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(DocumentError, match=r"line.txt has 100,000,000 bytes; at most 33,554,432 are read"):
        documents.read_file(tmp_path / "line.txt")
