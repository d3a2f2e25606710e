"""Reads facts out of what people say with rules alone: no model, no network, well under a millisecond a message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial

from memlayer.attributes import attribute as slot
from memlayer.extraction import _entities as entities
from memlayer.extraction import _patterns as patterns
from memlayer.extraction import _people as people
from memlayer.extraction import _pointing as pointing
from memlayer.extraction import _successions as successions
from memlayer.extraction import _takeback as takeback
from memlayer.extraction._clauses import Clause, clauses, is_guess
from memlayer.extraction._events import Happening, happening, is_routine
from memlayer.extraction._grammar import plain_form, sentence, shift, third_person, whole_words
from memlayer.extraction._readings import Reading, narrowed, predicate
from memlayer.extraction._words import KIN
from memlayer.extraction.categories import categorize
from memlayer.extraction.dates import TimeSpan, absolute, find_times
from memlayer.types import Candidate, Message, Record, Relation, Scope

_MACHINE = re.compile(
    (r"assistant|agent|\bbot\b|bot$|\bai\b|^ai|gpt|model|system|tool|user|human|proxy|planner|critic|llm"),
    re.IGNORECASE,
)
_PERSON = re.compile(r"[^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,3}")
_IMPORTANCE = {
    "name": 0.9, "allergic_to": 0.95, "has_condition": 0.9, "takes_medication": 0.9, "lives_in": 0.85, "works_at": 0.8,
    "occupation": 0.8, "birthday": 0.8, "married_to": 0.85, "has_child": 0.85, "diet": 0.85, "likes": 0.6,
    "dislikes": 0.65, "prefers": 0.6, "visited": 0.45, "plans": 0.5, "goal": 0.55, "uses": 0.5, "owns": 0.5,
    "does": 0.55, "plays": 0.6,
}  # fmt: skip
_FLEETING = frozenset({"likes", "dislikes", "visited", "does", "owns", "uses", "prefers"})
_LONGEST_FACT = 240


@dataclass(slots=True)
class _Talk:
    """One message while its clauses go by."""

    message: Message
    speaker: str | None
    known: frozenset[str]
    """Names that the conversation holds."""
    held: Sequence[Record] = ()
    """Facts from before; they may be looked up at the first look, so few statements look."""
    said: Sequence[Candidate] = ()
    """What was found so far in this call."""
    ended: successions.Ended | None = None
    """The slot that a statement of this message left empty: a job that somebody quit."""
    thing: str | None = None
    """The thing that a clause spoke of last: what "it" means in "we sold it"."""
    others: list[people.Subject] = field(default_factory=list)
    """Kin, animals and named people that it spoke of so far."""

    @property
    def names(self) -> _Names:
        """Everybody who is known by name."""
        return _Names(self.known, self.held)


class LocalExtractor:
    """The extractor that needs no model: English statements of the speakers, read by rules.

    It is choosy: what is no plain statement about the speaker, their kin, animals or people with a name stays an
    episode. Text in other languages gives nothing.
    """

    def __init__(self, *, custom_categories: Sequence[Mapping[str, str]] | None = None) -> None:
        self._custom = custom_categories

    def extract(self, messages: Sequence[Message], *, scope: Scope, known: Sequence[Record]) -> list[Candidate]:
        """Facts worth keeping, in the order in which they were said; each cites its message's episode."""
        found: list[Candidate] = []
        before = cache(lambda: self._turns(pointing.earlier(known, scope, messages), (), [], list))
        self._turns(messages, known, found, before)
        return found

    def _turns(
        self, messages: Sequence[Message], known: Sequence[Record], found: list[Candidate], before: pointing.Before
    ) -> list[pointing.Turn]:
        """Reads message after message into `found`; `before` gives the turns before them."""
        names = frozenset(m.name for m in messages if m.name)
        conversation = {m.name for m in messages if m.role == "user" and m.name}
        seen: set[tuple[str, str]] = set()
        turns: list[pointing.Turn] = []
        for message in messages:
            speaks = _speaker(message, people_talk=bool(conversation) or all(m.role != "user" for m in messages))
            turn = pointing.Turn(message)
            if speaks is not None and message.episode_id:
                talk = _Talk(message, speaks or None, names, known, found, others=turn.others)
                for candidate in self._heard(talk, turn, partial(_until, turn, turns, before)):
                    if (key := (candidate.text.lower(), message.episode_id)) not in seen or not candidate.text:
                        seen.add(key)
                        found.append(candidate)
                        turn.found.append(candidate)
            turns.append(turn)
        return turns

    def _heard(self, talk: _Talk, turn: pointing.Turn, before: pointing.Before) -> Iterator[Candidate]:
        """The facts of one message."""
        for clause in clauses(talk.message.text):
            if takeback.is_takeback(clause.text):
                taken = self._taken_back(clause, talk, talk.said)
                yield from taken
                if taken:
                    continue
            clause = people.meant(clause, talk.thing)
            if pointing.points(clause.text):
                if (pointed := self._pointed(clause, turn, talk, before)) is None:
                    continue
                clause = pointed
            yield from self._read(clause, talk)
            talk.thing = people.thing_in(clause.text) or talk.thing

    def _pointed(self, clause: Clause, turn: pointing.Turn, talk: _Talk, before: pointing.Before) -> Clause | None:
        """The clause with what its pronoun means; None where it may mean somebody of whom nothing is known.

        "She" may mean the one of whom the message before spoke.
        """
        if not talk.others:
            talk.others += pointing.somebody(clause, turn, before)
        elif pointing.somebody_else(clause, turn, talk.others):
            return None
        return pointing.meant(clause, turn, before, talk.speaker or "user")

    def _taken_back(self, clause: Clause, talk: _Talk, found: Sequence[Candidate]) -> list[Candidate]:
        """What a clause ends or puts right of what was said before."""
        if (again := takeback.statement(clause.text)) is None:
            return list(takeback.taken_back(clause.text, talk.message, found, talk.held))
        said = (c for inner in clauses(again) for c in self._read(inner, talk))
        return [takeback.ended(c, talk.message) for c in said if c.attribute is not None]

    def _read(self, clause: Clause, talk: _Talk) -> Iterator[Candidate]:
        """The facts of one clause."""
        if theirs := people.theirs(clause.text, talk.speaker):
            subject, own = theirs
            for reading in own:
                words, possessed = _slot_words(reading, clause.text)
                words = f"new {words}" if possessed and "'s new " in clause.text else words
                spoken = f"{subject.spoken}'s" if possessed else subject.spoken
                yield self._candidate(replace(reading, text=words), replace(subject, spoken=spoken), clause, talk)
            return
        own = people.own_slots(clause.text)
        if name := people.introduced(clause.text, greeted=clause.greeted):
            own = [] if name.split(" ")[0] == (talk.speaker or "").split(" ")[0] else [Reading("name", name)]
        if own:
            yield from self._own(own, clause, talk)
        else:
            yield from self._of(people.subject_of(clause.text, talk.speaker, talk.names, talk.others), clause, talk)

    def _of(self, subject: people.Subject | None, clause: Clause, talk: _Talk) -> Iterator[Candidate]:
        """What a clause says of its subject, and whom it names on the way."""
        members = people.named_members(
            clause.text, subject.rest if subject and subject.kind == "self" else None, talk.others
        )
        if subject is not None and subject.kind == "other" and talk.names.is_pet(subject.label):
            subject = replace(subject, kind="pet")
        if subject is not None and subject.kind != "self":
            talk.others.append(subject)
        for reading in members:
            if reading.text is None and (len(members) > 1 or subject is None):
                reading = replace(reading, text=f"has {_counted(reading.value or '')}")
            elif reading.text is None and subject is not None:
                reading = replace(reading, text=_predicate_words(reading, subject))
            yield self._candidate(reading, _own_subject(talk), clause, talk)
        if subject is None or (members and subject.kind == "self"):
            self._remember(members, talk)
        elif death := people.farewell(subject):
            yield self._candidate(death, replace(_own_subject(talk), spoken=""), clause, talk)
        else:
            if not is_guess(clause.text):
                beside = people.said_beside(subject.rest) if subject.kind == "self" else []
                for reading in ([subject.relation] if subject.relation is not None else []) + beside:
                    yield self._candidate(reading, _own_subject(talk), clause, talk)
            yield from self._said_of(subject, clause, talk)

    def _own(self, readings: Sequence[Reading], clause: Clause, talk: _Talk) -> Iterator[Candidate]:
        """Facts of "my … is …", whose words already begin with the slot."""
        if is_guess(clause.text):
            return
        subject = _own_subject(talk)
        for reading in readings:
            words, theirs = _slot_words(reading, clause.text)
            if talk.speaker and reading.attribute == "name":
                words, theirs = f"is called {reading.value}", False
            spoken = f"{talk.speaker}'s" if talk.speaker and theirs else subject.spoken
            if words.startswith("the "):
                spoken = ""  # "the backend" is everybody's
            yield self._candidate(replace(reading, text=words), replace(subject, spoken=spoken), clause, talk)

    def _remember(self, members: Sequence[Reading], talk: _Talk) -> None:
        """Lets "his name is Rex" mean the dog of the clause before."""
        for reading in members:
            word = (reading.value or "").split(" ")[-1]
            if reading.attribute == "has_pet" or word in KIN:
                talk.others.append(people.Subject("pet", reading.value or "", "", "", None, word))

    def _said_of(self, subject: people.Subject, clause: Clause, talk: _Talk) -> Iterator[Candidate]:
        """What a predicate says of its subject: slots, else an event, a plan or a goal."""
        said = predicate(subject.rest)
        guess = is_guess(f"{'I ' if subject.kind == 'self' else ''}{subject.rest}")
        readings = [] if guess else _successor(subject, talk) or (patterns.read(said) if said is not None else [])
        if readings and said is not None and narrowed(subject.rest, said, readings, clause.aside):
            readings = [Reading("", None)]  # what holds on Fridays fills no slot
        if readings:
            talk.ended = _left_empty(readings, subject) or talk.ended
            slots = [r.attribute for r in readings]
            for n, reading in enumerate(readings):
                text = reading.text
                if text is None and slots.count(reading.attribute) > 1:
                    text = _one_of(reading)
                elif text is None:
                    text = _predicate_words(reading, subject)
                yield self._candidate(replace(reading, text=text), subject, clause, talk)
                if n >= 5:
                    return
            return
        if subject.kind == "other" or (guess and not re.match(r"would (?:really )?love to", subject.rest)):
            return
        spans = find_times(f"{subject.rest} {clause.aside}", talk.message.timestamp)
        own = subject.kind == "self"
        rest = subject.rest if own else plain_form(subject.rest)
        told = happening(
            rest,
            own=own,
            timed=sum(len(s.text.split()) for s in spans),
            future=any(s.direction == "future" for s in spans),
            named=bool(entities.names_in(f"x {subject.rest}", talk.known)),
        )
        if told is None and is_routine(f"{rest} {clause.aside}"):
            told = Happening(None, None, 0.5)
        if told is None:
            return
        own = subject.kind == "self"
        if subject.kind == "pet" and told.attribute is not None:
            return
        if not own and told.attribute == "plans" and not spans:
            return  # what others will do is worth knowing where they say when
        slot_name, value = (told.attribute or "", told.value) if own else ("", None)
        reading = Reading(slot_name, value, text=_predicate_words(None, subject))
        yield self._candidate(reading, subject, clause, talk, importance=told.importance)

    def _candidate(
        self, reading: Reading, subject: people.Subject, clause: Clause, talk: _Talk, *, importance: float | None = None
    ) -> Candidate:
        """One reading with its words, times, things and categories."""
        message = talk.message
        words = f"{reading.text or ''} {clause.aside if reading.attribute != 'birthday' else ''}".strip()
        words = shift(words) if clause.aside else words
        spans = (
            find_times((f"{clause.text} {clause.aside}"), message.timestamp)
            if not reading.attribute.endswith("birthday")
            else []
        )
        as_said = reading.standing or reading.attribute.endswith("birthday")
        text = words if as_said else absolute(words, message.timestamp)
        if reading.ahead:
            text = absolute(f"will be {words}", message.timestamp)[8:].replace(" to on ", " to ")
        text = whole_words(sentence(f"{subject.spoken} {text}{_not_that(clause.text, reading)}"), _LONGEST_FACT)
        name = reading.attribute or None
        value = _absolute_value(reading, message.timestamp)
        relations = _relations(name, value, reading, subject)
        return Candidate(
            text=text,
            sources=(message.episode_id,),
            subject=subject.label,
            attribute=name,
            value=value,
            negated=reading.negated,
            created_at=message.timestamp,
            valid_from=message.timestamp if reading.ahead else _since(name, spans, message.timestamp),
            valid_to=_ends(name, spans, message.timestamp),
            categories=categorize(text, name, self._custom),
            importance=importance if importance is not None else _IMPORTANCE.get((name or "").partition(":")[0], 0.7),
            correction=clause.correction,
            relations=relations,
            replaces=reading.replaces,
            entities=_things(text, relations, talk.known, subject),
            role=message.role,
            name=message.name,
        )


