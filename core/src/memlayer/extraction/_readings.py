"""Reads the words behind a verb into a slot: what the pattern of a predicate has found is checked here.

A predicate is matched with its adverbs and negation taken off, so that "do not really like", "likes" and
"liking" are one. What is over ("used to", "no longer", "stopped") comes as `over`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    standing: bool = False
    """Its weekdays are those of every week: no date is put in their place."""
    ahead: bool = False
    """Its weekdays are the next ones: it says when something will be."""
    replaces: tuple[str, ...] = ()
    """Ids of held facts that it names as the ones before."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """What is said of somebody, ready for matching."""

    plain: str
    """Without adverbs and negation."""
    negated: bool
    over: bool
    """It is no longer so."""


Reader = Callable[[str, Predicate], Sequence[Reading]]


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ADVERBS = re.compile(
    r"\b(?:currently|now|still|also|just|really|actually|absolutely|definitely|recently|finally|already|totally"
    r"|truly|personally|mostly|fully|completely|entirely|strictly"
    r"|officially|basically|always|usually|generally|normally|proudly|happily|honestly|particularly|especially"
    r"|simply|genuinely|deeply|quite"
    r"|kind of|sort of|very much|super|so|very|pretty|even)\s(?!much\b|many\b|far\b)"
)
_NOT = _re(
    r"^(?:do|does) not (?!have to|need|know|want|think|mind|remember|get|see|feel)|^(am|is|are) not (?!sure|going"
    r"|that|alone|able|yet)\b"
)
_LONGER = _re(r"\bno longer\s+|\s+(?:any ?more|any longer)\b")
_PAST = {
    "move": "moved", "sell": "sold", "cancel": "cancelled", "quit": "quit", "give": "gave", "close": "closed",
    "leave": "left", "drop": "dropped", "stop": "stopped", "switch": "switched", "change": "changed",
    "replace": "replaced", "postpone": "postponed", "moving": "moved", "buying": "bought", "selling": "sold",
    "switching": "switched",
}  # fmt: skip
_HAD_TO = _re(rf"^(?:have |has )?(?:had to|ended up) (?P<do>{'|'.join(_PAST)}) (?!.*\bbut\b)")
_USED = _re(r"^used to (?!be (?:so|very|able|the)\b|it\b|the\b|this\b|that\b|\w+ing\b)")
_STOPPED = _re(r"^(?:(?:have|has) )?(?:stopped|quit|gave up|given up|am done with|swore off) (?!trying)(?=\w+ing\b)")
_CANNOT = _re(r"^(?:cannot|can never) (?=(?:eat|drink|have)\b)")
_NEVER = _re(r"^never (?=(?:eat|drink|smoke|like|watch|use|wear|cook|drive)s?\b)")
_CANNOT_STAND = _re(r"^(?:cannot|can not) (?:stand|bear|take)\b")
_PAST_ONLY = _re(r"^(?:did|was|were|had|have|has) (?:not|never)\b")


def predicate(text: str) -> Predicate | None:
    """The matching form of a predicate; None where it says what did not happen."""
    head, tail = text[:160], text[160:]
    plain = _ADVERBS.sub("", head) + tail
    plain, longer = _LONGER.subn(" ", plain, count=1)
    plain = plain.replace("  ", " ").strip()
    negated = False
    # Who cannot stand it any more did before, and does not now.
    over = bool(longer) and not _CANNOT_STAND.match(plain.strip())
    if m := _NOT.match(plain):
        plain = f"{m[1]} {plain[m.end() :]}" if m[1] else plain[m.end() :]
        negated = True
    elif m := _HAD_TO.match(plain):
        plain = f"{_PAST[m['do'].lower()]} {plain[m.end() :]}"
    elif m := _USED.match(plain) or _STOPPED.match(plain):
        plain, over = plain[m.end() :], True
    elif m := _NEVER.match(plain) or _CANNOT.match(plain):
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


_DWELLING = _re(
    r"^(?:an? |the |my |our )?(?:[\w-]+ ){0,3}?(?:studio|flat|apartment|condo|loft|house|cottage|bungalow|townhouse"
    r"|place|room|basement|farm|houseboat)(?: \w+)? in (?=(?-i:[A-Z]))"
)


def home(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest) or entities.place(_DWELLING.sub("", rest))
    if value is None or _TEMPORARY.search(rest):
        return []
    return [Reading("lives_in", value, said.negated, target="place")]


def has_lived(rest: str, said: Predicate) -> list[Reading]:
    """The perfect says where somebody lives only with a length that reaches to now."""
    lasting = re.search(r"\b(?:for|since|all (?:my|his|her) life|my (?:whole|entire) life)\b", rest)
    value = entities.place(rest)
    return [Reading("lives_in", value, said.negated, target="place")] if value and lasting else []


def moved(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    if value is None or said.negated or _BACK_THEN.search(rest) or entities.kind_of(value) == "organization":
        return []
    return [Reading("lives_in", value, target="place")]


def resident(rest: str, said: Predicate) -> list[Reading]:
    """ "am a resident of Denver", "call Denver home"."""
    value = entities.place(rest.split(" home")[0])
    return [Reading("lives_in", value, said.negated, target="place")] if value else []


def origin(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    return [Reading("comes_from", value, said.negated, target="place")] if value else []


def born_in(rest: str, said: Predicate) -> list[Reading]:
    value = entities.place(rest)
    return [Reading("born_in", value, target="place")] if value and not said.negated else []


_AS_JOB = _re(r"\b(?:as|to be)\s+(?:an?|the|their)\s+(.{2,60})")


def works(rest: str, said: Predicate) -> list[Reading]:
    rest = re.sub(
        (r"^(?:an?|the|this) (?:[a-z-]+ ){1,3}(?:called|named) "),
        (""),
        rest,
    )
    value = entities.organization(rest)
    if value is None or _BACK_THEN.search(rest) or value.split(" ")[0].lower() in words.FIRST_NAMES - words.COMPANIES:
        return []
    found = [Reading("works_at", value, said.negated, target="organization")]
    if not said.negated and (m := _AS_JOB.search(rest)) and (title := values.job(m[1])):
        found.append(Reading("occupation", title, text=f"is {_article(title)}"))
    return found


def _article(title: str) -> str:
    return f"{'an' if title[:1].lower() in 'aeiou' else 'a'} {title}"


def job(rest: str, said: Predicate) -> list[Reading]:
    return _occupied(values.job(rest), rest, said)


def was_job(rest: str, said: Predicate) -> list[Reading]:
    """A job of before: it fills no slot."""
    return [Reading("", None)] if values.job(rest) and said.plain.startswith("was") and not said.negated else []


def title(rest: str, said: Predicate) -> list[Reading]:
    """Any job that the words before name as one: "promoted to team lead", "work as a falconer"."""
    return _occupied(values.job(rest, sure=True), rest, said)


def _occupied(name: str | None, rest: str, said: Predicate) -> list[Reading]:
    if name is None or _BACK_THEN.search(rest):
        return []
    found = [Reading("occupation", name, said.negated)]
    m = re.search(r"\b(?:at|for|with) (.+)$", rest)
    if m and not said.negated and (company := entities.organization(m[1])):
        found.append(Reading("works_at", company, text=f"works at {company}", target="organization"))
    return found


def quit(rest: str, said: Predicate) -> list[Reading]:
    if said.negated:
        return []
    title = re.match(r"as ((?:an? |the )?.{2,60})", rest)
    if title and (lost := values.job(title[1])):
        return [Reading("occupation", lost, True)]
    m = re.match(r"(?:at|with|from|by) (.+)$", rest)
    company = entities.organization(m[1]) if m else None
    if m and company is None and not m[1].startswith(("the ", "my ", "our ")):
        return []
    return [Reading("works_at", company, True, target="organization")]


def started(rest: str, said: Predicate) -> list[Reading]:
    """Starting at a bare name may mean a school or a gym; a company's own kind of name or a job settles it."""
    company = entities.organization(rest)
    sure = company is not None and (entities.kind_of(company) == "organization" or _AS_JOB.search(rest))
    return works(rest, said) if sure else []


