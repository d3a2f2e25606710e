"""Reads "my rent is 900 euros": one thing of which a speaker has one, and its present value.

Only things of which people have one at a time (a rent, a dentist, a personal best) and values that are names, numbers
or dates: "my plan is …", "my flight is at 9" and "my problem is …" give nothing.
"""

from __future__ import annotations

import re

from memlayer.extraction import _words as words
from memlayer.extraction._grammar import shift
from memlayer.extraction._readings import Reading

_PEOPLE = (
    "accountant|adviser|advisor|babysitter|cardiologist|cleaner|coach|counsellor|counselor|dentist"
    "|dermatologist|doctor"
    "|gp|hairdresser|instructor|landlady|landlord|lawyer|mechanic|mentor|nanny|nutritionist"
    "|orthodontist"
    "|pediatrician|personal trainer|physical therapist|physio|physiotherapist|psychiatrist|psychologist|supervisor"
    "|teacher|class teacher|piano teacher"
    "|therapist"
    "|trainer|tutor|vet"
)
_ONES = (
    "password manager|note app|calendar app|music app|email provider|phone carrier|mobile provider|carrier"
    "|espresso machine|coffee (?:machine|maker)|watch|printer|guitar|motorbike|motorcycle|boat|tent|console"
    "|bank|broadband provider|[a-z]+ provider|insurer|gym|health insurance|laptop|phone"
    "|operating system|editor"
    "|text editor|ide|browser|keyboard|camera|major|minor|blood type|blood group|star sign|zodiac sign|shoe size"
    "|ring size"
    "|dress size|shirt size|license plate|licence plate|locker number|desk number|room number|student number"
    "|employee number"
    "|membership number|account number|user ?name|handle|gamertag|wedding anniversary|anniversary|wedding date|due date"
    "|retirement date|start date"
)
_AMOUNTS = (
    "rent|mortgage|salary|income|hourly rate|weight|height|body fat|resting heart rate|blood pressure|cholesterol"
    "|commute"
    "|screen time|bedtime|wake-?up time|savings goal|saving goal|step goal|calorie goal|weight goal|target weight"
    "|goal weight"
    "|sales target|word count|follower count|gpa|credit score|average pace|rating|elo|rank|level"
)
_RECORDS = (
    r"(?:personal |all[- ]time |season )?(?:best|record)(?: time| score| distance)?|pb|pr"
    r"|(?:highest|lowest|top|high|longest|fastest) (?:score|time|rank|rating|run|ride|swim|streak|break)"
)
_ADJ = (
    r"(?:(?:new|current|present|monthly|weekly|daily|yearly|annual|main|primary|personal|family|work|home|old) ){0,2}"
)
_KIN = "mother|mom|mum|father|dad|wife|husband|partner|fiancée|fiancé|girlfriend|boyfriend|boss"
_FOR = r"(?: (?:for|in|on|at|of) (?:the |this |my )?[\w'-]+(?: [\w'-]+){0,3}?)?"
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = (
    rf"(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?|{_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd"
    rf"|th)?(?:,? \d{{4}})?"
)
_NUMBER = (
    r"(?:about |around |roughly |exactly |at |only |just )?[$€£#]?\d+(?:[.,:/]\d+)*(?: ?[ap]m\b|%|k|kg|lbs?)?"
    r"(?: (?!and\b|but\b|so\b|or\b|now\b|these\b|because\b|which\b)[a-z%]+){0,3}"
)
_SPAN = r"[$€£]\d[\d.,]*[km]? ?(?:-|–|to) ?[$€£]?\d[\d.,]*[km]?(?: (?:a|per) \w+)?"
_NAME = r"(?-i:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?(?-i:[A-Z][\w'&.-]*)(?: (?-i:[A-Z0-9][\w'&.-]*)){0,3}"
_NOW = r"(?:now |currently |still |actually |exactly )?"
_AFTER = (
    r"(?= now\b| on [A-Z]| at [A-Z]| in [A-Z]|[,;:.!(](?!\d)|\s*$| according to\b| because\b| this (?:year|term"
    r"|season)\b| and\b| but\b| so\b| as of\b| since\b| from \w| with \w| running\b| that (?:I|we|is|has)\b"
    r"| these days\b)"
)


