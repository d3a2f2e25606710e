"""What a question asks for: its terms, whom it names, whose words it wants, whether it asks for a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from memlayer import _kinds
from memlayer._words import STOP
from memlayer.text import Terms, Ways, fold, query_terms, query_ways


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A question as ranking sees it."""

    text: str
    """What was asked."""
    plain: str
    """The same without known names: what is embedded and what the terms come from."""
    terms: Terms
    """Distinct keys of its words, each read in the likeliest way."""
    ways: tuple[Ways, ...] = ()
    """The ways to read each word, where some word has several."""
    speakers: tuple[str, ...] = ()
    """Known names that it names, in the order of the question."""
    together: bool = False
    """True where several people are asked about as a group ("both", "X and Y")."""
    role: str | None = None
    """Whose words it wants, where it names nobody: "user" for I and my, "assistant" for what the assistant said."""
    when: bool = False
    """True where it asks when, on which date or how long."""
    present: bool = False
    """True where it asks what is so now: currently, these days, do I have."""
    past: bool = False
    """True where it asks what was so before: previously, at first, used to."""
    done: bool = False
    """True where it asks what was or what somebody did: did, was, has been."""
    name: bool = False
    """True where a name would answer: who, where, which city, what … called."""
    title: bool = False
    """True where a title would answer: which book, film, song."""
    kinds: int = 0
    """The kinds of things of which one would answer, as flags of `_kinds`."""
    advice: bool = False
    """True where it asks for advice, which what somebody likes decides."""
    many: bool = False
    """True where a list or a count would answer: how many, which … have, all the."""

    def known(self, frequency: Callable[[int], int]) -> Question:
        """The question with each word read in the first way that the index knows, which says how frequent a key is."""
        if not self.ways:
            return self
        read = (next((way for way in ways if all(map(frequency, way))), ways[0]) for ways in self.ways)
        return replace(self, terms=np.array(list(dict.fromkeys(key for way in read for key in way)), np.int64), ways=())


def understand(text: str, names: Iterable[str] = ()) -> Question:
    """Reads a question; `names` are the speakers that the memory knows."""
    speakers, plain = _cut_names(text, names)
    return Question(
        text=text,
        plain=plain,
        terms=query_terms(plain),
        ways=_ways(plain),
        speakers=speakers,
        together=len(speakers) > 1 and _TOGETHER.search(text) is not None,
        role=None if speakers else _role(text),
        when=_WHEN.search(text) is not None,
        present=_PRESENT.search(text) is not None,
        past=_PAST.search(text) is not None and _NOW.search(text) is None,
        done=_DONE.search(text) is not None,
        name=_WHO.search(text) is not None,
        title=_TITLE.search(text) is not None,
        kinds=_kinds.asked(text),
        advice=_kinds.advice(text),
        many=_MANY.search(text) is not None,
    )


def _ways(text: str) -> tuple[Ways, ...]:
    ways = query_ways(text)
    return tuple(ways) if any(len(one) > 1 for one in ways) else ()


def _role(text: str) -> str | None:
    if _ASSISTANT.search(text):
        return "assistant"
    return "user" if _FIRST_PERSON.search(text) else None


def _cut_names(text: str, names: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """The known names in order of mention, and the text without them; the text whole where nothing would be left."""
    known = {fold(form.casefold()): name for name in names for form in _forms(name)}
    if not known:
        return (), text
    found: dict[str, None] = {}
    kept: list[str] = []
    end = 0
    for place, match in enumerate(_WORD.finditer(text)):
        name = _named(match.group(1), known, first=place == 0)
        if name is not None:
            found[name] = None
            kept.append(text[end : match.start()])
            end = match.end()
    plain = " ".join("".join((*kept, text[end:])).split())
    return tuple(found), plain if _LETTER.search(plain) else text


def _forms(name: str) -> list[str]:
    """The words of a name by which somebody is called; all of them are cut."""
    return [word for word in _NAME_WORD.findall(name) if len(word) > 1]


def _named(word: str, known: dict[str, str], *, first: bool) -> str | None:
    """The known name that a word of the question means: itself, or its beginning of three letters or more."""
    key = fold(word.casefold())
    capital = word[:1] != word[:1].casefold()
    if key in known:
        # "will" and "may" are names only with a capital inside of the sentence.
        return known[key] if key not in STOP or (capital and not first) else None
    if not capital or first or len(key) < 3 or key in STOP:
        return None
    longer = {name for form, name in known.items() if form.startswith(key)}
    return longer.pop() if len(longer) == 1 else None


_WORD = re.compile(r"([^\W\d_][^\W_]*)(?:['’]s?(?!\w))?")
_NAME_WORD = re.compile(r"[^\W\d_][^\W_]*")
_LETTER = re.compile(r"\w")
_TOGETHER = re.compile(r"\b(?:both|common|share[sd]?|together|each other|and)\b", re.IGNORECASE)
# An agent asks of "the user" what the user would ask of himself.
_FIRST_PERSON = re.compile(r"\b(?:I|[Mm]y|[Mm]e|[Mm]ine|[Ww]e|[Oo]ur|[Tt]he user)\b")
_ASSISTANT = re.compile(
    r"\b(?:you|your)\b.*?\b(?:told|suggest\w*|recommend\w*|remind\w*|said|mention\w*|provid\w*|gave|list\w*)\b"
    r"|\b(?:remind|tell) me (?:what|which|who|where|how|of|again)\b.*?\byou\b"
    r"|\bour (?:previous|last|earlier) (?:chat|conversation|discussion)\b"
    r"|\bwe (?:discussed|talked|chatted|spoke)\b",
    re.IGNORECASE | re.DOTALL,
)
_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:date|day|month|year|week|time)\b"
    r"|\bhow (?:long|many (?:days|weeks|months|years))\b",
    re.IGNORECASE,
)
_NOW = re.compile(r"\b(?:current(?:ly)?|now(?:adays)?)\b", re.IGNORECASE)
_PRESENT = re.compile(
    r"\b(?:current(?:ly)?|now(?:adays)?|these days|so far|latest|recent(?:ly)?|still|at the moment|today|to date"
    r"|any ?more|updated?|new)\b|\b(?:do|am|is|are|does|have|has) (?:I|my|we|our)\b"
    r"|\bI (?:have|am|do|own|keep|use|live|work)\b"
    r"|\b(?:what|where|who|how)['’]s\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:previous(?:ly)?|first|original(?:ly)?|initial(?:ly)?|before|used to|former(?:ly)?|earlier|old"
    r"|back then|ago)\b",
    re.IGNORECASE,
)
_DONE = re.compile(r"\b(?:did|was|were|had|has)\b", re.IGNORECASE)
_WHO = re.compile(
    r"\b(?:who|whose|whom|where|names?|named|called)\b"
    r"|\b(?:which|what) (?:city|country|place|state|town|restaurant|park|store|shop|company|school"
    r"|university|beach|cafe)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\b(?:book|movie|film|song|album|game|series|show|novel|band|artist|podcast)s?\b", re.IGNORECASE)
_MANY = re.compile(
    r"\b(?:how many|how much .*\b(?:total|all)|in total|altogether|combined|all (?:the|my|of)|in what ways|order of"
    r"|list)\b|^(?:what|which) (?:are|(?:(?:kinds?|types?|sorts?) of )?\w+s (?:has|have|does|do|did|are|were))\b",
    re.IGNORECASE,
)
