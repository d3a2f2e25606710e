"""Finds what "it", "them", "she" and "he" mean where the speaker spoke of one thing, or one person, just before.

Only what is certain counts: the speaker's own message directly before, or the words before in the same one; one fact
that the verb can end ("finished it" ends a book, "sold it" does not), and since its words no other thing or person was
named, by nobody. Else the pronoun stays, and nothing is read from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from memlayer.extraction import _entities as entities
from memlayer.extraction import _patterns as patterns
from memlayer.extraction import _people as people
from memlayer.extraction import _successions as successions
from memlayer.extraction import _values as values
from memlayer.extraction import _words as words
from memlayer.extraction._clauses import Clause
from memlayer.extraction._readings import predicate
from memlayer.types import Candidate, Message, Record, Scope

_AT_ONCE = timedelta(hours=1)
"""What was said longer ago is not what a pronoun means."""
_FAR = 300
"""Nor is what so many characters stand behind."""


@dataclass(slots=True)
class Turn:
    """One message and what was read from it."""

    message: Message
    found: list[Candidate] = field(default_factory=list)
    others: list[people.Subject] = field(default_factory=list)

    def follows(self, turns: Sequence[Turn]) -> bool:
        """Says whether the same speaker said something among these turns."""
        mine = (self.message.role, self.message.name)
        return any((t.message.role, t.message.name) == mine for t in turns)


Before = Callable[[], Sequence[Turn]]

_IT = re.compile(
    r"^(?:I|we) (?P<do>(?:[a-z]+ ){1,4}?)(?P<it>it|them|that one|this one|him|her)(?P<up> (?:up|away|in(?= for\b)))?"
    r"(?=$|[,.;!]| (?!is\b|was\b|to (?!my\b|our\b|an?\b|some|the\b|(?-i:[A-Z]))))",
    re.IGNORECASE,
)
_QUIT = re.compile(
    r"^(?P<who>I|he|she) (?P<do>(?:have |has |had |just |finally |also |actually )*(?:quit|resigned))"
    r"(?=$|[,.;!]| (?:last|yesterday|today|this|in|on|two|three|a)\b(?! \w+ing\b))",
    re.IGNORECASE,
)
_PARTED = re.compile(
    r"(?:have |has |just |finally |recently )*(?:broke up with|broken up with|split up with|divorced|dumped|left) $"
)
_COUPLES = frozenset({"in_relationship_with", "engaged_to", "married_to"})
# Who "quit" may have given up any of these; only a job is read from it, where it is the only one.
_QUIT_SLOTS = frozenset({"smokes", "works_at"}) | successions.slots("quit x")
_TIMED, _NONE = frozenset({"when", "plans"}), frozenset[str]()
_CALLED_OFF = re.compile(r"(?:have |just |sadly |finally )*(?:cancell?ed|called|scrapped)(?: off)?", re.IGNORECASE)
_MOVED = re.compile(
    r"^(?P<who>they|we|I|he|she|it|my [a-z]+)(?: (?:have|has|had to|just|was|got|is|been|being|now))* "
    r"(?P<do>(?:moved|rescheduled|pushed|postponed|shifted|delayed|brought|bumped|changed))(?P<it> it)?"
    r"(?: back| forward| up)? (?P<to>(?:to|until|till) .+)$",
    re.IGNORECASE,
)
_POINTS = re.compile(r"(?:I|we|they|he|she|it|my [a-z]+) ", re.IGNORECASE)
_SOMEBODY = re.compile(r"^(?:he|she) ", re.IGNORECASE)
_TO_DO = re.compile(r"\bhad to (cancel|sell|quit|give|drop|scrap|abandon|stop|get|trade|rehome)\b")
_DONE = {
    "cancel": "cancelled",
    "sell": "sold",
    "give": "gave",
    "drop": "dropped",
    "stop": "stopped",
    "get": "got",
    "rehome": "rehomed",
}

# Other things in what was said: a determiner and a noun, or a name; times are none, nor is what something is done with.
_TIME = (
    r"(?:moment|while|year|month|week|weekend|day|days|morning|evening|afternoon|night|time|times|bit|lot|summer|winter"
    r"|spring|autumn|fall|holidays?|end|start|beginning|past|last|next|first|few|couple|minute|second|hour|way|blast)"
)
_THING = re.compile(
    r"\b(?:an?|the|my|our|your|his|her|their|some|any|another|one|two|three|four|five|this|these|those|both|many|more)"
    rf" (?!{_TIME}\b)\w"
    r"|\b(?:another|someone|somebody|something|both|everyone|everybody)\b",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"\b(?:with an? (?:app|tutor|teacher|book|friend)|(?:what|such) an? \w+(?: \w+)?"
    r"|as an? \w+(?: \w+)?(?= at| for))\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![.!?\"] )(?<!^)(?<![A-Za-z])(?!I\b|I')[A-Z]\w+")
_DATES = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Christmas|Easter|Thanksgiving)\b"
)


def points(text: str) -> bool:
    """Says whether a statement may point back; only then is anything looked at."""
    return _POINTS.match(text) is not None and bool(
        _IT.match(text) or _MOVED.match(text) or _QUIT.match(text) or _SOMEBODY.match(text)
    )


def meant(clause: Clause, now: Turn, before: Before, speaker: str) -> Clause:
    """The clause with the thing in the place of its pronoun, where there is only one that it can mean.

    `before` gives the turns before, the newest last, and is asked where a verb may end something; `speaker` is how
    the speaker's own facts call them.
    """
    if (m := _MOVED.match(clause.text)) and bool(m["it"]) != (m["who"].lower() == "it"):
        fact = _one(_TIMED, now, before(), speaker, "it")
        name = fact and _said(fact, now, before(), m["who"] if m["it"] else "it")
        return replace(clause, text=f"my {name.removeprefix('the ')} was {m['do']} {m['to']}") if name else clause
    if m := _IT.match(clause.text):
        do, up = _TO_DO.sub(lambda d: _DONE.get(d[1].lower(), d[1]), m["do"]), m["up"] or ""
        if do.endswith("gave ") and clause.text[m.end() :].startswith(" to "):
            up = " away"
        if _PARTED.fullmatch(do) and not up:
            slots = _COUPLES
        else:
            off = _CALLED_OFF.fullmatch(f"{do.strip()}{up}") is not None
            slots = successions.slots(f"{do.strip()}{up} x") | (_TIMED if off else _NONE)
        fact = _one(slots, now, before(), speaker, m["it"]) if slots else None
        name = fact and _said(fact, now, before(), f"{m['do'].split()[-1]} {m['it']}")
        return replace(clause, text=f"I {do.strip()}{up} {name}{clause.text[m.end() :]}") if name else clause
    m = _QUIT.match(clause.text)
    return clause if m is None else _quit(m, clause, now, before, speaker)


def _quit(m: re.Match[str], clause: Clause, now: Turn, before: Before, speaker: str) -> Clause:
    """What somebody quit or resigned from without saying so: a job, where only that was spoken of."""
    whom, job = {"i": (speaker, "my job"), "he": ("", "his job"), "she": ("", "her job")}[m["who"].lower()]
    fact, verb = _one(_QUIT_SLOTS, now, before(), whom, "it"), m["do"].split()[-1]
    if fact is None or fact.attribute != "works_at" or not _said(fact, now, before(), verb, whole=bool(whom)):
        return clause
    what = f"from {job}" if verb.lower() == "resigned" else job
    return replace(clause, text=f"{m.group()} {what}{clause.text[m.end() :]}")


def somebody(clause: Clause, now: Turn, before: Before) -> list[people.Subject]:
    """Whom "she" or "he" at the beginning of a message means: the only one of whom the message before spoke.

    None where the words fill no slot, so that few messages look back.
    """
    m = _SOMEBODY.match(clause.text)
    said = predicate(clause.text[m.end() :]) if m else None
    if said is None or not (_QUIT.match(clause.text) or patterns.read(said)):
        return []
    own = _own_before(now, before())
    if own is None or len({s.label for s in own[0].others}) != 1:
        return []
    who = own[0].others[-1]
    asked = [s for t in own for s in _SENTENCE.findall(t.message.text) if s.endswith("?") and who.label not in s]
    here = now.message.text.partition(clause.text[:6])[0]
    text = " ".join(t.message.text for t in own) + " . " + here
    names = {n for n, kind in entities.names_in(text) if kind == "person"} - {who.label, *who.spoken.split(" ")}
    other = names or asked or people.mentions(text) > 1 or _PEOPLE.search(text) or _THING.search(here)
    return [] if other else [who]


def somebody_else(clause: Clause, now: Turn, others: Sequence[people.Subject]) -> bool:
    """Says whether "she" or "he" may mean a person whom the same message named without saying anything of them."""
    if not _SOMEBODY.match(clause.text):
        return False
    told = others[-1].word or others[-1].label
    said = now.message.text.partition(clause.text[:8])[0]
    since = said[max(said.lower().rfind(told.lower()), 0) :]
    return _PEOPLE.search(since) is not None


_KIN_WORDS = "|".join(sorted(map(re.escape, words.KIN), key=len, reverse=True))
_JOB_WORDS = "|".join(sorted(map(re.escape, words.JOBS), key=len, reverse=True))
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_PEOPLE = re.compile(
    r"\b(?:someone|somebody|everyone|everybody|(?:an?|the|this|that|some|another) (?:\w+ )?"
    rf"(?:man|woman|guy|girl|boy|lady|person|stranger|kid|child|friend|{_KIN_WORDS}))\b"
    rf"|(?<! as )(?<! is )(?<! was )\b(?:an?|the|this|that) (?:\w+ )?(?:{_JOB_WORDS})\b"
    rf"|\b(?:his|her|their|your) (?:\w+ )?(?:{_KIN_WORDS}|{_JOB_WORDS}|flatmate|roommate|housemate|colleague|owner)\b",
    re.IGNORECASE,
)


def earlier(known: Sequence[Record], scope: Scope, messages: Sequence[Message]) -> list[Message]:
    """The messages of the same conversation shortly before a call, oldest first, as far as `known` holds them."""
    own, first = {m.episode_id for m in messages}, messages[0].timestamp
    said = [
        r
        for r in known
        if r.kind == "episode"
        and r.scope == scope
        and r.id not in own
        and timedelta() < first - r.created_at <= _AT_ONCE
    ]
    said.sort(key=lambda r: (r.created_at, r.position))
    return [Message(r.role or "user", r.text, r.created_at, r.name, r.message_id, r.id) for r in said]


def _own_before(now: Turn, before: Sequence[Turn]) -> list[Turn] | None:
    """The speaker's message directly before and what an assistant said since; None where another person spoke."""
    for n in range(len(before) - 1, -1, -1):
        message = before[n].message
        if (message.role, message.name) == (now.message.role, now.message.name):
            near = now.message.timestamp - message.timestamp <= _AT_ONCE
            return list(before[n:]) if near else None
        if message.role == "user" or message.name:
            return None
    return None


