"""Which slot of a person a predicate fills: "live in Berlin" -> lives_in Berlin. Precision before reach.

A pattern is tried on the predicate with its adverbs and negation taken off, so that "do not really like", "likes" and
"liking" are one. What is over ("used to", "no longer", "stopped") comes as `over`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from memlayer.extraction import _entities as entities
from memlayer.extraction import _values as values
from memlayer.extraction import _words as words


@dataclass(frozen=True, slots=True)
class Reading:
    """One slot that a statement fills."""

    attribute: str
    value: str | None
    negated: bool = False
    text: str | None = None
    """The predicate in the third person, where the statement's own words are not the fact."""
    target: str | None = None
    """Type of the value, where the sentence says it."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """What is said of somebody, ready for matching."""

    plain: str
    """Without adverbs and negation."""
    negated: bool
    over: bool
    """It is no longer so."""


_Read = Callable[[str, Predicate], Sequence[Reading]]


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ADVERBS = re.compile(
    r"\b(?:currently|now|still|also|just|really|actually|absolutely|definitely|recently|finally|already|totally"
    r"|truly|personally|mostly"
    r"|officially|basically|always|usually|generally|normally|proudly|happily|honestly|particularly|especially"
    r"|simply|genuinely|deeply|quite"
    r"|kind of|sort of|very much|super|so|very|pretty|even)\s(?!much\b|many\b)"
)
_NOT = _re(
    r"^(?:do|does) not (?!have to|need|know|want|think|mind|remember|get|see|feel)|^(am|is|are) not (?!sure|going"
    r"|that|alone|able|yet)\b"
)
_LONGER = _re(r"\bno longer\s+|\s+(?:any ?more|any longer)\b")
_USED = _re(r"^used to (?!be (?:so|very|able|the)\b|it\b|the\b|this\b|that\b|\w+ing\b)")
_STOPPED = _re(
    r"^(?:(?:have|has) )?(?:stopped|quit|gave up|given up|give up|am done with|am off|swore off) (?!my\b|the\b|a\b"
    r"|an\b|trying)(?=\w)"
)
_NEVER = _re(r"^never (?=(?:eat|drink|smoke|like|watch|use|wear|cook|drive)s?\b)")
_PAST_ONLY = _re(r"^(?:did|was|were|had|have|has) (?:not|never)\b")


def predicate(text: str) -> Predicate | None:
    """The matching form of a predicate; None where it says what did not happen."""
    head, tail = text[:160], text[160:]
    plain = _ADVERBS.sub("", head) + tail
    plain, longer = _LONGER.subn(" ", plain, count=1)
    plain = plain.strip()
    negated = False
    over = bool(longer)
    if m := _NOT.match(plain):
        plain = f"{m[1]} {plain[m.end() :]}" if m[1] else plain[m.end() :]
        negated = True
    elif m := _USED.match(plain) or _STOPPED.match(plain):
        plain, over = plain[m.end() :], True
    elif m := _NEVER.match(plain):
        plain, negated = plain[m.end() :], True
    elif _PAST_ONLY.match(plain):
        return None
    return Predicate(plain.strip(), negated or over, over)


_TEMPORARY = _re(
    r"\bfor (?:the|a|an|one|two|three|four|five|six|\d+|a few|a couple of|some) (?:\w+ )?(?:day|night|week|weekend"
    r"|month|semester|summer|winter|spring|conference|year)s?\b(?! now)"
    r"|\btemporarily\b|\bfor now\b|\bfor a while\b|\bat the moment\b|\bduring the week\b|\bpart of the\b"
    r"|\bwhen I was\b|\bas a (?:kid|child|student|teen\w*)\b|\bback then\b"
    r"|\bat first\b|\boriginally\b|\bfor (?:college|university|school)\b"
)
_BACK_THEN = _re(
    r"\bwhen (?:I|he|she|we|they) (?:was|were)\b|\bas a (?:kid|child|student|teen\w*|baby)\b|\bback then\b"
    r"|\bat first\b|\bbefore (?:moving|that|I)\b|\bthen (?:to|back)\b"
    r"|\bfor (?:a|an|one|two|three|four|five|six|\d+|a few|a couple of|some) (?:\w+ )?(?:day|night|week|month"
    r"|semester|summer|year)s?\b|\bafter (?:graduat\w+|college|high school|school|university)\b"
)


def _home(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    if value is None or _TEMPORARY.search(rest):
        return []
    return [Reading("lives_in", value, said.negated, target="place")]


def _has_lived(rest: str, said: Predicate) -> list[Reading]:
    """The perfect says where somebody lives only with a length that reaches to now."""
    lasting = re.search(r"\b(?:for|since|all (?:my|his|her) life|my (?:whole|entire) life)\b", rest)
    value = entities.place(rest)
    return [Reading("lives_in", value, said.negated, target="place")] if value and lasting else []


def _moved(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    if value is None or said.negated or _BACK_THEN.search(rest):
        return []
    return [Reading("lives_in", value, target="place")]


def _origin(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    return [Reading("comes_from", value, said.negated, target="place")] if value else []


def _born_in(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    return [Reading("born_in", value, target="place")] if value and not said.negated else []


_AS_JOB = _re(r"\b(?:as|to be)\s+(?:an?|the|their)\s+(.{2,60})")


def _works(rest: str, said: Predicate) -> list[Reading]:
    rest = re.sub(
        (
            r"^(?:a|an) (?:company|startup|firm|place|bank|nonprofit|non-profit|restaurant|tech company"
            r"|law firm) (?:called|named) "
        ),
        (""),
        rest,
    )
    value = entities.organization(rest)
    if value is None or _BACK_THEN.search(rest):
        return []
    found = [Reading("works_at", value, said.negated, target="organization")]
    if not said.negated and (m := _AS_JOB.search(rest)) and (title := values.job(m[1])):
        found.append(Reading("occupation", title, text=f"is {_article(title)}"))
    return found


def _article(title: str) -> str:
    return f"{'an' if title[:1].lower() in 'aeiou' else 'a'} {title}"


def _job(rest: str, said: Predicate) -> list[Reading]:
    title = values.job(rest)
    if title is None or _BACK_THEN.search(rest):
        return []
    found = [Reading("occupation", title, said.negated)]
    m = re.search(r"\b(?:at|for|with) (.+)$", rest)
    if m and not said.negated and (company := entities.organization(m[1])):
        found.append(Reading("works_at", company, text=f"works at {company}", target="organization"))
    return found


def _quit(rest: str, said: Predicate) -> list[Reading]:
    if said.negated:
        return []
    m = re.search(r"\b(?:at|with|from|by) (.+)$", rest)
    company = entities.organization(m[1]) if m else None
    if m and company is None:
        return []
    return [Reading("works_at", company, True, target="organization")]


def _left(rest: str, said: Predicate) -> list[Reading]:
    """Leaving a bare name may mean a city or a party; a company's own kind of name settles it."""
    company = entities.organization(rest)
    sure = company is not None and entities.kind_of(company) == "organization"
    return [Reading("works_at", company, True, target="organization")] if sure and not said.negated else []