def _until(turn: pointing.Turn, turns: Sequence[pointing.Turn], before: pointing.Before) -> Sequence[pointing.Turn]:
    """The turns before one; those of earlier calls only where the same speaker said nothing in this one."""
    return turns if turn.follows(turns) else [*before(), *turns]


def _successor(subject: people.Subject, talk: _Talk) -> list[Reading]:
    """What a predicate does to a fact whose value it names, or to the slot that the statement before left empty."""
    if (new := successions.begun(subject.rest, subject.label, talk.ended)) is not None:
        talk.ended = None
        return [new]
    if successions.changes_jobs(subject.rest):
        talk.ended = successions.Ended(subject.label, "works_at", "Work")
        return []
    facts = successions.held(talk.held, talk.said, talk.message.name)
    if (found := successions.over(subject.rest, subject.label, facts)) is None:
        return []
    reading, talk.ended = found
    return [reading]


def _left_empty(readings: Sequence[Reading], subject: people.Subject) -> successions.Ended | None:
    """The job that somebody no longer has: where they are "now" is the next one."""
    gone = next((r for r in readings if r.negated and r.attribute == "works_at"), None)
    return successions.Ended(subject.label, gone.attribute, gone.value or "Work") if gone is not None else None


def _speaker(message: Message, *, people_talk: bool) -> str | None:
    """Name of the person who speaks, "" for the nameless user; None where no person does."""
    name = (message.name or "").strip()
    person = bool(name) and name[:1].isupper() and bool(_PERSON.fullmatch(name)) and not _MACHINE.search(name)
    if message.role == "user":
        return name if person else ""
    return name if message.role == "assistant" and person and people_talk else None


