"""Lists every replacement that the local rules make on conversations, for a person to judge.

Messages go through the extractor and `resolve` as `add` sends them, without a store, session by session; what each
new fact does to an older one is printed with the words behind both.

    python benchmarks/quality/replacements.py --data FILE [FILE ...] [--pool] [--sample N --seed S] [--json FILE]

With --pool everybody's sessions become the life of one person, so that slots meet far more often than in one memory;
the question to the judge is then: if one person had said both, would the old fact be outdated?

Reads LoCoMo (`conversation`), LongMemEval (`haystack_sessions`) and updates.json (`sessions`) in their own formats.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from memlayer.engine.resolve import resolve
from memlayer.extraction.local import LocalExtractor
from memlayer.types import Message, Record, Scope

Session = list[Message]


@dataclass(frozen=True)
class Replacement:
    """One fact that gave way, and what was said."""

    who: str
    reason: str
    slot: str
    old: str
    new: str
    old_said: str
    new_said: str


def locomo(entry: dict[str, Any]) -> Iterator[Session]:
    talk = entry["conversation"]
    for number in count(1):
        if f"session_{number}" not in talk:
            return
        when = datetime.strptime(talk[f"session_{number}_date_time"] + " +0000", "%I:%M %p on %d %B, %Y %z")
        yield [
            Message("user", t["text"], when, t["speaker"], t["dia_id"], t["dia_id"]) for t in talk[f"session_{number}"]
        ]


def longmemeval(entry: dict[str, Any]) -> Iterator[Session]:
    dated = [
        (datetime.strptime(day + " +0000", "%Y/%m/%d (%a) %H:%M %z"), session)
        for day, session in zip(entry["haystack_dates"], entry["haystack_sessions"], strict=True)
    ]
    for number, (when, session) in enumerate(sorted(dated, key=lambda pair: pair[0])):
        ids = [f"{number}:{i}" for i in range(len(session))]
        yield [
            Message(t["role"], t["content"], when + timedelta(seconds=i), None, ids[i], ids[i])
            for i, t in enumerate(session)
        ]


def own(entry: dict[str, Any]) -> Iterator[Session]:
    for session in entry["sessions"]:
        yield [
            Message(
                t["role"],
                t["content"],
                datetime.fromisoformat(t["timestamp"].replace("Z", "+00:00")),
                t.get("name"),
                t["id"],
                t["id"],
            )
            for t in session
        ]


def people(path: Path) -> Iterator[tuple[str, list[Session]]]:
    """Each user of a file with the sessions in order."""
    for number, entry in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        read = locomo if "conversation" in entry else longmemeval if "haystack_sessions" in entry else own
        name = entry.get("sample_id") or entry.get("question_id") or entry.get("id") or str(number)
        yield name, list(read(entry))


def replacements(who: str, sessions: list[Session]) -> tuple[list[Replacement], int]:
    """What the rules replace in one user's memory, and how many facts they made."""
    extractor, numbers = LocalExtractor(), count(1)
    scope = Scope(user_id=who)
    said = {m.episode_id: m for session in sessions for m in session}
    held: dict[str, Record] = {}
    found: list[Replacement] = []
    for session in sessions:
        candidates = extractor.extract(session, scope=scope, known=())
        live = [r for r in held.values() if r.status == "live"]
        now = session[-1].timestamp
        for decision in resolve(candidates, live, now=now, new_id=lambda: f"f{next(numbers)}", scope=scope):
            new = decision.record
            for old in decision.replaced:
                words = decision.candidate.sources[0]
                found.append(
                    Replacement(
                        who,
                        decision.reason,
                        f"{decision.candidate.subject} {decision.candidate.attribute}",
                        old.text,
                        new.text if new else "(nothing)",
                        _quoted(said[old.sources[0]]),
                        _quoted(said[words]),
                    )
                )
                held[old.id] = old
            if new is not None:
                held[new.id] = new
    return found, len(held)


def pooled(everybody: Iterable[tuple[str, list[Session]]]) -> Iterator[tuple[str, list[Session]]]:
    """All sessions as one person's, in the order of time."""
    sessions = [
        [replace(m, name=None, episode_id=f"{who} {m.episode_id}") for m in session]
        for who, sessions in everybody
        for session in sessions
    ]
    yield "everybody", sorted(sessions, key=lambda session: session[0].timestamp)


def _quoted(message: Message) -> str:
    return f"{message.timestamp:%Y-%m-%d} {message.name or message.role}: {' '.join(message.text.split())[:300]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--pool", action="store_true", help="make one person of everybody")
    parser.add_argument("--sample", type=int, help="show that many, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write all of them there, too")
    options = parser.parse_args()
    found: list[Replacement] = []
    facts = 0
    for path in options.data:
        for who, sessions in pooled(people(path)) if options.pool else people(path):
            more, made = replacements(who, sessions)
            found += more
            facts += made
            print(f"\r{path.name} {who:20}", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr)
    shown = found
    if options.sample is not None and options.sample < len(found):
        shown = random.Random(options.seed).sample(found, options.sample)
    for number, r in enumerate(shown, 1):
        print(f"{number}. [{r.reason}] {r.who}: {r.slot}\n   - {r.old}\n   + {r.new}")
        print(f"     before  {r.old_said}\n     after   {r.new_said}")
    reasons = ", ".join(f"{n} {reason}" for reason, n in Counter(r.reason for r in found).most_common())
    print(f"{facts} facts, {len(found)} replacements: {reasons or 'none'}; {len(shown)} shown")
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in found], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