def left(rest: str, said: Predicate) -> list[Reading]:
    """Leaving a bare name may mean a city or a party; a company's own kind of name settles it."""
    company = entities.organization(rest)
    sure = company is not None and entities.kind_of(company) == "organization"
    return [Reading("works_at", company, True, target="organization")] if sure and not said.negated else []


def spouse(rest: str, said: Predicate) -> list[Reading]:
    name = entities.person(rest)
    return [Reading("married_to", name, said.negated, target="person")] if name else []


def status(value: str) -> Reader:
    def read(rest: str, said: Predicate) -> list[Reading]:
        return [] if said.negated else [Reading("relationship_status", value)]

    return read


def named_person(attribute: str) -> Reader:
    def read(rest: str, said: Predicate) -> list[Reading]:
        name = entities.person(rest)
        return [Reading(attribute, name, said.negated, target="person")] if name else []

    return read


def broke_up(rest: str, said: Predicate) -> list[Reading]:
    m = re.search(r"\bwith (?:my (?:girlfriend|boyfriend|partner),? ?)?(.+)$", rest)
    name = entities.person(m[1]) if m else None
    return [] if said.negated else [Reading("in_relationship_with", name, True, target="person")]


_YEARS = _re(
    r"(\d{1,3})(?: years? (?:old|of age)| yrs? old)?(?:[.!]?$|(?=,| and\b| (?:today|yesterday|now|already"
    r"|exactly|last (?:\w+)"
    r"|this (?:week|weekend|month|morning|year|spring|summer|autumn|fall|winter))\b))"
    r"|(\d{1,3}) (?:years? old|yrs? old|year old)\b"
)


