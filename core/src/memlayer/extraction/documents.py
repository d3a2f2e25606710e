"""Documents and pictures, read into text that a memory can keep.

    from memlayer.extraction.documents import read_file

    memory.add({"content": read_file("handbook.pdf")}, user_id="alice")

A document is cut into pieces; each is kept as an episode of role "tool" that is named after the document's source, and
whose metadata says under "document" where it comes from: id, source, title, page, heading, piece and pieces. The id is
made from the content, so a document that is added again doubles nothing, and
`filters={"metadata": {"document": {"id": …}}}` finds all of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, unquote_to_bytes, urldefrag, urlsplit

from memlayer.errors import DocumentError, FetchError, ModelError
from memlayer.extraction import _html, _pdf
from memlayer.extraction._pieces import Piece, markdown, pieces

Progress = Callable[[int, int], None]
Kind = Literal["pdf", "text", "mdx", "page", "image"]

BYTES = 32 << 20
"""Most bytes of a document or picture."""
LETTERS = 5_000_000
"""Most letters of a document's text."""
FILES = (".md", ".mdx", ".markdown", ".txt", ".text", ".pdf", ".html", ".htm")
"""Names of files that are documents."""
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF87a": "image/gif",
             b"GIF89a": "image/gif", b"BM": "image/bmp"}  # fmt: skip
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_WANTED = {"pdf": "a PDF", "text": "a text", "mdx": "a text or a web page", "page": "a web page",
           "image": "a picture (PNG, JPEG, GIF, WebP or BMP)"}  # fmt: skip
_FAMILY = {"application/pdf": "pdf", "text/html": "page"}
_TAKES: dict[str, tuple[str, ...]] = {
    "pdf": ("pdf",), "text": ("text", "page"), "mdx": ("text", "page"), "page": ("page", "text"), "image": ("image",),
}  # fmt: skip
"""What may be where something was said to be: whoever links to a text may well link to its page."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document, read: give it to `memory.add` as a message's content."""

    id: str
    """Made from the content."""
    source: str
    """The address or the file's name."""
    pieces: tuple[Piece, ...]
    title: str | None = None
    first: int = 0
    """Number of the first of `pieces` within the whole document, from 0."""
    total: int = 0
    """How many pieces the whole document has."""
    scanned: tuple[int, ...] = ()
    """Pages that have a picture and no text."""

    def __repr__(self) -> str:
        return f"Document({self.source!r}, {len(self.pieces)} pieces)"

    def parts(self, size: int = 200) -> Iterator[Document]:
        """The document in parts of `size` pieces, to be added one by one; an interruption loses one part."""
        for start in range(0, len(self.pieces), size):
            yield replace(self, pieces=self.pieces[start : start + size], first=self.first + start)

    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Each piece's message id, text and what metadata says of it."""
        found = []
        for number, piece in enumerate(self.pieces, self.first):
            about = {"id": self.id, "source": self.source, "title": self.title, "page": piece.page,
                     "heading": piece.heading, "piece": number + 1, "pieces": self.total}  # fmt: skip
            held = piece.heading if piece.heading and piece.heading.rpartition(" > ")[2] not in piece.text else None
            text = f"{held}\n\n{piece.text}" if held else piece.text
            told = {key: value for key, value in about.items() if value is not None}
            found.append((f"document:{self.id}:{number + 1}", text, told))
        return found


@dataclass(frozen=True, slots=True)
class Given:
    """What a part of a message names: an address or data URI, base64, or plain text; exactly one of them."""

    url: str | None = None
    data: str | bytes | None = None
    text: str | None = None
    name: str | None = None


class Reader:
    """Reads what messages name; `see` describes a picture (its data URI), None where no model sees any."""

    def __init__(
        self, *, see: Callable[[str], str] | None = None, hosts: Collection[str] | None = None, rules: Any = None
    ) -> None:
        """`hosts` may be fetched from wherever they are, None for those of the environment; `rules` say all of it."""
        self.see = see
        self._hosts = hosts
        self._rules = rules

    def document(self, given: Given, kind: Kind | None = None, *, progress: Progress | None = None) -> Document:
        """The document; raises `DocumentError` (`FetchError` for an address) and `MissingDependencyError`."""
        if given.text is not None:
            # Whatever it looks like: it was given as a text.
            name = given.name or "text"
            return _made(given.text.encode(errors="surrogatepass"), name, _cut(_letters(given.text, name), name))
        data, source = self._data(given, kind)
        return read(data, source=source, kind=kind, progress=progress)

    def fetched(self, given: Given) -> Given:
        """The same, with what its address holds in place of the address."""
        data, source = self._data(given, None)
        return Given(data=data, name=source)

    def picture(self, given: Given) -> str:
        """What a picture shows, in the model's words."""
        data, source = self._data(given, "image")
        found = media(data)
        if found is None or not found.startswith("image/"):
            raise _other(source, "image", found, given)
        assert self.see is not None
        seen = " ".join(self.see(f"data:{found};base64,{base64.b64encode(data).decode()}").split())
        if not seen:
            raise ModelError(f"{source}: the model said nothing of the picture")
        return seen

    def _data(self, given: Given, kind: Kind | None) -> tuple[bytes, str]:
        if given.data is not None:
            if isinstance(given.data, str) and given.data[:5].lower() == "data:":
                return self._data(replace(given, url=given.data, data=None), kind)
            name = given.name or kind or "document"
            return (given.data if isinstance(given.data, bytes) else _base64(given.data, name)), name
        url = (given.url or "").strip()
        if url[:5].lower() == "data:":
            head, comma, body = url[5:].partition(",")
            if not comma:
                raise DocumentError("a data URI without a comma holds no data")
            name = given.name or f"data:{head.partition(';')[0] or 'text/plain'}"
            return (_base64(unquote(body), name) if head.lower().endswith(";base64") else unquote_to_bytes(body)), name
        from memlayer.extraction import _fetch

        if self._rules is None:
            self._rules = _fetch.Rules() if self._hosts is None else _fetch.Rules(hosts=frozenset(self._hosts))
        fetched = _fetch.fetch(url, self._rules)
        found = media(fetched.data)
        if kind is not None and _family(found) not in _TAKES[kind]:
            raise _other(_fetch.plain(url), kind, found, given)
        return _transcoded(fetched.data, found, fetched.charset), urldefrag(url).url


