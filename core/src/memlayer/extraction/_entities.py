"""People and things: which words are names, and what kind of thing a name or word means."""

from __future__ import annotations

import re

from memlayer.extraction import _words as words

NAME = r"[A-Z][\w'’-]*(?:\s(?:(?:de|van|von|der|la|del|di|al|bin|St\.|Mc|O')\s)?[A-Z][\w'’-]*){0,3}"
"""A run of capitalised words, as it stands in a regular expression."""

_RUN = re.compile(
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|St)\.\s)?[A-Z][\w&'’-]*(?:\s(?:(?:of|the|de|van|von|der|la|del|di|al|and"
    r"|&)\s){0,2}[A-Z0-9][\w&'’-]*){0,5}"
)
_QUOTED = re.compile(r"\"([^\"]{2,80})\"")
_STREET = re.compile(r"\d+\s\w+")
_KINDS: tuple[tuple[frozenset[str], str], ...] = (
    (words.FOODS, "food"),
    (words.PETS, "animal"),
    (words.INSTRUMENTS, "instrument"),
    (words.ACTIVITIES, "activity"),
    (words.PLACES, "place"),
    (words.LANGUAGES, "language"),
    (words.COMPANIES, "organization"),
    (words.FIRST_NAMES, "person"),
)
_PLACE_BEFORE = re.compile(r"\b(?:in|to|from|visit|visiting|visited|near|around|toured|leaving|through)\s(?:the\s)?$")
_PERSON_BEFORE = re.compile(
    r"\b(?:met|with|named|called|friend|sister|brother|mom|dad|aunt|uncle|cousin|colleague|boss|wife|husband"
    r"|and|girlfriend|boyfriend|partner|son|daughter|Dr\.|Mr\.|Mrs\.|Ms\.)\s$"
)
_ORG_BEFORE = re.compile(r"\b(?:at|for|joined|left|with)\s$")


_GROUNDS = frozenset("street avenue park beach island lake city river mountains valley canyon".split())


def kind_of(name: str, before: str = "") -> str:
    """Type of a name or noun: person, place, organization, animal, food, activity, instrument, language or thing.

    `before` is the text in front of it, which decides where the word lists know nothing.
    """
    low = name.lower().strip()
    bare = low.removeprefix("the ")
    for known, kind in _KINDS:
        if low in known or bare in known:
            return kind
    first, last = bare.split(" ", 1)[0], bare.rsplit(" ", 1)[-1]
    if last in words.ORG_ENDS:
        return "organization"
    if first.startswith(("dr.", "mr.", "mrs.", "ms.")) or (first in words.FIRST_NAMES and name[:1].isupper()):
        return "person"
    if last in _GROUNDS:
        return "place"
    if not name[:1].isupper():
        return "food" if last in words.FOODS else "thing"
    for pattern, kind in ((_PERSON_BEFORE, "person"), (_PLACE_BEFORE, "place"), (_ORG_BEFORE, "organization")):
        if pattern.search(before):
            return kind
    return "thing"


def is_name(word: str) -> bool:
    """Whether a capitalised word may be a name at all, and is no sentence opener, weekday or month."""
    return word[:1].isupper() and word.lower() not in words.NO_NAMES


def names_in(text: str, known: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Capitalised names, quoted titles and known names of a text with their types, in order, each once."""
    found: dict[str, str] = {}
    for m in _RUN.finditer(text):
        name = m.group().rstrip("'’")
        name = re.sub(r"['’]s$", "", name)
        parts = name.split(" ")
        while parts and parts[0].lower() in words.NO_NAMES:
            parts.pop(0)
        name = " ".join(parts)
        at_start = m.start() == 0 or text[m.start() - 2 : m.start()] in {". ", "! ", "? "}
        if not name or not is_name(name.split(" ")[0]) or (len(name) == 1):
            continue
        known_word = name in known or name.lower() in words.FIRST_NAMES or name.lower() in words.PLACES
        if at_start and len(parts) == 1 and not known_word:
            continue
        found.setdefault(name, kind_of(name, text[max(0, m.start() - 24) : m.start()]))
    for m in _QUOTED.finditer(text):
        found.setdefault(m[1], "work")
    for name in known:
        if name not in found and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            found[name] = kind_of(name)
    return list(found.items())


def place(text: str) -> str | None:
    """The place that a text begins with, "Austin, Texas" of "Austin, Texas with my wife"; None where there is none."""
    m = _PLACE.match(text)
    if m:
        name = m.group().rstrip(" ,.'")
        first = re.sub(r"^the ", "", name).split(" ")[0].rstrip(",")
        if (
            is_name(first)
            and first.lower() not in words.TECH
            and first.lower() not in words.FIRST_NAMES - words.PLACES - _TOWNS
        ):
            return name
    low = text.lower()
    for size in (4, 3, 2, 1):
        head = " ".join(re.split(r"[\s]+", low)[:size]).strip(" ,.!")
        if head in words.PLACES and len(head) > 3:
            return text[: len(head)]
    return None


_TOWNS = frozenset("florence charlotte victoria jordan sydney madison austin dallas paris georgia".split())
_PLACE = re.compile(
    r"(?:the\s)?[A-Z][\w.'’-]*(?:\s(?:(?:de|la|del|of|upon|am"
    r"|do)\s)?[A-Z][\w.'’-]*){0,3}(?:,\s[A-Z][\w.]*(?:\s[A-Z][\w.]*)?)?"
)
_ORG = re.compile(r"(?:the\s)?[A-Z][\w.&'’+-]*(?:\s(?:(?:of|for|and|&|de|the)\s){0,2}[A-Z0-9][\w.&'’+-]*){0,5}")


def organization(text: str) -> str | None:
    """The organization that a text begins with, by its capitals or the word list."""
    m = _ORG.match(text)
    if m and is_name(m.group().removeprefix("the ").split(" ")[0]):
        return m.group().rstrip(".,'")
    head = re.split(r"[\s,.;!]", text.lower(), maxsplit=1)[0]
    return text[: len(head)] if head in words.COMPANIES else None


def person(text: str) -> str | None:
    """The person's name that a text begins with: one to three capitalised words, no place, language or brand."""
    m = _PERSON.match(text)
    if not m:
        return None
    name = re.sub(r"['’]s$", "", m.group())
    low = name.lower()
    if any(w in words.NO_NAMES for w in low.split(" ")) or low in words.NATIONALITIES or low in words.TECH:
        return None
    return None if low in words.PLACES - words.FIRST_NAMES - _TOWNS or low in words.CARS else name


_PERSON = re.compile(r"(?:Dr\.\s|Mr\.\s|Mrs\.\s|Ms\.\s)?[A-Z][a-zà-ÿ'’-]+(?:\s[A-Z][a-zà-ÿ'’-]+){0,2}(?![\w@])")
