"""Reads what somebody has, uses or does one of at a time, and what they gave up, sold or cancelled.

"bank with Nordea", "am reading Dracula", "switched from Netflix to Mubi", "sold the car": each
reader checks the words behind the verb, as those of `_readings` do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from memlayer.extraction import _entities as entities
from memlayer.extraction import _values as values
from memlayer.extraction import _words as words
from memlayer.extraction._readings import Predicate, Reader, Reading

_DRINKABLE = frozenset("coffee tea beer wine whiskey alcohol soda juice milk espresso decaf cola coke".split())
_CLUB = re.compile(
    r"(?:[\w'-]+ ){0,3}?(?:gym|club|choir|band|league|society|association|union|church|orchestra|team|pool|studio)$",
    re.IGNORECASE,
)
_GENERIC = frozenset("a an the my our his her their this that old whole last first next".split())
_BRAND = re.compile(r"[A-Z][\w'&.+-]*(?: (?:of )?[A-Z0-9][\w'&.+-]*){0,3}")
_ANOTHER = re.compile(r"^(?:old|second|other|first|spare|extra|previous|last|one|some|half|most)\b")


def bank(rest: str, said: Predicate) -> list[Reading]:
    name = entities.organization(rest)
    return [Reading("detail:bank", name, said.negated)] if name else []


def title_of(attribute: str) -> Reader:
    """A book, series or game by its title; a kind of them ("reading crime novels") is none."""

    def read(rest: str, said: Predicate) -> list[Reading]:
        m = re.match(r"\"([^\"]{2,80})\"", rest) or re.match(
            r"(?:the (?:book|novel|series|show) )?((?:The |the )?[A-Z][\w'’:&.-]*(?: (?:(?:of|the|and|in|a|to|for|on)"
            r" ){0,2}[A-Z0-9][\w'’:&.-]*){0,7})",
            rest,
        )
        if (
            m is None
            or m[1].endswith(("'s", "’s"))
            or not entities.is_name(m[1].removeprefix("the ").removeprefix("The ").split(" ")[0])
        ):
            return []
        return [Reading(attribute, m[1].rstrip(".:'’"), said.negated)]

    return read


def learns(rest: str, said: Predicate) -> list[Reading]:
    rest = re.sub(r"^(?:how to (?:play|speak) |to (?:play|speak) )?(?:the )?", "", rest)
    value = _practice(rest)
    if value is None or re.match(r" (?:music|history|words|a few|food|culture)\b", rest[len(value) :]):
        return []
    shown = value.capitalize() if value in words.LANGUAGES else value
    return [Reading("learns", shown, said.negated, target="language" if value in words.LANGUAGES else "activity")]


def _practice(rest: str) -> str | None:
    for known in (words.INSTRUMENTS, words.LANGUAGES, words.ACTIVITIES, words.TECH):
        if value := values.listed(rest, known):
            return value
    return None


def lessons(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(
        r"(?:my |the |some |private |online )*((?:[\w-]+ ){1,2}?)(?:lessons|classes|class|course)\b"
        r"(?! (?:notes|book|homework|mates?|reunion|room|project|list|paper|teacher))",
        rest,
    )
    value = _practice(m[1].strip()) if m else None
    return learns(value, said) if value else []


def gave_up(rest: str, said: Predicate) -> list[Reading]:
    """What somebody no longer does: "gave up the cello", "quit running", "dropped Spanish"."""
    if said.negated:
        return []
    rest = re.sub(r"^(?:(?:learning|playing|practi[cs]ing|studying|doing|going to) )?(?:the |my )?", "", rest)
    club = re.match(r"([\w'-]+(?: [\w'-]+){0,2})", rest)
    named = values.noun(club[1], 3) if club else None
    if named and _CLUB.match(named) and _sure_left(said, named, rest):
        return [Reading("member_of", named, True)]
    for known, attribute in (
        (words.INSTRUMENTS, "plays"),
        (words.LANGUAGES, "learns"),
        (words.ACTIVITIES, "does"),
    ):
        value = values.listed(rest, known)
        if value and _over_there(rest[len(value) :]):
            return [Reading(attribute, value.capitalize() if attribute == "learns" else value, True)]
    return []


def _sure_left(said: Predicate, club: str, rest: str) -> bool:
    """Who leaves the gym may be on the way home, who leaves the chess club at two as well."""
    if not re.match(r"(?:have |has )?left\b", said.plain):
        return True
    stays = re.search(r"(?:club|choir|band|league|society|association|union|orchestra|team)$", club)
    return bool(stays) and _over_there(rest[rest.find(club) + len(club) :])


def stopped(rest: str, said: Predicate) -> list[Reading]:
    """ "quit running": the doing itself, its "quit" taken off before."""
    value = values.listed(rest, words.ACTIVITIES) if said.over else None
    return [Reading("does", value, True)] if value and _over_there(rest[len(value) :]) else []


def _over_there(tail: str) -> bool:
    """Nothing follows that makes it another thing: "quit running the shop"."""
    return not tail.strip() or bool(
        re.match(
            r"[,.;!]| (?:lessons|classes|class|last|this|in|on|a|after|because|since|for good|again|ages|years)\b", tail
        )
    )


_OF_TOOLS = re.compile(
    r"(?:have |has |had )?(?:just )?(?:switched|migrated|upgraded|downgraded|converted)\b", re.IGNORECASE
)


def switched(rest: str, said: Predicate) -> list[Reading]:
    """From one thing to another of its kind."""
    m = re.match(r"(?P<old>[^,.;]{2,40}?) (?:over )?to (?P<new>[^,;]{2,60})", rest)
    if m is None or said.negated:
        return []
    # Who moved or went from one unknown name to another changed homes, or a name, and no tools.
    return _exchanged(m["old"], m["new"], brands=bool(_OF_TOOLS.match(said.plain)))


def switched_to(rest: str, said: Predicate) -> list[Reading]:
    """The new one of a kind that words know, or a service by its name."""
    new = _bare(rest)
    if said.plain.partition("moved")[1] and not values.listed(new, words.TECH):
        return []
    if _SCHOOL.search(new):
        return []
    for attribute, known in _KINDS:
        if attribute in ("uses", "takes_medication", "drinks") and (value := values.listed(new, known)):
            return [Reading(attribute, new[: len(value)])] if not said.negated else []
    brand = _BRAND.match(new)
    if brand is None or said.negated or brand[0].lower() in words.PLACES | words.COMPANIES | words.FIRST_NAMES:
        return []
    first = brand[0].split(" ")[0].lower()
    return (
        []
        if {first, first.removesuffix("s")} & words.NO_NAMES or first in words.LANGUAGES
        else [Reading("uses", brand[0].rstrip(".'"))]
    )


_SCHOOL = re.compile(r"^[A-Z].*\b(?:Univ\w*|College|School|Academy|Institute|Elementary|Primary|Montessori)\b")
_OFTEN = re.compile(
    r"\b(?:every|each|regularly|twice|times a|once a|often|on \w+days|weekly|daily|most (?:days|mornings)|before work"
    r"|after work|religiously)\b"
)


def habit(rest: str, said: Predicate) -> list[Reading]:
    """Where somebody goes again and again, or no longer."""
    sure = said.over or said.negated or _OFTEN.search(rest)
    return [Reading("does", rest.split(" ")[0].rstrip(".,!"), said.negated)] if sure else []


def traded(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:in )?(?P<old>[^,.;]{2,40}?) (?:for|with) (?P<new>[^,;]{2,60})", rest)
    return [] if m is None or said.negated else _exchanged(m["old"], m["new"])


_KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("takes_medication", words.MEDICATIONS),
    ("diet", words.DIETS),
    ("drinks", _DRINKABLE),
    ("eats", words.FOODS),
    ("plays", words.INSTRUMENTS),
    ("does", words.ACTIVITIES),
    ("commutes_by", frozenset("bus train subway metro tube tram ferry car bike motorbike scooter".split())),
    ("uses", words.TECH),
    ("works_at", words.COMPANIES - words.CARS),
)


def _exchanged(old: str, new: str, *, brands: bool = True) -> list[Reading]:
    old, new = _bare(old), _bare(new)
    if old.split(" ")[0].lower() in words.CARS and (car := _BRAND.match(new)):
        return [Reading("drives", car[0])]
    for attribute, known in _KINDS:
        if values.listed(old, known) == old.lower() and (value := values.listed(new, known)):
            return [Reading(attribute, new[: len(value)])]
    brand = _BRAND.match(new) if brands else None
    place = {old.lower(), new.lower()} & (words.PLACES | words.NO_NAMES | words.LANGUAGES | words.NATIONALITIES)
    if brand and _BRAND.fullmatch(old) and not place and old.split(" ")[0].lower() not in words.FIRST_NAMES:
        return [Reading("uses", brand[0].rstrip(".'"))]
    return []


def _bare(text: str) -> str:
    parts = text.strip().split(" ")
    while len(parts) > 1 and parts[0].lower() in _GENERIC:
        parts.pop(0)
    return " ".join(parts)


_GIFT = re.compile(r"\bfor (?:my|our|his|her|their|a|the|[A-Z])\b(?! birthday)")


def new_thing(rest: str, said: Predicate) -> list[Reading]:
    """ "got a new phone, a Pixel 8": the thing itself, by its name."""
    m = re.match(
        r"(?:myself |ourselves )?(?:an? |my )(?:brand )?new (phone|laptop|car|camera|bank|tablet|bike)"
        r"(?:,| -| called)? (?:it is )?(?:an? |the )?([A-Z][\w'.+-]*(?: [A-Z0-9][\w'.+-]*){0,3})",
        rest,
    )
    if m is None or said.negated or _GIFT.search(rest) or m[2].split(" ")[0].lower() in words.NO_NAMES:
        return []
    return [Reading("drives" if m[1] == "car" else f"detail:{m[1]}", m[2].rstrip(".'"))]


def upgraded(rest: str, said: Predicate) -> list[Reading]:
    tool = re.match(r"(?:(?:the|my|our) [\w ]{2,20}? to )?([A-Za-z+#]+) (v?\d[\w.]*)\b", rest)
    if (
        tool
        and tool[1].lower() in words.TECH
        and not said.negated
        and tool[1].lower() not in ("iphone", "ipad", "macbook")
    ):
        return [Reading("uses", f"{tool[1]} {tool[2]}")]
    m = re.match(
        r"(?:an? |the |my )?(?:new )?(((?i:iphone|pixel|galaxy|macbook|thinkpad))(?: [A-Z0-9][\w+-]*){0,3})", rest
    )
    if m is None or said.negated or _GIFT.search(rest):
        return []
    return [Reading("detail:laptop" if m[2].lower() in ("macbook", "thinkpad") else "detail:phone", m[1])]


def sold(rest: str, said: Predicate) -> list[Reading]:
    """What somebody parted with; an old or second one says nothing about the one they have."""
    m = re.match(r"(?:my|our|the|his|her|their) (.{2,60})", rest)
    if m is None or said.negated or another(m[1]):
        return []
    return gone(m[1])


def another(what: str) -> bool:
    """Says whether the words mean not the one that somebody has: "old bike", "second car"."""
    return bool(_ANOTHER.match(what))


def gone(what: str) -> list[Reading]:
    """A thing that is no longer somebody's: a car, an animal, something that they owned."""
    value = re.split(
        r"\s*[,.;!(]|\s(?:because|since|last|yesterday|today|for|to|on|in|at|and|when|after|online)\b", what
    )[0]
    low = value.lower()
    if low == "car":
        return [Reading("drives", None, True)]
    if low.split(" ")[0] in words.CARS or low.split(" ")[-1] in words.CARS:
        return [Reading("drives", value, True)]
    if any(low == w or low.endswith(f" {w}") for w in words.OWNED):
        return [Reading("owns", value, True)]
    if re.fullmatch(r"[A-Z][\w-]+(?: [A-Z0-9][\w-]+)*", value):
        return [Reading("owns", value, True)]
    return []


