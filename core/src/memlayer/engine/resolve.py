"""What becomes of each new fact: it is added, it replaces, it ends, it says again. Pure policy, precision first.

A false replacement hides truth, a missed one only leaves two facts side by side, the newer above the older. So a rule
fires only where subject, slot and lifetime all speak for it:

- Only current facts of the same user, agent and app are touched. `run_id` does not part them: a fact is about the
  person and not about the conversation, so what is said in run B may replace what was said in run A. A scope that
  has nothing but a run keeps to that run.
- "user" in the mouths of two named speakers are two people. Someone who may be one of many ("the user's friend")
  has no single slots until a correction points back; one of few ("the user's brother") until words of change do.
- Immutable records are never touched; the new fact is added beside.
- Who speaks of an earlier time never replaces who speaks of a later one: the late arrival goes into the past, its
  lifetime ends where the newer fact begins.
- A replaced fact stays "live" until its lifetime ends, where the end lies in the future.

For single slots whose values are each said once, the current value does not depend on the order of arrival.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from memlayer.attributes import Attribute, attribute
from memlayer.engine import ending, normal
from memlayer.engine.people import same_one
from memlayer.engine.regions import REGIONS
from memlayer.types import Action, Candidate, Record, Scope

Reason = Literal[
    "add",
    "reinforce",
    "supersede",
    "refine",
    "contradict",
    "correct",
    "end",
    "retract",
    "late",
    "immutable",
]

_Conflict = Literal["correct", "contradict", "end", "refine", "supersede"]
_Verdict = Literal["same", "coarser", "perhaps"] | _Conflict
_STRONGEST: tuple[_Conflict, ...] = ("correct", "contradict", "end", "refine", "supersede")
"""Which of several conflicts gives an update its reason."""

_NEAR = timedelta(hours=1)
"""Within this time of each other two statements count as said in the same breath (what a correction may mean)."""

_CHANGE = re.compile(
    r"\b(?:moved?|moving|relocated?|now|switched|changed?|no longer|any ?more|new|became|becomes?|started|joined"
    r"|left|quit"
    r"|back|these days|nowadays|instead|promoted|hired|landed|retrained|traded|sold|replaced|transferred|upgraded"
    r"|divorced|separated|broke up|split up|remarried|retired|graduated|turned|rescheduled|postponed|pushed|shifted"
    r"|brought forward|delayed|bumped)\b",
    re.IGNORECASE,
)
# Who stopped did before: such words mean the one of whom it was said.
_DID = re.compile(
    r"\b(?:no longer|any ?more|stopped|quit|gave up|given up|cancell?ed|dropped|outgrew|outgrown|grew out"
    r"|recovered|sold)\b",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\b(?:one of|also|as well|another|both|second|part[- ]time|on the side|side (?:job|gig|hustle)|freelanc\w+"
    r"|temporarily|for now|for the (?:summer|winter|week|month|semester)|staying|visiting|volunteer\w*)\b",
    re.IGNORECASE,
)
_AT_TIMES = re.compile(
    r"\b(?:(?:on|at) (?:the )?weekends?(?! of)|in the evenings?|(?:at|on) nights?|evenings|on (?:mon|tues|wednes"
    r"|thurs"
    r"|fri|satur"
    r"|sun)days|(?:one|two|three|\d) (?:days?|nights?|shifts?) a week|during the (?:week|summer|winter|season)"
    r"|seasonally)\b",
    re.IGNORECASE,
)
_IN_SEASON = re.compile(
    r"\b(?:when(?:ever)? they\b(?! (?:were|was)\b)|in (?:the )?(?:winter|summer|spring|autumn|fall)\b"
    r"|at (?:christmas|easter|thanksgiving|parties|work|home)\b|on (?:weekends|holidays?|vacation)\b|while \w+ing\b)",
    re.IGNORECASE,
)
# Of these one has any number: another friend each time. Of those one has few: words of change point to the same one.
_ANY_NUMBER = (
    "friend buddy colleague coworker co-worker teammate classmate roommate flatmate neighbor neighbour "
    "acquaintance someone somebody person people guy girl man woman cousin aunt uncle niece nephew relative in-law "
    "student client customer patient ex"
)
_A_FEW = (
    "kid child son daughter brother sister sibling twin grandmother grandfather grandma grandpa grandparent pet dog "
    "cat puppy pup kitten horse bird rabbit fish car bike house company team"
)
_MANY, _FEW = frozenset(_ANY_NUMBER.split()), frozenset(_A_FEW.split())
_PLACED = frozenset({"lives_in", "comes_from", "born_in"})
# Slots of which people name several without any change: only words of change, or these words, claim the whole slot.
_CLAIM = {
    "occupation": re.compile(r"(?!)"),
    "comes_from": re.compile(r"(?!)"),
    "born_in": re.compile(r"(?!)"),
    "drives": re.compile(r"\bdriv", re.IGNORECASE),
    "works_at": re.compile(r"^(?!.*\bwork\w* with\b)", re.IGNORECASE),
}
# Diets that exclude each other; all others go together (vegetarian and gluten-free).
_DIETS = (
    frozenset(
        {"vegetarian", "vegan", "pescatarian", "pescetarian", "flexitarian", "omnivore", "carnivore", "plant based"}
    ),
    frozenset({"keto", "ketogenic", "paleo", "low carb", "mediterranean", "mediterranean diet", "atkins", "carnivore"}),
)
_COUNTED = frozenset({"thing", "food", "activity"})
# What may be done on Tuesdays and on Thursdays: another day is another fact.
_WEEKLY = frozenset({"does", "plays", "learns", "studies", "volunteers_at", "member_of"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one candidate."""

    event: Action
    """ADD; UPDATE: replaces facts; DELETE: ends facts and leaves none; NONE: adds nothing."""
    candidate: Candidate
    record: Record | None
    """The new fact; for NONE the held one as it is afterwards; None where nothing is kept."""
    replaced: tuple[Record, ...] = ()
    """The facts that it replaces or retracts, as they are afterwards."""
    reason: Reason = "add"


