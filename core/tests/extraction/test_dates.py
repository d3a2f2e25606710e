"""Times in English, read against Monday 8 May 2023, 13:56."""

from __future__ import annotations

import itertools
import time
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlayer.extraction.dates import absolute, find_times

AT = datetime(2023, 5, 8, 13, 56, tzinfo=timezone.utc)

# text, first day, day after the last
SPANS = [
    ("I went hiking yesterday", "2023-05-07", "2023-05-08"),
    ("the day before yesterday", "2023-05-06", "2023-05-07"),
    ("I saw it today", "2023-05-08", "2023-05-09"),
    ("see you tomorrow", "2023-05-09", "2023-05-10"),
    ("the day after tomorrow", "2023-05-10", "2023-05-11"),
    ("last week was fun", "2023-05-01", "2023-05-08"),
    ("this week", "2023-05-08", "2023-05-15"),
    ("next week", "2023-05-15", "2023-05-22"),
    ("two weeks ago I met Bob", "2023-04-21", "2023-04-28"),
    ("3 days ago", "2023-05-05", "2023-05-06"),
    ("a few days ago", "2023-05-03", "2023-05-08"),
    ("a couple of days ago", "2023-05-04", "2023-05-09"),
    ("the other day I fell", "2023-05-01", "2023-05-08"),
    ("three years ago", "2020-01-01", "2021-01-01"),
    ("10 years ago", "2013-01-01", "2014-01-01"),
    ("six months ago", "2022-11-01", "2022-12-01"),
    ("a month ago", "2023-04-01", "2023-05-01"),
    ("last month", "2023-04-01", "2023-05-01"),
    ("this month", "2023-05-01", "2023-06-01"),
    ("next month", "2023-06-01", "2023-07-01"),
    ("last year", "2022-01-01", "2023-01-01"),
    ("next year", "2024-01-01", "2025-01-01"),
    ("I moved last May", "2022-05-01", "2022-06-01"),
    ("I went there in March", "2023-03-01", "2023-04-01"),
    ("I went there in August", "2022-08-01", "2022-09-01"),
    ("I will go there in August", "2023-08-01", "2023-09-01"),
    ("I am going to Rome in March", "2024-03-01", "2024-04-01"),
    ("in 2021 I graduated", "2021-01-01", "2022-01-01"),
    ("born on 3 June 1990", "1990-06-03", "1990-06-04"),
    ("born June 3rd, 1990", "1990-06-03", "1990-06-04"),
    ("on 3 June 2023", "2023-06-03", "2023-06-04"),
    ("the party will be on June 3rd", "2023-06-03", "2023-06-04"),
    ("we met on June 3rd", "2022-06-03", "2022-06-04"),
    ("I ordered it on the 15th of April", "2023-04-15", "2023-04-16"),
    ("it came on the 3rd", "2023-05-03", "2023-05-04"),
    ("meeting next Friday", "2023-05-12", "2023-05-13"),
    ("I ran a race last Saturday", "2023-05-06", "2023-05-07"),
    ("on Friday I was there", "2023-05-05", "2023-05-06"),
    ("I will be there on Friday", "2023-05-12", "2023-05-13"),
    ("this weekend we camp", "2023-05-13", "2023-05-15"),
    ("last weekend", "2023-05-06", "2023-05-08"),
    ("next weekend", "2023-05-20", "2023-05-22"),
    ("last summer", "2022-06-01", "2022-09-01"),
    ("this summer", "2023-06-01", "2023-09-01"),
    ("the summer of 2020", "2020-06-01", "2020-09-01"),
    ("at Christmas we ate goose", "2022-12-25", "2022-12-26"),
    ("next Christmas", "2023-12-25", "2023-12-26"),
    ("Thanksgiving 2022", "2022-11-24", "2022-11-25"),
    ("we met at Easter", "2023-04-09", "2023-04-10"),
    ("on Halloween we danced", "2022-10-31", "2022-11-01"),
    ("I worked there from May to July", "2022-05-01", "2022-08-01"),
    ("between 2015 and 2018", "2015-01-01", "2019-01-01"),
    ("from 2015 to 2018", "2015-01-01", "2019-01-01"),
    ("on 2023-04-01 I ran", "2023-04-01", "2023-04-02"),
    ("on 4/1/2023 I ran", "2023-04-01", "2023-04-02"),
    ("back in the 90s", "1990-01-01", "2000-01-01"),
    ("in early June 2022", "2022-06-01", "2022-07-01"),
    ("at the end of last month", "2023-04-01", "2023-05-01"),
    ("what did I do last week", "2023-05-01", "2023-05-08"),
    ("I am flying in three weeks", "2023-05-26", "2023-06-02"),
    ("two weeks from now", "2023-05-19", "2023-05-26"),
    ("I went to a poetry reading last Fri", "2023-05-05", "2023-05-06"),
    ("I joined last Tues", "2023-05-02", "2023-05-03"),
    ("we met at Easter", "2023-04-09", "2023-04-10"),
]

