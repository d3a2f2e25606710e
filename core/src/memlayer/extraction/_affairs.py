"""Reads statements whose subject is a thing: when a class takes place, who owes what, what became of the car.

"my yoga class moved to Thursday" fills `when:yoga_class`, "Kim owes me 40" fills `owed_by:kim`, "my car got stolen"
ends what the speaker drives.
"""

from __future__ import annotations

import re

from memlayer.extraction import _daily as daily
from memlayer.extraction import _entities as entities
from memlayer.extraction import _states as states
from memlayer.extraction import _words as words
from memlayer.extraction._grammar import shift
from memlayer.extraction._readings import Reading

_STANDING = (
    r"class|lesson|practice|rehearsal|training|shift|stand-?up|therapy|session|seminar|lecture|choir"
    r"|group|club|tutorial|retro|retrospective|sync|one-on-one|planning"
)
_ONCE = (
    r"appointment|meeting|exam|test|interview|flight|train|check-?up|surgery|game|match|deadline|party|wedding"
    r"|dinner|lunch"
    r"|call|trip|delivery|presentation|recital|concert|date|hearing|viewing|reservation|visit|move|ceremony"
    r"|graduation|launch|release|workshop|kick-?off|demo|review|haircut|scan|massage|vaccination|tasting|inspection"
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Aug"
    r"|Sept?"
    r"|Oct|Nov|Dec)\b"
)
_CLOCK = r"(?:\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\b\.?| o'clock)?|noon|midnight|half past \w+|quarter (?:past|to) \w+)"
_DATE = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)(?: of)?(?: {_MONTH})?|\d{{1,2}} {_MONTH}"
    rf"|{_MONTH}(?: the)? \d{{1,2}}(?:st|nd|rd|th)?|{_MONTH}(?: 20\d\d)?|20\d\d)"
)
_PART = (
    rf"(?:(?:next|this|the following|every|last) (?:{_DAY}|week|month)|{_DAY}|tomorrow|tonight|today|next week"
    rf"|next month"
    rf"|the day after tomorrow|{_DATE}|{_CLOCK}|(?:morning|afternoon|evening|night)s?)"
)
_WHEN = (
    rf"(?P<when>{_PART}(?:,? (?:(?:on|at|in|the|around|from) )?{_PART}){{0,3}})(?=$|[,.;!(]| (?:now|instead"
    rf"|with|because|and|so|but|this|then)\b)"
)
_TOPIC = (
    rf"(?P<topic>(?:(?!is\b|was\b|got\b|has\b)[\w'-]+ ){{0,3}}?(?:{_STANDING}|{_ONCE}))(?P<with> (?:with|at"
    rf"|in|for|to|from) [\w'. -]{{2,30}}?)?"
)
_MOVED = (
    r"(?:(?:move|reschedule|push|postpone|delay|moved|rescheduled|pushed|postponed|shifted|slipped|slid|changed"
    r"|brought|pulled"
    r"|delayed|switched|bumped)(?: back| forward| up| in)?)"
)
_BEING = r"(?:(?:has|have|had|was|got|is|been|being|just|now|to be|also) )*"


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_IS_AT = _re(
    rf"^(?:my|our|the) {_TOPIC} (?:now )?(?:is|starts|begins|leaves|departs|takes off|is scheduled|takes place"
    rf"|are) (?:now "
    rf"|actually )?(?:(?:on|at|for|in) )?{_WHEN}"
)
_EXPIRES = _re(
    r"^(?:(?:my|our) )?(?P<topic>(?:[\w'-]+ ){0,2}?(?:passport|visa|licen[sc]e|id card|green card|residence permit"
    r"|insurance|lease"
    rf"|contract|membership|warranty|registration|permit)) (?:now )?(?:expires|is valid until|runs out|ends"
    rf"|is up) (?:on |in )?{_WHEN}"
)
# Of these "the" one is the speaker's; "the wedding" may be anybody's.
_SPEAKERS = _re(
    r"(?:exam|test|meeting|interview|appointment|flight|train|class|lesson|deadline|presentation"
    r"|surgery|retro|retrospective|sync|planning|kick-?off)$"
)
_MOVED_TO = _re(rf"^(?:(?:my|our|the) )?{_TOPIC} {_BEING}{_MOVED}(?: from [^,;]{{2,30}}?)? (?:to|until|till) {_WHEN}")
_MOVED_IT = _re(
    rf"^(?:they|we|i|he|she|(?-i:[A-Z])[\w'. -]{{1,30}}?|the [\w' -]{{3,30}}?|my [\w' -]{{3,30}}?) (?:have |has "
    rf"|had to )?(?:just )?{_MOVED} (?:my|our|the) {_TOPIC}"
    rf"(?: from [^,;]{{2,30}}?)? (?:to|until|till) {_WHEN}"
)
_AMOUNT = r"(?P<sum>[$€£]?\d[\d.,]*\d?(?: ?(?:euros?|dollars?|pounds?|bucks|francs|eur|usd|€|\$))?)"
_WHO = r"(?P<who>(?-i:[A-Z])[\w'-]+|my [a-z][\w-]+(?: (?-i:[A-Z])[\w'-]+)?)"
_OWES_ME = _re(rf"^{_WHO} (?:still |now |actually )?owes (?:me|us) {_AMOUNT}")
_I_OWE = _re(rf"^i (?:still |now |actually )?owe {_WHO} {_AMOUNT}")
_PAID_ME = _re(rf"^{_WHO} (?:has )?(?:finally |just )?paid (?:me|us) back\b(?! (?:half|some|part))")
_I_PAID = _re(rf"^i (?:have )?(?:finally |just )?paid {_WHO} back\b(?! (?:half|some|part))")
_LOST = _re(
    r"^(?:my|our) (?P<what>[\w' -]{2,40}?) (?:got|was|has been|is|had to be|were) (?:just |finally |recently )?"
    r"(?:stolen|totall?ed|written off|scrapped|sold|repossessed|wrecked)\b"
)
_DIED = _re(
    r"(?:passed away|died|is gone|was put (?:down|to sleep)|had to be put (?:down|to sleep)"
    r"|crossed the rainbow bridge)\b"
)


