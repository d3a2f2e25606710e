"""Of whom a statement speaks: the speaker, their kin and animals, or somebody with a name."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace

from memlayer.extraction import _entities as entities
from memlayer.extraction import _values as values
from memlayer.extraction import _words as words
from memlayer.extraction._affairs import affairs, died
from memlayer.extraction._clauses import Clause
from memlayer.extraction._details import detail
from memlayer.extraction._grammar import shift
from memlayer.extraction._readings import Reading


def _alternatives(known: object) -> str:
    return "|".join(sorted((re.escape(w) for w in known), key=len, reverse=True))  # type: ignore[attr-defined]


_KIN = _alternatives(words.KIN)
_PET = _alternatives(words.PETS)
_ADJ = (
    r"(?:(?:older|younger|little|big|eldest|oldest|youngest|middle|twin|half|best|good|close|old|ex|late|new|dear"
    r"|beloved|baby|former|rescue|other|second|third|first)[-\s]){0,2}"
)
_N = r"(?-i:[A-Z][a-zà-ÿ'’-]+(?:\s[A-Z][a-zà-ÿ'’-]+)?)"
_AGED = r"(?:,? \(?(?:aged? )?\d{1,2}\)?(?! (?:and|&) \d))?"
_NAMES = rf"{_N}(?:{_AGED}(?:,\s(?:and\s)?|\sand\s|\s&\s){_N}){{0,4}}"
_LIST = re.compile(rf"{_AGED}(?:,\s(?:and\s)?|\sand\s|\s&\s)")

_SELF = re.compile(r"^(?:I|we)\s+(?=\S)", re.IGNORECASE)
_OWN = re.compile(
    rf"^(?:my|our|one of my) (?P<adj>{_ADJ})(?:(?P<kin>{_KIN})|(?P<pet>{_PET}))(?!\w|'s|s\b|-)(?:\s*,?\s*(?:named "
    rf"|called |whose name is )?(?P<name>{_N})(?![\w'])"
    rf",?)?(?:,? who)? (?=[a-z])",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    rf"^(?:both |all )?(?:of )?(?:my|our) (?P<adj>{_ADJ})(?P<who>kids|children|sons|daughters|sisters|brothers"
    rf"|siblings|twins"
    r"|cousins|nieces|nephews|grandchildren|in-laws|friends|neighbou?rs|colleagues|roommates|cats|dogs)"
    r"(?:,? who)? (?=[a-z])",
    re.IGNORECASE,
)
_OTHER = re.compile(
    rf"^(?P<name>{_N}) (?=(?:also |now |just |still |really |currently |recently )?(?:lives|works|is|has|loves"
    rf"|likes|hates|enjoys|prefers|plays|speaks"
    r"|moved|got|started|studies|was born|does|quit|joined|eats|drinks|drives|owns|adopted|bought|graduated|left"
    r"|married|died|passed away|turned|became|broke up|retired|stopped|gave up|no longer|sold|switched|cancell?ed"
    r"|was put|had to be put|crossed|retired)\b)"
)
_PRONOUN = re.compile(r"^(?P<who>he|she) ", re.IGNORECASE)
_MENTION = re.compile(rf"\b(?:my|our) {_ADJ}(?P<word>{_KIN}|{_PET})\b", re.IGNORECASE)
_BESIDE = re.compile(
    rf"\b(?:with|to|and|for|from|meet|met|visit|visited|see) (?:my|our) (?P<adj>{_ADJ})"
    rf"(?:(?P<kin>{_KIN})|(?P<pet>{_PET})),? (?:named |called )?(?P<name>{_N})(?![\w'’])",
    re.IGNORECASE,
)
_JOB_BESIDE = re.compile(
    r"(?:just |recently |finally )?(?:moved|relocated|came) .*?\b(?:for|because of|thanks to) (?:a|my|the) (?:new )?"
    r"(?:job|position|role) (?:at|with) (?P<company>.+)$"
)
_FEMALE = frozenset(
    """sister stepsister sis mother mom mum mama stepmom daughter stepdaughter wife fiancee fiancée girlfriend gf
    grandmother grandma granny nana aunt auntie niece mother-in-law sister-in-law granddaughter""".split()
)
_MALE = frozenset(
    """brother stepbrother bro father dad papa stepdad son stepson husband hubby fiance fiancé boyfriend bf
    grandfather grandpa uncle nephew father-in-law brother-in-law grandson""".split()
)


_ONE_AT_A_TIME = frozenset(
    w for w, (a, _) in words.KIN.items() if a in {"reports_to", "married_to", "engaged_to", "in_relationship_with"}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Of whom a statement speaks, and what it says of them."""

    kind: str
    """self, kin, pet or other."""
    label: str
    """The candidate's subject: "user", "the user's sister", "Anna"."""
    spoken: str
    """How its fact begins: "", "Caroline", "The user's sister Anna"."""
    rest: str
    """The predicate in the speaker's words."""
    relation: Reading | None = None
    """How they stand to the speaker, where a name says who they are."""
    word: str = ""
    """The kin or animal word."""


