"""How texts, values and names are compared: case, punctuation, articles and accents aside."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

_ARTICLES = frozenset({"a", "an", "the"})
_OWNERS = frozenset({"my", "our", "his", "her", "their", "your"})
# Marks that tell things apart although they are punctuation: C# and C, 50% and 50, @ann and ann.
_KEPT = frozenset("#%&@*+")
# The two invisible ones join emoji.
_JOINING = frozenset("'’`\ufe0f\u200d")
_ASCII_MARK = re.compile(r"(?<!\d)[.,:/-]|[.,:/-](?!\d)|[^\w#%&@*+.,:/$<=>^|~-]|_")
_PART = re.compile(r"\s*[,;()/]\s*|\s+(?:in|near|outside|at|of)\s+", re.IGNORECASE)
_PLURAL = re.compile(r"(?<=\w\w[^sui])s$")
# What says nothing about the value itself.
_TAIL = re.compile(
    r"(?<=\d)\s*(?:years?|yrs?)(?:\s*old)?$"
    r"|(?:(?<=\w) (?:at all|any ?more|any longer|now|again|too|either|very much|so much|a lot|these days))+$"
)


def words(text: str) -> tuple[str, ...]:
    """The words of a text in one spelling: no case, no punctuation, no accents on Latin letters, no articles.

    Only Latin, Greek and Cyrillic accents fall away; the marks of other scripts are letters there. A text of nothing
    but marks (an emoji, "?!") is one word. An article at the very end stays: it is a name there ("Plan A").
    """
    return _remembered(text) if len(text) <= _SHORT else _words(text)


def _words(text: str) -> tuple[str, ...]:
    plain = text.casefold()
    if plain.isascii():
        spelled = _ASCII_MARK.sub(" ", plain.replace("'", "").replace("`", ""))
    else:
        folded = unicodedata.normalize("NFKD", plain)
        plain = unicodedata.normalize("NFC", "".join(c for c in folded if not "\u0300" <= c <= "\u036f"))
        spelled = "".join("" if c in _JOINING else c if _letter(plain, i) else " " for i, c in enumerate(plain))
    found = spelled.split()
    kept = [w for i, w in enumerate(found) if w not in _ARTICLES or i == len(found) - 1]
    return tuple(kept) or ((plain.strip(),) if plain.strip() else ())


# Under the write lock a new fact meets every fact of its slot: each text is spelled once. Long ones are not kept.
_SHORT = 120
_remembered = lru_cache(maxsize=20_000)(_words)


def _letter(text: str, at: int) -> bool:
    """Says whether the character counts, the points and colons inside of numbers ("3.5", "10:30") included."""
    char = text[at]
    if char in ".,:/-" and 0 < at < len(text) - 1:
        return text[at - 1].isdigit() and text[at + 1].isdigit()
    return char in _KEPT or unicodedata.category(char)[0] not in "PZC"


def key(text: str | None) -> str:
    """One spelling of a text; the empty string for None."""
    return " ".join(words(text)) if text else ""


def value(text: str | None, *, plural: bool = False) -> str:
    """One spelling of a slot's value: owners before it ("my", "her") fall away, and with `plural` one final s."""
    found = list(words(text)) if text else []
    while len(found) > 1 and found[0] in _OWNERS:
        found.pop(0)
    if plural and found:
        found[-1] = _PLURAL.sub("", found[-1])
    return _TAIL.sub("", " ".join(found))


def contains(fine: str | None, coarse: str | None) -> bool:
    """Says whether the first value says the second one and more: "San Francisco, in the Mission" / "San Francisco".

    The coarse value must begin the fine one or be one of its parts between commas or "in"; "New York" is no finer
    "York". Equal values do not contain each other.
    """
    whole, part = value(fine), value(coarse)
    if not part or whole == part:
        return False
    return f"{whole} ".startswith(f"{part} ") or part in (value(p) for p in _PART.split(fine or ""))


def alike(one: str | None, other: str | None) -> bool:
    """Says whether two values may be one slip of the tongue apart: a shared word, near spelling, or both numbers."""
    left, right = value(one), value(other)
    if not left or not right:
        return False
    if set(left.split()) & set(right.split()):
        return True
    if any(c.isdigit() for c in left) and any(c.isdigit() for c in right):
        return True
    return SequenceMatcher(None, left, right).ratio() >= 0.7


def names(text: str, wanted: str | None) -> bool:
    """Says whether a text names a value, as whole words."""
    part = value(wanted)
    return bool(part) and f" {part} " in f" {key(text)} "


def denies(text: str, wanted: str | None) -> bool:
    """Says whether a text puts a value aside: "is called Max, not Rex"."""
    part = value(wanted)
    return bool(part) and f" not {part} " in f" {key(text)} "