def affairs(text: str) -> list[Reading]:
    """What a statement about a thing says of its owner, the speaker."""
    return (
        _state(text)
        or _whereabouts(text)
        or _size(text)
        or _expiry(text)
        or _time(text)
        or _debt(text)
        or _lost(text)
        or states.called_off(text)
    )


_HOW = (
    r"runs on|is written in|is built (?:with|on|in)|is hosted (?:on|at|by)|is deployed (?:on|to|in)|lives (?:in|on|at)"
    r"|listens on|is at(?= port| http)|is called|is named|is about|depends on|is based on|is due (?:on|by|in)?"
    r"|is set to|points to|uses"
)
_STATE = _re(
    rf"^(?P<own>my|our|the) (?P<topic>(?:[\w-]+ ){{0,2}}?[\w-]+) (?:(?P<how>{_HOW})|now (?P<how2>{_HOW})"
    rf"|is now (?P<how3>written in|built (?:with|on|in)|hosted (?:on|at|by)|deployed (?:on|to|in)|about|based on"
    rf"|called|named"
    rf"|due|set to)) "
    r"(?P<value>[^,;!?]{2,60})$"
)
_WORK_THING = _re(
    r"\b(?:backend|frontend|server|database|db|repo|repository|api|build|pipeline|cluster|app|site|website|service"
    r"|project"
    r"|production|prod|staging|deployment|code|codebase|monorepo|ci|cache|queue|dashboard|worker|scheduler|proxy"
    r"|bot|cron job"
    r"|report|invoice|release|sprint|milestone|branch|environment|bucket|domain|namespace)$"
)
_OWN_WORK = _re(
    r"\b(?:thesis|dissertation|paper|talk|presentation|essay|novel|book|research|phd|master's|startup|podcast|blog"
    r"|course"
    r"|article|speech|screenplay)$"
)
_LIES = _re(
    r"^(?P<own>my|our|the) (?P<thing>(?:[\w-]+ ){0,2}?[\w-]+) (?:is|are) (?:now |kept |stored |hidden )*" + daily.SPOT
)
_HAS_N = _re(
    rf"^(?:my|our) (?P<who>(?:[a-z]+ )?[a-z]+) (?:now )?(?:has|have) (?:now )?(?P<n>\d+"
    rf"|{daily.NUMBERS}) (?P<what>[a-z]+s|people)"
    r"(?=$|[,.;!]| now\b| in total\b| so far\b)(?P<tail>.*)"
)
_NO_GROUP = (
    frozenset(words.KIN)
    | words.PETS
    | words.PLURAL_PETS.keys()
    | frozenset("friend friends kids parents dogs cats".split())
)


def _state(text: str) -> list[Reading]:
    """How a thing that people work on is made or what it is about: "the backend runs on Postgres 14"."""
    m = _STATE.match(text)
    if m is None or not (
        _WORK_THING.search(m["topic"]) or (m["own"].lower() != "the" and _OWN_WORK.search(m["topic"]))
    ):
        return []
    how = m["how"] or m["how2"] or f"is {m['how3']}"
    value = re.sub(r"(?: any ?more| now| instead| these days| as of \w+)+$", "", m["value"]).strip(" .")
    if re.match(r"(?:it|that|this|how|what|you)\b", value):
        return []
    name = re.sub(r"\W+", "_", f"{m['topic']} {how}".lower()).strip("_")
    return [
        Reading(
            f"state:{name}",
            value,
            text=text[len(m["own"]) + 1 :] if m["own"].lower() != "the" else f"the {text[4:]}",
            ahead="due" in how,
        )
    ]


