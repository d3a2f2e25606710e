"""Text as the index sees it: words, stems and their stable 64-bit keys.

The same analysis serves what is stored and what is asked. Words of scripts with spaces become stems, the others
(Chinese, Japanese, Thai, …) pairs of characters. A picture stands in a text as ``[image: what it shows]``; its words
get keys of their own (the lowest bit is set), so that a caption never weighs like something that was said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timezone
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memlayer import _changes, _stem
from memlayer._kinds import NAMED
from memlayer._words import FOREIGN, IDLE, SIGNS, STOP, TIMES

Terms = NDArray[np.int64]
Ways = tuple[tuple[int, ...], ...]
"""Keys of one word, for each way to read it."""

QUESTION = 1
"""Flag: the text ends in a question mark."""
TIME = 2
"""Flag: the text has a word of time."""
PICTURE = 4
"""Flag: the text holds a picture's caption."""
NUMBER = 8
"""Flag: the text has digits."""
NAME = 16
"""Flag: a word within a sentence has a capital, as names have."""
TITLE = 32
"""Flag: the text has words in double quotes, as titles of books and films have."""
CHANGE = 64
"""Flag: a short text says that something is no longer as it was."""
CORRECTION = 128
"""Flag: a short text takes back what was said just before; such a text has CHANGE, too."""

# The caches are emptied at this size: about 10 MB each.
_MAX_CACHED = 50_000
_SHORT = 80
"""The most words of a text in which words of change are about the whole of it."""
_PART = 4
"""The fewest letters of a part of a compound."""
_LONGEST = 60
"""The most letters of a compound: what is longer is no word of a language."""


class Analysis(NamedTuple):
    """What the index keeps of a text."""

    terms: Terms
    """Keys in the order of the words, repeated as they are; a caption's keys are odd, all others even."""
    words: int
    """How many words were said, captions aside."""
    flags: int
    """QUESTION, TIME, PICTURE, NUMBER, NAME, TITLE, CHANGE, CORRECTION, and the kinds of things that it names."""


@lru_cache(maxsize=256)
def analyse(text: str) -> Analysis:
    """Reads a text for the index."""
    flags = 0
    caption: list[int] = []
    if "[image:" in text:
        text, shown = _captions(text)
        caption = [key | 1 for key in _keys(words(shown))]
        flags |= PICTURE
    said = words(text)
    if not TIMES.isdisjoint(said):
        flags |= TIME
    for word in said:
        flags |= NAMED.get(word, 0)
    if text.rstrip(" \t\n\"')*_»”").endswith(_QUESTION_MARKS):
        flags |= QUESTION
    for flag, pattern in _SHAPES:
        if pattern.search(text):
            flags |= flag
    keys = _keys(said)
    count = len(said) if text.isascii() else max(len(said), len(keys))
    if count <= _SHORT:
        changed, corrected = _changes.said(text, said)
        flags |= CHANGE * changed | CORRECTION * corrected
    terms = np.array(keys + caption, dtype=np.int64)
    terms.setflags(write=False)
    return Analysis(terms, count, flags)


def idle(keys: Terms) -> NDArray[np.bool_]:
    """Which keys are of words that make a text which says nothing by itself ("Sounds good, thanks!")."""
    known = _idle_keys()
    found: NDArray[np.bool_] = known[np.searchsorted(known[:-1], keys)] == keys
    return found


@lru_cache(maxsize=1)
def _idle_keys() -> Terms:
    return np.array(sorted(set(_keys(sorted(IDLE)))), dtype=np.int64)


def query_terms(text: str) -> Terms:
    """The distinct keys of a question, in order of first appearance."""
    return np.array(list(dict.fromkeys(_keys(words(text)))), dtype=np.int64)


def query_ways(text: str) -> list[Ways]:
    """The ways to read each word of a question, likeliest first: what nothing stored knows may be read another way.

    A word without small words around it does not say its language, so that its stem in the other languages comes
    second; then, outside of English, the two words that it may be made of.
    """
    found = words(text)
    foreign = _is_foreign(found)
    told = foreign or not STOP.isdisjoint(found)
    ways = []
    for word in found:
        first = _word_keys(word, foreign=foreign)
        if first:
            other = _word_keys(word, foreign=not foreign)
            parts = _parts(word) if foreign or not told else []
            ways.append(tuple(dict.fromkeys(way for way in (first, other, *parts) if way)))
    return ways


def likeness(text: str) -> int:
    """One key for all texts of the same words, their order and the small words aside; signed, 64 bits."""
    keys = sorted(set(analyse(text).terms.tolist()))
    return int.from_bytes(blake2b(repr(keys).encode(), digest_size=8).digest(), "little", signed=True)


def spoken(text: str) -> str:
    """What is embedded: the text, and in brackets what its pictures show ("Look at this! (a dog)")."""
    if "[image:" not in text:
        return text
    said, shown = _captions(text)
    said, shown = said.strip(), " ".join(shown.split())
    return f"{said} ({shown})" if said and shown else said or shown


def words(text: str) -> list[str]:
    """The words of a text in lower case, with accents; runs of scripts without spaces stay whole."""
    if text.isascii():
        return _ASCII.findall(text.lower())
    return _UNICODE.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'"))


def fold(word: str) -> str:
    """The word without the accents of Latin, Greek and Cyrillic letters."""
    if word.isascii():
        return word
    apart = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not "\u0300" <= c <= "\u036f"))


def term_key(term: str) -> int:
    """The stable key of one term: even, signed, 64 bits."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "little", signed=True) & ~1


def name_key(name: str) -> str:
    """A name without case, accents and doubled spaces: what makes two mentions one node."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split())


