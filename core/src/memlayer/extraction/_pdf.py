"""PDF files read by pypdf, page by page."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from memlayer.errors import DocumentError, MissingDependencyError

PAGES = 5000
"""Most pages of one document."""
SECONDS = 300.0
"""Most time that reading one document takes: pypdf bounds what a page unpacks to, and pages may be many."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    number: int
    """From 1."""
    text: str
    heading: str | None
    """The last entry of the table of contents at or before it."""
    scanned: bool
    """True for a page that has a picture and no text."""


def pages(data: bytes, name: str, *, progress: Callable[[int, int], None] | None = None) -> Iterator[Page]:
    """Every page, in order; raises `DocumentError` for a file that is broken, locked or has none."""
    reader, number_of = _open(data, name)
    headings = _headings(reader)
    heading = None
    end = time.monotonic() + SECONDS
    for number in range(1, number_of + 1):
        if time.monotonic() > end:
            raise DocumentError(f"{name}: reading it takes longer than {SECONDS:g} seconds; split it")
        try:
            page = reader.pages[number - 1]
            text = _clean(page.extract_text() or "")
            scanned = not text.strip() and _has_picture(page)
        except Exception as error:  # pypdf lets through whatever a broken file makes it do
            raise DocumentError(f"{name}: page {number} cannot be read: {_told(error)}") from error
        heading = headings.get(number, heading)
        yield Page(number, text, heading, scanned)
        if progress is not None:
            progress(number, number_of)


def _open(data: bytes, name: str) -> tuple[Any, int]:
    try:
        import pypdf
    except ModuleNotFoundError as error:
        raise MissingDependencyError("pypdf", "'memlayer-core[documents]'") from error
    # What it says of odd files is for whoever listens, and never for the terminal.
    logger = logging.getLogger("pypdf")
    if not any(isinstance(h, logging.NullHandler) for h in logger.handlers):
        logger.addHandler(logging.NullHandler())
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        number = 0 if locked else len(reader.pages)
    except Exception as error:  # as above
        raise DocumentError(f"{name} is no whole PDF file: {_told(error)}") from error
    if locked:
        raise DocumentError(f"{name} is encrypted; save it without its password first")
    if number == 0:
        raise DocumentError(f"{name} has no pages")
    if number > PAGES:
        raise DocumentError(f"{name} has {number:,} pages; split it into files of at most {PAGES:,}")
    return reader, number


def _headings(reader: Any) -> dict[int, str]:
    """Page to the last entry of the table of contents that begins on it."""
    found: dict[int, str] = {}

    def walk(entries: Any, above: tuple[str, ...]) -> None:
        last = above
        for entry in entries:
            if isinstance(entry, list):
                walk(entry, last)
                continue
            number = reader.get_destination_page_number(entry)
            last = (*above, " ".join(_clean(str(entry.title)).split()))
            if number is not None and number >= 0:
                found[number + 1] = " > ".join(filter(None, last))

    try:
        walk(reader.outline, ())
    except Exception:  # noqa: BLE001  (a table of contents that is broken is none; the pages are what counts)
        return {}
    return found


def _has_picture(page: Any) -> bool:
    resources = page.get("/Resources")
    objects = None if resources is None else resources.get_object().get("/XObject")
    return objects is not None and any(
        o.get_object().get("/Subtype") == "/Image" for o in objects.get_object().values()
    )


def _clean(text: str) -> str:
    """The text without what no text may hold: fonts without a table give NUL and halves of characters."""
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def _told(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