def rehomed(rest: str, said: Predicate) -> list[Reading]:
    """ "rehomed our cat", "put my dog Rex down": an animal that is no longer theirs."""
    m = re.match(r"(?:my|our|the) (?:old |little |poor )?([a-z]+)(?: ([A-Z][\w'-]+))?(?=$|[,.;!]| )", rest)
    if m is None or m[1] not in words.PETS or said.negated:
        return []
    put = re.match(r"(?:had to )?put\b", said.plain)
    return [Reading("has_pet", m[2] or m[1], True)] if not put or re.search(r"\b(?:down|to sleep)\b", rest) else []


def subscribed(rest: str, said: Predicate) -> list[Reading]:
    """A service by its name, or a club: "pay for a gym membership", "have a Netflix subscription"."""
    rest = re.sub(r"^(?:for )?(?:an? |the |my |our |his |her )?", "", rest)
    if to := re.match(r"(?:membership|subscription) (?:to|with|at|for) (?:the |my )?(.+)", rest):
        return _service(to[1], said.negated)
    m = re.match(r"((?:[\w'&+.-]+ ){1,3}?)(?:membership|subscription|account|plan|pass)\b", rest)
    if m:
        return _service(m[1].strip(), said.negated)
    return _service(rest, said.negated) if rest[:1].isupper() or values.listed(rest, words.TECH) else []


