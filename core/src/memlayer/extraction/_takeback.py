"""Finds what a speaker takes back: "forget what I said about the cat", "I take that back", "it's Moki, not Mocha"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from memlayer.attributes import attribute as slot
from memlayer.extraction._entities import is_name, kind_of
from memlayer.types import Candidate, Message, Record

_AT_ONCE = timedelta(hours=1)
"""Who takes "that" back means what was said within this time."""

_POLITE = r"(?:(?:please|just|actually|oh|ok|okay|can you|you can|could you|let us|let's)[, ]+)*"
_FORGET = rf"^{_POLITE}(?:forget|ignore|disregard|strike|scratch|delete|erase|drop|remove|discard)"
_ABOUT = re.compile(
    rf"{_FORGET} (?:about )?(?:what|everything|anything|all|the thing|the part|the bit|my comment|my remark)"
    r"(?: that)?(?: I(?: have)?(?: just| ever)? (?:said|told you|mentioned|wrote))?(?: (?:before|earlier"
    r"|yesterday|last time))?"
    r" (?:about|regarding|on) (?P<what>[^,.;]{2,60})",
    re.IGNORECASE,
)
_THAT_I = re.compile(
    rf"{_FORGET} (?:about )?(?:the fact )?(?:that )?(?:I (?:said|told you|mentioned)(?: earlier"
    rf"| before)?(?: that)? )?"
    r"(?P<what>(?:I|my) [^,.;]{4,80})",
    re.IGNORECASE,
)
_THAT = re.compile(
    rf"(?:{_FORGET} (?:that|what I (?:just )?said|(?:that )?I (?:just )?said that|(?:my|that) last (?:message"
    rf"|sentence|bit))"
    r"|^(?:I|let me) take (?:that|it) back)(?: please)?$",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(
    r"^(?:it|that|this|he|she|they|the name|his name|her name|(?-i:[A-Z])\w+) (?:is|was|should be) (?:spelled |called "
    r"|actually |really )?"
    r"(?P<new>[^,;]{1,40}?)(?: with an? \w+(?: at the end)?)?,? (?:and )?not (?P<old>[^,.;]{1,40})$"
    r"|^(?:I (?:meant|mean) )(?P<new2>[^,;]{1,40}?),? (?:and )?not (?P<old2>[^,.;]{1,40})$"
    r"|^(?:it|that|he|she|the name|his name|her name) is not (?P<old3>[^,;]{1,40}?),? (?:but|it is|he is"
    r"|she is) (?P<new3>[^,.;]{1,40})$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'’-]+")
# What people call a slot when they speak of it.
_CALLED = {
    "car": {"drives"},
    "job": {"works_at", "occupation"},
    "work": {"works_at", "occupation"},
    "boss": {"reports_to"},
    "home": {"lives_in", "address"},
    "address": {"lives_in", "address"},
    "allergy": {"allergic_to"},
    "allergie": {"allergic_to"},
    "diet": {"diet", "eats"},
    "pet": {"has_pet"},
    "age": {"age"},
    "birthday": {"birthday"},
    "name": {"name", "nickname"},
    "commute": {"commutes_by"},
    "girlfriend": {"in_relationship_with"},
    "boyfriend": {"in_relationship_with"},
    "wife": {"married_to"},
    "husband": {"married_to"},
}
_MEANT = re.compile(r"^(?P<sure>I meant|it should be) (?P<new>[^;]{1,50})$")
_SMALL = frozenset("my our the a an having being liking owning that this i".split())


_MAY = (
    "forget", "ignore", "disregard", "strike", "scratch", "delete", "erase", "drop", "remove", "discard", "back",
    "meant", "should be", "not ", "mean",
)  # fmt: skip


def is_takeback(text: str) -> bool:
    """Says whether a statement may take something back; only then are facts looked at."""
    low = text.lower()
    for word in _MAY:
        if word in low:
            break
    else:
        return False
    return bool(
        _MEANT.search(text)
        or _ABOUT.search(text)
        or _THAT_I.search(text)
        or _THAT.search(text)
        or _NOT_BUT.search(text)
    )


def statement(text: str) -> str | None:
    """The statement that is taken back, where it is said again: "forget that I like jazz"."""
    m = _THAT_I.search(text)
    return m["what"] if m and not _ABOUT.search(text) and not _THAT.search(text) else None


def taken_back(text: str, message: Message, said: Sequence[Candidate], known: Sequence[Record]) -> Iterator[Candidate]:
    """What becomes of the facts that a message takes back: `said` in this call, `known` from before."""
    known = [r for r in known if r.kind == "fact" and r.created_at <= message.timestamp]
    if m := None if _NOT_BUT.search(text) else _MEANT.search(text):
        new = m["new"].strip(" .!")
        if old := _slip(new, message, said, known, sure=m["sure"] == "I meant"):
            yield from _renamed(new, old, message, said, known)
    elif m := _NOT_BUT.search(text):
        new, old = next((m[f"new{n}"], m[f"old{n}"]) for n in ("", "2", "3") if m[f"old{n}"])
        yield from _renamed(new.strip(" .!"), old.strip(" .!"), message, said, known)
    elif m := _ABOUT.search(text):
        words = _content(m["what"])
        yield from _ended(
            [c for c in said if _speaks_of(c, words)], [r for r in known if _speaks_of(r, words)], message
        )
    elif _THAT.search(text):
        ours = [c for c in said if (c.role, c.name) == (message.role, message.name)]
        recent = [r for r in known if message.timestamp - r.created_at <= _AT_ONCE and r.role == message.role]
        yield from _ended(ours, recent, message)


def _speaks_of(fact: Candidate | Record, words: frozenset[str]) -> bool:
    """Says whether a fact has all the words, or fills the slot that they name."""
    slots = {slot for word in words for slot in _CALLED.get(word, ())}
    return bool(words) and (words <= _stems(fact.text) or (len(words) == 1 and fact.attribute in slots))


def _ended(said: Sequence[Candidate], known: Sequence[Record], message: Message) -> Iterator[Candidate]:
    """Ends the facts of the turn that was last among those that are meant."""
    if said:
        last = said[-1].sources
        for c in said:
            if c.sources == last and c.attribute is not None:
                yield ended(c, message)
        return
    mine = [r for r in known if r.subject != "user" or (r.role, r.name) == (message.role, message.name)]
    newest: datetime | None = max((r.created_at for r in mine), default=None)
    gone = tuple(r.id for r in mine if r.created_at == newest)
    if gone:
        yield replace(_nothing(message), retracts=gone)


def ended(candidate: Candidate, message: Message) -> Candidate:
    """The end of what a candidate says."""
    return replace(
        _nothing(message), subject=candidate.subject, attribute=candidate.attribute, value=candidate.value,
        negated=not candidate.negated,
    )  # fmt: skip


def _nothing(message: Message) -> Candidate:
    return Candidate(
        "", (message.episode_id,), created_at=message.timestamp, valid_from=message.timestamp, correction=True,
        role=message.role, name=message.name,
    )  # fmt: skip


def _slip(new: str, message: Message, said: Sequence[Candidate], known: Sequence[Record], *, sure: bool) -> str | None:
    """The value of the last turn that the new one can only be meant for; None where none or several are."""
    told = [(c.sources, c.value) for c in said if not c.negated and (c.role, c.name) == (message.role, message.name)]
    if not told:
        mine = [r for r in known if (r.role, r.name) == (message.role, message.name) and not r.negated]
        recent = [r for r in mine if message.timestamp - r.created_at <= _AT_ONCE]
        told = [(r.sources, r.value) for r in sorted(recent, key=lambda r: r.created_at)]
    values = {
        value for sources, value in told if told and sources == told[-1][0] and value and _of_a_kind(new, value, sure)
    }
    return values.pop() if len(values) == 1 else None


def _of_a_kind(new: str, old: str, sure: bool) -> bool:
    """Says whether one value may stand in the place of the other: two numbers, two places, two foods."""
    if any(c.isdigit() for c in new) or any(c.isdigit() for c in old):
        return re.sub(r"\d", "0", new)[:1] == re.sub(r"\d", "0", old)[:1]
    if {w for w in _stems(new) if len(w) > 2} & _stems(old):
        return True
    kinds = {kind_of(new.split(",")[0]), kind_of(old.split(",")[0])}
    if new[:1].isupper() != old[:1].isupper():
        return False
    # Only who says "I meant" surely puts a word in the place of another one of which nothing is known.
    return (len(kinds) == 1 and kinds != {"thing"}) or (sure and "thing" in kinds and (new.islower() or is_name(new)))


def _renamed(
    new: str, old: str, message: Message, said: Sequence[Candidate], known: Sequence[Record]
) -> Iterator[Candidate]:
    """The one fact that has the old value, with the new one in its place."""
    wanted = _plain(old)
    here = [c for c in said if c.value and _plain(c.value) == wanted and not c.negated]
    there = [] if here else [r for r in known if r.value and _plain(r.value) == wanted and not r.negated]
    if len({(c.subject, c.attribute) for c in here}) == 1:
        base = here[-1]
    elif len(there) == 1:
        r = there[0]
        base = Candidate(
            r.text, r.sources, r.subject or "user", r.attribute, r.value, categories=r.categories,
            importance=r.importance, relations=r.relations,
        )  # fmt: skip
    else:
        return
    found = slot(base.attribute)
    held = base.value or ""
    proper = held[:1].isupper()
    if found is None or not held or held not in base.text or (proper and not new[:1].isupper()) or len(new.split()) > 4:
        return
    new = re.sub(r"^(?:an? |the )", "", new)
    yield replace(
        base,
        text=base.text.replace(held, new) + ("" if held in new else f", not {held}"),
        sources=(message.episode_id,),
        value=new,
        relations=tuple(replace(r, target=new) if r.target == held else r for r in base.relations),
        entities=(),
        created_at=message.timestamp,
        valid_from=message.timestamp,
        correction=True,
        replaces=tuple(r.id for r in there),
        role=message.role,
        name=message.name,
    )


def _plain(value: str) -> str:
    """A value without case, article and owner."""
    return re.sub(r"^(?:an?|the|my|our) ", "", " ".join(value.casefold().split()))


def _content(text: str) -> frozenset[str]:
    return frozenset(w for w in _stems(text) if w not in _SMALL)


def _stems(text: str) -> frozenset[str]:
    return frozenset(w[:-1] if w.endswith("s") and len(w) > 3 else w for w in _WORD.findall(text.casefold()))
