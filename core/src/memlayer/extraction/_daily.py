"""Reads what a day is made of: the way to work, hours and shifts, floors, doses, weights and sums."""

from __future__ import annotations

import re

from memlayer.extraction import _values as values
from memlayer.extraction import _words as words
from memlayer.extraction._readings import Predicate, Reader, Reading

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
    if m is None or not (said.over or re.search(_WORK, rest)) or _SOMETIMES.search(rest):
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
        rf"(?:about |around |roughly |exactly |only )?([$€£]?\d[\d.,]*(?:k)? ?(?:{unit})(?:\b|(?<=k)))(?! (?:on"
        rf"|of|in|for|per|over)\b)",
        re.IGNORECASE,
    )

    def read(rest: str, said: Predicate) -> list[Reading]:
        m = pattern.match(rest)
        return [Reading(f"detail:{topic}", m[1].strip(), said.negated)] if m else []

    return read


def clock(topic: str) -> Reader:
    def read(rest: str, said: Predicate) -> list[Reading]:
        m = re.match(r"(?:about |around )?(\d{1,2}(?::\d\d)?(?: ?[ap]m)?|midnight|noon|half past \w+)\b", rest)
        return [Reading(f"detail:{topic}", m[1])] if m and not said.negated and not _SOMETIMES.search(rest) else []

    return read


def at_home(rest: str, said: Predicate) -> list[Reading]:
    """The weekdays of working from home."""
    day = r"(?:mon|tues|wednes|thurs|fri)days?"
    m = re.match(rf"(?:on )?({day}(?:(?:,| and|, and) {day})*)\b", rest, re.IGNORECASE)
    return [Reading("when:work_from_home", m[1], standing=True)] if m and not said.negated else []


def shift(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(r"(night|day|morning|evening|late|early|graveyard|weekend|swing) shifts?\b", rest)
    return [Reading("detail:shift", m[1], said.negated)] if m and not _SOMETIMES.search(rest) else []


_SUM = r"([$€£]?\d[\d.,]*k?(?: (?:euros?|dollars?|pounds?|francs|bucks))?)"


def saved(rest: str, said: Predicate) -> list[Reading]:
    m = re.match(rf"{_SUM} (?:in (?:my |our )?savings|saved(?: up)?\b|in the bank|in my (?:savings )?account)", rest)
    return [Reading("detail:savings", m[1])] if m and not said.negated else []


def dose(rest: str, said: Predicate) -> list[Reading]:
    """A medicine with its dose: the dose changes, the medicine stays."""
    m = re.match(r"(\d[\d.,]* ?(?:mg|mcg|g|ml|units|iu)) (?:of )?([a-z]+)", rest, re.IGNORECASE)
    known = values.listed(m[2], words.MEDICATIONS) if m else None
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
