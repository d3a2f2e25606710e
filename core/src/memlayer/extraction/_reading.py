"""A model's answer, read with care: wrong types are mended or refused, numbers mean only what was shown."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from memlayer.attributes import attribute as slot
from memlayer.extraction.categories import DEFAULT_CATEGORIES, categorize
from memlayer.types import Candidate, Message, Record, Relation

log = logging.getLogger(__name__)

ALIAS = "also_known_as"
NAMES = "relates_to"
"""How a subject stands to what a fact of it names without saying how."""
_LONGEST = 1000
_MOST = 200
"""Facts of one answer; more is a model that has lost its way."""
_NUMBER = re.compile(r"\s*[\[(#]?\s*(?:m|msg|message|memory)?[\s_#-]*(\d{1,6})\s*[\])]?\s*", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[T ].*)?")
_NONE = frozenset({"", "null", "none", "n/a", "unknown"})
_PLAIN_TYPE = "thing"
# Words of naming: "everybody calls Robert Bob". "Bob called Robert" and "has known Robert" name two.
_NAMING = re.compile(
    r"\b(?:aka|alias|(?:better )?known as|call(?:s|ed|ing)?|nick\w*|names?|named|short for|for short"
    r"|go(?:es|ing)? by|went by|formerly|n[eé]e|same (?:person|one|man|woman)|stands for|genannt|nenn\w+|hei(?:ß|ss)t"
    r"|appel\w+|surnom\w+|llam\w+|apod\w+|chiam\w+|soprannom\w+)\b",
    re.IGNORECASE,
)
_LATIN = "\u024f"
"""The last of the Latin letters."""
_SENTENCE = re.compile(r"(?<=\w\w[.!?])\s+|\n")


class Reader:
    """Makes candidates of one answer to one question."""

    def __init__(
        self,
        messages: Sequence[Message],
        memories: Sequence[Record],
        offered: Sequence[Mapping[str, str]] | None,
    ) -> None:
        """Messages and memories in the order in which they were numbered; `offered` are the caller's categories."""
        self._messages = messages
        self._memories = memories
        self._offered = offered
        names = [name for one in offered for name in one] if offered is not None else DEFAULT_CATEGORIES
        self._categories = {name.casefold(): name for name in names}

    def read(self, answer: Any) -> list[Candidate]:
        """The facts of the answer in the order in which they were said; ValueError where it is of another form.

        A fact that cites no message is left out; where that leaves nothing, the answer is refused.
        """
        if isinstance(answer, list):
            answer = {"facts": answer}
        ended = _rows(answer.get("ended"), "ended")
        if "facts" not in answer and not ended:
            raise ValueError('"facts" is missing; with nothing to note it is an empty list')
        rows = _rows(answer.get("facts"), "facts")
        if len(rows) > _MOST:
            raise ValueError(f'"facts" has {len(rows)} entries; note what matters, at most {_MOST}')
        found: list[tuple[int, Candidate]] = []
        faults: list[str] = []
        for number, row in enumerate(rows, 1):
            fact = self._fact(row)
            if isinstance(fact, str):
                faults.append(f"fact {number}: {fact}")
            else:
                found.append(fact)
        found += self._ended(ended)
        if faults and not found:
            raise ValueError("; ".join(faults[:3]))
        for fault in faults:
            log.debug("left out %s", fault)
        found.sort(key=lambda pair: pair[0])
        return self._one_name([candidate for _, candidate in found])

    def _fact(self, row: Any) -> tuple[int, Candidate] | str:
        """The fact with the place of its first message, or what is wrong with it."""
        if not isinstance(row, dict):
            return "a fact must be an object with text and sources"
        text = " ".join(row["text"].split())[:_LONGEST] if isinstance(row.get("text"), str) else ""
        if not text:
            return '"text" must be a sentence'
        cited = self._cited(row.get("sources", row.get("source")))
        if not cited:
            return '"sources" must name the messages that say it'
        said = [self._messages[n] for n in cited]
        speaker = next((m for m in said if m.role == "user"), said[0])
        me = speaker.name if speaker.name and speaker.name[:1].isupper() else speaker.role
        subject = _word(row.get("subject")) or "user"
        name, value = _word(row.get("attribute")), _word(row.get("value"))
        known = slot(_snake(name)) if name else None
        since = _day(row.get("since"))
        until = _day(row.get("until"))
        negated = row.get("negated") is True or str(row.get("negated")).lower() == "true"
        whom = me if subject.lower() in ("user", "the user", "i", "me") and me != "tool" else subject
        told = "\n".join((text, *(m.text for m in said))).casefold()
        entities = tuple(pair for pair in _entities(row.get("entities")) if pair[0].casefold() in told)
        candidate = Candidate(
            text=text,
            sources=tuple(dict.fromkeys(m.episode_id for m in said)),
            subject=whom,
            attribute=_snake(name) if known is not None and name and value else None,
            value=value if known is not None else None,
            negated=negated,
            created_at=max(m.timestamp for m in said),
            valid_from=since,
            valid_to=until if until is not None and (since is None or until > since) else None,
            categories=self._named(row.get("categories"), text, name if known else None),
            importance=_share(row.get("importance")),
            replaces=self._shown(row.get("replaces"), said),
            relations=() if negated else tuple(_with_entities(_relations(row.get("relations"), me), entities, whom)),
            entities=entities,
            role=speaker.role,
            name=speaker.name,
        )
        return min(cited), candidate

    def _ended(self, rows: Sequence[Any]) -> Iterator[tuple[int, Candidate]]:
        """Memories that a person took back."""
        for row in rows:
            if not isinstance(row, dict) or not (cited := self._cited(row.get("source", row.get("sources")))):
                continue
            said = [self._messages[n] for n in cited]
            if gone := self._shown(row.get("memory", row.get("memories")), said):
                first = said[0]
                yield (
                    min(cited),
                    Candidate(
                        text="",
                        sources=tuple(dict.fromkeys(m.episode_id for m in said)),
                        created_at=max(m.timestamp for m in said),
                        retracts=gone,
                        role=first.role,
                        name=first.name,
                    ),
                )

    def _cited(self, value: Any) -> list[int]:
        """Places of the messages that the numbers name, each once."""
        return [n - 1 for n in _numbers(value) if 1 <= n <= len(self._messages)]

    def _shown(self, value: Any, said: Sequence[Message]) -> tuple[str, ...]:
        """Ids of the memories that the numbers name; what a tool prints replaces nothing, and fixed ones stay."""
        if all(m.role == "tool" for m in said):
            return ()
        numbers = [n for n in _numbers(value) if 1 <= n <= len(self._memories)]
        return tuple(r.id for n in numbers if not (r := self._memories[n - 1]).immutable)

    def _named(self, value: Any, text: str, name: str | None) -> tuple[str, ...]:
        given = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        found = dict.fromkeys(
            self._categories[c.strip().casefold()]
            for c in given
            if isinstance(c, str) and c.strip().casefold() in self._categories
        )
        return tuple(found)[:3] or categorize(text, name, self._offered)

    def _one_name(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Relations under one name for each person: names are one only where a text, or a shown memory, says so."""
        texts = {m.episode_id: m.text for m in self._messages}
        two = {_pair(r) for c in candidates for r in c.relations if r.predicate not in (ALIAS, NAMES)}
        same: dict[str, str] = {}
        for record in self._memories:
            same |= {r.target.casefold(): r.source for r in record.relations if r.predicate == ALIAS}
        kept: list[Candidate] = []
        for candidate in candidates:
            relations = []
            for r in candidate.relations:
                if r.predicate == ALIAS:
                    # Who knows, likes or helps another is another.
                    if _pair(r) in two or not any(_says_same(r, texts[s]) for s in candidate.sources):
                        continue
                    same[r.target.casefold()] = r.source
                relations.append(r)
            kept.append(replace(candidate, relations=tuple(relations)))

        def main(name: str) -> str:
            return same.get(name.casefold(), name)

        return [
            replace(
                c,
                relations=tuple(
                    r if r.predicate == ALIAS else replace(r, source=main(r.source), target=main(r.target))
                    for r in c.relations
                ),
            )
            for c in kept
        ]


def _pair(relation: Relation) -> frozenset[str]:
    return frozenset((relation.source.casefold(), relation.target.casefold()))


def _says_same(alias: Relation, text: str) -> bool:
    """Says whether a sentence gives one both names; in other than Latin letters, whether it has both."""
    one, other = (re.escape(name.casefold()) for name in (alias.source, alias.target))
    if one == other:
        return False
    name, me = (other, "(?:i am|i'm)") if one == "user" else (f"(?:{one}|{other})", f"(?:{one}|{other}),? (?:is|was)")
    same = re.compile(
        rf"[(\"'\u201c\u201e\u2018\u00ab]\s*{name}\b|\b{name}\s*[=/]\s*{name}\b|\b{name}, or {name}\b"
        rf"|\b{me} (?:\w+ly )?{name}\b(?!['\u2019])"
    )
    rung = re.compile(rf"\b(?:i|{name}) (?:\w+ly |just |has )*call(?:s|ed)? {name}\b")
    for sentence in _SENTENCE.split(text.casefold().replace("a.k.a.", "aka").replace("i.e.", "alias")):
        if re.search(other, sentence) and (one == "user" or re.search(one, sentence)):
            letters = max(alias.target)
            if letters > _LATIN or same.search(sentence) or _NAMING.search(rung.sub("", sentence)):
                return True
    return False


def _rows(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, dict):
        value = [value] if "text" in value or "memory" in value else list(value.values())
    if not isinstance(value, list):
        raise ValueError(f'"{name}" must be a list')
    return value


def _numbers(value: Any) -> list[int]:
    """Whole numbers out of a number, "[1]", "M2", "message 3", {"number": 4} or a list of such."""
    found: list[int] = []
    for one in value if isinstance(value, list) else [value]:
        one = one.get("number") if isinstance(one, dict) else one
        if isinstance(one, bool):
            continue
        if isinstance(one, int):
            found.append(one)
        elif isinstance(one, float) and one.is_integer():
            found.append(int(one))
        elif isinstance(one, str):
            found += [int(m.group(1)) for part in one.split(",") if (m := _NUMBER.fullmatch(part))]
    return list(dict.fromkeys(found))


def _word(value: Any) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or value.strip().lower() in _NONE:
        return None
    return " ".join(value.split())[:_LONGEST]


def _snake(name: str) -> str:
    """A name in snake_case, a topic after its colon kept: "Favorite: Color" gives "favorite:color"."""
    parts = [re.sub(r"\W+", "_", part.strip().lower()).strip("_") for part in name.split(":")]
    return ":".join(part for part in parts if part)


def _day(value: Any) -> datetime | None:
    """The begin of an ISO date, month or year."""
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        exact = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        return exact if exact.tzinfo is not None else exact.replace(tzinfo=timezone.utc)
    except ValueError:
        pass
    try:
        return datetime(int(found[1]), int(found[2] or 1), int(found[3] or 1), tzinfo=timezone.utc)
    except ValueError:
        return None


def _share(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return {"high": 0.9, "low": 0.2}.get(str(value).strip().lower(), 0.5)
    if number != number:
        return 0.5
    if number > 1.0:
        # Some models count to ten.
        number /= 10.0 if number <= 10.0 else 100.0
    return min(1.0, max(0.0, number))


def _relations(value: Any, me: str) -> Iterator[Relation]:
    for row in value if isinstance(value, list) else []:
        if not isinstance(row, dict):
            continue
        source, target = _word(row.get("source")), _word(row.get("target"))
        predicate = _snake(_word(row.get("relation", row.get("relationship"))) or "").replace(":", "_")
        if source and target and predicate:
            yield Relation(
                _me(source, me),
                predicate,
                _me(target, me),
                _kind(row.get("source_type")),
                _kind(row.get("target_type")),
            )


def _with_entities(
    relations: Iterator[Relation], entities: Sequence[tuple[str, str]], subject: str
) -> Iterator[Relation]:
    """The relations with the entities' types, and an edge to each entity that none of them names."""
    kinds = {"user": "person", **{name.casefold(): kind for name, kind in entities}}
    ends = {subject.casefold(), "user", "assistant"}
    for r in relations:
        types = [kind if kind != _PLAIN_TYPE else kinds.get(name.casefold(), kind)
                 for name, kind in ((r.source, r.source_type), (r.target, r.target_type))]  # fmt: skip
        ends |= {r.source.casefold(), r.target.casefold()}
        yield replace(r, source_type=types[0], target_type=types[1])
    for name, kind in entities:
        if name.casefold() not in ends:
            ends.add(name.casefold())
            yield Relation(subject, NAMES, name, kinds.get(subject.casefold(), _PLAIN_TYPE), kind)


def _me(name: str, me: str) -> str:
    return me if name.casefold() in ("user", "the user", "i", "me") and me not in ("tool", "assistant") else name


def _kind(value: Any) -> str:
    return _snake(_word(value) or _PLAIN_TYPE).replace(":", "_") or _PLAIN_TYPE


def _entities(value: Any) -> Iterator[tuple[str, str]]:
    for row in value if isinstance(value, list) else []:
        if isinstance(row, str) and _word(row):
            yield " ".join(row.split())[:_LONGEST], _PLAIN_TYPE
        elif isinstance(row, dict) and (name := _word(row.get("name"))):
            yield name, _kind(row.get("type"))