_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELLED = {
    word: n + 1
    for n, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen".split()
    )
} | {word: 10 * (n + 2) for n, word in enumerate(_TENS)}


def _adult_words(rest: str, turned: bool) -> str | None:
    word, _, tail = rest.partition(" ")
    bare = word.rstrip(".,")
    told = re.match(r"(?:years?|yrs?|last|this|now|today|yesterday)\b", tail) or (turned and not tail)
    if bare.lower() in _SPELLED and told:  # "is five" may be of anything
        rest = f"{_SPELLED[bare.lower()]}{word[len(bare) :]} {tail}".strip()
    m = re.match(r"(\d{1,3})()(?= (?:in|on|at|two|a|three|just)\b)", rest) if turned else None
    m = m or _YEARS.match(rest)
    return (m[1] or m[2]) if m and 0 < int(m[1] or m[2]) < 120 else None


def age(rest: str, said: Predicate) -> list[Reading]:
    value = _adult_words(rest, said.plain.startswith("turned"))
    if value is None:
        return []
    # "is 15 today" is no statement about that day alone.
    standing = re.match(r"(?:am|is|are)\b.* (?:today|now|already|exactly|and)\b", said.plain) is not None
    told = " ".join(rest.split()[:1]).rstrip(",.")
    return [Reading("age", value, said.negated, text=f"is {told}" if standing else None)]


def allergic(rest: str, said: Predicate) -> list[Reading]:
    return [Reading("allergic_to", v, said.negated) for v in values.nouns(rest, whole=True)]


def allergy(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:an? )?(?:\w+ )??([a-z-]+(?: [a-z-]+)?) (?:allergy|intolerance)\b", rest)
    return [Reading("allergic_to", m[1], said.negated)] if m and m[1] not in {"food", "seasonal", "severe"} else []


def condition(rest: str, said: Predicate) -> list[Reading]:
    value = None if re.match(r"an? (?!chronic)", rest) else values.listed(rest, words.CONDITIONS)
    return [Reading("has_condition", value, said.negated)] if value else []


def medication(rest: str, said: Predicate) -> list[Reading]:
    value = values.medicine(rest)
    return [Reading("takes_medication", value, said.negated)] if value else []


def diet(rest: str, said: Predicate) -> list[Reading]:
    value = values.listed(rest, words.DIETS)
    return [Reading("diet", value, said.negated)] if value else []


def eats(attribute: str) -> Reader:
    def read(rest: str, said: Predicate) -> list[Reading]:
        found = values.nouns(rest, 3)
        known = [v for v in found if v.lower() in words.FOODS or entities.kind_of(v.lower()) == "food"]
        return [Reading(attribute, v, said.negated, target="food") for v in known]

    return read


def gave_up(rest: str, said: Predicate) -> list[Reading]:
    value = values.listed(rest, words.FOODS)
    attribute = "drinks" if value in _DRINKS else "eats"
    return [Reading(attribute, value, True, target="food")] if value and not said.negated else []


_DRINKS = frozenset(
    {"coffee", "tea", "green tea", "beer", "wine", "red wine", "whiskey", "alcohol", "soda", "juice", "milk"}
)


def smokes(rest: str, said: Predicate) -> list[Reading]:
    return (
        [Reading("smokes", None, said.negated)]
        if not rest
        or rest[0] in ",.;"
        or re.match(
            r"(?:cigarettes|any ?more|a lot|in|last|when|after|on weekends|for good|since|this|two|three|\d+"
            r"|because|again|altogether"
            r"|completely"
            r"|a (?:week|month|year|few|couple|pack))\b",
            rest,
        )
        else []
    )


def cares(rest: str, said: Predicate) -> list[Reading]:
    """To care for a thing is a taste only where it is denied."""
    return [Reading("dislikes", v) for v in values.taste(rest)] if said.negated and not said.over else []


def tastes(attribute: str) -> Reader:
    def read(rest: str, said: Predicate) -> list[Reading]:
        found = values.taste(rest)
        if attribute == "dislikes" and said.negated:
            return []  # "I don't hate it" says neither
        if attribute == "likes" and said.negated and not said.over:
            return [Reading("dislikes", v) for v in found]
        return [Reading(attribute, v, said.negated) for v in found]

    return read


