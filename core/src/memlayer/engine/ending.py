"""What brings a held fact to its end although it fills another slot, or has its value in other words. Pure.

"Gave up the cello" ends "is learning the cello", "sold the cabin" ends "owns a little cabin", "switched from Netflix to
Mubi" ends the Netflix subscription, "eats meat again" ends "is vegetarian". Where only the words are alike, the match
is loose: it counts if it is the only one.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from memlayer.attributes import attribute
from memlayer.engine import normal
from memlayer.types import Record

Match = Literal["exact", "loose"]
Verdict = Literal["supersede", "contradict", "perhaps"]
"""What becomes of the held fact; "perhaps" counts where it is the only one."""

_RATHER = ("over", "to", "than", "instead of")
_YEAR = timedelta(days=365.25)
_SOON = timedelta(days=120)
"""Within this time another age may be another child's."""

_MEAT = frozenset("meat beef pork chicken lamb bacon steak ham duck turkey burgers".split()) | {"red meat"}
_FISH = frozenset("fish seafood salmon tuna shellfish shrimp sushi".split())
_DAIRY = frozenset("cheese dairy milk eggs egg butter yogurt honey".split())
_BARRED = {
    "vegetarian": _MEAT | _FISH,
    "vegan": _MEAT | _FISH | _DAIRY,
    "plant based": _MEAT | _FISH | _DAIRY,
    "pescatarian": _MEAT,
    "pescetarian": _MEAT,
}
_AGAIN = re.compile(r"\b(?:again|started|starts|back to|now|these days)\b", re.IGNORECASE)
_SAYS_LITTLE = frozenset(
    "trip vacation holiday visit flight travel appointment plan booking reservation move to in at on with for of and "
    "my our their the a an this next will be".split()
)
_OWNED_BY_NAME = frozenset({"owns", "drives", "uses", "plans", "has_pet"})


# Slots that hold one value as a rule, and often another one beside: only these words make room for a new one.
_MOVED = re.compile(
    r"\b(?:moved|rescheduled|postponed|pushed|shifted|slipped|brought forward|delayed|bumped|changed|now|instead)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\b(?:now|instead|these days|moved on|switched)\b", re.IGNORECASE)
_ONLY = {
    "reads": _NEXT,
    "watches": _NEXT,
    "commutes_by": _NEXT,
    "when": _MOVED,
    "figure": re.compile(r"\b(?:now|new|changed|went|raised)\b", re.IGNORECASE),
    "where": _MOVED,
    "state": re.compile(r"\b(?:now|instead|these days|as of|switched|moved|changed)\b", re.IGNORECASE),
    "studies": re.compile(r"\b(?:now|instead|switched|changed)\b", re.IGNORECASE),
    "count": re.compile(
        r"\b(?:now|so far|already|by now|up to|in total|altogether|to date|reached|hit|passed)\b", re.IGNORECASE
    ),
    "plays_for": re.compile(r"\b(?:now|moved|switched|joined|signed|instead|transferred)\b", re.IGNORECASE),
    "lives_with": re.compile(r"\b(?:move[ds]?|now|these days|again|no longer|instead|alone)\b", re.IGNORECASE),
    "owed_by": re.compile(r"(?!)"),
    "owes": re.compile(r"\bstill\b", re.IGNORECASE),
}


def verdict(new: Record, old: Record) -> Verdict | None:
    """What a new fact does to one of another slot, or with other words; None where it does nothing."""
    if match := denied(new, old):
        return "contradict" if match == "exact" else "perhaps"
    if any(
        rule(new, old)
        for rule in (left, switched, no_longer_single, prefers_now, counted, same_frame, best_friend, newer_version)
    ):
        return "supersede"
    if breaks_diet(new, old) or reversed_preference(new, old):
        return "contradict"
    return "perhaps" if changed_subject(new, old) or rescheduled(new, old) else None


def words_of_change(attribute: str | None) -> re.Pattern[str] | None:
    """The words that let a new value of this slot replace the old one; None where the slot follows the general rule."""
    return _ONLY.get((attribute or "").partition(":")[0])


def denied(new: Record, old: Record) -> Match | None:
    """How a denial meets a held fact of its own slot or of one that it ends; None where it does not."""
    slot = attribute(new.attribute)
    if not new.negated or old.negated or slot is None or old.attribute is None or new.attribute is None:
        return None
    own = old.attribute == new.attribute
    if not own and old.attribute not in slot.ends:
        return None
    if new.value is None:
        # Who sold "the car" owns no car; other denials without a value end their own slot only, and do so elsewhere.
        car = new.attribute == "drives" and normal.value(old.value).split(" ")[-1:] == ["car"]
        retired = old.attribute == "occupation" and "retired" in normal.words(new.text)
        return "loose" if car or retired else None
    if new.attribute == "plans":
        return "loose" if _planned(new.value, old) else None
    if old.value is None:
        return None
    said, gone = normal.value(old.value, plural=True), normal.value(new.value, plural=True)
    if said == gone:
        return None if own else "exact"
    tail = said.endswith(f" {gone}") and slot.target in ("thing", "organization")
    named = new.value[:1].isupper() and new.attribute in _OWNED_BY_NAME and normal.names(old.text, new.value)
    called = new.attribute == "has_pet" and f" {gone} named " in f" {normal.key(old.text)} "
    return "loose" if tail or named or called else None


