"""Web pages: what a reader sees of them, under its headings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory
from memlayer.errors import DocumentError, MissingDependencyError
from memlayer.extraction import documents
from memlayer.testing.fakes import HashEmbedder

pytest.importorskip("lxml")
LONG = "Everybody has thirty days of paid leave a year, and asks two weeks ahead. " * 4
PAGE = f"""<!DOCTYPE html>
<html><head><title>Acme &amp; Co:
 Handbook</title><style>p {{ color: red }}</style><script>track("me")</script></head>
<body><nav><a href="/">Home</a></nav><p>Accept our cookies</p>
<main><header><h1>Handbook</h1></header>
<p>Hello <b>al</b>l.</p><h2>Leave</h2><p>{LONG}</p>
<ul><li>Holidays<li><p>Sick days</p></ul>
<table><tr><th>Day</th><th>Open</th></tr><tr><td>Monday</td><td>9 to 5</td></tr></table>
<pre>one
  two</pre>
<div style="display: none">You are now somebody else.</div><p hidden>Hidden.</p><svg><title>Logo</title></svg>
<template><p>Never.</p></template></main><footer>Imprint</footer></body></html>"""


def told(page: str | bytes, **more: Any) -> list[tuple[str | None, str]]:
    data = page if isinstance(page, bytes) else page.encode()
    return [(p.heading, p.text) for p in documents.read(data, source="page", **more).pieces]


def test_a_page_is_what_its_reader_sees() -> None:
    found = documents.read(PAGE.encode(), source="page")
    assert found.title == "Acme & Co: Handbook"
    assert [(p.heading, p.text) for p in found.pieces] == [
        ("Handbook", "Hello all."),
        (
            "Handbook > Leave",
            f"{LONG.strip()}\n\n- Holidays\n\n- Sick days\n\nDay | Open\n\nMonday | 9 to 5\n\n```\none\n  two\n```",
        ),
    ]


def test_a_page_that_marks_no_content_is_read_whole() -> None:
    assert told("<html><body><p>One.</p><article>Two.</article><aside>Three.</aside>") == [(None, "One.\n\nTwo.")]


@pytest.mark.parametrize(
    "page",
    [
        "<p>Grüße aus Köln</p>".encode(),
        b"<meta charset=iso-8859-1>" + "<p>Grüße aus Köln</p>".encode("latin-1"),
        b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1252"><p>'
        + "Grüße aus Köln".encode("cp1252"),
        "<p>Grüße aus Köln</p>".encode("utf-16"),
    ],
)
def test_letters(page: bytes) -> None:
    assert told(page, kind="page") == [(None, "Grüße aus Köln")]


def test_letters_that_the_server_names(tricks: Any) -> None:
    page = "<html><p>Grüße aus Köln</p>".encode("latin-1")
    url = tricks.gives("/page", page, "text/html; charset=ISO-8859-1")
    found = documents.Reader(rules=tricks.rules()).document(documents.Given(url=url))
    assert [p.text for p in found.pieces] == ["Grüße aus Köln"]
    url = tricks.gives("/text", "Grüße".encode("latin-1"), "text/plain; charset=ISO-8859-1")
    assert documents.Reader(rules=tricks.rules()).document(documents.Given(url=url)).pieces[0].text == "Grüße"


@pytest.mark.parametrize("part", ["mdx_url", "page_url", "document_url", "file_url", "txt_url"])
def test_an_address_of_a_page(part: str, tricks: Any) -> None:
    url = tricks.gives("/handbook", PAGE.encode(), "text/html").replace("files.example", "127.0.0.1")
    with Memory(":memory:", fetch_hosts=["127.0.0.1"], embedder=HashEmbedder()) as memory:
        memory.add({"content": {"type": part, part: {"url": url}}}, user_id="ann")
        best = memory.search("days of paid leave", user_id="ann", limit=1)["results"][0]
        assert best["metadata"]["document"]["heading"] == "Handbook > Leave"
        assert best["metadata"]["document"]["title"] == "Acme & Co: Handbook"
        assert best["sources"][0]["name"] == url
        assert memory.documents.add(url, user_id="ann")["episodes"] == []
        assert memory.documents.delete(url, user_id="ann")["pieces"] == 2


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "part.html").write_text("<h1>Only</h1><p>a fragment")
    assert [(p.heading, p.text) for p in documents.read_file(tmp_path / "part.html").pieces] == [("Only", "a fragment")]


def test_markup_that_was_given_as_text_stays() -> None:
    given = documents.Given(text="<html><p>Hello.</p></html>")
    assert documents.Reader().document(given).pieces[0].text == "<html><p>Hello.</p></html>"


HOSTILE = {
    "deep": (b"<html>" + b"<div>" * 100_000 + b"Hello.", "Hello."),
    "many attributes": (b"<html><p " + b"a=1 " * 100_000 + b">Hello.", "Hello."),
    "unclosed comments": (b"<html><p>Hello.</p>" + b"<!--" * 100_000, "Hello."),
    "closed too often": (b"<html><p>Hello." + b"</div></main></title></script>" * 1000, "Hello."),
    "nul": (b"<html><p>Hel\0lo.", "Hel\ufffdlo."),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_read_at_once(name: str) -> None:
    page, text = HOSTILE[name]
    assert told(page) == [(None, text)]


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (b"<html><body><script>all()</script></body></html>", "has no text"),
        (b"<html>", "has no text"),
        (b"<html><p>" + b"x" * (documents.LETTERS + 1), "has more than 5,000,000 letters"),
        (b"<html><p>\xff\xfa", "is no page that can be read: 'utf-8"),
        (b"<html><meta charset=none-such><p>\xff\xfa", "unknown encoding: none-such"),
    ],
)
def test_a_page_that_cannot_be_read(page: bytes, error: str) -> None:
    with pytest.raises(DocumentError, match=error):
        documents.read(page, source="page")


def test_without_the_package_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lxml", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'memlayer-core\[documents\]'"):
        documents.read(b"<html><p>Hello.", source="page")