def member_with(rest: str, said: Predicate) -> list[Reading]:
    """Only what names itself a membership: "have a gym membership", not "have a plan"."""
    return subscribed(rest, said) if re.match(r".{0,40}\b(?:membership|subscription)\b", rest) else []


def _service(name: str, negated: bool) -> list[Reading]:
    name = re.sub(r"^[Tt]he (?=[A-Z])", "", name)
    low = name.lower()
    if _CLUB.match(low):
        return [Reading("member_of", name, negated)]
    if known := values.listed(name, words.TECH):
        return [
            Reading(
                "uses",
                name[: len(known)] if not name.lower().startswith(f"{known}+") else f"{name[: len(known)]}+",
                negated,
            )
        ]
    brand = _BRAND.match(name)
    return (
        [Reading("uses", brand[0].rstrip(".'"), negated)] if brand and entities.is_name(brand[0].split(" ")[0]) else []
    )


_EVENTS = (
    r"trip|flight|appointment|wedding|party|vacation|holiday|reservation|booking|visit|meeting|interview|class|lesson"
    r"|dinner|lunch|concert|tickets?|move|race|tour|retreat|session|surgery|plans?|cruise|conference|date|barbecue"
)
_EVENT = re.compile(
    rf"(?:my|our|the|his|her|their|this|next week's|tomorrow's|tonight's) ((?:[\w'-]+ ){{0,3}}?(?:{_EVENTS})\b"
    r"(?: (?:to|with|at|for|in|on) (?:the |my )?[\w'-]+(?: (?-i:[A-Z])[\w'-]+)*)?)",
    re.IGNORECASE,
)