NO_TIMES = [
    "I may go",
    "May I ask you something",
    "every Friday I swim",
    "Ash Wednesday mass",
    "back from Sunday mass",
    "on Mondays I swim",
    "we march for peace",
    "I paid 2000 dollars",
    "a 1940s-era Leica",
    "spring rolls are nice",
    "I fall asleep",
    "room 2019",
    "it took 3 hours",
    "I lived there for two years",
    "the last time we spoke",
    "it happened 99999999 years ago",
    "month by month",
    "",
    "a second chance",
    "Saturdays are nice",
    "on 2023-13-45",
    "31 February was no day",
    "an Easter egg hunt",
    "my summer job",
    "a Sunday morning routine",
    "yoga on Saturday mornings",
]

ABSOLUTE = [
    ("went hiking yesterday", "went hiking on 2023-05-07"),
    ("went to Rome two weeks ago", "went to Rome around 2023-04-24"),
    ("moved last May", "moved in May 2022"),
    ("lives here since 2019", "lives here since 2019"),
    ("has lived here for three years", "has lived here since 2020"),
    ("met Bob last week", "met Bob in the week of 2023-05-01"),
    ("see you tomorrow at 5 pm", "see you on 2023-05-09 at 5 pm"),
    ("camps this weekend", "camps on the weekend of 2023-05-13"),
    ("was at the end of last month", "was at the end of April 2023"),
    ("is due by next Friday", "is due by 2023-05-12"),
    ("saw a film last night", "saw a film on the night of 2023-05-07"),
    ("graduated in 2021", "graduated in 2021"),
    ("ate goose at Christmas", "ate goose at Christmas 2022"),
    ("swims every Friday", "swims every Friday"),
    ("works at IBM until the end of March", "works at IBM until the end of March 2024"),
    ("lives in Rome until March", "lives in Rome until March 2024"),
    ("lived in Rome until March", "lived in Rome until March 2023"),
    ("taught there until March", "taught there until March 2023"),
]


@pytest.mark.parametrize(("text", "first", "after"), SPANS)
def test_a_time_is_read_against_the_moment_of_speaking(text: str, first: str, after: str) -> None:
    (span,) = find_times(text, AT)
    assert (f"{span.start:%Y-%m-%d}", f"{span.end:%Y-%m-%d}") == (first, after)
    assert text[slice(*span.span)] == span.text
    assert span.start.utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", NO_TIMES)
def test_other_words_are_no_times(text: str) -> None:
    assert find_times(text, AT) == []


@pytest.mark.parametrize(("text", "expected"), ABSOLUTE)
def test_relative_times_become_absolute_words(text: str, expected: str) -> None:
    assert absolute(text, AT) == expected


def test_since_and_for_reach_to_the_moment_of_speaking() -> None:
    (since,) = find_times("I have lived here since 2019", AT)
    (lasting,) = find_times("I have lived here for three years", AT)
    assert (since.relation, since.start.year, since.end) == ("since", 2019, AT)
    assert (lasting.relation, lasting.start.year, lasting.end) == ("for", 2020, AT)


def test_a_time_of_day_joins_its_day() -> None:
    (span,) = find_times("we met yesterday at 5:30 pm", AT)
    assert span.start == datetime(2023, 5, 7, 17, 30, tzinfo=timezone.utc)


def test_directions() -> None:
    assert [find_times(t, AT)[0].direction for t in ("yesterday", "today", "tomorrow")] == ["past", "present", "future"]


def test_another_time_zone_is_read_as_its_utc_day() -> None:
    at = datetime(2023, 5, 8, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert find_times("yesterday", at)[0].start == datetime(2023, 5, 8, tzinfo=timezone.utc)


@given(st.text(alphabet="alst nexyer 0123456789-/:.monthfridway", max_size=80) | st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    spans = find_times(text, AT)
    assert all(s.start <= s.end and text[slice(*s.span)] == s.text for s in spans)
    assert all(a.span[1] <= b.span[0] for a, b in itertools.pairwise(spans))
    assert absolute(text, AT) == absolute(text, AT)


@settings(deadline=None, max_examples=20)
@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_any_moment_is_read(at: datetime) -> None:
    for text in ("last decade", "next year", "40 years ago", "in 12 weeks", "at Easter", "last summer", "on Friday"):
        assert all(s.start <= s.end for s in find_times(text, at))


@pytest.mark.parametrize("part", ["last ", "in the ", "1", "2023-", "may ", " ", "for a few ", "yesterday ", "on the "])
def test_long_texts_take_time_in_proportion(part: str) -> None:
    text = (part * 100_000)[:100_000]
    started = time.process_time()
    absolute(text, AT)
    assert time.process_time() - started < 5