def _spouse(rest: str, said: Predicate) -> list[Reading]:
    name = entities.person(rest)
    return [Reading("married_to", name, said.negated, target="person")] if name else []


def _status(value: str, *extra: Reading) -> _Read:
    def read(rest: str, said: Predicate) -> list[Reading]:
        return [] if said.negated else [Reading("relationship_status", value), *extra]

    return read


def _named_person(attribute: str) -> _Read:
    def read(rest: str, said: Predicate) -> list[Reading]:
        name = entities.person(rest)
        return [Reading(attribute, name, said.negated, target="person")] if name else []

    return read


def _broke_up(rest: str, said: Predicate) -> list[Reading]:
    m = re.search(r"\bwith (?:my (?:girlfriend|boyfriend|partner),? ?)?(.+)$", rest)
    name = entities.person(m[1]) if m else None
    return [] if said.negated else [Reading("in_relationship_with", name, True, target="person")]


def _adult_words(rest: str) -> str | None:
    m = re.match(
        (r"(\d{1,3})(?: years? (?:old|of age)| yrs? old)?[.!]?$|(\d{1,3}) (?:years? old|yrs? old|year old)\b"), rest
    )
    return (m[1] or m[2]) if m and 0 < int(m[1] or m[2]) < 120 else None


def _age(rest: str, said: Predicate) -> list[Reading]:
    value = _adult_words(rest)
    return [Reading("age", value, said.negated)] if value else []


def _allergic(rest: str, said: Predicate) -> list[Reading]:
    return [Reading("allergic_to", v, said.negated) for v in values.nouns(rest)]


def _allergy(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:an? )?(?:\w+ )??([a-z-]+(?: [a-z-]+)?) (?:allergy|intolerance)\b", rest)
    return [Reading("allergic_to", m[1], said.negated)] if m and m[1] not in {"food", "seasonal", "severe"} else []


def _condition(rest: str, said: Predicate) -> list[Reading]:
    value = values.listed(rest, words.CONDITIONS)
    return [Reading("has_condition", value, said.negated)] if value else []