def cancelled(rest: str, said: Predicate) -> list[Reading]:
    """A subscription or something planned that is off."""
    if said.negated:
        return []
    ended = Predicate(said.plain, True, True)
    if found := lessons(re.sub(r"^(?:my|our|the|his|her) ", "", rest), ended):
        return found
    if found := member_with(re.sub(r"^(?:my|our|the|his|her) ", "", rest), ended):
        return found
    if said.plain.startswith("closed"):
        account = re.match(r"(?:my|our|the) ([A-Z][\w& ]{1,30}?) account\b", rest)
        return _service(account[1], True) if account else []
    if m := _EVENT.match(rest):
        broken = [Reading("engaged_to", None, True)] if m[1].lower() == "engagement" else []
        return [*broken, Reading("plans", m[1], True)]
    if re.match(r"(?:my|our|the) engagement\b", rest):
        return [Reading("engaged_to", None, True)]
    bare = re.sub(r"^(?:my|our|the|his|her) ", "", rest)
    sure = re.match(r"(?:have |has |had to |decided to )*(?:cancel|unsubscribed)", said.plain) or values.listed(
        bare, words.TECH
    )
    return subscribed(bare, ended) if sure else []


def called_off(text: str) -> list[Reading]:
    """ "the trip to Japan got cancelled": something planned that is off, whoever cancelled it."""
    if not (" off" in text or "cancel" in text or "scrapped" in text or "fell through" in text):
        return []
    m = re.match(
        r"^(?:the|my|our|that) (?P<what>.{2,60}?) (?:is|was|got|has been|had to be|is being) "
        r"(?:cancell?ed|called off|off(?= now|$|,)|scrapped)\b|^(?:the|my|our) (?P<fell>.{2,60}?) fell through\b",
        text,
        re.IGNORECASE,
    )
    if m is None:
        return _called_off_by(text)
    what = _EVENT.fullmatch(f"the {m['what'] or m['fell']}")
    return (
        [Reading("plans", what[1], True, text=f"{what[1]} {'fell through' if m['fell'] else 'was cancelled'}")]
        if what
        else []
    )


_BY = re.compile(
    r"^(?!(?:I|we|he|she|it|you|that|this) )(?:(?P<who>(?-i:[A-Z])[\w'-]+|(?:my|our) [\w-]+)|they|(?:the|my"
    r"|our) [\w' -]{2,24}?) (?:has |have |had to |just |sadly )*"
    r"(?:cancell?ed|called off) (?P<what>(?:my|our|the) .{2,60})$",
    re.IGNORECASE,
)


# "My parents cancelled the trip", "Ana cancelled the trip to Malta": theirs, for all that is known.
_THEIRS = re.compile(r"(?:my |our )[^:]*:the |[^:]*:the .* to ", re.IGNORECASE)


def _called_off_by(text: str) -> list[Reading]:
    """ "Leila called off our dinner": the one that was planned with her, no other."""
    m = _BY.match(text)
    what = _EVENT.match(m["what"]) if m else None
    if m is None or what is None or (m["who"] and _THEIRS.match(f"{m['who']}:{what[0]}")):
        return []
    who = (m["who"] or "").split(" ")[-1]
    value = what[1] if not who or re.search(r" (?:with|at) ", what[1]) else f"{what[1]} with {who}"
    return [Reading("plans", value, True, text=f"{value} was cancelled")]