def resolve(
    candidates: Sequence[Candidate],
    known: Sequence[Record],
    *,
    now: datetime,
    new_id: Callable[[], str],
    scope: Scope,
) -> list[Decision]:
    """Decides each candidate in order; each sees what the ones before it did.

    `known` are facts that may be related; superseded ones among them serve only to recognise a statement that was
    read before. `new_id` is called once for each fact that is made. A record may come back in several decisions:
    the last one says how it ends.
    """
    state = _State(now, new_id, scope, {r.id: r for r in known if _in_reach(r, scope, now)})
    return [state.decide(c) for c in candidates]


@dataclass(slots=True)
class _State:
    """What is held while the candidates of one call go by."""

    now: datetime
    new_id: Callable[[], str]
    scope: Scope
    held: dict[str, Record]

    def decide(self, candidate: Candidate) -> Decision:
        decision = self._decide(candidate)
        for record in (*decision.replaced, *((decision.record,) if decision.record else ())):
            self.held[record.id] = record
        return decision

    def _decide(self, candidate: Candidate) -> Decision:
        if not candidate.text.strip():
            return self._retract(candidate)
        new = _draft(candidate, self.scope, self.now)
        if read := next((r for r in self.held.values() if _read_before(new, r)), None):
            return Decision("NONE", candidate, read, reason="reinforce")
        verdicts = {r.id: v for r in self.held.values() if r.status == "live" and (v := _verdict(new, candidate, r))}
        if again := [i for v in ("same", "coarser") for i, found in verdicts.items() if found == v]:
            return Decision("NONE", candidate, self._reinforced(self.held[again[0]], new), reason="reinforce")
        conflicts: dict[str, _Conflict] = {
            i: "supersede" for i in (*candidate.replaces, *candidate.retracts) if i in self.held
        }
        found: dict[str, _Conflict] = {
            i: v for i, v in verdicts.items() if v != "same" and v != "coarser" and v != "perhaps"
        }
        likely = [i for i, v in verdicts.items() if v == "perhaps"]
        if not found and len(likely) == 1:
            found = {likely[0]: "contradict" if new.negated else "supersede"}
        if new.attribute in _CLAIM and list(found.values()).count("supersede") > 1:
            # Several stand side by side, and nothing says which of them is over.
            found = {i: v for i, v in found.items() if v != "supersede"}
        if new.negated and new.value is None and list(found.values()).count("contradict") > 1:
            found = {}  # "sold the car" of who has two
        conflicts.update(found)
        return self._place(new, candidate, _last_slip(conflicts, self.held))

    def _place(self, new: Record, candidate: Candidate, conflicts: Mapping[str, _Conflict]) -> Decision:
        """Puts a new fact before, after or beside the ones that it is in conflict with."""
        rivals = [(self.held[i], v) for i, v in conflicts.items() if self.held[i].status == "live"]
        free = [(r, v) for r, v in rivals if not r.immutable]
        new = replace(new, id=self.new_id())
        if later := [r for r, _ in rivals if _speaks_of(r) > _speaks_of(new)]:
            return Decision("ADD", candidate, _into_past(new, later, self.now), reason="late")
        if not free:
            return Decision("ADD", candidate, new, reason="immutable" if rivals else "add")
        new = _inherit(new, candidate, free)
        closed = tuple(_closed(old, new, self.now) for old, _ in free)
        new = replace(new, supersedes=tuple(old.id for old in closed))
        return Decision("UPDATE", candidate, new, closed, min((v for _, v in free), key=_STRONGEST.index))

    def _retract(self, candidate: Candidate) -> Decision:
        """Ends what a statement without a text of its own takes back: "forget that"."""
        probe = _draft(candidate, self.scope, self.now)
        gone = [
            r
            for r in self.held.values()
            if r.status == "live"
            and not r.immutable
            and _speaks_of(r) <= _speaks_of(probe)
            and (r.id in (*candidate.retracts, *candidate.replaces) or _verdict(probe, candidate, r) == "contradict")
        ]
        if not gone:
            return Decision("NONE", candidate, None, reason="retract")
        ended = tuple(
            replace(r, status="retracted", valid_to=max(probe.valid_from, r.valid_from), updated_at=self.now)
            for r in gone
        )
        return Decision("DELETE", candidate, None, ended, "retract")

    def _reinforced(self, held: Record, new: Record) -> Record:
        fresh = tuple(s for s in new.sources if s not in held.sources)
        if held.immutable or not fresh:
            return held
        return replace(held, reinforced=held.reinforced + 1, sources=(*held.sources, *fresh), updated_at=self.now)