_MEDICINES = "|".join(sorted(map(re.escape, words.MEDICATIONS), key=len, reverse=True))


def _of(heads: str, value: str, owner: str = "my|our") -> re.Pattern[str]:
    return re.compile(
        rf"^(?:{owner}) (?P<topic>{_ADJ}(?:{heads}){_FOR}) (?:is|was (?=now)|has (?:gone up|gone down|risen"
        rf"|dropped) to) "
        rf"{_NOW}(?:called |named |with |on |down to |up to |at )?(?P<value>{value}){_AFTER}",
        re.IGNORECASE,
    )


_PATTERNS = (
    _of(_PEOPLE, _NAME),
    _of(
        _ONES,
        rf"{_DATE}|{_NUMBER}|(?:an? )?(?:new )?i(?:Phone|Pad|Mac)(?: \w+){{0,2}}|(?:an? )?(?:old |new |used )?{_NAME}",
    ),
    _of(rf"(?:[a-z]+ )?(?:{_AMOUNTS})|(?:[a-z]+ )?(?:{_RECORDS})|best [a-z]+ time", rf"{_SPAN}|{_NUMBER}"),
    _of(
        "wi-?fi password|wifi code|door code|gate code|alarm code|pin|pin code|locker combination|locker code",
        r"\S+?",
        "my|our|the",
    ),
    _of(r"blood (?:type|group)", r"(?:AB|A|B|O)(?: ?[+-]| (?:rhesus )?(?:positive|negative))"),
    _of(
        r"(?:passport|policy|customer|tax|insurance|reservation|booking|flight|case|order) number",
        r"[A-Z]{0,3}\d[\w-]{2,20}",
    ),
    _of(rf"(?:dose of )?(?:{_MEDICINES})(?: dose)?", r"\d[\d.,]* ?(?:mg|mcg|g|ml|units)"),
    _of(rf"(?:{_KIN})'s birthday|wedding|wedding day", _DATE),
)
_FLEETING = re.compile(r"^(?:new|current|present|old)\s", re.IGNORECASE)
_NOT_A_NAME = frozenset("I Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())


_FIGURE = re.compile(
    rf"^(?:my|our) (?P<topic>(?:[a-z]+ ){{0,3}}?(?!far\b)[a-z]+?{_FOR}) (?:is|was (?=now)|has (?:gone up|gone down"
    rf"|risen"
    rf"|dropped) to) "
    rf"{_NOW}(?:about |around |at |up to |down to )?"
    r"(?P<value>[$€£]\d[\d.,]*[km]?(?: ?(?:-|–|to) ?[$€£]?\d[\d.,]*[km]?)?|\d[\d.,]*(?:k\b|%| ?(?:euros?|dollars?"
    r"|pounds?|bucks|francs|percent|points|kg"
    r"|km|miles|lbs?"
    rf"|square meters|sqm|m2|people|pages|words|subscribers|followers|members))(?: (?:a"
    rf"|per) \w+)?)(?:(?= for (?:the|my|our|this)\b)|{_AFTER})",
    re.IGNORECASE,
)
_NO_FIGURE = re.compile(
    r"\b(?:problem|question|point|guess|plan|order|total|commute|flight|train|bus|car|house|bike|ticket|lunch"
    r"|dinner|hotel)$"
    rf"|\b(?:favou?rite|{_KIN}|sister|brother|son|daughter|friend|dog|cat|old|last|first|next)\b"
)
_BEST_TIME = re.compile(r"^(?:(?:new )?(?:personal |all[- ]time |season )?(?:best|record)(?: time)?|pb|pr)(?= |$)")


def _figure(text: str) -> list[Reading]:
    """Any other sum or measure that a thing of the speaker's has: `figure:budget` with "5k"."""
    m = _FIGURE.match(text)
    topic = _FLEETING.sub("", m["topic"].lower()) if m else ""
    if m is None or _NO_FIGURE.search(topic):
        return []
    now = "now " if re.search(r"\b(?:is|was) now\b", text) else ""
    return [
        Reading(f"figure:{_snake(topic)}", m["value"], text=f"{_FLEETING.sub('', m['topic'])} is {now}{m['value']}")
    ]


def _record(topic: str) -> str:
    """One name for a best time, whatever it is called: "PB in the 10k", "best time for the 10k"."""
    if m := re.match(r"best ([a-z]+) time$|([a-z]+) (?:pb|pr|personal best)$", topic):
        return f"best time for {m[1] or m[2]}"
    if not _BEST_TIME.match(topic):
        return topic
    return re.sub(r" (?:in|at|on|over|for) (?:the )?", " for ", _BEST_TIME.sub("best time", topic))


def _snake(topic: str) -> str:
    return re.sub(r"\W+", "_", topic.replace("'s ", " ")).strip("_")


_COMPANY = re.compile(
    r"^(?:my|our) (?P<what>(?:company|firm|start-?up|team|shop|business|agency|school|department|restaurant|store)"
    r" (?:makes|sells|builds|develops|produces|offers|imports|exports|specializes in|specialises in|is based in|ships"
    r"|uses|works with|has (?:an office|offices|\d+|about|around)) (?!this\b|that\b|it\b|your?\b).{4,}"
    r"|(?:company|firm|office|school|department|shop|team) is (?:moving|relocating|closing|merging|expanding) .{4,}"
    r"|(?:house|flat|apartment|building|garden|kitchen|street|village) (?:was built in|faces|overlooks|has (?:an?"
    r"|no|two"
    r"|three|four|five|six|\d+) )(?!.*\b(?:problem|issue)\b).{4,})$",
    re.IGNORECASE,
)
_ONCE = re.compile(
    r"^(?:my|our) (?P<what>(?:very )?(?:first|previous|last|former|childhood|old) (?:job|boss|car|bike|computer|phone"
    r"|laptop|pet|dog|cat|house|home|apartment|flat|school|teacher|language|marathon|concert|company|employer|role"
    r"|position|degree|instrument|dream|hero|nickname)) was (?P<value>(?!it\b|that\b|this\b|so\b|not\b)\w.*)$",
    re.IGNORECASE,
)


def _once(text: str) -> list[Reading]:
    """What one of the speaker's things was, or what their company does: neither fills a slot."""
    if " was " in text and (m := _ONCE.match(text)):
        return [Reading("", None, text=f"{m['what'].lower()} was {shift(m['value'])}")]
    m = _COMPANY.match(text)
    return [Reading("", None, text=shift(m["what"]))] if m else []


def detail(text: str) -> list[Reading]:
    """What "my … is …" says of a thing that the speaker has one of: `detail:rent` with "900 euros"."""
    for pattern in _PATTERNS:
        m = pattern.match(text)
        if m is None:
            continue
        said, value = m["topic"].lower(), m["value"].strip(" ,.")
        if said.startswith("old ") or value.split(" ")[0] in _NOT_A_NAME:
            return []
        topic = _FLEETING.sub("", said)
        name = _snake(_record(topic))
        medicine = re.sub(r"^dose_of_|_dose$", "", name)
        if medicine.replace("_", " ") in words.MEDICATIONS:
            name, topic = medicine, f"dose of {medicine.replace('_', ' ')}"
        said = m["topic"] if topic == said else topic
        return [Reading(f"detail:{name}", value, text=f"{said[:1].lower()}{said[1:]} is {value}")]
    return _figure(text) or _once(text)