def subject_of(text: str, speaker: str | None, known: Container[str], before: list[Subject]) -> Subject | None:
    """The subject of a clause; None where it is unclear. `before` are the others that this message named."""
    if m := _SELF.match(text):
        return Subject("self", speaker or "user", speaker or "", text[m.end() :])
    if m := _OWN.match(text):
        return _owned(m, text, speaker)
    if m := _SEVERAL.match(text):
        owner = f"{speaker}'s" if speaker else "the user's"
        label = " ".join(w for w in (owner, (m["adj"] or "").lower().strip(), m["who"].lower()) if w)
        return Subject("kin", label, f"{label[:1].upper()}{label[1:]}", text[m.end() :], None, m["who"].lower())
    if (m := _OTHER.match(text)) and (name := entities.person(m["name"])):
        first = name.split(" ")[0].lower()
        if first in words.FIRST_NAMES or name in known:
            return Subject("other", name, name, text[m.end() :])
        return None
    if (m := _PRONOUN.match(text)) and before and len({s.label for s in before}) == 1:
        who, last = m["who"].lower(), before[-1]
        wrong = last.word in (_MALE if who == "she" else _FEMALE)
        return None if wrong else Subject(last.kind, last.label, last.spoken, text[m.end() :], None, last.word)
    return None


_THEIRS = re.compile(
    rf"^(?:my|our) (?P<adj>{_ADJ})(?P<kin>{_KIN})(?:\s(?P<name>{_N}))?'s (?P<rest>(?!(?:\w+ )?names?\b)[a-z].+)$",
    re.IGNORECASE,
)


def theirs(text: str, speaker: str | None) -> tuple[Subject, list[Reading]] | None:
    """The slots that "my brother's … is …" fills for the brother; None where it fills none."""
    m = _THEIRS.match(text)
    if m is None or own_slots(text) or not (found := own_slots(f"my {m['rest']}")):
        return None
    owner = f"{speaker}'s" if speaker else "the user's"
    adjective = (m["adj"] or "").lower().replace("-", " ").strip()
    adjective = "" if adjective in {"dear", "beloved", "new"} else adjective
    label = " ".join(w for w in (owner, adjective, m["kin"].lower()) if w)
    name = m["name"] if m["name"] and entities.person(m["name"]) else None
    spoken = f"{label[:1].upper()}{label[1:]}{f' {name}' if name else ''}"
    return Subject("kin", name or label, spoken, "", None, m["kin"].lower()), found


def farewell(subject: Subject) -> Reading | None:
    """The end of an animal's time with the speaker: "my dog Rex died"."""
    if subject.kind != "pet" or not died(subject.rest):
        return None
    value = subject.relation.value if subject.relation is not None else subject.word or subject.label
    return Reading("has_pet", value, True, text=f"{subject.spoken} {subject.rest}")