def procedures(
    candidates: Sequence[Candidate],
    known: Sequence[Record],
    *,
    now: datetime,
    new_id: Callable[[], str],
    scope: Scope,
) -> list[Decision]:
    """Each candidate as a procedure: it stands by itself and replaces nothing."""
    return [
        Decision(
            "ADD",
            c,
            Record(
                id=new_id(), kind="procedure", text=c.text, scope=scope, created_at=c.created_at or now,
                recorded_at=now, valid_from=c.created_at or now, metadata=c.metadata, categories=c.categories,
                importance=c.importance, role=c.role, sources=c.sources, relations=c.relations,
                memory_type="procedural_memory",
            ),
        )
        for c in candidates
    ]  # fmt: skip


def _in_reach(record: Record, scope: Scope, now: datetime) -> bool:
    """Says whether a record may be touched or repeated at all from this scope."""
    theirs = record.scope
    same = (theirs.user_id, theirs.agent_id, theirs.app_id) == (scope.user_id, scope.agent_id, scope.app_id)
    owned = any((scope.user_id, scope.agent_id, scope.app_id)) or theirs.run_id == scope.run_id
    expired = record.expires_at is not None and record.expires_at <= now
    return record.kind == "fact" and record.status != "retracted" and same and owned and not expired


def _draft(c: Candidate, scope: Scope, now: datetime) -> Record:
    """The fact as it is kept when nothing stands against it; its id is given when it is."""
    said = c.created_at or now
    since = c.valid_from or said
    if c.valid_from is None and c.valid_to is not None:
        since = min(since, c.valid_to)
    return Record(
        id="",
        kind="fact",
        text=c.text,
        scope=scope,
        created_at=said,
        recorded_at=now,
        valid_from=since,
        valid_to=c.valid_to,
        metadata=c.metadata,
        categories=c.categories,
        importance=c.importance,
        role=c.role,
        name=c.name,
        sources=c.sources,
        subject=c.subject,
        attribute=c.attribute,
        value=c.value,
        negated=c.negated,
        # What is denied is no edge of the graph.
        relations=() if c.negated else c.relations,
    )


def _read_before(new: Record, held: Record) -> bool:
    """Says whether this very statement was read from one of these messages before, be it in other words."""
    if not any(s in held.sources for s in new.sources) or not same_one(new, held):
        return False
    if held.negated == new.negated and normal.key(held.text) == normal.key(new.text):
        return True
    slot = attribute(new.attribute)
    if slot is None or _stance(new) != _stance(held):
        return False
    # The lifetime of a superseded fact was cut by what followed.
    at_its_time = held.status == "superseded" or _overlap(new, held)
    coarser = slot.single and normal.contains(held.value, new.value)
    return at_its_time and (coarser or _same_value(new, held, slot))


