"""Short conversations with what must become of their facts, read from a text file and told to the local rules.

A block is a title (``# …``), turns, and expectations, each on a line of its own:

    a turn of the user, 40 days after the one before;
    ``& …`` another message of the same call, ``~ …`` another call a minute later, ``A: …`` one of the assistant,
    ``@Lena: …`` one of a named speaker;
    ``- words``  a fact with these words was replaced or ended;
    ``= words``  nothing was replaced, and a live fact has these words (none are asked for where the line is bare);
    ``+ words``  a live fact has these words at the end; ``! words``  none has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

from memlayer.attributes import rivals
from memlayer.engine import normal
from memlayer.engine.resolve import resolve
from memlayer.extraction.local import LocalExtractor
from memlayer.types import Message, Record, Scope

BEGIN = datetime(2024, 4, 13, 9, 0, tzinfo=timezone.utc)
SCOPE = Scope(user_id="u")


@dataclass
class Talk:
    """One conversation and what is expected of it."""

    title: str
    turns: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    kept: bool = False
    """Nothing may be replaced."""


@dataclass(frozen=True)
class Told:
    """What the rules made of a conversation."""

    replaced: list[str]
    live: list[str]

    def faults(self, talk: Talk) -> list[str]:
        """Each expectation that does not hold, in words; empty where all do."""
        found = [f"replaced without cause: {old}" for old in self.replaced if not _any(talk.gone, old)]
        found += [f"not replaced: {words}" for words in talk.gone if not _has(self.replaced, words)]
        found += [f"no fact: {words}" for words in talk.live if not _has(self.live, words)]
        return found + [f"false fact: {words}" for words in talk.never if _has(self.live, words)]


def read(path: Path) -> Iterator[Talk]:
    """The conversations of a file, in order."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip().split("\n")
        talk = Talk(lines[0].removeprefix("# "))
        for line in lines[1:]:
            mark, words = line[:1], line[2:]
            if mark not in "-+!=" or line[1:2] not in ("", " "):
                talk.turns.append(line)
                continue
            talk.kept |= mark == "="
            if words:
                {"-": talk.gone, "+": talk.live, "=": talk.live, "!": talk.never}[mark].append(words)
        yield talk


def tell(talk: Talk) -> Told:
    """Tells a conversation to extraction and conflict as `add` does, call by call, without a store."""
    extractor, ids = LocalExtractor(), count(1)
    held: dict[str, Record] = {}
    replaced: list[str] = []
    said: list[Record] = []
    for messages in _calls(talk.turns):
        live = [r for r in held.values() if r.status == "live"]
        newest = sorted(live, key=lambda r: r.created_at, reverse=True)
        candidates = extractor.extract(messages, scope=SCOPE, known=[*newest, *said[-4:]])
        said += [_episode(m) for m in messages]
        slots = {slot for c in candidates if c.attribute for slot in rivals(c.attribute)}
        words = {normal.key(c.text) for c in candidates}
        named = {i for c in candidates for i in (*c.retracts, *c.replaces)}
        known = [r for r in live if r.attribute in slots or r.id in named or normal.key(r.text) in words]
        for decision in resolve(
            candidates, known, now=messages[-1].timestamp, new_id=lambda: f"f{next(ids)}", scope=SCOPE
        ):
            for old in decision.replaced:
                held[old.id] = old
                replaced.append(old.text)
            if decision.record is not None:
                held[decision.record.id] = decision.record
    current = [r.text for r in held.values() if r.status == "live" and r.superseded_by is None]
    return Told(replaced, current)


def _calls(turns: list[str]) -> Iterator[list[Message]]:
    """The messages of each call."""
    calls: list[list[Message]] = []
    when = BEGIN - timedelta(days=40)
    for number, turn in enumerate(turns):
        text, role, name = turn.removeprefix("& ").removeprefix("~ "), "user", None
        when += timedelta(minutes=1) if turn.startswith(("& ", "~ ")) else timedelta(days=40)
        if text.startswith("A: "):
            role, text = "assistant", text[3:]
        elif text.startswith("@"):
            name, _, text = text[1:].partition(": ")
        message = Message(role, text, when, name, f"m{number}", f"m{number}")
        if turn.startswith("& "):
            calls[-1].append(message)
        else:
            calls.append([message])
    yield from calls


def _episode(message: Message) -> Record:
    """A message as it is stored."""
    at = message.timestamp
    return Record(
        id=message.episode_id, kind="episode", text=message.text, scope=SCOPE, created_at=at, recorded_at=at,
        valid_from=at, role=message.role, name=message.name, message_id=message.id,
    )  # fmt: skip


def _has(texts: list[str], words: str) -> bool:
    return any(words.casefold() in text.casefold() for text in texts)


def _any(wanted: list[str], text: str) -> bool:
    return any(words.casefold() in text.casefold() for words in wanted)