_OWN_THING = re.compile(
    rf"\b(?:an?|the|my|our) ((?:[\w'-]+ ){{0,2}}?(?:(?:[\w'+-]+ )?(?:membership|subscription)"
    rf"|{_alternatives(words.OWNED | words.INSTRUMENTS)}))(?![\w-])",
    re.IGNORECASE,
)
_IT = re.compile(
    r"^(?P<do>(?:I|we) (?:have |had to |just |finally |also |recently )*(?:sold|sell|cancell?ed|cancel|quit"
    r"|dropped|gave away"
    r"|got rid of|scrapped|gave|traded in|stopped paying for)) (?:it|that one)(?P<tail> (?:up|away))?(?=$|[,.;]| )",
    re.IGNORECASE,
)


def thing_in(text: str) -> str | None:
    """The thing of the speaker's that a clause speaks of, which "it" may mean in the next."""
    found = _OWN_THING.findall(text)
    return found[-1] if found else None


def meant(clause: Clause, thing: str | None) -> Clause:
    """The clause with the thing in the place of "it", where somebody parts with it: "but we sold it"."""
    m = _IT.match(clause.text) if thing else None
    if m is None or m["do"].lower().endswith(" gave") != bool(m["tail"]):
        return clause
    do = m["do"].replace("had to sell", "sold").replace("had to cancel", "cancelled")
    return replace(clause, text=f"{do}{m['tail'] or ''} the {thing}{clause.text[m.end() :]}")


def said_beside(rest: str) -> list[Reading]:
    """What a statement says on the way: "(live in Oslo) with my husband Tom", "(moved) for a new job at Acme"."""
    found = []
    for m in _BESIDE.finditer(rest):
        word, adjective = (m["kin"] or m["pet"]).lower(), (m["adj"] or "").lower().replace("-", " ").strip()
        if entities.person(m["name"]) and not _bygone(adjective, word):
            attribute = "has_pet" if m["pet"] else words.KIN[word][0]
            what = f"{adjective} {word}".strip()
            found.append(
                Reading(attribute, m["name"], text=f"has {_article(what)} named {m['name']}", target=_target(attribute))
            )
    if (job := _JOB_BESIDE.match(rest)) and (company := entities.organization(job["company"])):
        found.append(Reading("works_at", company, text=f"works at {company}", target="organization"))
    return found


def _owned(m: re.Match[str], text: str, speaker: str | None) -> Subject | None:
    owner = f"{speaker}'s" if speaker else "the user's"
    word = (m["kin"] or m["pet"]).lower()
    adjective = (m["adj"] or "").lower().replace("-", " ").strip()
    adjective = "" if adjective in {"dear", "beloved", "new"} else adjective
    label = " ".join(w for w in (owner, adjective, word) if w)
    name = m["name"]
    if name and entities.person(name) is None:
        name = None
        if not m["name"][0].isupper():
            return None
    kind = "pet" if m["pet"] else "kin"
    relation = None
    if name:
        attribute = "has_pet" if m["pet"] else words.KIN[word][0]
        if not _bygone(adjective, word):
            what = f"{adjective} {word}".strip()
            relation = Reading(attribute, name, text=f"has {_article(what)} named {name}", target=_target(attribute))
    spoken = f"{label[:1].upper()}{label[1:]}{f' {name}' if name else ''}"
    return Subject(kind, name or label, spoken, text[m.end() :], relation, word)


def _bygone(adjective: str, word: str) -> bool:
    """Says whether it is somebody of before: an old friend still is one, an old boss is not."""
    said = set(adjective.replace("-", " ").split())
    return bool(said & {"ex", "late", "former"}) or ("old" in said and word in _ONE_AT_A_TIME)


def _article(word: str) -> str:
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"


def _target(attribute: str) -> str:
    return "animal" if attribute == "has_pet" else "person"


def mentions(text: str) -> int:
    """How many of the speaker's kin or animals a clause names."""
    return len({m["word"].lower() for m in _MENTION.finditer(text)})