def _one(slots: frozenset[str], now: Turn, before: Sequence[Turn], subject: str, it: str) -> Candidate | None:
    """The one fact that fills one of the slots; none where there are several."""
    own = _own_before(now, before)
    said = [*(own[0].found if own else ()), *now.found]
    fits = [
        c
        for c in said
        if (c.attribute or "").partition(":")[0] in slots
        and not c.negated
        and (c.subject == subject or (not subject and c.subject != "user" and c.subject != c.name))
    ]
    if not fits and "reads" in slots:
        fits = _titled([*(own or ())[:1], now], subject)
    if {c.attribute for c in fits} == {"works_at", "occupation"}:
        fits = [c for c in fits if c.attribute == "works_at"]  # "works as a barista at Costa" is one job
    if len({(c.subject, c.attribute, c.value) for c in fits}) != 1:
        return None
    value, living = fits[0].value, fits[0].attribute in _COUPLES | {"has_pet"}
    if value is None:
        return None
    many = value.islower() and value.endswith("s") and not value.endswith("ss")
    if it.lower() == "them" and fits[0].attribute == "takes_medication":
        many = True
    if it.lower() in ("him", "her"):
        return fits[0] if living else None
    return fits[0] if (it.lower() == "them") == many and fits[0].attribute not in _COUPLES else None


