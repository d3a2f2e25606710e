"""A text cut into pieces that can be found by themselves: along headings and paragraphs, then sentences and words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from memlayer.types import Message

AIM = 900
"""Letters that a piece has at most, its heading aside: what the local embedder reads whole."""
KEY = "document"
"""Where the metadata of a memory says which piece of which document it is."""
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t#]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SENTENCE = re.compile(r"(?<=[.!?。！？…])\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a document."""

    text: str
    heading: str | None = None
    """The headings that it stands under, outermost first: "Setup > Linux"."""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class PieceMessage(Message):
    """A message that is a piece of a document."""

    document: Mapping[str, Any] = field(default_factory=dict)
    """Its id, source, page, heading, and which piece of how many it is."""


def part_of(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What metadata says of the document that a memory is a piece of; None where it is of none."""
    found = metadata.get(KEY)
    return found if isinstance(found, Mapping) and {"id", "source", "piece", "pieces"} <= found.keys() else None


def markdown(text: str, *, code: bool = False) -> Iterator[Piece]:
    """The pieces of a Markdown or plain text; `code` leaves out what only MDX knows (imports, exports, comments)."""
    for heading, body in _sections(text, code=code):
        yield from pieces(body, heading=heading)


def pieces(text: str, *, heading: str | None = None, page: int | None = None) -> Iterator[Piece]:
    """Paragraphs put together as far as they fit; one that is too long is cut at sentences, words, then anywhere."""
    held = ""
    for block in filter(str.strip, re.split(r"\n[ \t]*\n", text)):
        for part in _fitting(block.strip("\n")):
            if held and len(held) + 2 + len(part) > AIM:
                yield Piece(held, heading, page)
                held = ""
            held = f"{held}\n\n{part}" if held else part
    if held:
        yield Piece(held, heading, page)


def _sections(text: str, *, code: bool) -> Iterator[tuple[str | None, str]]:
    """Each stretch between headings, with the headings above it."""
    above: list[tuple[int, str]] = []
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        marks = _FENCE.match(line)
        if marks and (not fence or (marks[1].startswith(fence) and not line.strip(" `~"))):
            fence = "" if fence else marks[1]
        found = None if fence else _HEADING.fullmatch(line.rstrip())
        if found is None:
            if not (code and not fence and re.match(r"(?:import|export)\s[^\n]*|\{/\*.*\*/\}\s*$", line)):
                lines.append(line)
            continue
        yield _path(above), "\n".join(lines)
        lines = []
        above = [*(a for a in above if a[0] < len(found[1])), (len(found[1]), found[2])]
    yield _path(above), "\n".join(lines)


def _path(above: list[tuple[int, str]]) -> str | None:
    return " > ".join(title for _, title in above) or None


def _fitting(block: str) -> Iterator[str]:
    """The block, in parts that are no longer than a piece."""
    if len(block) <= AIM:
        yield block
        return
    held: list[str] = []
    size = 0
    for part in _small(block):
        if held and size + 1 + len(part) > AIM:
            yield " ".join(held)
            held, size = [], 0
        held.append(part)
        size += len(part) + 1
    if held:
        yield " ".join(held)


def _small(block: str) -> Iterator[str]:
    """Sentences; words of a sentence that is too long; cuts of such a word."""
    for sentence in filter(None, map(str.strip, _SENTENCE.split(block))):
        if len(sentence) <= AIM:
            yield sentence
            continue
        for word in sentence.split():
            yield from (word[start : start + AIM] for start in range(0, len(word), AIM))