_HAVE = re.compile(
    rf"^(?:have|has|own|owns|keep|keeps|got|adopted|rescued|bought|have got|welcomed|are raising|am raising"
    rf"|have adopted"
    rf"|recently adopted|just adopted|just got) "
    rf"(?P<n>an?|another|one|two|three|four|five|six|\d) (?P<adj>(?:[\w-]+ ){{0,3}}?)(?:(?P<kin>{_KIN})|(?P<pet>{_PET}"
    rf"|puppies|kitties|bunnies|mice|ponies))(?P<s>s|ren)?\b"
    rf"(?! (?:allergy|allergies|person|lover|food|tattoo|cafe|shelter|sitter|shower|care|house|bed|show|park"
    rf"|who is not|in))"
    rf"(?:(?:\s*[,:(-]|\s+(?:named|called|whose names? (?:is|are)))\s*(?:named |called )?(?P<names>{_NAMES}))?",
    re.IGNORECASE,
)
_IS_CALLED = re.compile(
    rf"^(?:my|our|the) (?P<adj>{_ADJ})(?:(?P<kin>{_KIN})|(?P<pet>{_PET}))(?P<s>s|ren)?(?:'s name|s' names"
    rf"|'s? names?)? (?:is|are) (?:named |called |actually |really |now )*"
    rf"(?P<names>{_NAMES})(?=\s*$|[,.]|\sand\b|\sshe\b|\she\b)",
    re.IGNORECASE,
)
_NAMED_IT = re.compile(
    (
        rf"^(?:I |we )?(?:named|called) (?:him|her|it|them) (?P<names>{_NAMES})|^(?:his|her|its|their) names? (?:is"
        rf"|are) (?P<of>{_NAMES})"
    ),
    re.IGNORECASE,
)
_MANY_KIN = {"children": "child", "kids": "kid", "babies": "baby"}


def named_members(text: str, rest: str | None, before: list[Subject]) -> list[Reading]:
    """Children, kin and animals that a statement counts or names, each by itself.

    `rest` is the speaker's own predicate, where the speaker is the subject.
    """
    found: list[Reading] = []
    while rest and len(found) < 8 and (m := _HAVE.match(rest)):
        found += _members(m)
        more = _AND_ANOTHER.match(rest, m.end())
        rest = f"have {rest[more.end() :]}" if more else None
    if found:
        return found
    called = _IS_CALLED.match(text)
    return _members(called) if called else _named_it(text, before)


_AND_ANOTHER = re.compile(r"(?:,\s|\sand\s|,\sand\s)(?=(?:an?|one|two|three)\s)")


def _members(m: re.Match[str]) -> list[Reading]:
    """The people or animals of one count, each by itself where they have names."""
    word = (m["kin"] or m["pet"]).lower()
    word = words.PLURAL_PETS.get(word, _MANY_KIN.get(word, word))
    attribute = "has_pet" if m["pet"] else words.KIN[word][0] if word in words.KIN else "has_relative"
    adjective = (m["adj"] or "").strip().lower()
    if _bygone(adjective, word):
        return []
    what = f"{adjective} {word}".strip() if m.re is _IS_CALLED else word
    if m["names"]:
        found = [n for n in _LIST.split(m["names"]) if entities.person(n)]
        now = "now " if " is now " in m.string else ""
        return [
            Reading(attribute, n, text=f"{now}has {_article(what)} named {n}", target=_target(attribute)) for n in found
        ]
    if m.re is _IS_CALLED or attribute in {"has_friend", "has_colleague", "reports_to", "has_relative", "has_parent"}:
        return []
    count = m["n"].lower()
    single = count in {"a", "an", "another", "one"}
    value = word if single else f"{count} {word}{m['s'] or ''}"
    return [Reading(attribute, value, target=_target(attribute))]


def _named_it(text: str, before: list[Subject]) -> list[Reading]:
    m = _NAMED_IT.match(text)
    if not m or len({s.label for s in before}) != 1 or not before[-1].word:
        return []
    word = before[-1].word
    attribute = words.KIN[word][0] if word in words.KIN else "has_pet"
    names = re.split(r",\s(?:and\s)?|\sand\s", m["names"] or m["of"])
    return [Reading(attribute, n, text=f"has {_article(word)} named {n}", target=_target(attribute)) for n in names]


