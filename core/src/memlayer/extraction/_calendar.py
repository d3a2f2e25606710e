"""Calendar arithmetic for the grammar of times; all moments are aware UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
PARTS = {"morning": (5, 12), "afternoon": (12, 18), "evening": (17, 22), "night": (18, 30)}
"""First and last hour of the parts of a day."""
_DAYS = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")


def midnight(moment: datetime) -> datetime:
    """The beginning of the moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def at_year(year: int, month: int) -> datetime:
    """The beginning of a month; raises ValueError beyond the calendar."""
    return datetime(year, month, 1, tzinfo=timezone.utc)


def date(year: int, month: int, day: int) -> datetime | None:
    """The beginning of a day; None where there is no such day."""
    try:
        return datetime(year, month, day, tzinfo=timezone.utc)
    except ValueError:
        return None


def add_months(start: datetime, months: int) -> datetime:
    """So many months on; the day stays within the month."""
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    first = start.replace(year=year, month=month + 1, day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(start.day, last.day))


def month_number(name: str) -> int:
    """1 for "Jan" or "january"."""
    key = name[:3].lower()
    return next(i for i, m in enumerate(MONTHS, 1) if m[:3].lower() == key)


def shift(at: datetime, unit: str, count: float) -> datetime | None:
    """The moment so many units on (negative: back); None beyond the calendar."""
    try:
        if unit in {"month", "year", "decade"}:
            factor = {"month": 1, "year": 12, "decade": 120}[unit]
            return add_months(at, round(count * factor))
        hours = {"minute": 1 / 60, "hour": 1, "day": 24, "night": 24, "week": 168, "weekend": 168, "fortnight": 336}
        return at + timedelta(hours=hours[unit] * count)
    except (OverflowError, ValueError):
        return None


def weekday(day: datetime, name: str, step: int | None, *, future: bool) -> datetime:
    """The day of that name: step -1 the last one before `day`, 1 the next week's, 0 this week's, None by tense."""
    index = next(i for i, day_ in enumerate(_DAYS) if day_.startswith(name[:3].lower()))
    back = (day.weekday() - index) % 7 or 7
    ahead = (index - day.weekday()) % 7 or 7
    if step == -1:
        return day - timedelta(days=back)
    if step == 1:
        return day + timedelta(days=ahead)
    if step == 0:
        if not future and index < day.weekday():
            return day - timedelta(days=back)
        return day + timedelta(days=(index - day.weekday()) % 7)
    if index == day.weekday():
        return day
    return day + timedelta(days=ahead) if future else day - timedelta(days=back)


def easter(year: int) -> datetime:
    """Western Easter Sunday (the anonymous Gregorian computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    n = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * n) // 451
    month, day = divmod(h + n - 7 * m + 114, 31)
    return datetime(year, month, day + 1, tzinfo=timezone.utc)


def holiday(name: str, year: int) -> datetime:
    """The day of a holiday in a year, by its English name in any case."""
    key = name.lower()
    if key == "easter":
        return easter(year)
    if key == "thanksgiving":  # the fourth Thursday of November
        first = datetime(year, 11, 1, tzinfo=timezone.utc)
        return first + timedelta(days=(3 - first.weekday()) % 7 + 21)
    fixed = {
        "christmas eve": (12, 24), "christmas": (12, 25), "christmas day": (12, 25), "halloween": (10, 31),
        "new year's eve": (12, 31), "valentine's day": (2, 14), "valentines day": (2, 14),
        "independence day": (7, 4), "4th of july": (7, 4), "fourth of july": (7, 4),
    }  # fmt: skip
    month, day = fixed.get(key, (1, 1))
    return datetime(year, month, day, tzinfo=timezone.utc)