# "The second option" is one thing at hand; "the office" is a kind of place.
_NO_KIND = re.compile(
    r"(?:to|it|a|an|the(?! (?:office|bus|train|subway|stairs|gym|window seat|aisle seat|countryside|city|mountains"
    r"|beach|cold|heat|outdoors|dark)\b))\b"
)


_PREFERRED = re.compile(r"to (?:take (?:the )?(?!first|second|last|same|other|it\b|this|that)|use (?=[A-Z]))\w")
_AGAINST = _re(r"\s*[,.;:(]|\s(?:rather|instead|over|than|because|so|when|but|to \w+ing)\b")


def prefers(rest: str, said: Predicate) -> list[Reading]:
    manner = re.match(
        r"[a-z]+ (?:in|with|without) (?:[A-Z]\w+|[a-z]+)(?=$|[,.;!]| (?:now|and|but|please|these"
        r"|from)\b)",
        rest,
    )
    if manner:
        return [Reading("prefers", manner[0], said.negated)]
    doing = rest.startswith("to ") and (_PREFERRED.match(rest) or values.taste(rest))
    value = None if re.match(_NO_KIND, rest) else values.noun(rest, 4)
    if re.search(r"\b(?:in|for|of) (?:this|these)\b", rest):
        return []  # "shorter sentences in this text"
    if doing or (value and value.split(" ")[0].endswith("ing")):
        # "Run in the morning": without its time it would be the same as in the evening.
        value = _AGAINST.split(rest.removeprefix("to "), maxsplit=1)[0]
    return [Reading("prefers", value, said.negated)] if value else []


def known(attribute: str, known: frozenset[str], target: str) -> Reader:
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


_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days"
_AT_TIMES = _re(
    rf"^(?:s|es|e|ing)?\W+(?:on (?:{_DAYS}|weekends|weekdays|an empty)|in the (?:mornings?|afternoons?|evenings?)"
    r"|at (?:home|work|night|school|parties|restaurants|bars|lunch|dinner)|during the week"
    r"|(?:after|before) (?:noon|bed|lunch|dinner|midnight|dark|\d))\b"
)
_IN_PART = _re(
    r"^(?:s|es|e|ing)?(?:\W+(?:on (?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|holidays|planes|flights"
    r"|school nights|hot|cold|rainy)\b|at (?!all\b|the moment\b|present\b|this\b)"
    r"|in (?:the|my|our|public|bed|class|meetings|front|summer|winter|spring|autumn|restaurants|bars)\b"
    r"(?! (?:least|slightest|life|moment))|with (?!my whole|all my)|after\b(?! (?:my|the|what|all))"
    r"|(?:when|whenever|while|before|during|unless|without|outside|every|alone|as an?)\b"
    r"|for (?:breakfast|lunch|dinner|dessert|work|fun|\w+ing)\b|(?:in|on) \w+ing\b)"
    r"|(?:\W+(?:all|that|very|too|so|as))?\W+(?:much|often|frequently|a lot|every day|daily)\b)"
)
_PARTLY = frozenset("eats drinks smokes likes dislikes does plays uses takes_medication wears speaks".split())


# What stands in front and says when or where: "at work I use Edge now" leaves Firefox at home.
_AT_FIRST = _re(
    r"(?:at (?:work|home|school|night|lunch)|in (?:the (?:mornings?|afternoons?|evenings?)|my (?:free|spare) time)"
    r"|(?:after|before) (?:work|school|dinner|lunch|breakfast|bed)|for (?:breakfast|lunch|dinner|dessert)"
    r"|(?:on )?most \w+)$"
)


def narrowed(rest: str, said: Predicate, readings: Sequence[Reading], aside: str) -> bool:
    """Says whether a denial holds only at times or for a part: "do not eat meat on Fridays", "hate wine with fish".

    `aside` is what stood in front of it; there anything may be narrowed.
    """
    if aside and _AT_FIRST.match(aside):
        return True
    slots = {r.attribute for r in readings}
    if not (any(r.negated for r in readings) or "dislikes" in slots):
        return False
    low, ends = rest.lower(), []
    for reading in readings:
        value = (reading.value or ("smok" if reading.attribute == "smokes" else "\0")).lower()
        ends += [at + len(value)] if (at := low.find(value)) >= 0 else []
    left = rest[max(ends) :] if ends else ""
    plainly = not said.over and (said.negated or "dislikes" in slots)
    return (plainly and _IN_PART.match(left) is not None) or (slots <= _PARTLY and _AT_TIMES.match(left) is not None)