def _titled(turns: Sequence[Turn], subject: str) -> list[Candidate]:
    """The books and films that the speaker read or watched, which need be no facts: "I read Dune."."""
    told = (m["what"] for t in turns for m in _READ.finditer(t.message.text))
    titles = {title for what in told if (title := values.title(what)) is not None and " and " not in title}
    return [Candidate("", (), subject, "reads", title) for title in titles]


_READ = re.compile(
    r"\b(?:I|we|I've|we've|I have|we have) (?:(?:just|recently|finally|also) )*"
    r"(?:(?:started |began )(?:reading|watching)|read|watched) (?P<what>(?-i:[A-Z]|the [A-Z]|\")[^.!?]+)",
    re.IGNORECASE,
)


def _said(fact: Candidate, now: Turn, before: Sequence[Turn], pronoun: str, *, whole: bool = True) -> str | None:
    """The fact's value in the speaker's words; None where something else was named between them and the pronoun.

    `whole`: neither in the sentence that holds them.
    """
    here = re.search(rf"\b{re.escape(pronoun)}\b", now.message.text, re.IGNORECASE)
    if here is None:
        return None
    own = _own_before(now, before) or []
    said = " ".join((*(t.message.text for t in own[:1]), ".", now.message.text[: here.start()]))
    timed = (fact.attribute or "").startswith("when:")
    value = (fact.attribute or "")[5:].replace("_", " ") if timed else _BARE.sub("", fact.value or "")
    at = said.lower().rfind(value.lower()) if value else -1
    if at < 0:
        return None
    start = max(said.rfind(mark, 0, at) for mark in (". ", "! ", "? ", "\n")) + 1
    lead, end = said[start:at].lstrip(), at + len(value)
    if fact.attribute in _COUPLES | {"has_pet"}:
        lead = _WHO.sub("", lead)
    elif timed and (beside := _BESIDE.match(said, end)):  # "meeting with Dana"
        end = beside.end()
    tail = _OF_IT.sub("", said[end:])
    if len(tail) > _FAR:
        return None
    article = _ARTICLE.search(lead)
    heard = " ".join(t.message.text for t in own[1:])
    since = re.sub(re.escape(value), "", f"{tail} . {heard}", flags=re.IGNORECASE)
    rest = f"{_ARTICLE.sub('', lead) if whole else ''} , {since}"
    rest = _DATES.sub("", _WITH.sub("", rest))
    if _THING.search(rest) or _NAME.search(rest) or not _stays_with_it(tail):
        return None
    return f"the {said[at:end]}" if article else said[at:end]