def _speaks_of(record: Record) -> datetime:
    """The time that a statement is about: when it was said, or the later time that it announces."""
    return max(record.created_at, record.valid_from)


def _into_past(new: Record, later: Sequence[Record], now: datetime) -> Record:
    """A fact that arrives late: true until the first newer one begins."""
    successor = min(later, key=lambda r: r.valid_from)
    end = min(successor.valid_from, new.valid_to or successor.valid_from)
    return replace(
        new,
        valid_from=min(new.valid_from, end),
        valid_to=end,
        status="superseded" if end <= now else "live",
        superseded_by=successor.id,
    )


def _closed(old: Record, new: Record, now: datetime) -> Record:
    """A fact that another one follows: its lifetime ends where the other's begins."""
    end = max(old.valid_from, new.valid_from)
    if old.valid_to is not None:
        end = min(end, old.valid_to)
    status: Literal["live", "superseded"] = "superseded" if end <= now else "live"
    return replace(old, status=status, valid_to=end, superseded_by=new.id, updated_at=now)


def _inherit(new: Record, candidate: Candidate, replaced: Sequence[tuple[Record, _Conflict]]) -> Record:
    """What the successor takes over: evidence of a truth that it refines, the start of one that it ends or corrects."""
    for old, verdict in replaced:
        if verdict == "refine":
            more = tuple(s for s in old.sources if s not in new.sources)
            new = replace(new, sources=(*new.sources, *more), reinforced=old.reinforced + 1)
        unsaid = candidate.valid_from is None or candidate.valid_from == candidate.created_at
        slip = verdict == "correct" or (candidate.correction and not new.negated and _near(new, old))
        if unsaid and (verdict == "end" or slip):
            new = replace(new, valid_from=min(new.valid_from, old.valid_from))
    return new


def _near(new: Record, old: Record) -> bool:
    return abs(new.created_at - old.created_at) <= _NEAR


def _last_slip(conflicts: Mapping[str, _Conflict], held: Mapping[str, Record]) -> dict[str, _Conflict]:
    """The conflicts with at most one correction of a many-valued slot: of the value that was said last."""
    slips = [i for i, v in conflicts.items() if v == "correct"]
    last = max(slips, key=lambda i: held[i].created_at, default=None)
    return {i: v for i, v in conflicts.items() if v != "correct" or i == last}


def _verdict(new: Record, candidate: Candidate, old: Record) -> _Verdict | None:
    """How a new fact stands to one that is held; None where they have nothing to do with each other."""
    if not same_one(new, old):
        return None
    if normal.key(new.text) == normal.key(old.text) and new.negated == old.negated:
        return "same" if _overlap(new, old) else None
    slot = attribute(new.attribute)
    if slot is None or new.attribute is None or old.attribute is None or not _overlap(new, old):
        return None
    if _contrary(new, old, slot):
        return None if _over(new) or _one_of_many(new, candidate) else "contradict"
    if not _over(new) and not _one_of_many(new, candidate) and (verdict := ending.verdict(new, old)):
        return verdict
    if old.attribute in slot.follows and not new.negated and not old.negated and not _over(new):
        return "supersede" if new.value is not None and _same_value(new, old, slot) else None
    if _stance(new) != _stance(old):
        return None
    if _same_value(new, old, slot):
        if new.attribute in _WEEKLY and not new.negated and ending.other_days(new.text, old.text):
            return "perhaps" if _says_change(new, candidate) and not _BESIDE.search(new.text) else None
        return "end" if new.valid_to is not None and new.valid_to != old.valid_to else "same"
    if new.negated or new.value is None or old.value is None or new.valid_to is not None:
        return None
    if slot.single and (_one_and_only(new, candidate) or ending.grown(new, old)):
        return _in_single_slot(new, candidate, old)
    return "correct" if _is_slip(new, candidate, old) else None


def _in_single_slot(new: Record, candidate: Candidate, old: Record) -> _Conflict | Literal["coarser"] | None:
    """Two values of a slot that holds one."""
    only = ending.words_of_change(new.attribute)
    if only is not None:
        return "supersede" if candidate.correction or only.search(new.text) else None
    if normal.contains(new.value, old.value):
        return "refine"
    change = _says_change(new, candidate)
    if not change and new.attribute != "occupation" and normal.contains(old.value, new.value):
        return "coarser"
    return "supersede" if change or _claims_slot(new, old) else None