@dataclass(frozen=True, slots=True)
class _Names:
    """Who is known by name; facts are only looked at for a name that the conversation does not hold."""

    told: frozenset[str]
    held: Sequence[Record]

    def __contains__(self, name: object) -> bool:
        return name in self.told or any(name == known for known in _names(self.held))

    def is_pet(self, name: str) -> bool:
        """Says whether a name that is no usual one of people is that of the speaker's animal."""
        return any(r.attribute == "has_pet" and r.value == name and not r.negated for r in self.held)


def _names(known: Sequence[Record]) -> Iterator[str]:
    """Names of people and animals that the known facts hold."""
    for record in known:
        found = slot(record.attribute)
        if record.value and found is not None and found.target in {"person", "animal"} and record.value[:1].isupper():
            yield record.value
        if record.subject and record.subject[:1].isupper():
            yield record.subject


def _own_subject(talk: _Talk) -> people.Subject:
    return people.Subject("self", talk.speaker or "user", talk.speaker or "", "")


_SLOT_VERBS = {
    "nickname": "goes by",
    "comes_from": "comes from",
    "lives_in": "lives in",
    "works_at": "works at",
    "speaks": "speaks",
    "goal": "wants to",
    "likes": "likes",
}


def _slot_words(reading: Reading, text: str) -> tuple[str, bool]:
    """The words of "my … is …", and whether they speak of a thing of the speaker's: "favorite color is blue"."""
    attribute, value = reading.attribute, reading.value
    if reading.text is not None:
        return reading.text, not attribute or attribute.startswith(
            ("detail:", "when:", "figure:", "where:", "count:", "state:")
        )
    if attribute == "occupation":
        return f"works as {_with_article(value or '')}", False
    if attribute == "drives":
        return f"drives {_with_article(value or '')}", False
    if verb := _SLOT_VERBS.get(attribute):
        return shift(f"{verb} {value}"), False
    verb = "is"
    if attribute.startswith("favorite:") and re.search(r"\bare\b", text.split(value or "", 1)[0]):
        verb = "are"
    topic = attribute.partition(":")[2] or attribute
    lead = "favorite " if attribute.startswith("favorite:") else ""
    return shift(f"{lead}{topic.replace('_', ' ')} {verb} {value}"), True