def not_going(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:to )?([A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})", rest)
    off = said.negated or re.match(r"\w+ not ", said.plain)
    return [Reading("plans", m[1], True)] if m and off else []


def born(rest: str, said: Predicate) -> list[Reading]:
    """A child with its name: "had a baby girl, Emma"."""
    m = re.match(
        r"(?:a|an|our) (?:(?:beautiful|little|healthy|first|second|third|baby) )*(girl|boy|daughter|son|baby)"
        r"(?:,| named| called) (?:named |called )?([A-Z][\w'-]+)",
        rest,
    )
    if m is None or said.negated or entities.person(m[2]) is None:
        return []
    what = {"girl": "a daughter", "boy": "a son", "baby": "a child"}.get(m[1], f"a {m[1]}")
    return [Reading("has_child", m[2], text=f"has {what} named {m[2]}", target="person")]


def outgrown(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:my|his|her|their|the|an?) ([a-z-]+(?: [a-z-]+)?) (?:allergy|intolerance)\b", rest)
    if m:
        return [Reading("allergic_to", m[1], True)]
    value = values.listed(rest, words.CONDITIONS)
    return [Reading("has_condition", value, True)] if value else []


def off(rest: str, said: Predicate) -> list[Reading]:
    value = values.medicine(rest)
    return [Reading("takes_medication", value, True)] if value and not said.negated else []


def decided_against(rest: str, said: Predicate) -> list[Reading]:
    """A plan that somebody gave up: "decided not to move to Canada", "changed my mind about going"."""
    value = re.split(r"\s*[,.;!]|\s(?:because|since|after all|this year|for now)\b", rest)[0].strip()
    return [Reading("plans", value, True)] if 2 <= len(value.split()) <= 8 else []


def no_longer_with(rest: str, said: Predicate) -> list[Reading]:
    """ "am no longer with Acme", "… with Leo"; where somebody is now may be a café."""
    if not said.over:
        return []
    name = rest.split(" ")[0].rstrip(".,!").lower()
    if name in words.FIRST_NAMES and (who := entities.person(rest)):
        return [Reading("in_relationship_with", who, True, target="person")]
    company = entities.organization(rest)
    return [Reading("works_at", company, True, target="organization")] if company else []


def left_for(rest: str, said: Predicate) -> list[Reading]:
    """ "left Acme for Globex": one employer for another, where one of them is known as such."""
    m = re.match(
        r"(?P<old>[A-Z][\w&'.-]*(?: [A-Z][\w&'.-]*){0,3}) (?:for|to join|to work (?:at|for)) (?P<new>.+)", rest
    )
    if m is None or said.negated:
        return []
    new = entities.organization(m["new"])
    sure = new and "organization" in (entities.kind_of(new), entities.kind_of(m["old"]))
    return [Reading("works_at", new, text=f"left {m['old']} for {new}", target="organization")] if sure else []


def dropped_out(rest: str, said: Predicate) -> list[Reading]:
    name = entities.organization(re.sub(r"^the (?=Univ)", "", rest))
    return [Reading("studies_at", name, True, target="organization")] if name and not said.negated else []


def transferred(rest: str, said: Predicate) -> list[Reading]:
    name = entities.organization(re.sub(r"^the (?=Univ)", "", rest))
    sure = name and (
        entities.kind_of(name) == "organization" or re.search(r"Univ|College|School|Academy|Institute", name)
    )
    return [Reading("studies_at", name, target="organization")] if sure and not said.negated else []


def major(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(?:from [\w ]{3,30}? )?to ([A-Za-z]+(?: [A-Za-z]+){0,2})", rest)
    value = values.noun(m[1], 3) if m else None
    return [Reading("detail:major", value)] if value and not said.negated else []


def cups(attribute: str, reader: Reader) -> Reader:
    """ "four coffees a day", "two cups of tea": what it is, without the count."""

    def read(rest: str, said: Predicate) -> Sequence[Reading]:
        m = re.match(
            r"(?:(?:at least |about |around )?(?:\d+|an?|two|three|four|five|six|ten|a lot of|lots of|too much"
            r"|so much|much"
            r"|my|a few|several) )?(?:(?:cups?|glass(?:es)?|bottles?|cans?|mugs?|litres?|liters?|pints?) of )?"
            r"([a-z]+(?: [a-z]+)?)",
            rest,
        )
        if m:
            for word in (m[1], m[1].split(" ")[0], re.sub(r"s$", "", m[1].split(" ")[0])):
                if word in (_DRINKABLE if attribute == "drinks" else words.FOODS):
                    return [Reading(attribute, word, said.negated, target="food")]
        return reader(rest, said)

    return read
