"""Which slot a question asks for, and whose: "Where do I live?" wants lives_in of the user. Pure.

An exact fact answers such a question whatever words it is told in ("Moved to Berlin …"). Questions about the past
("used to", "before") and questions with conditions of their own ask for more than a slot and are left to ranking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from memlayer.types import Record

# In the templates WHO is "I" or a name with any form of "do" or "be" before it, WHOSE is "my" or a name's genitive,
# IS any form of "is" written out or not.
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "lives_in": (
        "where WHO (?:live|living|based|located|reside)",
        "(?:in )?(?:what|which) (?:city|town|country|state|place|area) WHO liv(?:e|ing)(?: in)?",
        "(?:what|where)IS WHOSE (?:current )?(?:home|home town|city|place of residence)",
    ),
    "address": ("whatIS WHOSE (?:current |home |street |new )?address",),
    "works_at": (
        "where WHO (?:work|working|employed)(?: at)?",
        "who(?:m)? WHO work(?:ing)? for",
        "(?:what|which) company WHO work(?:ing)? (?:for|at)",
        "(?:who|what)IS WHOSE (?:current |new )?(?:employer|company|workplace)",
    ),
    "occupation": (
        "what WHO (?:do|doing) for (?:a living|work)",
        "whatIS WHOSE (?:current |new )?(?:job|occupation|profession|job title|role)",
    ),
    "name": ("whatIS WHOSE (?:full |first |last )?name", "what WHO (?:called|named)"),
    "nickname": ("whatIS WHOSE nickname",),
    "age": ("how old WHO", "whatIS WHOSE age"),
    "birthday": ("(?:when|what)IS WHOSE (?:birthday|date of birth)", "when (?:was|were) NAME born"),
    "email": ("whatIS WHOSE e-?mail(?: address)?",),
    "phone": ("whatIS WHOSE (?:phone|mobile|cell)(?: phone)?(?: number)?",),
    "time_zone": ("whatIS WHOSE time ?zone", "(?:what|which) time ?zone WHO in"),
    "born_in": ("where (?:was|were) NAME born",),
    "comes_from": ("where WHO (?:originally )?(?:come )?from", "whatIS WHOSE home ?(?:town|country)"),
    "nationality": ("whatIS WHOSE nationality",),
    "married_to": (
        "whoIS WHOSE (?:husband|wife|spouse)",
        "who WHO married to",
        "whatIS WHOSE (?:husband|wife|spouse)['’]s name",
    ),
    "engaged_to": ("whoIS WHOSE fianc[ée]e?", "who WHO engaged to"),
    "in_relationship_with": ("whoIS WHOSE (?:girlfriend|boyfriend|partner)", "who WHO dating"),
    "has_pet": (
        "(?:what|which|how many) pets? WHO (?:have|own)",
        "WHO have (?:any |a )?pets?",
        "what(?: are|['’]re|IS) WHOSE pets?(?:['’]s?)?(?: names?| called)?",
        "what (?:is|are) the names? of WHOSE pets?",
    ),
    "has_pet:animal": (
        "what(?: are|['’]re|IS) WHOSE (?P<animal>ANIMAL)(?:['’]s?)?(?: names?| called| named)?",
        "what (?:is|are) the names? of WHOSE (?P<animal>ANIMAL)",
        "(?:what|which|how many) (?P<animal>ANIMAL) WHO (?:have|own)",
        "WHO have (?:any |an? )?(?P<animal>ANIMAL)",
    ),
    "has_child": (
        "WHO have (?:any )?(?:kids|children)",
        "how many (?:kids|children) WHO have",
        "what(?: are|['’]re) WHOSE (?:kids|children)(?:['’]s?)? (?:names?|called)",
    ),
    "has_sibling": ("WHO have (?:any )?(?:siblings|brothers|sisters)", "how many siblings WHO have"),
    "allergic_to": (
        "what WHO allergic to",
        "what(?: are|['’]re) WHOSE allergies",
        "WHO have (?:any )?(?:food )?allergies",
    ),
    "diet": ("whatIS WHOSE diet", "what(?: kind of)? diet WHO follow(?:ing)?"),
    "speaks": ("(?:what|which) languages? WHO (?:speak|know)",),
    "studies_at": (
        "where WHO study(?:ing)?",
        "(?:what|which) (?:school|university|college) WHO (?:go to|going to|attend|attending)",
    ),
    "studies": ("what WHO study(?:ing)?",),
    "drives": ("(?:what(?: kind of| type of)?|which) car WHO (?:drive|driving|have|own)",),
    "likes": ("what WHO (?:like|love|enjoy)",),
    "dislikes": ("what WHO (?:dislike|hate|not like)", "what (?:don['’]t|doesn['’]t) NAME like"),
    "has_condition": ("what (?:health|medical) (?:conditions?|problems?|issues?) WHO have",),
    "commutes_by": (
        "how WHO (?:get|getting|go|going|travel|travelling|commute|commuting) to (?:work|school|the office)",
    ),
    "reads": ("what(?: book)? WHO reading", "(?:what|which) book WHO (?:read|reading)"),
    "watches": ("what(?: show| series)? WHO watching",),
    "when": (
        "(?:when|what (?:day|time))(?:IS| does| do) WHOSE (?P<topic>[a-z][a-z -]{2,30}?)(?: (?:start|begin|leave))?",
    ),
    "detail": ("(?:what|who|how much|how high|which)IS WHOSE (?:current |new )?(?P<topic>[a-z][a-z -]{2,30})",),
    "favorite": ("(?:what|which|who)IS WHOSE favou?rite (?P<topic>[a-z][a-z -]*?)",),
}
_NOT_NAMES = "(?!(?:my|your|the|this|that|his|her|its|their|he|she|it|they|you|there|people|one)\\b)"
_NAME = rf"(?P<who>I|the user|{_NOT_NAMES}[^\W\d_][\w-]*)"
_BLANKS = {
    "WHOSE": rf"(?P<whose>my|our|the user['’]s|{_NOT_NAMES}[^\W\d_][\w-]*['’]s?)",
    "WHO": rf"(?:do|does|am|is|are) {_NAME}(?: (?:currently|now|actually|really|still))?",
    "NAME": _NAME,
    "ANIMAL": "(?:dogs?|cats?|kittens?|pupp(?:y|ies)|rabbits?|hamsters?|birds?|parrots?|horses?|fish|turtles?)",
    "IS": r"(?: is| are|['’]s|['’]re)",
}
_START = "(?:so |and |hey |remind me,? |tell me,? |please )?"
_END = r"(?: (?:now|currently|nowadays|these days|at the moment|right now|again))?\s*[?.!]*$"
_LONGEST = 120
_ME = frozenset({"i", "my", "our", "the user", "the user's", "the user’s"})


def _compiled(template: str) -> re.Pattern[str]:
    for blank, pattern in _BLANKS.items():
        template = template.replace(blank, pattern)
    return re.compile(_START + template + _END, re.IGNORECASE)


_PATTERNS = tuple((name, _compiled(t)) for name, templates in _TEMPLATES.items() for t in templates)


@dataclass(frozen=True, slots=True)
class Asked:
    """A slot, and whose."""

    attribute: str
    subject: str
    """"user", or a name as the question spells it."""
    animal: str = ""
    """The kind of animal, where the question names one."""


def asked(text: str) -> list[Asked]:
    """The slots that a question asks for; empty for most questions."""
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        return []
    found: dict[Asked, None] = {}
    for name, pattern in _PATTERNS:
        match = pattern.match(text)
        if match is None:
            continue
        groups = match.groupdict()
        who = groups.get("who") or groups.get("whose") or "I"
        subject = "user" if who.lower() in _ME else re.sub(r"['’]s?$", "", who)
        name, animal = name.partition(":")[0], groups.get("animal") or ""
        topic = _topic(groups.get("topic") or "")
        found[Asked(f"{name}:{topic}" if topic else name, subject, _YOUNG.get(animal.lower().rstrip("s"), animal))] = (
            None
        )
    return list(found)


# An animal by the word for the grown one.
_YOUNG = {
    "kitten": "cat", "puppy": "dog", "puppie": "dog",
    **{word: word for word in ("cat", "dog", "rabbit", "hamster", "bird", "parrot", "horse", "turtle")},
}  # fmt: skip
_OF_KIND = {"cat": r"\b(?:cat|kitten)s?\b", "dog": r"\b(?:dog|pupp(?:y|ie))s?\b"}


def _topic(words: str) -> str:
    """A topic as slots spell it."""
    plain = words.lower().replace("colour", "color").replace("flavour", "flavor").strip()
    return re.sub(r"\W+", "_", plain)


def answers(wanted: Asked, record: Record, *, also: Iterable[str | None] = ()) -> bool:
    """Says whether the record fills the slot that was asked for; the user is `also` called by these names."""
    if record.attribute != wanted.attribute or record.value is None or record.negated:
        return False
    if wanted.animal:
        kind = _OF_KIND.get(wanted.animal, rf"\b{re.escape(wanted.animal)}s?\b")
        if not re.search(kind, record.text, re.IGNORECASE):
            return False
    subject, asked_for = (record.subject or "user").casefold(), wanted.subject.casefold()
    return subject == asked_for or (subject == "user" and asked_for in {n.casefold() for n in also if n is not None})


def attributes(wanted: Iterable[Asked]) -> list[str]:
    """The attributes that are asked for, each once."""
    return list(dict.fromkeys(a.attribute for a in wanted))