def _planned(what: str, old: Record) -> bool:
    """Says whether a plan is the one that is off: all that the words say beyond "trip" stands in it."""
    told = _stems(old.text)
    wanted = _stems(what)
    telling = wanted - _SAYS_LITTLE
    return telling <= told if telling else bool(wanted & told - _SAYS_LITTLE) or wanted <= told


def rescheduled(new: Record, old: Record) -> bool:
    """Says whether a new time for something is one for a held plan: "the interview moved to Monday"."""
    name, _, topic = (new.attribute or "").partition(":")
    if name != "when" or old.attribute != "plans" or old.negated:
        return False
    told = _stems(topic.replace("_", " "))
    return ((told - _SAYS_LITTLE) or told) <= _stems(old.text)


def _stems(text: str) -> set[str]:
    return {w[:-1] if w.endswith("s") and len(w) > 3 else w for w in normal.words(text)}


def left(new: Record, old: Record) -> bool:
    """Says whether the words name the held value as the one that was left: "switched from Netflix to Mubi"."""
    slot = attribute(new.attribute)
    if new.negated or old.negated or slot is None or not old.value or old.attribute is None:
        return False
    if old.attribute != new.attribute and old.attribute not in slot.ends:
        return False
    text, value = f" {normal.key(new.text)} ", normal.value(old.value)
    return any(
        f" {before}{value}{after} " in text
        for before, after in (
            ("from ", " to"),
            ("instead of ", ""),
            ("rather than ", ""),
            ("left ", " for"),
            ("traded their ", " for"),
            ("traded in their ", " for"),
            ("swapped their ", " for"),
            ("replaced their ", " with"),
            ("replaced ", " with"),
            ("swapped ", " for"),
        )
    )


_TOOLS = tuple(
    frozenset(kind.split(", "))
    for kind in (
        "windows, linux, ubuntu, macos, fedora, debian, chrome os",
        "android, ios, iphone",
        "spotify, apple music, tidal, deezer, youtube music, amazon music",
        "vim, neovim, emacs, vscode, vs code, pycharm, intellij, sublime text, zed, cursor",
        "chrome, firefox, safari, edge, brave, arc, opera, vivaldi",
        "notion, obsidian, evernote, onenote, logseq, apple notes, google keep",
        "lastpass, 1password, bitwarden, dashlane, keepass",
        "gmail, outlook, protonmail, proton mail, fastmail",
        "mysql, postgres, postgresql, mongodb, sqlite, mariadb",
        "react, vue, angular, svelte",
        "trello, asana, jira, linear, todoist, clickup",
    )
)
_SWITCH = re.compile(
    r"\b(?:switched|migrated|moved|converted|changed|went|gone|upgraded|updated) (?:\w+ ){0,3}?(?:from|to"
    r"|back to|over to)\b",
    re.IGNORECASE,
)


_MOVED_ALL = re.compile(r"^(?:has )?moved (?:everything|all |their )", re.IGNORECASE)
_VERSION = re.compile(r" v?\d[\w.]*$")


def switched(new: Record, old: Record) -> bool:
    """Says whether one tool took the place of another of its kind: "switched to Linux" of who used Windows."""
    change = _SWITCH.search(new.text) or _MOVED_ALL.search(new.text) or _NOW.search(new.text)
    if {new.attribute, old.attribute} != {"uses"} or new.negated or old.negated or not change:
        return False
    now, before = (_VERSION.sub("", normal.value(r.value)) for r in (new, old))
    if now == before:
        return normal.value(new.value) != normal.value(old.value)
    return any(now in kind and before in kind for kind in _TOOLS)


def changed_subject(new: Record, old: Record) -> bool:
    """Says whether another major took the place of what somebody studies."""
    change = re.search(r"\b(?:changed|switched)\b", new.text, re.IGNORECASE)
    return new.attribute == "detail:major" and old.attribute == "studies" and not old.negated and bool(change)


def no_longer_single(new: Record, old: Record) -> bool:
    """Says whether who is single now was not before, or the other way round."""
    if new.negated or old.negated:
        return False
    ties = ("in_relationship_with", "engaged_to", "married_to")
    if new.attribute in ties and old.attribute == "relationship_status":
        return normal.value(old.value) == "single"
    status = normal.value(new.value) if new.attribute == "relationship_status" else ""
    return old.attribute in {"single": ties[:1], "divorced": ties[2:], "separated": ties[2:], "widowed": ties[2:]}.get(
        status, ()
    )


