"""A small English grammar of times, read against the moment at which something was said.

Pure and linear in the length of the text. Weeks begin on Monday, seasons are those of the northern hemisphere, a bare
month or weekday is the nearest one in the direction that the tense of its sentence points to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Literal

from memlayer.extraction import _calendar as cal
from memlayer.extraction import _times as times

Direction = Literal["past", "present", "future"]


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """One time that a text names."""

    start: datetime
    """First instant (aware UTC)."""
    end: datetime
    """First instant after it (exclusive, aware UTC)."""
    text: str
    """The words as they stand in the text, preposition included."""
    span: tuple[int, int]
    """Where they stand: offsets of the first character and of the one after the last."""
    direction: Direction = "past"
    """Before, around or after the moment of speaking."""
    relation: times.Relation = "at"
    """since and until: the span reaches to or from the moment of speaking; for: a length that ends now."""
    words: str = ""
    """The same time in absolute words: "on 2023-05-06", "in May 2023"."""


_BEFORE = re.compile(
    r"(?<![\w-])(?:(?P<prep>in|on|at|during|since|until|till|to|and|by|before|after|from|between|around|about|over"
    r"|for|of"
    r"|back in|through)\s{1,3})?(?P<the>the\s{1,3})?(?P<part>(?:early|mid|late)[\s-]{1,3})?$",
    re.IGNORECASE,
)
_KEPT = {
    "since",
    "until",
    "till",
    "by",
    "before",
    "after",
    "from",
    "between",
    "around",
    "about",
    "of",
    "as of",
    "through",
}

_UNTIL = {"until", "till", "through"}
_UNTIL_END = re.compile(r"\b(?:until|till|through)\s(?:the\s)?(?:end|middle|beginning|start)\s$", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
# One of these stands in everything that names a time without digits.
_WORDS = (
    "day", "night", "week", "month", "year", "ago", "tomorrow", "morning", "evening", "spring", "summer", "autumn",
    "fall", "winter", "christmas", "easter", "halloween", "thanksgiving", "valentine", "january", "february", "march",
    "april", "may", "june", "july", "august", "september", "october", "november", "december", "decade", "hour",
    "minute", "back", "last ", "next ",
)  # fmt: skip
_FUTURE = re.compile(
    r"\b(?:will|won't|shall|going to|gonna|plan|plans|planning|planned for|hopes? to|hoping|hopefully|wants? to|wanna"
    r"|would like|'d like|looking forward|upcoming|tomorrow|next|can't wait|about to|booked|scheduled|schedule|due"
    r"|expecting|trying to|saving up|reserved|arranged|planned (?:an?|my|our|the)|decided to|intends? to"
    r"|deadline|remind|should|needs? to|have to|has to|gotta|(?:have|has) (?:an?|my|our) (?:\w+ )?(?:appointment"
    r"|interview|exam|meeting|flight|surgery|deadline|presentation)"
    r"|turns? (?=\d)|(?:am|is|are|'m|'s|'re) (?:flying|visiting|moving|leaving|travel+ing"
    r"|getting|training|preparing|prepping|having|starting|meeting|taking|hosting|going|graduating|turning|running"
    r"|seeing|coming|thinking))\b|'ll\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|did|had|went|got|bought|met|saw|came|took|made|started|moved|finished|\w{3,}ed|been)\b",
    re.IGNORECASE,
)
_LASTS = re.compile(
    r"(?:\b(?:am|is|are|have|has|can|can't|cannot|don't|doesn't|isn't|lives?|works?|stays?|rents?|lasts?|runs?"
    r"|stud(?:y|ies)|\w+ing)|'(?:m|s|re))\b",
    re.IGNORECASE,
)
"""What is so while somebody speaks: until when it is lies ahead."""
_BREAK = re.compile(r"[.;!?\n]")

_PERFECT = re.compile(r"\b(?:have|has|been|'ve|now)\b", re.IGNORECASE)
_OPENED = re.compile(r"\b(?:from|between)\s+\d{4}\s+(?:to|and)\s$", re.IGNORECASE)
_NOUN_AFTER = re.compile(
    r"\s(?!and\b|or\b|at\b|to\b|with\b|for\b|in\b|when\b|i\b|we\b|he\b|she\b|it\b|my\b|our\b|the\b|so\b|but\b"
    r"|because\b|was\b|is\b)[a-z]"
)
_NAMED_SO = re.compile(
    r"\s(?!of\b|and\b|or\b|with\b|at\b|in\b|when\b|I\b|we\b|that\b|was\b|is\b|\d)[a-z]", re.IGNORECASE
)
_ANY_SUCH = re.compile(r"\b(?:an?|my|our|his|her|their)\s$", re.IGNORECASE)
_THE = re.compile(r"\bthe\s$", re.IGNORECASE)
# "Spend Christmas with my parents every year", "swim every day, even in winter": no single ones.
_AGAIN = re.compile(r"\b(?:every|each|most|usually|always)\b", re.IGNORECASE)
_IS_ON = re.compile(r"\b(?:is|are|takes place|falls)\s$", re.IGNORECASE)
_OF_LONGER = re.compile(rf"\s+of\s+(?:{'|'.join(cal.MONTHS)}|the|this|next|my|our)\b")
_SPENT = re.compile(r"\b(?:spen[dt]|spending|celebrat\w+|host\w*|organi[sz]\w+)\s$", re.IGNORECASE)
_EVERY = re.compile(r"(?:\bevery|\beach|\bmost|\busually|\balways)\s+(?:other\s+)?$", re.IGNORECASE)


def find_times(text: str, at: datetime) -> list[TimeSpan]:
    """The times that the text names, in the order in which they stand, read against the moment `at` (aware).

    Overlapping readings leave the longest; what repeats ("every Friday", "on Mondays") and modal "may" are no times.
    """
    low = text.lower()
    if not (any(map(low.__contains__, _WORDS)) or _DIGIT.search(text)):
        return []
    at = at.astimezone(timezone.utc)
    found: list[TimeSpan] = []
    for pattern, rule, keys in times.RULES:
        if not any(key in low for key in keys):
            continue
        for m in pattern.finditer(text):
            span = _read(m, rule, text, at)
            if span is not None:
                found.append(span)
    found.sort(key=lambda s: (s.span[0] - s.span[1], s.span[0]))
    taken: list[TimeSpan] = []
    covered = bytearray(len(text) + 1)
    for span in found:
        first, last = span.span
        if not (covered[first] or covered[last - 1]):
            covered[first:last] = b"\x01" * (last - first)
            taken.append(span)
    taken.sort(key=lambda s: s.span)
    return _ranges(text, _clocks(text, taken), at)


def _read(m: re.Match[str], rule: times.Rule, text: str, at: datetime) -> TimeSpan | None:
    """One match as a time, or None where its words mean something else here."""
    before = _BEFORE.search(text, max(0, m.start() - 20), m.start())
    prep = re.sub(r"\s+", " ", before["prep"] or "").lower() if before else ""
    start = before.start() if before else m.start()
    if prep in {"to", "and"}:  # only the joint of a range: "from May to July"
        start = before.end("prep") + 1 if before else start
    if _is_part(m, text) or _EVERY.search(text, max(0, start - 24), start) or not _fits(m, rule, prep, text):
        return None
    until = prep in _UNTIL or (prep == "of" and _UNTIL_END.search(text, max(0, start - 30), start) is not None)
    future = _points_ahead(text, start, m.end())
    if future is None:
        future = _lies_ahead(prep, until, text, start)
    try:
        core = rule(m, times.Ask(at, cal.midnight(at), future))
    except (OverflowError, ValueError):  # a year or a count beyond the calendar
        return None
    if core is None:
        return None
    first, last, relation = core.start, core.end, core.relation
    if prep == "since" and first < at:
        last, relation = at, "since"
    elif until and last > at:
        first, relation = at, "until"
    part = (before["part"] or "").lower() if before else ""
    words = core.words
    if rule is not times.clock:
        joint = "since" if relation == "for" else prep if prep in _KEPT else core.preposition
        if rule is times.holiday and _SPENT.search(text, max(0, start - 16), start):
            joint = ""  # "spend Christmas": the day itself
        words = f"{joint} {part}{words}".lstrip()
    elif before and before["prep"]:
        words = text[start : m.end()]
    direction: Direction = "past" if last <= at else "future" if first > at else "present"
    return TimeSpan(first, last, text[start : m.end()], (start, m.end()), direction, relation, words)


def _is_part(m: re.Match[str], text: str) -> bool:
    """Whether a longer time follows of which it is a part: "the last week of May"."""
    return m.group()[:4].lower() == "last" and _OF_LONGER.match(text, m.end()) is not None


def _lies_ahead(prep: str, until: bool, text: str, start: int) -> bool | None:
    """Whether the preposition of a time says that it is to come, where no tense does; None where it does not."""
    if prep == "by" or (prep in {"on", ""} and _IS_ON.search(text, max(0, start - 24), start)):
        return True  # "needs the report by Friday", "the wedding is on the 3rd of August"
    return (until and _LASTS.search(text, _clause_start(text, start), start) is not None) or None


def _fits(m: re.Match[str], rule: object, prep: str, text: str) -> bool:
    """Keeps ambiguous words out: the modal "may", numbers that are no years, "spring" and "fall" as verbs."""
    if rule is times.month_of:
        if not (prep or m["which"] or m["year"]):
            return False
        month = m["month"]
        return month[0].isupper() or prep in {"in", "since", "by", "until", "till", "during", "from", "between"}
    if rule is times.calendar_day:
        return m["month"].lower() not in {"may", "march"} or m["month"][0].isupper() or bool(m["year"])
    if rule is times.bare_year:
        if prep in {"to", "and"}:
            return _OPENED.search(text, max(0, m.start() - 24), m.start()) is not None
        return prep in _KEPT or prep in {"in", "back in", "during"}
    if rule is times.season_of:
        told = bool(m["year"]) or prep in {"in", "back in", "during", "over", "since", "until", "by"}
        return told and not _names_another(m, text) and not (not m["year"] and _repeats(m, text))
    if rule is times.decade:
        return len(m["decade"]) == 4 or _after_the(text, m)
    if rule is times.lasting and m.re.pattern.find("(?<=for") >= 0:
        return bool(_PERFECT.search(text, _clause_start(text, m.start()), m.start()))
    if rule is times.ordinal:
        return prep in {"on", "by", "since", "until", "from"} and _after_the(text, m)
    if rule is times.weekday:
        return _is_a_day(m, prep, text)
    if rule is times.clock:
        return bool(m["half"]) or bool(m["noon"])
    return rule is not times.holiday or not (_names_another(m, text) or (not m["year"] and _repeats(m, text)))


def _names_another(m: re.Match[str], text: str) -> bool:
    """Whether a season or holiday only says what kind of thing it is: "an Easter egg hunt", "my summer job"."""
    return bool(_ANY_SUCH.search(text, 0, m.start()) and _NAMED_SO.match(text, m.end()))


def _repeats(m: re.Match[str], text: str) -> bool:
    """Whether its sentence tells what is done again and again in the present."""
    first = _clause_start(text, m.start())
    high = _BREAK.search(text, m.end(), min(len(text), m.end() + 80))
    return bool(
        _AGAIN.search(text, first, high.start() if high else min(len(text), m.end() + 80))
        and not _PAST.search(text, first, m.start())
    )


def _is_a_day(m: re.Match[str], prep: str, text: str) -> bool:
    """Whether a weekday is one of the calendar, unlike "a Sunday routine", "on Saturday mornings"."""
    if _ANY_SUCH.search(text, 0, m.start()) or (m["part"] and text[m.end() : m.end() + 1] == "s"):
        return False
    bare = prep not in {"on", "by", "until", "till", "since"} and not m["part"]
    return not bare or _NOUN_AFTER.match(text, m.end()) is None


def _after_the(text: str, m: re.Match[str]) -> bool:
    return _THE.search(text, max(0, m.start() - 5), m.start()) is not None


def _clause_start(text: str, start: int) -> int:
    """Where the sentence around an offset begins, at most 160 characters back."""
    low = max(0, start - 160)
    return max((b.end() for b in _BREAK.finditer(text, low, start)), default=low)


def _points_ahead(text: str, start: int, end: int) -> bool | None:
    """Whether the tense of the sentence around a time points to the future; None where it has none."""
    first = _clause_start(text, start)
    high = _BREAK.search(text, end, min(len(text), end + 120))
    last = high.start() if high else min(len(text), end + 120)
    if _FUTURE.search(text, first, last) is None:
        return False if _PAST.search(text, first, last) else None
    return _FUTURE.search(text, first, start) is not None or _PAST.search(text, first, start) is None


def _clocks(text: str, spans: list[TimeSpan]) -> list[TimeSpan]:
    """Puts a time of day and the day beside it together: "yesterday at 5 pm"."""
    out: list[TimeSpan] = []
    for span in spans:
        before = out[-1] if out else None
        if before is not None and text[before.span[1] : span.span[0]].strip(" ,") == "":
            clock, day = (span, before) if _is_clock(span) else (before, span)
            if _is_clock(clock) and not _is_clock(day) and day.end - day.start <= timedelta(days=1):
                start = cal.midnight(day.start) + (clock.start - cal.midnight(clock.start))
                joined = text[before.span[0] : span.span[1]]
                words = f"{before.words} {span.words}"
                out[-1] = replace(day, start=start, end=start + timedelta(minutes=1), text=joined,
                                  span=(before.span[0], span.span[1]), words=words)  # fmt: skip
                continue
        out.append(span)
    return out


def _is_clock(span: TimeSpan) -> bool:
    return span.end - span.start == timedelta(minutes=1) and span.words == span.text


def _ranges(text: str, spans: list[TimeSpan], at: datetime) -> list[TimeSpan]:
    """Puts the two ends of "from May to July" together."""
    out: list[TimeSpan] = []
    for span in spans:
        before = out[-1] if out else None
        if before is not None:
            joint = text[before.span[1] : span.span[0]].strip().lower()
            opened = before.text.lower().split(None, 1)[0] in {"from", "between"}
            if opened and joint in _JOINTS:
                before, span = _in_order(before, span, at)
                direction: Direction = "past" if span.end <= at else "future" if before.start > at else "present"
                out[-1] = TimeSpan(before.start, span.end, text[before.span[0] : span.span[1]],
                                   (before.span[0], span.span[1]), direction, "at",
                                   f"{before.words} {joint or 'to'} {_bare(span.words)}")  # fmt: skip
                continue
        out.append(span)
    return out


def _in_order(first: TimeSpan, last: TimeSpan, at: datetime) -> tuple[TimeSpan, TimeSpan]:
    """Moves a bare month of a range by a year where the two ends would stand the wrong way round."""
    if last.start >= first.start:
        return first, last
    step = -12 if last.end <= at else 12
    moved = first if step < 0 else last
    start, end = cal.add_months(moved.start, step), cal.add_months(moved.end, step)
    words = moved.words.replace(str(moved.start.year), str(start.year))
    moved = replace(moved, start=start, end=end, words=words)
    return (moved, last) if step < 0 else (first, moved)


_JOINTS = {"to", "and", "-", "–", ""}


def _bare(words: str) -> str:
    """Absolute words without their preposition."""
    return re.sub(r"^(?:on|in|at|around|until|till|to|through) ", "", words)


_RELATIVE = re.compile(
    r"today|tonight|yesterday|tomorrow|tmrw|ago\b|back\b|last|next|this|past|previous|coming|other|from now|later",
    re.IGNORECASE,
)


def absolute(text: str, at: datetime) -> str:
    """The text with its relative times in absolute words: "went hiking on 2023-05-06"; others stay as they are."""
    out: list[str] = []
    done = 0
    for span in find_times(text, at):
        if not _must_change(span):
            continue
        out += [text[done : span.span[0]], span.words]
        done = span.span[1]
    return "".join([*out, text[done:]]).replace("the the ", "the ")


def _must_change(span: TimeSpan) -> bool:
    """Whether the words mean something else when they are read on another day."""
    if _is_clock(span) or re.search(r"\b(?:19|20)\d\d\b", span.text):
        return False
    return span.relation != "for" or bool(_RELATIVE.search(span.text)) or span.text[:1].isdigit() is False
