"""The rules of the grammar of times: which words name a time, and which one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from memlayer.extraction import _calendar as cal

Relation = Literal["at", "since", "until", "for"]


class Core(NamedTuple):
    """A time without its preposition."""

    start: datetime
    end: datetime
    words: str
    preposition: str
    """What stands before the absolute words where the text has none that must stay."""
    relation: Relation = "at"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a rule may look at besides its match."""

    at: datetime
    day: datetime
    future: bool | None
    """What the tense says; None where it says nothing."""


_MON = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DOW = r"(?P<dow>mon|tues|wednes|thurs|fri|satur|sun)day\b"
_ANY_DOW = r"(?P<dow>mon|tue|wed|thu|fri|sat|sun)(?:s|r|rs|nes|ur)?(?:day)?\b"
_NUM = (
    r"(?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|(?:a )?couple(?: of)?|(?:a )?few|several|half an?|some)"
)
_UNIT = r"(?P<unit>minute|hour|day|night|week|weekend|fortnight|month|year|decade)s?\b"
_YEAR = r"(?P<year>(?:19|20)\d\d)\b"
_HOLIDAY = (
    r"(?P<holiday>christmas eve|christmas day|christmas|new year's eve|new year's day|new year's|new years|halloween"
    r"|valentine's day|valentines day|thanksgiving|easter|independence day|(?:the )?(?:4th|fourth) of july)"
)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {
    **{w: i for i, w in enumerate(_WORDS)},
    "a": 1, "an": 1, "fifteen": 15, "twenty": 20, "thirty": 30,
}  # fmt: skip
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}


def _day(start: datetime, preposition: str = "on") -> Core:
    return Core(start, start + timedelta(days=1), f"{start:%Y-%m-%d}", preposition)


def _week(start: datetime) -> Core:
    return Core(start, start + timedelta(days=7), f"the week of {start:%Y-%m-%d}", "in")


def _weekend(saturday: datetime) -> Core:
    return Core(saturday, saturday + timedelta(days=2), f"the weekend of {saturday:%Y-%m-%d}", "on")


def _month(start: datetime) -> Core:
    return Core(start, cal.add_months(start, 1), f"{cal.MONTHS[start.month - 1]} {start.year}", "in")


def _year(start: datetime) -> Core:
    return Core(start, cal.add_months(start, 12), f"{start.year:04d}", "in")


def _around(start: datetime, days: int) -> Core:
    """A day give or take some."""
    span = timedelta(days=days)
    return Core(start - span, start + span + timedelta(days=1), f"{start:%Y-%m-%d}", "around")


def _iso(m: re.Match[str], ask: Ask) -> Core | None:
    start = cal.date(int(m["y"]), int(m["mo"]), int(m["d"] or 1))
    if start is None:
        return None
    if m["d"] is None:
        return _month(start)
    if m["h"] is not None and int(m["h"]) < 24 and int(m["mi"]) < 60:
        moment = start + timedelta(hours=int(m["h"]), minutes=int(m["mi"]))
        return Core(moment, moment + timedelta(minutes=1), f"{moment:%Y-%m-%d %H:%M}", "at")
    return _day(start)


def calendar_day(m: re.Match[str], ask: Ask) -> Core | None:
    """Day and month, with or without the year."""
    month, number = cal.month_number(m["month"]), int(m["d"])
    if m["year"]:
        start = cal.date(int(m["year"]), month, number)
    else:
        years = range(ask.at.year - 4, ask.at.year + 5)
        days = [d for y in years if (d := cal.date(y, month, number)) is not None]
        start = _nearest(days, ask)
    return None if start is None else _day(start)


def _nearest(days: list[datetime], ask: Ask) -> datetime | None:
    """The next day where the tense points ahead, the last that has come where it points back, else the nearest."""
    if ask.future is None:
        return min(days, key=lambda d: abs(d - ask.day), default=None)
    if ask.future:
        return next((d for d in days if d >= ask.day), None)
    return next((d for d in reversed(days) if d <= ask.day), None)


def _slash(m: re.Match[str], ask: Ask) -> Core | None:
    year = m["y"]
    if year is None:
        days = [d for y in range(ask.at.year - 1, ask.at.year + 2) if (d := cal.date(y, int(m["mo"]), int(m["d"])))]
        start = _nearest(days, ask)
    else:
        start = cal.date(int(year) if len(year) == 4 else 2000 + int(year), int(m["mo"]), int(m["d"]))
    return None if start is None else _day(start)