def _stays_with_it(tail: str) -> bool:
    """Says whether the words between a thing and its pronoun speak of nothing else: "It's really loud.", "Nice!"."""
    _, *between = _SENTENCE.findall(_OWN_CLAUSE.sub("", f"it{tail}"))
    return all(len(s.split()) <= 3 or _OF_THE_SAME.match(s) for s in between)


_OWN_CLAUSE = re.compile(
    r"(?:^|[.!?,;\n]|\b(?:and|but|so|then)\b)\s*(?:[a-z]+,? ){0,2}?(?:I|we|he|she|they|my \w+)\b[^.!?,;]*$",
    re.IGNORECASE,
)
_OF_THE_SAME = re.compile(
    r"\s*(?:(?:and|but|so|oh|well|yes|no),? )*(?:it|it's|that|that's|this|they|so far|what an?)\b", re.IGNORECASE
)
_OF_IT = re.compile(r"^ (?:membership|subscription|account|pass)(?: (?:at|with|for) (?:the )?[A-Z][\w'&-]+)?")
_BESIDE = re.compile(r" (?:with|to|at) (?:the |my )?[\w']+")
_WHO = re.compile(
    r"\b(?:an?|my|our) (?:[\w-]+ ){0,2}?"
    rf"(?:{'|'.join(sorted(map(re.escape, words.KIN | dict.fromkeys(words.PETS)), key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\b(?:an?|the|my|our|their) $", re.IGNORECASE)
# A plan's value without its article and its time.
_BARE = re.compile(
    r"^(?:an?|the|my|our|their) | (?:in|on|at|for|to be) (?:the )?(?:week of |weekend of )?\d.*$| in [A-Z]\w+ \d{4}$"
)
