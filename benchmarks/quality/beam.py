"""BEAM's long chats: does a question bring back the user's messages that answer it, the updated ones first?

    python benchmarks/quality/beam.py --data chats/100K
    python benchmarks/quality/beam.py --data chats/100K/1/chat.json

`--data` is a `chat.json`, or a folder in which every `chat.json` is one user's memory; `probing_questions.json` stands
beside it or in a folder of that name. Only the user's messages are evidence in BEAM, so that only they count: recall@k
looks at the first k of them that the results cite.

- updated above original: of knowledge_update questions, the share where the first message that tells the update stands
  above every one that tells what was before it;
- both sides@5: of contradiction_resolution questions, the share with a message of each side among the first five;
- abstention: how well the best score tells questions of all other abilities from those without an answer.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from run import Run, flatten, show, tell
from scores import KS
from sets import Session, Talk, Turn

from memlayer import Memory

LIMIT = 60
"""Results that are asked for: enough for 20 of the user's messages with the assistant's among them."""
NEWER = ("updat", "new", "second", "current", "latest", "after")
"""How the keys of `source_chat_ids` begin that name the later side."""
FORMATS = ("%B-%d-%Y", "%Y-%m-%d", "%B %d, %Y", "%b-%d-%Y", "%d %B %Y", "%m/%d/%Y")
"""Ways in which a `time_anchor` spells a day."""
START = datetime(2024, 1, 1, tzinfo=timezone.utc)
"""The day of a chat's first session where it names none."""


@dataclass(frozen=True)
class Probe:
    """One question; messages are named by BEAM's own ids."""

    question: str
    ability: str
    older: frozenset[str]
    """The evidence, or the side of it that was told first."""
    newer: frozenset[str]
    """The side that was told later; empty where the evidence has no sides."""


@dataclass(frozen=True)
class Chat:
    """One user's memory and what is asked about it."""

    talk: Talk
    probes: tuple[Probe, ...]
    number: dict[str, str]
    """The user's turns, and BEAM's id of each: some ids stand for several messages."""


def chats(data: Path) -> list[Chat]:
    """Every chat under a folder that has questions, or the one of a file."""
    files = [data] if data.is_file() else sorted(data.rglob("chat.json"))
    found = [(file, questions) for file in files if (questions := _questions(file)) is not None]
    if not found:
        raise SystemExit(f"{data}: no chat.json with a probing_questions.json beside it")
    return [_chat(str(file.parent), _load(file), _load(questions)) for file, questions in found]


def _load(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _questions(chat: Path) -> Path | None:
    places = (chat.parent, chat.parent / "probing_questions")
    return next((p for folder in places if (p := folder / "probing_questions.json").is_file()), None)


def _chat(owner: str, nested: Any, questions: dict[str, list[dict[str, Any]]]) -> Chat:
    sessions, number = [], {}
    at = START
    for n, messages in enumerate(_sessions(nested)):
        anchors = [moment for m in messages if (moment := _moment(m.get("time_anchor"))) is not None]
        at = anchors[0] if anchors else at + timedelta(days=bool(n))
        turns = []
        for place, message in enumerate(messages):
            turn = Turn(f"{n}:{place}", str(message["role"]).lower(), str(message["content"]))
            turns.append(turn)
            if turn.role == "user":
                number[turn.id] = str(message["id"])
        sessions.append(Session(f"session-{n}", at, tuple(turns)))
    said = frozenset(number.values())
    probes = tuple(_probe(item, ability, said) for ability, items in questions.items() for item in items)
    return Chat(Talk(owner, tuple(sessions), ()), probes, number)


def _sessions(node: Any) -> Iterator[list[dict[str, Any]]]:
    """A batch of turns is one session; where there are no batches, each list of messages is one."""
    if isinstance(node, dict):
        if "turns" in node:
            anchor = node.get("time_anchor")
            messages = list(_messages(node["turns"]))
            if messages:
                yield [{"time_anchor": anchor, **m} if anchor else m for m in messages]
        else:
            for child in node.values():
                yield from _sessions(child)
    elif isinstance(node, list):
        loose = [child for child in node if _is_message(child)]
        if loose:
            yield loose
        for child in node:
            if not _is_message(child):
                yield from _sessions(child)


def _messages(node: Any) -> Iterator[dict[str, Any]]:
    if _is_message(node):
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _messages(child)


def _is_message(node: Any) -> bool:
    return isinstance(node, dict) and {"role", "content", "id"} <= node.keys()


def _moment(anchor: Any) -> datetime | None:
    for form in FORMATS:
        with suppress(ValueError):
            return datetime.strptime(str(anchor).strip(), form).replace(tzinfo=timezone.utc)
    return None


def _probe(item: dict[str, Any], ability: str, said: frozenset[str]) -> Probe:
    sources = item.get("source_chat_ids")
    newer: set[str] = set()
    if isinstance(sources, dict):
        newer = {i for key, ids in sources.items() if str(key).lower().startswith(NEWER) for i in _ids(ids)}
    older = set(_ids(sources)) - newer
    return Probe(item["question"], ability, frozenset(older & said), frozenset(newer & said))


def _ids(node: Any) -> Iterator[str]:
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _ids(child)
    elif node is not None:
        yield str(node)


def figures(probe: Probe, found: Sequence[str]) -> dict[str, float]:
    """What one answer is worth; `found` are BEAM's ids of the user's messages that the results cite, each once."""
    gold = probe.older | probe.newer
    values = {f"recall@{k}": len(gold.intersection(found[:k])) / len(gold) for k in KS}
    values["mrr"] = next((1 / place for place, i in enumerate(found, 1) if i in gold), 0.0)
    if probe.older and probe.newer:
        place = {i: n for n, i in enumerate(found)}
        first_new, first_old = (min(place.get(i, len(found)) for i in side) for side in (probe.newer, probe.older))
        if probe.ability == "knowledge_update":
            values["updated above original"] = float(first_new < first_old)
        if probe.ability == "contradiction_resolution":
            values["both sides@5"] = float(max(first_new, first_old) < min(5, len(found)))
    return values


def run(data: Sequence[Chat], console: Console) -> Run:
    done = Run()
    with tempfile.TemporaryDirectory() as folder, Memory(path=Path(folder) / "memory.db") as memory:
        for chat in data:
            tell(memory, chat.talk, done, console)
        pairs = [(chat, probe) for chat in data for probe in chat.probes]
        for chat, probe in track(pairs, "asking", console=console):
            _ask(memory, chat, probe, done)
    return done


def _ask(memory: Memory, chat: Chat, probe: Probe, done: Run) -> None:
    start = time.perf_counter()
    results = memory.search(probe.question, user_id=chat.talk.owner, limit=LIMIT)["results"]
    done.seconds.append(time.perf_counter() - start)
    best = results[0]["score"] if results else 0.0
    if probe.ability == "abstention":
        done.abstention.append(best)
    elif probe.older or probe.newer:
        done.answered.append(best)
        found = [chat.number[turn] for turn in flatten(results) if turn in chat.number]
        done.tally.add((probe.ability, "all"), figures(probe, list(dict.fromkeys(found))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a chat.json, or a folder of chats")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    show(run(chats(options.data), Console(stderr=True)).report(), as_json=options.json)


if __name__ == "__main__":
    main()