def _medication(rest: str, said: Predicate) -> list[Reading]:
    value = values.listed(rest, words.MEDICATIONS)
    return [Reading("takes_medication", value, said.negated)] if value else []


def _diet(rest: str, said: Predicate) -> list[Reading]:
    value = values.listed(rest, words.DIETS)
    return [Reading("diet", value, said.negated)] if value else []


def _eats(attribute: str) -> _Read:
    def read(rest: str, said: Predicate) -> list[Reading]:
        found = values.nouns(rest, 3)
        known = [v for v in found if v.lower() in words.FOODS or entities.kind_of(v.lower()) == "food"]
        return [Reading(attribute, v, said.negated, target="food") for v in known]

    return read


def _smokes(rest: str, said: Predicate) -> list[Reading]:
    return (
        [Reading(("smokes"), None, said.negated)]
        if not rest or re.match((r"(?:cigarettes|any ?more|a lot)\b"), rest)
        else []
    )


def _tastes(attribute: str) -> _Read:
    def read(rest: str, said: Predicate) -> list[Reading]:
        found = values.taste(rest)
        if attribute == "dislikes" and said.negated:
            return []  # "I don't hate it" says neither
        if attribute == "likes" and said.negated and not said.over:
            return [Reading("dislikes", v) for v in found]
        return [Reading(attribute, v, said.negated) for v in found]

    return read


def _prefers(rest: str, said: Predicate) -> list[Reading]:
    value = values.noun(rest, 4) if not re.match(r"to\b|it\b|the\b|a\b|an\b", rest) else None
    return [Reading("prefers", value, said.negated)] if value else []


def _known(attribute: str, known: frozenset[str], target: str) -> _Read:
    def read(rest: str, said: Predicate) -> list[Reading]:
        found = []
        for part in re.split(r"\s*,\s*(?:and )?|\s+and\s+|\s+or\s+", rest)[:5]:
            value = values.listed(part, known)
            if value is None:
                break
            shown = value.capitalize() if target == "language" else value
            found.append(Reading(attribute, shown, said.negated, target=target))
        return found

    return read