_KINDS: dict[str, Kind] = {".mdx": "mdx", ".pdf": "pdf", ".html": "page", ".htm": "page"}


def read_file(path: str | Path, *, name: str | None = None, progress: Progress | None = None) -> Document:
    """The document of a PDF, Markdown, MDX, HTML or text file; `progress` is told pages done and pages in all.

    `name` is its source; without it, the file's name is.
    """
    path = Path(path)
    if path.stat().st_size > BYTES:
        raise DocumentError(f"{path.name} has {path.stat().st_size:,} bytes; at most {BYTES:,} are read: split it")
    kind = _KINDS.get(path.suffix.lower())
    return read(path.read_bytes(), source=name or path.name, kind=kind, progress=progress)


def read(data: bytes, *, source: str, kind: Kind | None = None, progress: Progress | None = None) -> Document:
    """The document that bytes hold; what it is, its content says, and `kind` what it should be."""
    if len(data) > BYTES:
        raise DocumentError(f"{source} has {len(data):,} bytes; at most {BYTES:,} are read: split it")
    found = media(data)
    family = _family(found)
    if family == "image" or (kind is not None and family not in _TAKES[kind]):
        raise _other(source, kind or "text", found)
    if family == "pdf":
        cut, scanned = _paged(data, source, progress)
        return _made(data, source, cut, scanned=scanned)
    if kind == "page" or (family == "page" and kind != "text"):
        title, text = _html.page(data, source)
        return _made(data, source, _cut(text, source), title)
    code = kind == "mdx" or source.lower().endswith(".mdx")
    return _made(data, source, _cut(_decoded(data, source), source, code=code))


def _paged(data: bytes, source: str, progress: Progress | None) -> tuple[list[Piece], list[int]]:
    """The pieces of a PDF, and its scanned pages; the last piece names them."""
    scanned: list[int] = []
    cut: list[Piece] = []
    letters = 0
    for page in _pdf.pages(data, source, progress=progress):
        cut += pieces(page.text, heading=page.heading, page=page.number)
        scanned += [page.number] if page.scanned else []
        letters += len(page.text)
        if letters > LETTERS:
            raise _too_long(source)
    if scanned:
        where = _spans(scanned)
        if not cut:
            raise DocumentError(f"{source}: no page has text; {where} scanned: run text recognition on it first")
        cut.append(Piece(f"[{where} of {source}: scanned, without text]", page=scanned[0]))
    return cut, scanned


def _cut(text: str, source: str, *, code: bool = False) -> list[Piece]:
    if len(text) > LETTERS:
        raise _too_long(source)
    return list(markdown(text, code=code))


def _made(
    data: bytes, source: str, cut: list[Piece], title: str | None = None, scanned: Sequence[int] = ()
) -> Document:
    """The document of these pieces, known by its bytes."""
    if not cut:
        raise DocumentError(f"{source} has no text")
    if title is None:
        title = next((p.heading.partition(" > ")[0] for p in cut if p.heading and p.page is None), None)
    name = hashlib.sha256(data).hexdigest()[:32]
    return Document(name, source, tuple(cut), title, total=len(cut), scanned=tuple(scanned))


def media(data: bytes) -> str | None:
    """What bytes are, by themselves: a MIME type, "text" for any text but HTML, None for what is nothing known."""
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    for start, name in _PICTURES.items():
        if data.startswith(start) and (name != "image/bmp" or data[6:10] == b"\0\0\0\0"):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if _HTML.match(data[:4096]):
        return "text/html"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "text"
    return None if b"\0" in data[:65536] else "text"


def _family(found: str | None) -> str | None:
    return "image" if (found or "").startswith("image/") else _FAMILY.get(found or "", found)


def _transcoded(data: bytes, found: str | None, charset: str | None) -> bytes:
    """A text in UTF-8, where it is in the letters that the server named."""
    if charset is None or found not in ("text", "text/html"):
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        try:
            return data.decode(charset).encode()
        except (UnicodeDecodeError, LookupError):
            return data
    return data


def _decoded(data: bytes, source: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{source} is no UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8 first"
        ) from error
    return _letters(text, source)


def _letters(text: str, source: str) -> str:
    if "\0" in text:
        raise DocumentError(f"{source} is no text: it holds a NUL character")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _base64(text: str, name: str) -> bytes:
    if len(text) > BYTES * 4 // 3 + 1024:
        raise DocumentError(f"{name} has more than {BYTES:,} bytes")
    text = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise DocumentError(f"{name} is no base64: {error}") from error


def _too_long(source: str) -> DocumentError:
    return DocumentError(f"{source} has more than {LETTERS:,} letters; split it")


def _other(source: str, kind: Kind, found: str | None, given: Given | None = None) -> DocumentError:
    told = f"{source} should be {_WANTED[kind]}; by its content it is {found or 'something unknown'}"
    fetched = given is not None and given.url is not None and urlsplit(given.url).scheme in ("http", "https")
    return FetchError(told, rule="type") if fetched else DocumentError(told)


def _spans(numbers: Sequence[int]) -> str:
    """Page numbers in words: pages 2, 4-6."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    told = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
    return f"{'page' if len(numbers) == 1 else 'pages'} {told}"