def month_of(m: re.Match[str], ask: Ask) -> Core | None:
    """A month with a year, with last/this/next, or by itself after a preposition."""
    month = cal.month_number(m["month"])
    if m["year"]:
        return _month(cal.at_year(int(m["year"]), month))
    this = cal.at_year(ask.at.year, month)
    which = (m["which"] or "").lower()
    if which == "next" or (not which and ask.future):
        return _month(this if this > ask.day or (not which and month == ask.at.month) else cal.add_months(this, 12))
    if which == "this":
        return _month(this)
    past = this if this < ask.day and not (which == "last" and month == ask.at.month) else cal.add_months(this, -12)
    return _month(this if not which and month == ask.at.month else past)


def bare_year(m: re.Match[str], ask: Ask) -> Core | None:
    return _year(cal.at_year(int(m["year"]), 1))


def decade(m: re.Match[str], ask: Ask) -> Core | None:
    digits = m["decade"]
    year = int(digits) if len(digits) == 4 else (2000 if int(digits) < 30 else 1900) + int(digits)
    start = cal.at_year(year, 1)
    return Core(start, cal.add_months(start, 120), f"the {year}s", "in")


def _word(m: re.Match[str], ask: Ask) -> Core | None:
    word = re.sub(r"\s+", " ", m["word"].lower())
    shift = {"yesterday": -1, "last night": -1, "tomorrow": 1, "tmrw": 1}
    days = -2 if "before yesterday" in word else 2 if "after tomorrow" in word else shift.get(word, 0)
    core = _day(ask.day + timedelta(days=days))
    return _part_of(core, m["part"] or ("night" if word in {"last night", "tonight"} else word.partition("this ")[2]))


def _part_of(core: Core, part: str | None) -> Core:
    """The morning, afternoon, evening or night of a day; the day where no part is said."""
    part = (part or "").lower()
    if part in cal.PARTS:
        first, last = cal.PARTS[part]
        start, end = core.start + timedelta(hours=first), core.start + timedelta(hours=last)
        return Core(start, end, f"the {part} of {core.words}", "on")
    return core


def clock(m: re.Match[str], ask: Ask) -> Core | None:
    """A time of day, today's."""
    if m["noon"]:
        hour, minute = (12, 0) if m["noon"].lower() == "noon" else (0, 0)
    else:
        hour, minute = int(m["h"]), int(m["mi"] or 0)
        half = (m["half"] or "").lower()[:1]
        if not (0 <= hour < 24 and minute < 60) or (half and not 1 <= hour <= 12):
            return None
        hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    start = ask.day + timedelta(hours=hour, minutes=minute)
    return Core(start, start + timedelta(minutes=1), m["clock"], "at")