_Own = tuple[str, str]
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr"
    r"|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"
)
_DATE = (
    rf"(?P<v>(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?|{_MONTH} (?:the )?\d{{1,2}}(?:st"
    rf"|nd|rd|th)?(?:,? \d{{4}})?|\d{{4}}-\d\d-\d\d|\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?)"
)
_OWN_SLOTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("name", rf"^my (?:full |first |real |actual |own )?name is (?:now )?(?P<v>{_N}(?:\s{_N})?)"),
        (
            "nickname",
            (
                rf"^(?:(?:you can |please |just |feel free to |but )*call me|(?:everyone|everybody|people|my friends"
                rf"|friends|most people) (?:just )?calls? me|I go by|my nickname is) (?P<v>{_N})(?=$|[,. ])(?!')"
            ),
        ),
        (
            "birthday",
            (
                rf"^(?:my birthday is|my birthday falls|I was born|my date of birth is"
                rf"|my birth ?date is) (?:on )?{_DATE}"
            ),
        ),
        (
            "email",
            (
                r"^my (?:new |work "
                r"|personal )?e-?mail(?: address)? is (?:now )?(?P<v>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})"
            ),
        ),
        (
            "phone",
            (
                r"^my (?:new |cell |mobile |phone |telephone )*(?:number|phone"
                r"|cell) is (?:now )?(?P<v>\+?[\d][\d ()-]{5,18}\d)"
            ),
        ),
        (
            "address",
            (
                r"^(?:my (?:new |home |mailing )?address is"
                r"|I live at) (?:now )?(?P<v>\d+[A-Za-z]? [A-Z][\w.'-]*(?: [A-Z0-9][\w.'-]*){0,5}(?:,? "
                r"[A-Z0-9][\w.'-]*){0,5})"
            ),
        ),
        (
            "lives_in",
            (
                r"^(?:my (?:new )?(?:address|home) is(?: now)?(?: in)?|home is(?: now)?"
                r"|my home is(?: now)? in) (?P<place>.+)"
            ),
        ),
        ("pronouns", r"^my pronouns are (?:now )?(?P<v>\w+ ?(?:/|and) ?\w+)"),
        (
            "time_zone",
            (
                r"^my time ?zone is (?:now )?(?P<v>[A-Z]{2,4}(?:[+-]\d{1,2})?|\w+/\w+)|^I am in the (?P<v2>[A-Z]{2,4}"
                r"|Eastern|Pacific|Central|Mountain) time ?zone"
            ),
        ),
        ("comes_from", r"^my home ?town is (?P<place>.+)"),
        (
            "occupation",
            (
                r"^my (?:job|occupation|profession|job title|title|current role|new role|new job"
                r"|day job) is (?:now )?(?:as )?(?:an? |the |being an? )?(?P<job>.+)"
            ),
        ),
        ("works_at", r"^my (?:new |current )?(?:employer|company|workplace) is (?:now )?(?:called )?(?P<org>.+)"),
        ("drives", r"^my (?:new )?car is (?:now )?(?:an? )(?P<car>.+)"),
        ("speaks", r"^my (?:native language|mother tongue|first language) is (?P<language>\w+)"),
        ("diet", r"^my diet is (?:now )?(?P<diet>.+)"),
        (
            "goal",
            (
                r"^my (?:main |big |biggest |current |ultimate |long-term |next )?(?:goal|dream"
                r"|ambition)(?: for [\w ]{3,20})? is to (?P<v>.{4,100})"
            ),
        ),
    )
)
_FAVORITE = re.compile(
    r"^my (?:all[- ]time |absolute |current |new "
    r"|personal )*favou?rite (?P<topic>[a-z][\w-]*(?: [a-z][\w-]*)?)(?: of all time| these days| right now"
    r"| at the moment| now| lately)? (?:is|are|has to be|would be"
    r"|has always been) "
    r"(?:now |probably |definitely |still |actually |currently |called )*(?P<v>.+)",
    re.IGNORECASE,
)
_FAVORITE_TAIL = re.compile(
    (
        r"^(?P<v>[\w\"'][\w\"' -]{1,40}?) (?:is|are) my (?:all[- ]time |absolute |new "
        r"|current )*favou?rite(?: (?P<topic>[a-z][\w-]*(?: [a-z]+)?))?(?=$|,)"
    ),
    re.IGNORECASE,
)
_FAVORITE_DOING = re.compile(
    r"^my (?:absolute )?favou?rite (?P<what>way to [\w ]{3,40}?|thing to do(?: [\w ]{2,30}?)?|hobby|pastime) is"
    r" (?P<v>\w+ing\b.*)",
    re.IGNORECASE,
)
_NO_TOPIC = frozenset(
    ("part thing things moment memory memories way time one ones kind aspect about ever feature bit piece").split()
)