def _whereabouts(text: str) -> list[Reading]:
    """Where a thing lies: "the spare key is under the mat"; "the" means the speaker's only with keys and the like."""
    m = _LIES.match(text)
    if m is None or (
        m["own"].lower() == "the" and not re.search(r"\b(?:spare|keys?|passports?|documents)\b", m["thing"])
    ):
        return []
    if set(m["thing"].lower().split()) & _NO_GROUP:
        return []
    return [daily.where(m["thing"], m["spot"], text=shift(text[len(m["own"]) + 1 :]))]


def _size(text: str) -> list[Reading]:
    """How many a group of the speaker's has: "my team has eight people now"."""
    m = _HAS_N.match(text)
    if m is None or set(m["who"].lower().split()) & _NO_GROUP:
        return []
    name = f"{m['who']}_{m['what']}".lower().replace(" ", "_")
    return [Reading(f"count:{name}", m["n"].lower(), text=text.split(" ", 1)[1])]


def _time(text: str) -> list[Reading]:
    m = _MOVED_TO.match(text) or _MOVED_IT.match(text) or _IS_AT.match(text)
    if m is None or (m.re is _IS_AT and text[:4].lower() == "the " and not _SPEAKERS.search(m["topic"])):
        return []
    if (owner := re.match(r"([\w-]+)'s ", m["topic"])) and owner[1].lower() in _NO_GROUP:
        return []  # theirs, not the speaker's
    topic = re.sub(r"^(?:next|new|weekly|upcoming|tomorrow's|today's) ", "", m["topic"].lower())
    if whose := re.search(
        r"^ with (?:the |my |our )(dentist|doctor|vet|therapist|lawyer|accountant|physio)$", m["with"] or ""
    ):
        topic = f"{whose[1]} {topic}"
    name = re.sub(r"\W+", "_", topic).strip("_")
    if where := re.search(r" (?:to|from) ((?-i:[A-Z])[\w' -]+)", m["with"] or ""):
        name += "_" + re.sub(r"\W+", "_", where[0].strip().lower())  # a flight to Iceland is not the one to Rome
    when = m["when"]
    at = (
        ""
        if re.match(r"(?:next|this|tomorrow|tonight|today|the (?:day|following)|every|last)\b", when, re.IGNORECASE)
        else _preposition(when)
    )
    now = " now" if re.search(r"\bnow\b", text, re.IGNORECASE) else ""
    verb = f"is{now}" if m.re is _IS_AT else "moved to"
    standing = bool(re.search(rf"(?:{_STANDING})$", topic))
    words = f"{topic}{'' if whose else m['with'] or ''} {verb} {at if m.re is _IS_AT else ''}{when}"
    slot = "detail:wedding" if topic in ("wedding", "wedding day") else f"when:{name}"
    return [Reading(slot, when, text=words, standing=standing, ahead=not standing)]


def _expiry(text: str) -> list[Reading]:
    m = _EXPIRES.match(text)
    if m is None:
        return []
    topic = re.sub(r"^(?:new|current|old) ", "", m["topic"].lower())
    said = "in" if re.match(rf"(?:{_MONTH}(?: 20\d\d)?|20\d\d)$", m["when"]) else "on"
    words = f"{topic} expires {said} {m['when']}"
    return [Reading(f"detail:{re.sub(r'[^a-z]+', '_', topic)}_expiry", m["when"], text=words, ahead=True)]


def _preposition(when: str) -> str:
    if re.match(rf"{_CLOCK}(?!\w)", when) and not re.match(rf"\d{{1,2}} {_MONTH}|\d{{1,2}}(?:st|nd|rd|th)", when):
        return "at "
    return "in " if re.fullmatch(_MONTH, when) or re.match(r"(?:morning|afternoon|evening)", when) else "on "


def _debt(text: str) -> list[Reading]:
    for pattern, slot, said in (
        (_OWES_ME, "owed_by", "is owed {sum} by {who}"),
        (_I_OWE, "owes", "{still}owes {who} {sum}"),
        (_PAID_ME, "owed_by", "was paid back by {who}"),
        (_I_PAID, "owes", "paid {who} back"),
    ):
        m = pattern.match(text)
        if m is None:
            continue
        who = m["who"]
        if who[:1].isupper() and not entities.is_name(who):
            return []
        amount = m.groupdict().get("sum")
        name = re.sub(r"\W+", "_", who.lower().removeprefix("my ")).strip("_")
        return [
            Reading(
                f"{slot}:{name}",
                amount,
                amount is None,
                text=shift(said.format(who=who, sum=amount, still="still " if " still " in text else "")),
            )
        ]
    return []


def _lost(text: str) -> list[Reading]:
    m = _LOST.match(text)
    if m is None or states.another(m["what"]):
        return []
    ended = text[len(m["what"]) + 4 :]
    return [Reading(r.attribute, r.value, True, text=f"{m['what']} {ended}") for r in states.gone(m["what"])]


def died(rest: str) -> bool:
    """Says whether a predicate tells of a death."""
    return bool(_DIED.match(rest))
