"""Reads what a day is made of: the way to work, hours and shifts, floors, doses, weights and sums."""

from __future__ import annotations

import re

from memlayer.extraction import _entities as entities
from memlayer.extraction import _values as values
from memlayer.extraction._readings import Predicate, Reader, Reading

NUMBERS = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|a hundred)"
_WORK = r"(?:to|into) (?:work|school|the office|the lab|campus|uni|university|college)\b"
_RIDE = re.compile(
    rf"(?:the |a |my )?(bus|train|subway|metro|tube|tram|ferry|car|bike|motorbike|scooter) ?(?:{_WORK})?"
)

_GRADES = (
    r"(?:pre-?school|kindergarten|nursery|daycare|pre-?k|primary school|elementary school|middle school|high school"
    r"|secondary school|college|university|grad(?:uate)? school|(?:(?:first|second|third|fourth|fifth|sixth|seventh"
    r"|eighth|ninth|tenth|eleventh|twelfth|\d{1,2}(?:st|nd|rd|th)) (?:grade|year))|year \d{1,2}|grade \d{1,2})"
)
_GRADE = re.compile(rf"(?:the |his |her |their |my )?({_GRADES})(?=$|[,.;!]| now\b| at\b| and\b| this\b| already\b)")


def rides(rest: str, said: Predicate) -> list[Reading]:
    """The way to work; who stopped taking the bus need not say where to."""
    m = _RIDE.match(rest)
    if m is None or not (said.over or "commut" in said.plain or re.search(_WORK, rest)) or _SOMETIMES.search(rest):
        return []
    return [Reading("commutes_by", m[1].lower(), said.negated)]


_SOMETIMES = re.compile(
    r"\b(?:sometimes|some days|usually|often|on \w+s|rainy|when it|in (?:the )?(?:winter|summer)|today|tomorrow"
    r"|yesterday|once|twice|occasionally|most days)\b",
    re.IGNORECASE,
)


def goes_by(way: str) -> Reader:
    def read(rest: str, said: Predicate) -> list[Reading]:
        return [] if _SOMETIMES.search(rest) else [Reading("commutes_by", way, said.negated)]

    return read


def floor(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:the )?((?:ground|top|\w+(?:st|nd|rd|th)|first|second|third|fifth)) floor\b", rest)
    return [Reading("detail:floor", m[1], said.negated)] if m else []