_OPENS_OWN = (
    "my ", "call me", "you can", "please", "just ", "feel free", "but ", "everyone", "everybody", "people ", "friends",
    "most people", "i go by", "i was born", "i live at", "home is", "i am in the",
)  # fmt: skip


def own_slots(text: str, negated_ok: bool = False) -> list[Reading]:
    """Slots that "my … is …" fills for the speaker."""
    low = text[:24].lower()
    for name, pattern in _OWN_SLOTS if low.startswith(_OPENS_OWN) else ():
        m = pattern.match(text)
        if not m:
            continue
        g = m.groupdict()
        value = g.get("v") or g.get("v2")
        if g.get("place"):
            value = entities.place(g["place"])
        elif g.get("job"):
            value = values.job(g["job"])
        elif g.get("org"):
            value = entities.organization(g["org"])
        elif g.get("car"):
            value = values.noun(g["car"])
        elif g.get("language"):
            value = values.listed(g["language"], words.LANGUAGES)
            value = value.capitalize() if value else None
        elif g.get("diet"):
            value = values.listed(g["diet"], words.DIETS)
        if value and (name not in {"name", "nickname"} or entities.person(value)):
            return [_own_slot(name, value.strip(), text)]
    return _favorite(text) or detail(text) or affairs(text)


_SECOND = re.compile(r"^my (?:new )?(?P<which>work|office|home) ", re.IGNORECASE)


def _own_slot(name: str, value: str, text: str) -> Reading:
    """The reading of an own slot; an e-mail or telephone of the work stands beside the personal one."""
    m = _SECOND.match(text) if name in {"email", "phone"} else None
    if m is None:
        return Reading(name, value)
    which = m["which"].lower()
    return Reading(f"detail:{which}_{name}", value, text=f"{which} {name} is {value}")


def _favorite(text: str) -> list[Reading]:
    if (m := _FAVORITE_DOING.match(text)) and (value := values.noun(m["v"])):
        return [Reading("likes", value, text=shift(f"likes {m['v']}, their favorite {m['what']}"))]
    m = _FAVORITE.match(text) or _FAVORITE_TAIL.match(text)
    if not m:
        return []
    topic = (m["topic"] or "").lower()
    value = values.title(m["v"])
    if (
        not value
        or set(topic.split()) & _NO_TOPIC
        or re.match((r"(?:this|that|these|those|it|which|what|he|she|they|not|when)\b"), value, re.IGNORECASE)
    ):
        return []
    if not topic:
        return [Reading("likes", value)] if m.re is _FAVORITE_TAIL else []
    topic = re.sub(r"^(?:kind|type|sort) of ", "", topic).replace("colour", "color").replace("flavour", "flavor")
    return [Reading(f"favorite:{topic.replace(' ', '_')}", value)]


_INTRODUCED = re.compile(rf"^I am (?P<v>{_N}(?:\s{_N})?)(?=$|,|\sfrom\b|\sand\b)(?!,? (?:style|fan)\b)")


def introduced(text: str, *, greeted: bool) -> str | None:
    """The name of "I'm Alice": a known first name, or any after a greeting."""
    m = _INTRODUCED.match(text)
    name = entities.person(m["v"]) if m else None
    if name is None:
        return None
    first = name.split(" ")[0].lower()
    return name if first in words.FIRST_NAMES or (greeted and first not in words.NATIONALITIES) else None