@lru_cache(maxsize=20_000)
def day_keys(day: int) -> tuple[int, ...]:
    """Keys of the words that name a day, given as days since 1970: day of the month, month, year."""
    date = datetime.fromtimestamp(day * 86_400, tz=timezone.utc)
    return tuple(_keys([str(date.day), date.strftime("%B").lower(), str(date.year)]))


def _captions(text: str) -> tuple[str, str]:
    shown = " ".join(_CAPTION.findall(text))
    return _CAPTION.sub(" ", text), shown


def _keys(found: Iterable[str]) -> list[int]:
    """Keys of the words' terms; the language of Latin words is told from the small words among them."""
    found = found if isinstance(found, list) else list(found)
    foreign = _is_foreign(found)
    cache = _foreign_cache if foreign else _english_cache
    keys: list[int] = []
    for word in found:
        known = cache.get(word)
        keys += _word_keys(word, foreign=foreign) if known is None else known
    return keys


def _word_keys(word: str, *, foreign: bool) -> tuple[int, ...]:
    cache = _foreign_cache if foreign else _english_cache
    known = cache.get(word)
    if known is None:
        if len(cache) >= _MAX_CACHED:
            cache.clear()
        known = cache[word] = tuple(map(term_key, _terms(word, foreign=foreign)))
    return known


def _is_foreign(found: list[str]) -> bool:
    """Says whether small words of other Latin languages outnumber the English ones; of as many, letters decide."""
    if FOREIGN.isdisjoint(found):
        return False
    more = sum((word in FOREIGN) - (word in STOP) for word in found)
    return more > 0 or (more == 0 and not all(map(str.isascii, found)))


def _parts(word: str) -> list[tuple[int, ...]]:
    """Keys of the two words that a long one may be made of, as German ones are, with or without an s between them."""
    if not 2 * _PART <= len(word) <= _LONGEST or not word.isalpha() or _UNSPACED.search(word):
        return []
    splits = [(word[:i], word[i:]) for i in range(_PART, len(word) - _PART + 1)]
    splits += [(head[:-1], tail) for head, tail in splits if head.endswith("s") and len(head) > _PART]
    return [_word_keys(head, foreign=True) + _word_keys(tail, foreign=True) for head, tail in splits]


def _terms(word: str, *, foreign: bool) -> list[str]:
    """The terms of one word: none for a small word, one stem, or pairs of characters."""
    if word in STOP or (foreign and word in FOREIGN):
        return []
    if word.isascii():
        word = word.partition("'")[0].replace(",", "")
        if word in STOP or not word.isalpha():
            return [word] if word not in STOP else []
        return [_stem.latin(word) if foreign else _stem.porter(word)]
    runs = _RUNS.findall(fold(word).replace("'", " "))
    return [term for run in runs for term in _run_terms(run, foreign=foreign)]


def _run_terms(run: str, *, foreign: bool) -> list[str]:
    """The terms of one run of letters of a single kind of script, accents folded."""
    first = run[0]
    if _UNSPACED.match(first):
        pairs = [run[i : i + 2] for i in range(len(run) - 1)]
        # A word of one sign (猫, 住む) stands in different pairs each time; signs that say nothing are left out.
        return pairs + [sign for sign in run if _IDEOGRAPH.match(sign) and sign not in SIGNS] or [run]
    if run in STOP or (not run.isalpha() and not _INDIC.match(first)):
        return [run] if run not in STOP else []
    if _ARABIC.match(first):
        plain = _ARABIC_MARKS.sub("", run).translate(_ARABIC_LETTERS)
        return [] if plain in FOREIGN or not plain else [_stem.arabic(plain)]
    if _INDIC.match(first):
        plain = run.translate(_INDIC_LETTERS)
        return [] if run in FOREIGN else [_stem.hindi(plain)]
    if _CYRILLIC.match(first):
        return [_stem.cyrillic(run)]
    return [_stem.latin(run) if foreign else _stem.porter(run)]


_ASCII = re.compile(r"\d+(?:[.,]\d+)+|[a-z0-9]+(?:'[a-z]+)?")
# Indic blocks whole (their vowel signs are no letters to `re`), Arabic and Hebrew marks; not the danda.
_MARKS = r"\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"(?:[^\W_]|[{_MARKS}])"
_UNICODE = re.compile(rf"\d+(?:[.,]\d+)+|(?:{_LETTER}|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3])+(?:'{_LETTER}+)?")
_UNSPACED_SET = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UNSPACED = re.compile(f"[{_UNSPACED_SET}]")
_RUNS = re.compile(rf"[{_UNSPACED_SET}]+|\d+|(?:(?![{_UNSPACED_SET}])(?:{_LETTER}))+")
_SHAPES = (
    (NUMBER, re.compile(r"\d")),
    (NAME, re.compile(r"(?<=[^.!?…\s] )[\"“'(]?[A-Z][^\W\d_A-Z]{2}")),
    (TITLE, re.compile(r"[\"“„«][^\"“”»]{2,60}[\"”“»]")),
)
_CAPTION = re.compile(r"\[image:([^\]]*)\]")
_QUESTION_MARKS = ("?", "？", "؟", "⸮", "ですか。", "ますか。", "ですか", "ますか", "吗", "嗎", "吗。")
_ARABIC, _INDIC, _CYRILLIC = map(re.compile, ("[\u0600-\u06ff]", "[\u0900-\u0dff]", "[\u0400-\u04ff]"))
_INDIC_LETTERS = {0x093C: None, 0x0901: 0x0902}
_ARABIC_MARKS = re.compile(r"[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
_ARABIC_LETTERS = str.maketrans("أإآٱىةؤئ", "اااايهوي")

_english_cache: dict[str, tuple[int, ...]] = {}
_foreign_cache: dict[str, tuple[int, ...]] = {}
