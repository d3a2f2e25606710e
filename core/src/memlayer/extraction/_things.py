"""Reads what somebody has, uses, visits, studies, belongs to and does into slots, as the readers of `_readings` do."""

from __future__ import annotations

import re
from dataclasses import replace

from memlayer.extraction import _entities as entities
from memlayer.extraction import _values as values
from memlayer.extraction import _words as words
from memlayer.extraction._readings import Predicate, Reading


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def car(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(
        (
            r"(?:an? |my )?(?:(?:new|old|used|red|blue|black|white|silver|grey|gray|green"
            r"|second-hand|electric|hybrid|little|small|big|vintage"
            r"|[a-z\d-]+-year-old) ){0,2}((?:\d{4} )?[A-Z][\w.-]*(?: [A-Z0-9][\w-]*){0,3})"
        ),
        rest,
    )
    sure = m and any(w.lower() in words.CARS for w in m[1].split())
    if m and (sure or (_DRIVES.match(said.plain) and entities.is_name(m[1].split(" ")[0]))):
        return [Reading("drives", m[1].rstrip("."), said.negated)]
    kind = _VEHICLE.match(rest) if _DRIVES.match(said.plain) else None
    return [Reading("drives", kind[1], said.negated)] if kind else []


_DRIVES = _re(r"(?:am |is |are )?driv(?:e|es|ing)\b")
_VEHICLE = _re(
    r"(?:an? |my )((?:\w+ ){0,2}?(?:car|minivan|van|pickup|truck|suv|hatchback|station wagon|estate|convertible"
    r"|hybrid"
    r"|camper|ev|jeep))\b(?! (?:driver|for|into|over|around))"
)


_TOOL = re.compile(
    r"(?P<name>(?-i:[A-Z])[\w.+#-]*(?: (?-i:[A-Z0-9])[\w.+#-]*){0,2}|[a-z][\w+#-]*)"
    r"(?=$|[,.;!]| (?:at work|at home|for|now|instead|as|because|every|to|on my|and|in)\b)"
)


def uses(rest: str, said: Predicate) -> list[Reading]:
    """A tool or service: a known one, or one by its bare name ("use flake8")."""
    value = values.listed(rest, words.TECH)
    if value is None:
        m = (
            _TOOL.match(rest)
            if re.search(r"\buse[sd]? $|\bin $|\bon $|\bwith $", said.plain[: len(said.plain) - len(rest)])
            else None
        )
        sure = m and (
            entities.is_name(m["name"].split(" ")[0]) if m["name"][0].isupper() else values.noun(m["name"], 1)
        )
        return [Reading("uses", m["name"].rstrip("."), said.negated)] if m and sure else []
    start = rest.lower().find(value)
    version = re.match(r" v?\d[\w.]*\b(?! (?:times|hours|days|years|minutes))", rest[start + len(value) :])
    return [Reading("uses", rest[start : start + len(value)] + (version[0] if version else ""), said.negated)]


_JOINT = frozenset("of in for at with to on by from my the his her our and or as like than".split())
_AFTER_THING = frozenset(
    """in at on for with from and near by that which to of called named last this yesterday together now again since
    because so outside over where online today but when anymore any here there ourselves myself recently""".split()
)


def owns(rest: str, said: Predicate) -> list[Reading]:
    """The thing that the noun phrase ends with: "a little cabin at the lake", no "car wash"."""
    m = re.match(r"(?:an? |my (?:own |first )?|two |three |(?P<said>(?:the|our|that|any) ))", rest)
    if not m or (m["said"] and not said.negated and not said.over):
        return []
    parts = [p for p in re.split(r"\s+", rest[m.end() :])[:6] if p]
    for n in range(min(4, len(parts))):
        for size in (2, 1):
            taken = parts[n : n + size]
            closed = taken[-1][-1:] in ",.;!:"
            thing = " ".join(taken).rstrip(",.;!:")
            after = parts[n + size].lower().rstrip(",.;!:") if n + size < len(parts) else ""
            if thing.lower() in words.OWNED and (closed or not after or after in _AFTER_THING):
                return [Reading("owns", " ".join((*parts[:n], thing)), said.negated)]
        if parts[n].lower() in _JOINT or parts[n][-1:] in ",.;!:":
            break
    return []


def visited(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    sure = value and entities.kind_of(value.split(",")[0]) == "place"
    return [Reading("visited", value, target="place")] if value and sure and not said.negated else []


def studies(rest: str, said: Predicate) -> list[Reading]:
    subject, _, place = rest.partition(" at ")
    value = values.noun(subject, 3)
    found = [Reading("studies", value, said.negated)] if value and re.match(r"[A-Za-z ]+$", value) else []
    return [*found, *(replace(r, text=f"studies at {r.value}") for r in school(place, said))]


_SCHOOL = re.compile(r"Univ|College|School|Academy|Institute|Elementary|Primary|Montessori|Gymnasium|High$|Middle$")


def school(rest: str, said: Predicate) -> list[Reading]:
    rest = re.sub(r"^the (?=Univ)", "", rest)
    value = entities.organization(rest)
    sure = value and (entities.kind_of(value) == "organization" or _SCHOOL.search(value) or "student at " in said.plain)
    return [Reading("studies_at", value, said.negated, target="organization")] if sure else []


def member(rest: str, said: Predicate) -> list[Reading]:
    if "member " in said.plain and (m := _CLUB_NAME.match(rest)):
        return [Reading("member_of", m[1], said.negated, target="organization")]
    value = values.noun(rest, 5)
    ends = (
        r"(?:club|group|team|gym|choir|band|league|society|association|union|church|community|orchestra|board"
        r"|committee|class)$"
    )
    return (
        [Reading("member_of", value, said.negated, target="organization")] if value and re.search(ends, value) else []
    )


_CLUB_NAME = re.compile(
    r"(?:the )?([A-Z][\w'&.-]*(?: [A-Z0-9][\w'&.-]*){0,3})(?=$|[,.;!]| (?:and|in|since|for|now"
    r"|at)\b)"
)


def volunteers(rest: str, said: Predicate) -> list[Reading]:
    value = values.noun(rest, 4)
    return [Reading("volunteers_at", value, said.negated, target="organization")] if value else []


def nationality(rest: str, said: Predicate) -> list[Reading]:
    value = rest.rstrip(".! ")
    return [Reading("nationality", value, said.negated)] if value.lower() in words.NATIONALITIES else []


_DOING_ENDS = _re(
    r"(?:$|[,.]|(?:again|in|at|with|every|twice|once|on|for|since|as|to|this|last|regularly|daily|a few|three|two"
    r"|more|and"
    r"|around|when|because|instead|together|there|here|too|classes|lessons)\b)"
)


def does(rest: str, said: Predicate) -> list[Reading]:
    """A doing by itself; "started writing another one" names no habit."""
    value = values.listed(rest, words.ACTIVITIES)
    if value is None or _DOING_ENDS.match(rest[len(value) :].strip()) is None or (said.over and "kid" in rest):
        return []
    return [Reading("does", value, said.negated, target="activity")]