def _which(m: re.Match[str], ask: Ask) -> Core | None:
    """Reads last / this / next with a unit, a weekday, a season or a holiday."""
    text = m["which"].lower()
    step = -1 if re.search(r"last|past|previous", text) else 1 if re.search(r"next|coming", text) else 0
    if m["dow"]:
        return _day(cal.weekday(ask.day, m["dow"], step, future=bool(ask.future)))
    if m["season"]:
        return _season(m["season"], ask, step)
    if m["holiday"]:
        return _holiday_core(m["holiday"], ask, step)
    unit = m["what"].lower()
    monday = ask.day - timedelta(days=ask.day.weekday())
    if unit == "week":
        return _week(monday + timedelta(days=7 * step))
    if unit == "weekend":
        return _weekend(monday + timedelta(days=5 + 7 * step))
    if unit == "month":
        return _month(cal.add_months(cal.at_year(ask.at.year, ask.at.month), step))
    if unit == "quarter":
        start = cal.add_months(cal.at_year(ask.at.year, (ask.at.month - 1) // 3 * 3 + 1), 3 * step)
        return Core(start, cal.add_months(start, 3), f"Q{(start.month - 1) // 3 + 1} {start.year}", "in")
    if unit == "decade":
        start = cal.at_year(ask.at.year // 10 * 10 + 10 * step, 1)
        return Core(start, cal.add_months(start, 120), f"the {start.year}s", "in")
    return _year(cal.at_year(ask.at.year + step, 1))


def _season(name: str, ask: Ask, step: int | None, year: int | None = None) -> Core | None:
    """A season of a year; without one the last that began, or the next one where the tense points ahead."""
    month = _SEASONS[name.lower()]
    starts = [cal.at_year(y, month) for y in range(ask.at.year - 2, ask.at.year + 3)]
    over = [s for s in starts if cal.add_months(s, 3) <= ask.day]
    if year is not None:
        start = cal.at_year(year, month)
    elif step == -1:
        start = over[-1]
    elif step == 1:
        start = next(s for s in starts if s > ask.day)
    elif step == 0 or ask.future:
        start = next(s for s in starts if cal.add_months(s, 3) > ask.day)
    else:
        start = next(s for s in reversed(starts) if s <= ask.day)
    return Core(start, cal.add_months(start, 3), f"the {name.lower()} of {start.year}", "in")


def season_of(m: re.Match[str], ask: Ask) -> Core | None:
    return _season(m["season"], ask, None, int(m["year"]) if m["year"] else None)


def _holiday_core(name: str, ask: Ask, step: int | None, year: int | None = None) -> Core | None:
    name = re.sub(r"^the ", "", name, flags=re.IGNORECASE)
    days = [cal.holiday(name, y) for y in ([year] if year else range(ask.at.year - 2, ask.at.year + 3))]
    if step == 1 or (step is None and ask.future) or year:
        start = next((d for d in days if d >= ask.day or year), None)
    elif step == 0:
        start = cal.holiday(name, ask.at.year)
    else:
        start = next((d for d in reversed(days) if d <= ask.day), None)
    if start is None:
        return None
    return Core(start, start + timedelta(days=1), f"{name} {start.year}", "at")


def holiday(m: re.Match[str], ask: Ask) -> Core | None:
    return _holiday_core(m["holiday"], ask, None, int(m["year"]) if m["year"] else None)


def _count(text: str) -> float:
    """How many a number word means; few and several are taken as three."""
    text = text.lower()
    if text.isdigit():
        return int(text)
    if text.startswith("half"):
        return 0.5
    if "couple" in text:
        return 2
    return _NUMBERS.get(text, 3)


def _ago(m: re.Match[str], ask: Ask) -> Core | None:
    return _distance(m, ask, -1)


def _ahead(m: re.Match[str], ask: Ask) -> Core | None:
    return _distance(m, ask, 1)


def _distance(m: re.Match[str], ask: Ask, sign: int) -> Core | None:
    """So many units before or after the moment of speaking, as exact as the unit is."""
    unit, count = m["unit"].lower(), _count(m["n"])
    vague = not m["n"].isdigit() and m["n"].lower() not in _NUMBERS
    start = cal.shift(ask.at, unit, sign * count)
    if start is None:
        return None
    if unit in {"minute", "hour"}:
        moment = start.replace(second=0, microsecond=0)
        width = timedelta(minutes=1) if unit == "minute" else timedelta(hours=1)
        return Core(moment, moment + width, f"{moment:%Y-%m-%d %H:%M}", "around")
    day = cal.midnight(start)
    if unit in {"day", "night"}:
        return _around(day, 2) if vague else _day(day)
    if unit in {"week", "fortnight", "weekend"}:
        return _around(day, 7 if vague else 3)
    if unit == "month":
        core = _month(cal.at_year(day.year, day.month))
    else:
        core = _year(cal.at_year(day.year, 1))
    return core._replace(preposition="around") if vague or unit == "decade" else core


def lasting(m: re.Match[str], ask: Ask) -> Core | None:
    """A length that ends now: "for three years", "the last two weeks"."""
    start = cal.shift(ask.at, m["unit"].lower(), -_count(m["n"]))
    if start is None:
        return None
    unit = m["unit"].lower()
    day = cal.midnight(start)
    words = f"{day.year}" if unit in {"year", "decade"} else f"{day:%Y-%m-%d}"
    return Core(day if unit not in {"minute", "hour"} else start, ask.at, words, "since", "for")


def _other_day(m: re.Match[str], ask: Ask) -> Core | None:
    return Core(ask.day - timedelta(days=7), ask.day, f"{ask.day - timedelta(days=3):%Y-%m-%d}", "around")


def weekday(m: re.Match[str], ask: Ask) -> Core | None:
    return _part_of(_day(cal.weekday(ask.day, m["dow"], None, future=bool(ask.future))), m["part"])


def ordinal(m: re.Match[str], ask: Ask) -> Core | None:
    """The day of a month by its number alone: "on the 15th"."""
    months = (cal.add_months(cal.at_year(ask.at.year, ask.at.month), k) for k in range(-3, 4))
    start = _nearest([d for s in months if (d := cal.date(s.year, s.month, int(m["d"]))) is not None], ask)
    return None if start is None else _day(start)


_MORE = r"(?:\s+and\s+(?:a\s+half|\d+\s+months?|\w+\s+months?))?(?:\s+now\b)?"
_WHICH = r"(?P<which>this past|this coming|this last|this|last|next|past|previous|coming)"
_PART = r"(?:\s+(?P<part>morning|afternoon|evening|night))?"
Rule = Callable[[re.Match[str], Ask], Core | None]
_MONTH_KEYS = "jan feb mar apr may jun jul aug sep oct nov dec"
RULES: tuple[tuple[re.Pattern[str], Rule, tuple[str, ...]], ...] = tuple(
    (re.compile(r"(?<![\w-])" + pattern + r"(?!-\w)", re.IGNORECASE), rule, tuple(gate.split()))
    for rule, gate, pattern in (
        (_iso, "19 20",
         (r"(?P<y>(?:19|20)\d\d)[-/](?P<mo>\d{1,2})(?:[-/](?P<d>\d{1,2})(?:[T ](?P<h>\d\d):(?P<mi>\d\d)(?::\d\d)?Z?)?)?"
         r"(?![\w/-])")),
        (calendar_day, _MONTH_KEYS, rf"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\s+(?:of\s+)?{_MON}(?:,?\s+{_YEAR})?"),
        (calendar_day, _MONTH_KEYS,
         rf"{_MON}\s+(?:the\s+)?(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\b(?!:|\s?[ap]m\b)(?:,?\s+{_YEAR})?"),
        (_slash, "/", r"(?P<mo>[01]?\d)/(?P<d>[0-3]?\d)/(?P<y>(?:19|20)?\d\d)(?![\w/])"),
        (month_of, _MONTH_KEYS, rf"(?:(?P<which>last|this|next)\s+)?{_MON}(?:,?\s+(?:of\s+)?{_YEAR})?"),
        (decade, "0s 0's", r"(?P<decade>(?:19|20)?\d0)'?s\b"),
        (bare_year, "19 20", _YEAR + r"(?![\w/-]|\.\d|\s*%)"),
        (_word, "day tomorrow tmrw night this",
         (r"(?P<word>day\s+before\s+yesterday|day\s+after\s+tomorrow|yesterday|today|tomorrow|tmrw|tonight"
         r"|last\s+night|this\s+(?:morning|afternoon|evening))\b" + _PART)),
        (_which, "last next this past previous coming",
         (rf"{_WHICH}\s+(?:(?P<what>week|weekend|month|year|quarter|decade)\b|{_ANY_DOW}|(?P<season>spring|summer"
         rf"|autumn|fall"
         rf"|winter)\b|{_HOLIDAY}\b)")),
        (_ago, "ago back", rf"(?:about\s+|around\s+|like\s+)?{_NUM}\s+{_UNIT}\s+(?:ago|back)\b"),
        (_ahead, "from later hence", rf"{_NUM}\s+{_UNIT}\s+(?:from\s+(?:now|today)|later|hence)\b"),
        (_ahead, "in", rf"(?<=in\s){_NUM}\s+{_UNIT}(?!\s+(?:of|old|long)\b)"),
        (lasting, "last past", rf"(?:last|past)\s+{_NUM}\s+{_UNIT}"),
        (lasting, "for",
         rf"(?<=for\s)(?:about\s+|around\s+|over\s+|almost\s+|nearly\s+|more\s+than\s+)?{_NUM}\s+{_UNIT}" + _MORE),
        (_other_day, "other", r"(?<=the\s)other\s+(?:day|night|week)\b"),
        (weekday, "day", r"(?<!sh )(?<!lack )(?<!yber )(?<!ood )" + rf"(?:{_DOW})(?!s)" + _PART),
        (season_of, "spring summer autumn fall winter",
         rf"(?P<season>spring|summer|autumn|fall|winter)\b(?:,?\s+(?:of\s+)?{_YEAR})?"),
        (holiday, "christmas new halloween valentine thanksgiving easter independence july",
         rf"{_HOLIDAY}\b(?:,?\s+{_YEAR})?"),
        (ordinal, "1 2 3 4 5 6 7 8 9",
         (r"(?P<d>[0-3]?\d)(?:st|nd|rd|th)\b"
          r"(?!\s+(?:\w+day\b|(?!(?:to|with|for|and|at|because|so|but)\b)[a-z]))")),
        (clock, "am pm a.m p.m noon midnight",
         r"(?P<clock>(?P<h>[0-2]?\d)(?::(?P<mi>[0-5]\d))?\s?(?P<half>[ap]\.?m\b\.?)|(?P<noon>noon|midnight)\b)"),
    )
)  # fmt: skip