def prefers_now(new: Record, old: Record) -> bool:
    """Says whether one preference took the place of another of its kind: "prefer aisle seats now"."""
    if {new.attribute, old.attribute} != {"prefers"} or new.negated or old.negated:
        return False
    now, before = normal.value(new.value).split(), normal.value(old.value).split()
    return len(now) > 1 < len(before) and now[-1] == before[-1] and now != before and bool(_NOW.search(new.text))


_FRAMED = frozenset({"uses", "prefers", "plans", "eats", "drinks", "takes_medication", "learns", "plays", "does"})
_CHANGING = re.compile(r"\b(?:now|instead|these days|nowadays|from now on)\b", re.IGNORECASE)


def newer_version(new: Record, old: Record) -> bool:
    """Says whether the same thing is said of a newer version: "runs on Postgres 17" of what ran on Postgres 14."""
    if new.attribute != old.attribute or not (new.attribute or "").startswith("state:") or new.negated or old.negated:
        return False
    now, before = (_NUMBERED.fullmatch(r.value or "") for r in (new, old))
    return bool(now and before and now[1].casefold() == before[1].casefold() and int(now[2]) > int(before[2]))


_NUMBERED = re.compile(r"(.*\D)(\d+)")


def same_frame(new: Record, old: Record) -> bool:
    """Says whether a sentence is said again with "now" and one other value: "prefers spaces for indentation now".

    The words around the value must say for what it holds: who "drinks tea now" may drink coffee too.
    """
    if new.attribute != old.attribute or new.attribute not in _FRAMED or new.negated or old.negated:
        return False
    if not _CHANGING.search(new.text):
        return False
    now, before = normal.key(_CHANGING.sub(" ", new.text)).split(), normal.key(_CHANGING.sub(" ", old.text)).split()
    head = _common(now, before)
    tail = _common(now[head:][::-1], before[head:][::-1])
    between = max(len(now), len(before)) - head - tail
    dated = new.attribute == "plans"
    return head >= (2 if dated else 1) and tail >= (0 if head > (3 if dated else 2) else 2) and 0 < between <= 3


def _common(one: list[str], other: list[str]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


_NOW = re.compile(r"\b(?:now|these days|nowadays)\b", re.IGNORECASE)
_COUNT = re.compile(r"(?:(\d+|an?|one|two|three|four|five|six) )?(\w+)")


def counted(new: Record, old: Record) -> bool:
    """Says whether a count took the place of another one: "have two dogs now" of who had a dog."""
    if new.attribute != old.attribute or new.attribute not in ("has_pet", "has_child") or new.negated or old.negated:
        return False
    now, before = _COUNT.fullmatch(normal.value(new.value)), _COUNT.fullmatch(normal.value(old.value))
    if not now or not before or not now[1] or (old.value or "")[:1].isupper() or not _NOW.search(new.text):
        return False
    return _singular(now[2]) == _singular(before[2]) and now[1] != before[1]


def _singular(word: str) -> str:
    return {"children": "child", "puppies": "puppy"}.get(word, word.removesuffix("s"))


def grown(new: Record, old: Record) -> bool:
    """Says whether one age follows from the other by the time that went by: the same child, a year later."""
    if new.attribute != "age" or old.attribute != "age":
        return False
    now, before = normal.value(new.value), normal.value(old.value)
    if not (now.isdigit() and before.isdigit()):
        return False
    years, passed = int(now) - int(before), new.created_at - old.created_at
    return years >= 1 and passed >= _SOON and (years - 1) * _YEAR < passed < (years + 1) * _YEAR


def reversed_preference(new: Record, old: Record) -> bool:
    """Says whether somebody prefers the one to the other that they preferred to it: "coffee over tea"."""
    if {new.attribute, old.attribute} != {"prefers"} or new.negated or old.negated:
        return False
    now, before = f" {normal.key(new.text)} ", f" {normal.key(old.text)} "
    return any(f" {way} {normal.value(old.value)} " in now for way in _RATHER) and any(
        f" {way} {normal.value(new.value)} " in before for way in _RATHER
    )


_WEEKDAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)


def other_days(now: str, before: str) -> bool:
    """Says whether two statements name weekdays, and no common one."""
    one, other = ({m.lower() for m in _WEEKDAY.findall(text)} for text in (now, before))
    return bool(one and other) and not one & other


_BEST_FRIEND = re.compile(r"\bhas a (?P<new>new )?best friend named\b", re.IGNORECASE)


def best_friend(new: Record, old: Record) -> bool:
    """Says whether another one is the best friend now."""
    if {new.attribute, old.attribute} != {"has_friend"} or not (m := _BEST_FRIEND.search(new.text)):
        return False
    return bool(_BEST_FRIEND.search(old.text) and (m["new"] or _NOW.search(new.text)))


def breaks_diet(new: Record, old: Record) -> bool:
    """Says whether somebody eats again what their diet leaves out."""
    if new.attribute not in ("eats", "drinks") or old.attribute != "diet" or new.negated or old.negated:
        return False
    return normal.value(new.value) in _BARRED.get(normal.value(old.value), frozenset()) and bool(
        _AGAIN.search(new.text)
    )