def _counted(value: str) -> str:
    """With an article, unless a number stands in front: "a dog", "two cats"."""
    return value if " " in value else _with_article(value)


def _with_article(value: str) -> str:
    return f"{'an' if value[:1].lower() in 'aeiou' else 'a'} {value}"


_VERBS = {
    "likes": "likes", "dislikes": "does not like", "allergic_to": "is allergic to", "eats": "eats", "drinks": "drinks",
    "speaks": "speaks", "plays": "plays", "does": "does", "prefers": "prefers",
}  # fmt: skip


_PLAIN = {
    "likes": "like", "eats": "eat", "drinks": "drink", "speaks": "speak", "plays": "play", "does": "do",
    "prefers": "prefer",
}  # fmt: skip


def _one_of(reading: Reading) -> str:
    """One value of a list as a sentence of its own."""
    verb = _VERBS.get(reading.attribute, reading.attribute.replace("_", " "))
    if reading.negated and reading.attribute == "allergic_to":
        verb = "is not allergic to"
    elif reading.negated:
        verb = f"does not {_PLAIN.get(reading.attribute, verb)}"
    return f"{verb} {reading.value}"


_TRIM = re.compile(
    (r"\s+(?:on|in|with) (?:my|our) (?:sandwich|food|pizza|salad|coffee|tea|burger|pasta)\w*.*$"), re.IGNORECASE
)
_COMMENT = re.compile(
    (
        r"\s*(?:,? (?:you know|too|as well|though|by the way|lol|haha|btw|anyway|actually|of course))+\s*$"
        r"|,\s+(?:which|but|so|do not|please)\b.*$"
    ),
    re.IGNORECASE,
)


