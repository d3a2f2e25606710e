"""Reads what ends a held fact by naming its value, and what comes in its place: "gave up keto", "finished Dune and
started Hyperion", "replaced my iPhone 12 with a Pixel 9".

The words need not be known: that a fact of the subject holds the value says what it is, and a table says which verbs
end which slots. So "left Zalando" ends a job only for who works there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memlayer.extraction import _entities as entities
from memlayer.extraction import _values as values
from memlayer.extraction import _words as words
from memlayer.extraction._readings import Reading
from memlayer.types import Candidate, Record

_TITLES = frozenset({"reads", "watches", "plays"})
_TASTES = frozenset({"likes", "prefers"})
_THINGS = frozenset({"owns", "drives", "has", "uses", "has_pet", "detail", "runs"})
_DOINGS = frozenset({"does", "plays", "learns", "studies", "member_of"})
_INTAKE = frozenset({"diet", "eats", "drinks", "takes_medication", "smokes"})
_PLACES = frozenset({"works_at", "occupation", "studies_at", "member_of", "plays_for"})

_LEAD = (
    r"^(?:(?:have|has|had|had to|decided to|just|finally|recently|also|already|officially|now|sadly|eventually"
    r"|at last) )*"
)
_BE = r"(?:am|is|are|was|were)"


def _class(slots: frozenset[str], *verbs: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """Verbs, and the slots that they end."""
    return re.compile(f"{_LEAD}(?:{'|'.join(verbs)}) ", re.IGNORECASE), slots


_ENDED = (
    _class(
        _INTAKE | _DOINGS | _TITLES | _PLACES | {"uses", "goal", "plans", "runs"},
        r"(?:gave|give|given) up(?: on)?|quit|dropped|abandoned|packed in|closed(?: down)?|shut down",
        rf"stopped(?: doing| using| taking| learning| playing)?|{_BE} (?:done|through) with",
    ),
    _class(_INTAKE | _TASTES, rf"(?:{_BE}|went|came|got|gone|come) off(?: the| of)?"),
    _class(
        _TASTES | _DOINGS,
        r"fell out of love with|lost interest in",
        rf"{_BE} (?:(?:so )?over|(?:sick|tired"
        rf"|bored) of)",
    ),
    _class(_TITLES | {"learns", "studies"}, r"finished(?: reading| watching| playing)?|completed|wrapped up"),
    _class(
        _THINGS | {"plays"},
        r"sold|sell|(?:got|get) rid of|(?:gave|given|give) away|traded(?: in)?|scrapped|ditched|dumped",
        r"swapped|exchanged|replaced|rehomed|uninstalled|deleted",
    ),
    _class(frozenset({"lives_in"}), r"traded|swapped|exchanged"),
    _class(frozenset({"uses", "member_of", "does"}), r"cancell?ed|unsubscribed from|stopped paying for|let go of"),
    _class(
        _PLACES,
        r"left|quit|resigned from|parted ways with|walked away from|stopped working (?:at|for)",
        rf"(?:got|{_BE}) (?:fired|laid off|let go|made redundant|sacked) (?:from|by)|graduated from|dropped out of",
    ),
    _class(
        _THINGS | _INTAKE | _DOINGS | _TITLES | _PLACES | {"commutes_by", "prefers", "state"},
        r"(?:switched|changed|moved(?: on| over)?|migrated|ported|rewrote|went|gone|converted|transferred|upgraded"
        r"|downgraded)"
        r"(?: everything| over| all (?:of )?(?:my|our) \w+| (?:my|our|the) [\w-]+(?: [\w-]+)?)? (?:away )?from",
    ),
)
_GAVE_AWAY = re.compile(
    r"^(?:(?:have|has|had|had to|just|sadly|finally) )*(?:gave|give|given) (?P<what>.+?) away\b", re.IGNORECASE
)
_OWNER = re.compile(
    r"^(?:(?:my|our|the|his|her|their|this|that|an?|being|eating|drinking|reading|watching) )+", re.IGNORECASE
)
# What may stand between the end of the old and the new one; anything else makes it another thing.
_KIND = r"(?: (?:diet|subscription|membership|account|app|job|lifestyle|thing|altogether|completely|entirely))?"
_STOP = re.compile(
    rf"^{_KIND}(?:$|[,.;!:(]| (?:last|this|in (?!which)|after|because|since|for good|again|yesterday|today|now|lately"
    r"|when|just|late|early|while|before|during|a (?:week|month|year|few|couple)|to|two|three|six|ages|years|away"
    r"|as|due|too|and|but|on (?:mon|tues"
    r"|wednes|thurs|fri"
    r"|satur|sun|the)|over)\b)",
    re.IGNORECASE,
)
_NEXT = re.compile(
    rf"^{_KIND}(?: in)?(?:,? (?:and|then|so))?(?: I| we)? ?(?:am |is |are |have |has )?(?:just |now |then |instead )*"
    r"(?:(?P<swap>for|with|by|to)(?: join| get| work (?:at|for))?|started(?: at)?|began|moved on to|switched to"
    r"|joined|on to"
    r"|got|bought|took up|picked up|went with|at|with|on) (?P<new>.+)$",
    re.IGNORECASE,
)
_BEGAN = re.compile(
    r"^(?:(?:have|has|just|now|then|already|instead|recently) )*(?:start(?:ed)?(?: at)?|began|begun|moved on to"
    r"|switched to"
    rf"|picked up|took up|taken up|joined|went with|{_BE} (?:now )?(?:on|on to|onto|at|with|into|reading|watching"
    r"|playing|using|learning|working (?:at|for|with))) (?P<new>.+)$",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:the |an? |my )?((?:[Tt]he )?[A-Z0-9][\w'&+#.-]*(?: (?:(?:of|the|and|in|a|to|for"
    r"|on) ){0,2}[A-Z0-9][\w'&+#.-]*){0,6})"
)
_KINDS = (
    (frozenset({"diet"}), words.DIETS),
    (frozenset({"eats", "drinks"}), words.FOODS),
    (frozenset({"takes_medication"}), words.MEDICATIONS),
    (_DOINGS | {"likes"}, words.ACTIVITIES | words.INSTRUMENTS | words.LANGUAGES),
    (frozenset({"owns", "drives"}), words.OWNED),
    (frozenset({"uses"}), words.TECH),
)
_GONE = re.compile(r"^(?:it|that|him|her|them|my|our)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ended:
    """A slot of somebody that a statement left empty."""

    subject: str
    attribute: str
    value: str


def over(rest: str, subject: str, facts: Iterable[Record | Candidate]) -> tuple[Reading, Ended] | None:
    """The fact that a predicate ends by naming its value, or the one that takes its place.

    `facts` are looked at where the words may end one; those of the subject count, the newest first.
    """
    found = _verb(rest) if _may(rest) else None
    if found is None:
        return None
    tail, slots = found
    tail = _OWNER.sub("", tail)
    for fact in facts:
        if fact.subject != subject or fact.negated or not fact.value or fact.attribute is None:
            continue
        if fact.attribute.partition(":")[0] not in slots or (left := _named(fact.value, tail)) is None:
            continue
        ended = Ended(subject, fact.attribute, fact.value)
        if (m := _NEXT.match(left)) and (new := _like(ended, m["new"], swapped=m["swap"] is not None)):
            return Reading(fact.attribute, new, replaces=(fact.id,) if isinstance(fact, Record) else ()), ended
        if _STOP.match(left):
            return Reading(fact.attribute, fact.value, True), ended
    return None


_NEW_JOB = re.compile(rf"{_LEAD}(?:changed|switched) (?:jobs|companies|employers)\b", re.IGNORECASE)


def changes_jobs(rest: str) -> bool:
    """Says whether somebody changed jobs, so that where they are "now" is the new one."""
    return "ed " in rest and bool(_NEW_JOB.match(rest))


def begun(rest: str, subject: str, ended: Ended | None) -> Reading | None:
    """What fills the slot that the statement before left empty: "started Hyperion", "am at Klarna now"."""
    m = _BEGAN.match(rest) if ended is not None and ended.subject == subject else None
    new = _like(ended, m["new"]) if m is not None and ended is not None else None
    return Reading(ended.attribute, new) if new is not None and ended is not None else None


# Without one of these words nothing ends: most statements are looked at once.
_MAY = (
    "gave", "give", "quit", "drop", "abandon", "packed", "closed", "shut", "stopp", "done with", "through with", "off ",
    "fell out", "lost interest", "over", "sick of", "tired of", "bored of", "finish", "complet", "wrapped", "sold",
    "sell", "rid of", "trad", "scrap", "ditch", "dump", "swap", "exchang", "replac", "rehom", "uninstall", "delet",
    "cancel", "unsubscrib", "let go", "left", "resign", "parted", "walked away", "fired", "laid off",
    "redundant", "sacked", "ported", "graduat", "from", "changed", "switched",
)  # fmt: skip


def _may(rest: str) -> bool:
    low = rest.lower()
    return any(word in low for word in _MAY)


def slots(rest: str) -> frozenset[str]:
    """The slots that the verb a predicate begins with ends; none where it ends nothing."""
    found = _verb(rest) if _may(rest) else None
    return frozenset() if found is None else found[1]


def _verb(rest: str) -> tuple[str, frozenset[str]] | None:
    """What follows a verb of ending, and the slots that all its readings end."""
    if m := _GAVE_AWAY.match(rest):
        return m["what"], frozenset({"has_pet", "owns"})
    found = [(rest[m.end() :], slots) for pattern, slots in _ENDED if (m := pattern.match(rest))]
    if not found:
        return None
    return max(found, key=lambda f: -len(f[0]))[0], frozenset().union(*(slots for _, slots in found))


def _named(value: str, tail: str) -> str | None:
    """What follows the value in a text that begins with it, or with its last words; None where it does not."""
    low, bare = tail.casefold(), _OWNER.sub("", value)
    parts = bare.casefold().split(" ")
    names = [" ".join(parts[n:]) for n in range(len(parts))]
    if len(parts) > 1 and bare[:1].isupper() and len(parts[0]) > 3:
        names.append(parts[0])  # "the Nokia" for a Nokia 3310
    for part in names:
        for said in (part, f"{part}s", part.removesuffix("s")):
            if len(said) > 1 and low.startswith(said) and not low[len(said) : len(said) + 1].isalnum():
                return tail[len(said) :]
    return None


def _like(old: Ended, text: str, *, swapped: bool = False) -> str | None:
    """The new value that a text begins with, of the same make as the old one: a name for a name, a word of its kind.

    What was put in the place of the old one (`swapped`) is of its kind, known or not.
    """
    if _GONE.match(text):
        return None
    slot = old.attribute.partition(":")[0]
    if slot not in _DOINGS and re.match(r"\w+ing\b", text):
        return None
    named = old.value != old.value.lower()
    if m := _NAME.match(text):
        new = m[1].rstrip(".'")
        sure = entities.is_name(re.sub(r"^[Tt]he ", "", new).split(" ")[0]) and not new.endswith("'s")
        return new if named and sure and (entities.kind_of(new) != "place" or slot not in _PLACES) else None
    if slot == "occupation":
        return values.job(text)
    known = next((kinds for slots, kinds in _KINDS if slot in slots), None)
    if known is not None:
        return values.listed(text, known) or (
            values.noun(text, 2) if swapped and slot not in _THINGS - {"uses"} else None
        )
    return None if named else values.noun(text, 3)


def held(facts: Iterable[Record], said: Iterable[Candidate], name: str | None) -> Iterator[Record | Candidate]:
    """What is known of everybody, what was said last first; "user" means one speaker only where they have names."""
    yield from reversed([c for c in said if c.attribute is not None])
    yield from (r for r in facts if r.subject != "user" or not (name and r.name) or r.name == name)
