"""Web pages read by lxml into Markdown: what a reader sees of them, under its headings."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

from memlayer.errors import DocumentError, MissingDependencyError

_HIDDEN = frozenset(
    "script style noscript template svg math iframe object canvas nav footer aside button select textarea dialog "
    "head".split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_BLOCKS = _HEADINGS | frozenset(
    "address article blockquote body br caption center dd details div dl dt fieldset figcaption figure form header "
    "hgroup hr html legend li main menu ol p pre section summary table tbody tfoot thead tr ul video".split()
)
_MAIN = frozenset({"main", "article"})
_ENOUGH = 200
"""Letters from which on what a page marks as its content is taken alone."""
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)


def page(data: bytes, source: str) -> tuple[str | None, str]:
    """The title and the text, as Markdown; what is hidden, and what only steers through the site, is left out."""
    try:
        from lxml import etree
    except ModuleNotFoundError as error:
        raise MissingDependencyError("lxml", "'memlayer-core[documents]'") from error
    target = _Page()
    parser = etree.HTMLParser(target=target, encoding="utf-8", recover=True, huge_tree=True)
    try:
        parser.feed(_decoded(data, source).encode())
        parser.close()
    except etree.LxmlError as error:
        raise DocumentError(f"{source} is no page that can be read: {' '.join(str(error).split())[:200]}") from error
    return target.title(), target.text()


def _decoded(data: bytes, source: str) -> str:
    """The page's letters: UTF-8 where they can be, else as it says itself."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _letters(data, "utf-16", source)
    try:
        return _letters(data, "utf-8-sig", source)
    except DocumentError:
        said = _CHARSET.search(data[:4096])
        if said is None:
            raise
    return _letters(data, said[1].decode("ascii"), source)


def _letters(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding).replace("\0", "\ufffd")
    except (UnicodeDecodeError, LookupError) as error:
        raise DocumentError(f"{source} is no page that can be read: {error}") from error


class _Page:
    """Collects blocks of text as the parser comes upon them; lxml sees to it that every element is closed in order."""

    def __init__(self) -> None:
        self._blocks: list[tuple[str, bool]] = []
        """Each block, and whether it stands in what the page marks as its content."""
        self._words: list[str] = []
        self._mark = ""
        self._hidden = 0
        """How many open elements are out of sight, the outermost hidden one included."""
        self._main: list[bool] = []
        self._pre = 0
        self._title: list[str] = []
        self._titled = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._titled = tag == "title" and not self._title
        if self._hidden or tag in _HIDDEN or _out_of_sight(attributes):
            self._hidden += 1
            return
        if tag in _BLOCKS:
            self._flush()
            self._mark = f"{'#' * int(tag[1])} " if tag in _HEADINGS else "- " if tag == "li" else self._mark
        elif tag in ("td", "th") and self._words:
            self._words.append(" | ")
        self._pre += tag == "pre"
        self._main.append(tag in _MAIN or attributes.get("role") == "main")

    def end(self, tag: str) -> None:
        """An element ends."""
        self._titled = False
        if self._hidden:
            self._hidden -= 1
            return
        if tag in _BLOCKS:
            self._flush()
        if tag in _HEADINGS or tag == "li":
            self._mark = ""
        self._pre -= tag == "pre"
        self._main.pop()

    def data(self, text: str) -> None:
        """Some text."""
        if self._titled:
            self._title.append(text)
        elif not self._hidden and (self._words or text.strip()):
            self._words.append(text)

    def close(self) -> None:
        """The page ends."""
        self._flush()

    def title(self) -> str | None:
        """What the page calls itself."""
        return " ".join("".join(self._title).split()) or None

    def text(self) -> str:
        """The page's content where it says what that is, else all of it."""
        main = [block for block, inside in self._blocks if inside]
        if sum(map(len, main)) < _ENOUGH:
            main = [block for block, _ in self._blocks]
        return "\n\n".join(main)

    def _flush(self) -> None:
        told = "".join(self._words)
        told = f"```\n{told.rstrip()}\n```" if self._pre and told.strip() else " ".join(told.split())
        if told:
            self._blocks.append((f"{self._mark}{told}", any(self._main)))
            self._mark = ""
        self._words = []


def _out_of_sight(attributes: Mapping[str, str]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or _UNSEEN.search(attributes.get("style", "")) is not None
    )