def _predicate_words(reading: Reading | None, subject: people.Subject) -> str:
    """The predicate in the third person, close to what was said."""
    rest = _COMMENT.sub("", _TRIM.sub("", subject.rest))
    return third_person(rest) if subject.kind == "self" else shift(rest)


_NOT_THAT = re.compile(r",? (?:and )?not ((?:my |the |an? )?[\w'’+#-]+(?: [\w'’-]+)?)(?: any ?more)?$")


_DENIED = frozenset("am is are was were do does did have has had will can could would should".split())


def _not_that(text: str, reading: Reading) -> str:
    """What the speaker puts aside: ", not Mocha"; a correction is known by it."""
    m = _NOT_THAT.search(text) if reading.value and not reading.negated else None
    if m and text[: m.start()].rpartition(" ")[2] in _DENIED:
        return ""  # "but the link does not work"
    return f", not {m[1]}" if m and m[1] not in (reading.text or "") and m[1].lower() != "sure" else ""


def _absolute_value(reading: Reading, at: datetime) -> str | None:
    if reading.value is None:
        return None
    if reading.attribute not in {"plans", "goal"} and not reading.ahead:
        return shift(reading.value) if reading.value[:1].islower() else reading.value
    value = shift(absolute(f"will {reading.value}", at))[5:].strip(" ,.")
    return value.removeprefix("on ") if reading.ahead else value


def _since(name: str | None, spans: Sequence[TimeSpan], at: datetime) -> datetime:
    """Since when it is true: a time in the past that the clause names, else the moment it was said."""
    for span in spans:
        if name in _FLEETING - {"visited"} and span.relation == "at":
            continue
        if span.start <= at and (
            span.relation in {"since", "for"}
            or (span.relation == "at" and (name or "").partition(":")[0] not in {"plans", "goal", "when"})
        ):
            return span.start
    return at


def _ends(name: str | None, spans: Sequence[TimeSpan], at: datetime) -> datetime | None:
    """Until when what fills a slot is true, where the clause says so; what is planned does not end with its day."""
    if name is None or name.partition(":")[0] in {"plans", "goal", "when"}:
        return None
    return next((span.end for span in spans if span.relation == "until" and span.end > at), None)


def _relations(name: str | None, value: str | None, reading: Reading, subject: people.Subject) -> tuple[Relation, ...]:
    """The edge that a slot draws in the graph."""
    found = slot(name)
    if name is None or found is None or not found.target or value is None or reading.negated:
        return ()
    kind = reading.target or (entities.kind_of(value) if found.target in {"thing", "food"} else found.target)
    source_type = "animal" if subject.kind == "pet" else "person"
    return (Relation(subject.label, name, value, source_type, kind),)


def _things(
    text: str, relations: Sequence[Relation], known: frozenset[str], subject: people.Subject
) -> tuple[tuple[str, str], ...]:
    """People and things that a fact names, its values first; the speaker aside."""
    found = {r.target: r.target_type for r in relations}
    if subject.kind != "self" and subject.label[:1].isupper():
        found[subject.label] = "animal" if subject.kind == "pet" else "person"
    for name, kind in entities.names_in(text, known):
        if not any(name in have or have in name for have in found) and name != subject.label:
            found[name] = kind
    return tuple(found.items())