def _claims_slot(new: Record, old: Record) -> bool:
    """Says whether a statement without words of change leaves no room for the value before."""
    claim = _CLAIM.get(new.attribute or "")
    if claim is not None and not claim.search(new.text):
        return False
    now, before = normal.value(new.value), normal.value(old.value)
    if new.attribute == "diet":
        return any(now in family and before in family for family in _DIETS)
    # A region may contain the town.
    return new.attribute not in _PLACED or (now in REGIONS) == (before in REGIONS)


def _one_and_only(new: Record, candidate: Candidate) -> bool:
    """Says whether a statement gives *the* value of a single slot: no second job, no stay, no one of many."""
    name = new.attribute or ""
    topicless = name in ("favorite", "detail")
    several = name.startswith("favorite:") and normal.value(name, plural=True) != normal.value(name)
    at_times = name in ("works_at", "occupation", "lives_in", "commutes_by") and _AT_TIMES.search(new.text)
    if name == "diet" or name.startswith("favorite:"):
        at_times = _IN_SEASON.search(new.text) if not _says_change(new, candidate) else None
    return not (topicless or several or at_times or _BESIDE.search(new.text) or _one_of_many(new, candidate))


def _one_of_many(new: Record, candidate: Candidate) -> bool:
    """Says whether the subject may be another one than before: one of several friends, brothers or dogs."""
    head = normal.words(new.subject or "user")
    if len(head) < 2 or candidate.correction or "best" in head or (new.negated and _DID.search(new.text)):
        return False
    return head[-1] in _MANY or (head[-1] in _FEW and not _says_change(new, candidate))


def _says_change(new: Record, candidate: Candidate) -> bool:
    """Says whether the words speak of a change or correction, the value's own words ("New York") aside."""
    name = new.value if new.value and not new.value.islower() else "\0"
    return candidate.correction or bool(_CHANGE.search(new.text.replace(name, " ")))


def _is_slip(new: Record, candidate: Candidate, old: Record) -> bool:
    """Says whether a statement takes this value of a slot that holds many back: "Max, not Rex", "I meant Hanna"."""
    if normal.denies(new.text, old.value):
        return True
    if not candidate.correction or ", not " in new.text:
        return False
    if normal.names(new.text, old.value):
        return True
    return _near(new, old) and (normal.alike(new.value, old.value) or _other_name(new, old))


def _other_name(new: Record, old: Record) -> bool:
    """Says whether the same words give the same one another name: "has a kitten named Mocha" / "… Moki"."""
    slot = attribute(new.attribute)
    if slot is None or slot.target not in ("person", "animal") or not new.value or not old.value:
        return False
    named = new.value[:1].isupper() and old.value[:1].isupper()
    return named and normal.key(new.text.replace(new.value, "")) == normal.key(old.text.replace(old.value, ""))


def _stance(record: Record) -> tuple[str, bool]:
    """Slot and polarity in one spelling: not to like is to dislike."""
    if record.attribute == "likes" and record.negated:
        return "dislikes", True
    return record.attribute or "", record.negated != (record.attribute == "dislikes")


def _contrary(new: Record, old: Record, slot: Attribute) -> bool:
    """Says whether one of the two denies what the other says."""
    if new.attribute == old.attribute and new.negated != old.negated:
        denied, said = (new, old) if new.negated else (old, new)
        if denied.value is None:
            return slot.single
        wider = slot.single and normal.contains(said.value, denied.value)
        return wider or _same_value(new, old, slot)
    other = attribute(old.attribute)
    opposed = slot.opposite == old.attribute or (other is not None and other.opposite == new.attribute)
    return opposed and not new.negated and not old.negated and _same_value(new, old, slot)


def _same_value(new: Record, old: Record, slot: Attribute) -> bool:
    if new.value is None or old.value is None:
        return new.value is old.value and slot.single
    plural = slot.target in _COUNTED
    return normal.value(new.value, plural=plural) == normal.value(old.value, plural=plural)


def _overlap(new: Record, old: Record) -> bool:
    """Says whether there is a time at which both could be true."""
    ends_before = new.valid_to is not None and new.valid_to <= old.valid_from
    return not ends_before and not (old.valid_to is not None and old.valid_to <= new.valid_from)


def _over(record: Record) -> bool:
    """Says whether a statement is about a time that had passed when it was made."""
    return record.valid_to is not None and record.valid_to <= record.created_at