def _car(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(
        (
            r"(?:an? |my )?(?:new |old |used |red |blue |black |white |silver "
            r"|second-hand )?((?:\d{4} )?[A-Z][\w-]*(?: [A-Z0-9][\w-]*){0,3})"
        ),
        rest,
    )
    sure = m and any(w.lower() in words.CARS for w in m[1].split())
    return [Reading("drives", m[1], said.negated)] if m and sure else []


def _uses(rest: str, said: Predicate) -> list[Reading]:
    value = values.listed(rest, words.TECH)
    return [Reading("uses", rest[rest.lower().find(value) :][: len(value)], said.negated)] if value else []


def _owns(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:an? |my (?:own |first )?|two |three )((?:[\w-]+ ){0,3}?)([\w-]+(?: [\w-]+)?)", rest)
    if not m:
        return []
    for word in (m[2].lower(), m[2].lower().split()[0]):
        if word in words.OWNED:
            return [Reading("owns", f"{m[1]}{m[2][: len(word)]}".strip(), said.negated)]
    return []


def _visited(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    kind = entities.kind_of(value, "visited ") if value else ""
    return [Reading("visited", value, target="place")] if value and kind == "place" and not said.negated else []


def _studies(rest: str, said: Predicate) -> list[Reading]:
    subject, _, school = rest.partition(" at ")
    value = values.noun(subject, 3)
    found = [Reading("studies", value, said.negated)] if value and re.match(r"[A-Za-z ]+$", value) else []
    return found + _school(school, said) if school else found


def _school(rest: str, said: Predicate) -> list[Reading]:
    rest = re.sub(r"^the (?=Univ)", "", rest)
    value = entities.organization(rest)
    sure = value and (
        entities.kind_of(value) == ("organization") or re.search((r"Univ|College|School|Academy|Institute"), value)
    )
    return [Reading("studies_at", value, said.negated, target="organization")] if sure else []


def _member(rest: str, said: Predicate) -> list[Reading]:
    value = values.noun(rest, 5)
    ends = (
        r"(?:club|group|team|gym|choir|band|league|society|association|union|church|community|orchestra|board"
        r"|committee|class)$"
    )
    return (
        [Reading(("member_of"), value, said.negated, target=("organization"))]
        if value and re.search(ends, value)
        else []
    )


def _nationality(rest: str, said: Predicate) -> list[Reading]:
    value = rest.rstrip(".! ")
    return [Reading("nationality", value, said.negated)] if value.lower() in words.NATIONALITIES else []


_BE = r"(?:am|is|are|'m|been|have been|has been)"
_TABLE: tuple[tuple[str, _Read], ...] = (
    ((
        rf"(?:(?:{_BE} )?(?:live|lives|living|reside|resides|residing)|{_BE} (?:based|settled)) (?:here |over "
        rf"|out |down |up |full[- ]time )?(?:in|out of) "
    ), _home),
    (r"(?:have|has) lived (?:here )?in ", _has_lived),
    ((
        r"(?:have |has )?(?:moved|relocated|settled down|settled|emigrated|immigrated)(?: back| out| over| down"
        r"| up| here| away| house| from [A-Z]\w+(?: [A-Z]\w+)?| to live)* (?:to|in|into) "
    ), _moved),
    ((
        rf"(?:{_BE} )?(?:originally )?(?:from|coming from) |(?:come|comes|hail|hails) (?:originally )?from "
        rf"|originally (?:come |am |is )?from |(?:am|is) originally from "
    ), _origin),
    (r"(?:was|were) born (?:and raised |and grew up )?in ", _born_in),
    ((
        rf"(?:{_BE} )?(?:work|works|working|employed)(?: full[- ]time| part[- ]time| remotely"
        rf"| as an? (?:\w+ ){{1,3}}?)?(?: at| for| with| by) "
    ), _works),
    ((
        r"(?:started|began) (?:(?:working|my new job|a new job|a job|work|my job|a new position|a new role"
        r"|my new role) )?(?:at|with|for) |(?:got|landed|found|accepted|took) (?:an?|the|my) (?:\w+ ){0,3}?(?:job"
        r"|position|role|offer) (?:at|with|from) |(?:got|was|been) hired (?:at|by) |(?:have "
        r"|has )?joined (?=[A-Z][\w&. ]{1,40} as an? )"
    ), _works),
    (rf"(?:{_BE} )?(?:work|works|working|employed) (?:full[- ]time |part[- ]time |remotely )?as (?=an? )", _job),
    ((
        rf"{_BE} (?=an? |the |(?:CEO|CTO|CFO|head|VP)\b)|(?:became|become) (?=an? |the )|(?:got|was|been"
        rf"|were) (?:promoted to|hired as) |(?:started|began|got|landed|have|has) (?:my |an? "
        rf"|the )?(?:new )?(?:job|position|role|career) as (?=an? |the )|(?:started|began) (?:working )?as (?=an? "
        rf"|the )"
    ), _job),
    ((
        r"(?:have |has )?(?:quit|left|lost|resigned from) (?:my|his|her|the|our)(?: \w+)? (?:job|position"
        r"|role)\b(?=.*)|(?:got|was|were|been) (?:laid off|fired|let go)\b|(?:have |has )?(?:resigned"
        r"|retired) (?=from|at|$)"
    ), _quit),
    (r"(?:have |has )?(?:left|quit) (?=[A-Z])", _left),
    (rf"{_BE} married to |(?:got |have )?married (?:to )?(?=[A-Z])|(?:tied the knot with) ", _spouse),
    (rf"{_BE} (?:dating|in a relationship with|going out with|together with) ", _named_person("in_relationship_with")),
    (rf"(?:got |{_BE} )engaged to ", _named_person("engaged_to")),
    (rf"{_BE} (?:happily )?married(?: now| for| since| with| and|$)|got married(?!.*\bto\b)", _status("married")),
    (rf"{_BE} single(?: now| again| and| since|$)", _status("single")),
    ((
        rf"(?:got |{_BE} )divorced\b|got a divorce\b"
    ), _status((
        "divorced"
    ), Reading((
        "married_to"
    ), None, True, text=(
        "is no longer married"
    )))),
    (rf"(?:got |{_BE} )engaged(?: now| last| in| on|$)", _status("engaged")),
    (rf"{_BE} (?:a widow|a widower|widowed)\b", _status("widowed")),
    (r"(?:and \w+ )?(?:broke up|split up|have broken up|have split up|have separated)\b", _broke_up),
    (rf"{_BE} (?=\d)|(?:just )?turned (?=\d)", _age),
    (rf"{_BE} (?:\w+ly )?(?:allergic|intolerant) to ", _allergic),
    (rf"{_BE} (?=lactose intolerant)", lambda r, s: [Reading("allergic_to", "lactose", s.negated)]),
    ((
        r"(?:have|has|suffer from|suffers from) (?=(?:an? )?(?:\w+ )?[a-z-]+(?: [a-z-]+)? (?:allergy"
        r"|intolerance)\b)"
    ), _allergy),
    ((
        r"(?:have|has|suffer from|suffers from|was diagnosed with|have been diagnosed with|got diagnosed with"
        r"|live with|living with|struggle with|am dealing with) "
    ), _condition),
    (rf"{_BE} (?=diabetic\b)", lambda r, s: [Reading("has_condition", "diabetes", s.negated)]),
    (rf"{_BE} (?=asthmatic\b)", lambda r, s: [Reading("has_condition", "asthma", s.negated)]),
    (rf"(?:take|takes|taking|{_BE} on|{_BE} taking) ", _medication),
    ((
        rf"(?:{_BE}|went|became|have gone|turned|gone|follow|follows|eat|eats|switched to|{_BE} on"
        rf"|{_BE} following) (?:an? )?(?:strict )?"
    ), _diet),
    (r"(?:eat|eats|eating|cannot eat|consume) ", _eats("eats")),
    (r"(?:drink|drinks|drinking|cannot drink) ", _eats("drinks")),
    (r"(?:smoke|smokes|smoking)(?: |$)", _smokes),
    (rf"{_BE} a smoker", _smokes),
    (rf"{_BE} a non-?smoker", lambda r, s: [Reading("smokes", None, True)]),
    ((
        rf"(?:like|likes|love|loves|enjoy|enjoys|adore|adores|liking|liked|loved|have always (?:loved|liked"
        rf"|enjoyed)|{_BE} (?:(?:a )?(?:big|huge|massive|great)? ?fan of|fond of|into|passionate about|crazy about"
        rf"|obsessed with|keen on)) (?!to (?:know|learn|see|hear|think|be)\b)"
    ), _tastes(
        "likes"
    )),
    ((
        r"(?:hate|hates|dislike|dislikes|detest|detests|loathe|loathes|cannot stand|despise|despises) "
    ), _tastes(
        "dislikes"
    )),
    (r"(?:cannot bear|care for) ", _tastes("likes")),
    (r"(?:prefer|prefers|favor|favour) ", _prefers),
    ((
        rf"(?:(?:{_BE} )?(?:speak|speaks|speaking|fluent in|speak fluent|know)) (?:fluent |some |a little "
        rf"|a bit of |both |native )?"
    ), _known((
        "speaks"
    ), words.LANGUAGES, (
        "language"
    ))),
    ((
        rf"(?:{_BE} )?(?:play|plays|playing) (?:the )?"
    ), _known((
        "plays"
    ), words.INSTRUMENTS | words.ACTIVITIES, (
        "activity"
    ))),
    ((
        rf"(?:{_BE} )?(?:practice|practise|practices|practicing|do|does|doing|go|goes|{_BE} into|took up"
        rf"|have taken up|got into|started) (?:some )?"
    ), _known((
        "does"
    ), words.ACTIVITIES, (
        "activity"
    ))),
    (rf"(?:{_BE} )?(?:drive|drives|driving) (?=an? )|(?:bought|got|own|owns|have|has) (?=an? (?:\w+ )?[A-Z])", _car),
    (rf"(?:{_BE} )?(?:use|uses|using) (?:the |an? |my )?", _uses),
    (r"(?:own|owns|bought|purchased|have|has|got|have got) (?=an? |my |two |three )", _owns),
    ((
        r"(?:went (?:back )?to|visited|travel+ed to|flew to|took a trip to|got back from|have been to"
        r"|came back from|returned from|vacationed in|took a road trip to) "
    ), _visited),
    ((
        rf"{_BE} (?:an? )?(?:\w+ ){{0,2}}?student at |(?:go to|goes to|attend|attends|study at|studies at"
        rf"|studying at|am studying at|is studying at|enrolled at|enrolled in) "
    ), _school),
    ((
        rf"(?:(?:{_BE} )?(?:study|studying|studies)|(?:{_BE} )?major(?:ing)? in|majored in) (?!at|for|hard|abroad"
        rf"|in|with)"
    ), _studies),
    (rf"(?:{_BE} (?:a member of|part of|in)|(?:have |has )?joined|belong to|belongs to) (?=an? |the |my )", _member),
    (r"(?:report|reports) to ", _named_person("reports_to")),
    (rf"{_BE} ", _nationality),
)  # fmt: skip
_PATTERNS = tuple((_re(pattern), read) for pattern, read in _TABLE)


def read(said: Predicate) -> list[Reading]:
    """The slots that a predicate fills; empty where it fills none for sure."""
    for pattern, reader in _PATTERNS:
        m = pattern.match(said.plain)
        if m and (found := reader(said.plain[m.end() :].strip(), said)):
            return [r if r.negated or not said.over else replace(r, negated=True) for r in found]
    return []