def parked(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(
        r"(?:the car |my car |our car )?(?:on|in|at) ((?:level|floor|row|spot|space|lot|bay|zone|deck) [\w-]{1,5})",
        rest,
    )
    return [Reading("parked_at", m[1])] if m and not said.negated else []


def grade(rest: str, said: Predicate) -> list[Reading]:
    m = _GRADE.match(rest)
    once = re.search(r"\b(?:in )?(?:19|20)\d\d\b|\bago\b|\bwhen (?:I|he|she|we) was\b|\bback\b", rest)
    return [Reading("detail:school_year", m[1], said.negated)] if m and not once else []


def measured(topic: str, unit: str) -> Reader:
    pattern = re.compile(
        rf"(?:about |around |roughly |exactly |only )?((?:[$€£]?\d[\d.,]*k?|{NUMBERS}) ?(?:{unit})(?:\b"
        rf"|(?<=k)))(?! (?:on"
        rf"|of|in|for|per|over)\b)",
        re.IGNORECASE,
    )

    def read(rest: str, said: Predicate) -> list[Reading]:
        m = pattern.match(rest)
        return [Reading(f"detail:{topic}", m[1].strip(), said.negated)] if m else []

    return read


_DAYS = re.compile(r" (?:on )?(?:my )?(saturdays|sundays|weekdays|weekends|the weekends?|days off)\b", re.IGNORECASE)


def clock(topic: str) -> Reader:
    """A usual hour; the one of the weekends stands beside the other."""

    def read(rest: str, said: Predicate) -> list[Reading]:
        m = re.match(
            r"(?:(?:at|about|around) )*(\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\b)?|midnight|noon|half past \w+)(?!\w)", rest
        )
        if m is None or said.negated:
            return []
        days = _DAYS.match(rest, m.end())
        if _SOMETIMES.search(rest[days.end() if days else m.end() :]):
            return []
        which = f"{topic}_{days[1].lower().removeprefix('the ').replace(' ', '_')}" if days else topic
        return [Reading(f"detail:{which}", m[1], standing=True)]

    return read


def phone(rest: str, said: Predicate) -> list[Reading]:
    """A telephone or laptop by its make, of which one is enough."""
    m = re.match(
        r"(?:an? |the |my )?(?:old |new )?(((?i:iphone|pixel|galaxy|fairphone|macbook"
        r"|thinkpad))(?: [A-Z0-9][\w+-]*){0,3})"
        r"(?=$|[,.;!]| (?:and|but|now|with|from|since|that)\b)",
        rest,
    )
    if m is None or said.negated or said.over:
        return []
    return [Reading("detail:laptop" if m[2].lower() in ("macbook", "thinkpad") else "detail:phone", m[1])]


_COMPANY = re.compile(
    r"(?:with |to )?(?P<who>alone|by myself|on my own|(?:(?:my|his|her|their|an?|two|three|four|some"
    r"|five) )?(?:[a-z-]+ ){0,2}?"
    r"(?:parents|mother|mom|mum|father|dad|grandparents|grandmother|grandma|family|in-laws|wife|husband|partner"
    r"|spouse"
    r"|girlfriend|boyfriend|fianc[eé]e?|roommates?|flatmates?|housemates?|friends?|sister|brother|siblings?|son"
    r"|daughter"
    r"|kids|children|aunt|uncle|cousin)(?: (?-i:[A-Z])[\w'-]+)?|(?-i:[A-Z][\w'-]+))(?=$|[,.;!:(]| (?:and|in|at|now"
    r"|again|since"
    r"|for|near|outside|last|this|right|but|because|who|these)\b)",
    re.IGNORECASE,
)
_ALONE = frozenset({"alone", "by myself", "on my own"})


def lives_with(rest: str, said: Predicate) -> list[Reading]:
    """With whom somebody shares a home, and the home itself where it is named too."""
    m = _COMPANY.match(rest)
    if m is None or (said.over and not said.negated) or _STAY.search(rest):
        return []
    who = m["who"]
    if who[:1].isupper() and entities.person(who) is None:
        return []
    found = [Reading("lives_with", "alone" if who.lower() in _ALONE else shifted(who), said.negated)]
    where = re.match(r"(?P<also>(?: and (?:my|our) (?:[\w-]+ ){0,2}?[\w-]+)?) in (?=[A-Z])", rest[m.end() :])
    home = entities.place(rest[m.end() + where.end() :]) if where else None
    if where and home and not said.negated:
        # Each by itself: who moves to another town may take the other one along.
        verb = "moved in" if "moved" in said.plain else "lives"
        now = " now" if re.search(r"\bnow\b", rest) else ""
        found = [
            Reading("lives_with", found[0].value, text=shift_owner(f"{verb} {m[0]}{where['also']}{now}")),
            Reading("lives_in", home, text=f"lives in {home}{now}", target="place"),
        ]
    return found


_STAY = re.compile(
    r"\bfor (?:the|an?|one|two|three|\d+|a few) (?:\w+ )?(?:day|night|week|weekend|month|summer|winter)s?\b"
    r"|\btemporarily\b|\bfor now\b|\bwhen I was\b|\bas a (?:kid|child|student)\b|\bwhile\b",
    re.IGNORECASE,
)


def moved_out(rest: str, said: Predicate) -> list[Reading]:
    """ "moved out of my parents' place": with them somebody lives no longer."""
    m = re.match(r"((?:my|his|her|their) [a-z-]+)(?:'s|'|(?<=s)) (?:house|place|flat|apartment|home|basement)\b", rest)
    return [Reading("lives_with", shifted(m[1]), True)] if m and not said.negated else []


def shifted(who: str) -> str:
    """Without its owner: "my parents" -> "parents"."""
    return re.sub(r"^(?:my|his|her|their|our) ", "", who)


def plays_for(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(
        r"(?:the )?([A-Z][\w'&.-]+(?: [A-Z][\w'&.-]+){0,3})(?=$|[,.;!]| (?:now|and|in|these|since|as|on|at)\b)", rest
    )
    sure = m and entities.is_name(m[1].split(" ")[0]) and not said.plain.startswith("signed with")
    return [Reading("plays_for", m[1], said.negated, target="organization")] if m and sure else []


_THING = r"(?:my|our|the) (?P<thing>(?:[\w-]+ ){0,2}?[\w-]+)"
SPOT = (
    r"(?P<spot>(?:in|under|on|behind|inside|at|above|beneath|next to|to|into|onto|with) (?:an? |the |my |our )?"
    r"(?:[\w'-]+ ){0,3}?(?:drawer|closet|wardrobe|cupboard|cabinet|shelf|safe|box|desk|basement|attic|garage|bed"
    r"|mat|mattress"
    r"|kitchen|fridge|freezer|bag|backpack|wallet|car|trunk|glove compartment|office|shed|cellar|pantry|rack|bin"
    r"|folder"
    r"|hallway|bathroom|bedroom|storage(?: unit)?|locker|tin|jar|pot|plant|neighbou?r|parents|mother|sister"
    r"|brother|friend))"
    r"(?=$|[,.;!]| (?:now|and|so|because|but|instead|since|for|of|by|in (?:the|my|our))\b)"
)
# "Another folder" is nowhere.
_KEPT = re.compile(rf"{_THING} (?!\w+ (?:another|the wrong|the right|a new|a different) ){SPOT}", re.IGNORECASE)


def team(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:the|an?) ([\w -]{2,24}?) team\b(?! of\b)", rest)
    vague = m and re.match(
        r"(?:small|big|great|good|new|wrong|right|winning|losing|best|same|other|whole|remote"
        r"|tiny|large)\b",
        m[1],
    )
    return [Reading("detail:team", m[1], said.negated)] if m and not vague else []


def wears(rest: str, said: Predicate) -> list[Reading]:
    """What somebody wears as a rule: "wear glasses"; today's shirt is none."""
    value = (
        values.noun(rest, 3)
        if not re.match(r"an? |the |my |this |it\b", rest) and not _SOMETIMES.search(rest)
        else None
    )
    return [Reading("wears", value, said.negated)] if value else []


def rides_a(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(
        r"an? ([A-Z][\w-]+(?: [A-Z0-9][\w-]*){0,2})(?=$|[,.;!]| (?:to|now|and|since|on|that|with"
        r"|from)\b)",
        rest,
    )
    return [Reading("owns", m[1], said.negated)] if m else []


_SHOP = re.compile(
    r"(?:an? |my |our |the )(?:own |small |little )*((?:[a-z-]+ ){0,2}?(?:shop|store|cafe|café|bakery|restaurant"
    r"|bar|pub|business"
    r"|company|agency|studio|farm|gallery|salon|hotel|hostel|b&b|podcast|blog|newsletter|newspaper|channel"
    r"|book club))\b"
    r"(?=$|[,.;!]| (?:in|at|on|with|now|and|called|named|near|for|since|together|from|outside|about)\b)"
)


def runs(rest: str, said: Predicate) -> list[Reading]:
    """A shop, business or the like that somebody runs; "the" one only where it is denied."""
    m = _SHOP.match(rest)
    if m is None or (rest.startswith("the ") and not said.negated):
        return []
    return [Reading("runs", m[1], said.negated, target="organization")]


_REGULAR = re.compile(
    rf"(?P<where>[A-Z][\w'&.-]*(?: [A-Z0-9][\w'&.-]*){{0,2}}) (?:(?:\d|{NUMBERS}|once|twice|several"
    rf"|a few) (?:times )?a week"
    r"|every (?:morning|evening|day|other day))\b"
)


def regular(rest: str, said: Predicate) -> list[Reading]:
    """A gym or club by its name, from how often somebody goes there: "go to FitX three times a week"."""
    m = _REGULAR.match(rest)
    if m is None or said.negated or entities.kind_of(m["where"]) in ("place", "person"):
        return []
    return [Reading("member_of", m["where"], target="organization")]


def keeps(rest: str, said: Predicate) -> list[Reading]:
    """Where somebody keeps a thing: `where:passport` with "in the desk drawer"."""
    m = _KEPT.match(rest)
    return [where(m["thing"], m["spot"], negated=said.negated)] if m else []


def moved_thing(rest: str, said: Predicate) -> list[Reading]:
    found = keeps(rest, said)
    return [] if said.negated or re.match(r"\w+ to\b", rest) else found


def where(thing: str, spot: str, *, negated: bool = False, text: str | None = None) -> Reading:
    """The place of a thing."""
    name = re.sub(r"\W+", "_", thing.lower()).strip("_")
    value = re.sub(r"^(?:to|into) ", "", shift_owner(spot))
    return Reading(f"where:{name}", value, negated, text=text)


def shift_owner(text: str) -> str:
    return re.sub(r"\b(?:my|our)\b", "their", text)


_COUNT = re.compile(
    rf"(?:about |around |over |almost |nearly )?(?P<n>\d[\d.,]*k?|{NUMBERS}) (?P<what>(?:[a-z-]+ ){{0,2}}?[a-z-]+s)"
    r"(?P<of>(?: (?:on|from|at|in|by) (?:my |our |the )?[A-Z][\w&']+(?: [A-Z][\w&']+)*| in (?:my"
    r"|our) (?:[a-z-]+ )?collection)?)"
    r"(?P<rest>$|[,.;!:(]| (?:so|already|now|this|since|in|and|but|by|last|these|on|with|for|to)\b.*)",
)
_NO_COUNT = re.compile(
    r"\b(?:minutes|hours|days|weeks|months|years|questions|ideas|options|things|problems|choices|reasons|points"
    r"|tips|times|kids"
    r"|children|meetings|appointments|exams|chances|interviews|issues|classes|pets|dogs|cats|guests|people|calls"
    r"|tasks|lots"
    r"|percent|pounds|kilos|siblings|brothers|sisters|sons|daughters|friends|ways|others|bags|degrees|dollars"
    r"|euros|jobs"
    r"|words|lines|thoughts|steps|rows|beers|drinks|mistakes|changes|hands|flights|deadlines|errands)$"
)
_SO_FAR = re.compile(r"\b(?:so far|by now|already|now|in total|altogether|to date|reached|hit|passed|up to)\b")
_GATHERED = re.compile(
    r"(?:have|has) (bought|collected|read|watched|visited|finished|completed|written|published"
    r"|saved) "
)
_ONE_DAY = re.compile(r" (?:this|last|on|to)\b(?! year)")


def counted(rest: str, said: Predicate) -> list[Reading]:
    """How many of something somebody has, where words say that it is a count that grows: `count:followers`."""
    m = _COUNT.match(rest)
    if m is None or said.negated or _NO_COUNT.search(m["what"]):
        return []
    lead = said.plain[: len(said.plain) - len(rest)]
    growing = _SO_FAR.search(lead) or lead.endswith("at ")
    if not growing and _ONE_DAY.match(m["rest"]):
        return []
    done = _GATHERED.match(lead)
    figure = lead.startswith(("have ", "has ", "own")) and m["n"][:1].isdigit() and m["of"]
    if not (growing or done or figure or _SO_FAR.search(m["rest"])):
        return []
    verb = done[1] if done and done[1] not in ("bought", "collected") else ""
    name = re.sub(r"\W+", "_", f"{m['what']}{m['of'].lower()} {verb}".strip())
    return [Reading(f"count:{name}", m["n"])]


def at_home(rest: str, said: Predicate) -> list[Reading]:
    """The weekdays of working from home, or from the office."""
    day = r"(?:mon|tues|wednes|thurs|fri)days?"
    m = re.match(rf"(?:on )?({day}(?:(?:,| and|, and) {day})*)\b", rest, re.IGNORECASE)
    where = "office" if re.search(r"\boffice $", said.plain[: len(said.plain) - len(rest)]) else "home"
    return [Reading(f"when:work_from_{where}", m[1], standing=True)] if m and not said.negated else []


def shift(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(night|day|morning|evening|late|early|graveyard|weekend|swing) shifts?\b", rest)
    return [Reading("detail:shift", m[1], said.negated)] if m and not _SOMETIMES.search(rest) else []


_SUM = r"([$€£]?\d[\d.,]*k?(?: (?:euros?|dollars?|pounds?|francs|bucks))?)"


def saved(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(rf"{_SUM} (?:in (?:my |our )?savings|saved(?: up)?\b|in the bank|in my (?:savings )?account)", rest)
    return [Reading("detail:savings", m[1])] if m and not said.negated else []


def dose(rest: str, said: Predicate) -> list[Reading]:
    """A medicine with its dose: the dose changes, the medicine stays."""
    m = re.match(
        r"(\d[\d.,]* ?(?:mg|mcg|g|ml|units|iu|milligrams|micrograms|grams)) (?:of )?([a-z]+)", rest, re.IGNORECASE
    )
    known = values.medicine(m[2]) if m else None
    if m is None or known is None or said.negated:
        return []
    return [
        Reading("takes_medication", known),
        Reading(f"detail:{known.replace(' ', '_')}", m[1], text=f"dose of {known} is {m[1]}"),
    ]


def rent(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(
        r"(?:about |around |only )?([$€£]?\d[\d.,]*k?(?: (?:euros?|dollars?|pounds?|francs|bucks))?)"
        r"(?: (?:a|per) (?:month|week|year))? (?:in|for|of|as) (?:my |our )?(rent|mortgage|childcare|daycare"
        r"|parking)\b",
        rest,
    )
    return [Reading(f"detail:{m[2]}", m[1])] if m and not said.negated else []
