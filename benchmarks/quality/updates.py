"""Measures what changes and what must not: 122 short dialogues whose facts change, are corrected, retracted or only
look as if they did.

Each dialogue becomes the memory of one user, one `add` per session, with the ids, names and times of its messages;
then its questions are searched. Only memlayer's public names are used, with default settings.

    python benchmarks/quality/updates.py [--half tune|test] [--json FILE] [--show]

The figures:

- replacements right (precision): of all facts that `add` replaced, the share that the dialogue says is outdated;
- outdated facts replaced (recall): of all facts that a dialogue says are outdated, the share that was replaced;
- lookalikes kept: dialogues of which nothing is outdated and in which nothing was replaced;
- newest above older: questions whose current message ranks above the outdated one (absent counts as below);
- both sides: of contradictions, the current message within the first five and not below the other one, and the other
  one within the first five too, by default ("now") or in what was true before it was contradicted ("then");
- answers found: questions of which every gold message is within the first five;
- AUROC: how well the top score tells questions that were answered in the dialogue from questions that were not.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from memlayer import Memory

DATA = Path(__file__).with_name("updates.json")
KINDS = ("change", "correction", "retraction", "contradiction", "lookalike")


@dataclass
class Tally:
    """Hits out of tries."""

    hits: int = 0
    tries: int = 0

    def count(self, hit: bool) -> None:
        self.hits += hit
        self.tries += 1

    @property
    def percent(self) -> float | None:
        return 100 * self.hits / self.tries if self.tries else None


@dataclass
class Figures:
    """What is measured over some dialogues."""

    precision: Tally = field(default_factory=Tally)
    recall: Tally = field(default_factory=Tally)
    kept: Tally = field(default_factory=Tally)
    newest: Tally = field(default_factory=Tally)
    both_now: Tally = field(default_factory=Tally)
    both_then: Tally = field(default_factory=Tally)
    found: Tally = field(default_factory=Tally)
    answered: list[float] = field(default_factory=list)
    unanswered: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def row(self) -> dict[str, float | None]:
        return {
            "replacements right": self.precision.percent,
            "outdated replaced": self.recall.percent,
            "lookalikes kept": self.kept.percent,
            "newest above older": self.newest.percent,
            "both sides, now": self.both_now.percent,
            "both sides, then": self.both_then.percent,
            "answers found@5": self.found.percent,
        }


def turns(results: Sequence[dict[str, Any]]) -> list[str]:
    """Message ids behind the results, best first, each once: a result that cites much gains nothing."""
    return list(dict.fromkeys(s["message_id"] for r in results for s in r["sources"] if s["message_id"]))


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The share of pairs in which the positive scores higher; ties count half."""
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative))


def interval(positive: Sequence[float], negative: Sequence[float], rounds: int = 500) -> tuple[float, float]:
    """95% interval of the AUROC by resampling."""
    dice = random.Random(7)
    drawn = sorted(
        auroc(dice.choices(positive, k=len(positive)), dice.choices(negative, k=len(negative))) for _ in range(rounds)
    )
    return drawn[int(rounds * 0.025)], drawn[int(rounds * 0.975)]


def tell(memory: Memory, dialogue: dict[str, Any]) -> list[dict[str, Any]]:
    """Adds the dialogue session by session; returns what `add` replaced."""
    replaced = []
    for number, session in enumerate(dialogue["sessions"]):
        answer = memory.add(session, user_id=dialogue["id"], run_id=f"{dialogue['id']}-{number}")
        replaced += [r for r in answer["results"] if r["event"] in ("UPDATE", "DELETE")]
    return replaced


def judge_replacements(figures: Figures, dialogue: dict[str, Any], replaced: Sequence[dict[str, Any]]) -> None:
    wanted = dialogue["replaced"]
    right = False
    for item in replaced:
        previous = item.get("previous_memory", item["memory"])
        good = wanted is not None and wanted["text"].casefold() in previous.casefold()
        right |= good
        figures.precision.count(good)
        if not good:
            figures.faults.append(f"{dialogue['id']} {dialogue['kind']}: {previous!r} gave way to {item['memory']!r}")
    if wanted is None:
        figures.kept.count(not replaced)
    else:
        figures.recall.count(right)
        if not right:
            figures.faults.append(f"{dialogue['id']} {dialogue['kind']}: {wanted['text']!r} was not replaced")


def said_at(dialogue: dict[str, Any], message: str) -> datetime:
    found = next(m for session in dialogue["sessions"] for m in session if m["id"] == message)
    return datetime.fromisoformat(found["timestamp"].replace("Z", "+00:00"))


def judge_question(figures: Figures, dialogue: dict[str, Any], item: dict[str, Any], memory: Memory) -> None:
    ask = item["question"]
    results = memory.search(ask, user_id=dialogue["id"], limit=10)["results"]
    (figures.answered if item["gold"] else figures.unanswered).append(results[0]["score"] if results else 0.0)
    if not item["gold"]:
        return
    ranked = turns(results)
    figures.found.count(set(item["gold"]) <= set(ranked[:5]))
    if "outdated" not in item:
        return
    place = {m: i for i, m in enumerate(ranked)}
    (new,), (old,) = item["gold"], item["outdated"]
    above = new in place and place[new] < place.get(old, len(ranked))
    figures.newest.count(above)
    if not above:
        figures.faults.append(f"{dialogue['id']} {dialogue['kind']}: outdated first or nothing current: {ask}")
    if item.get("both"):
        before = said_at(dialogue, new) - timedelta(minutes=1)
        then = turns(memory.search(ask, user_id=dialogue["id"], limit=10, as_of=before)["results"])
        current = above and place[new] < 5
        figures.both_now.count(current and old in ranked[:5])
        figures.both_then.count(current and (old in then[:5] or old in ranked[:5]))


def measure(dialogues: Iterable[dict[str, Any]], memory: Memory) -> dict[str, Figures]:
    """Figures of all dialogues and of each kind and half."""
    groups: dict[str, Figures] = {}
    for dialogue in dialogues:
        own = [groups.setdefault(name, Figures()) for name in ("all", dialogue["kind"], dialogue["half"])]
        replaced = tell(memory, dialogue)
        for figures in own:
            judge_replacements(figures, dialogue, replaced)
            for item in dialogue["questions"]:
                judge_question(figures, dialogue, item, memory)
        print(f"\r{dialogue['id']}", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr)
    return groups


def table(groups: dict[str, Figures]) -> str:
    columns = [name for name in ("tune", "test", *KINDS, "all") if name in groups]
    rows = {name: groups[name].row() for name in columns}
    lines = [f"{'':22}" + "".join(f"{name:>15}" for name in columns)]
    for label in rows[columns[0]]:
        cells = (rows[name][label] for name in columns)
        lines.append(f"{label:22}" + "".join(f"{'-' if c is None else f'{c:.1f}':>15}" for c in cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--half", choices=("tune", "test"), help="only the topics of one half")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument("--show", action="store_true", help="list every fault")
    options = parser.parse_args()
    dialogues = json.loads(options.data.read_text(encoding="utf-8"))
    dialogues = [d for d in dialogues if options.half in (None, d["half"])]
    with tempfile.TemporaryDirectory() as folder, Memory(path=Path(folder) / "updates.db") as memory:
        groups = measure(dialogues, memory)
    whole = groups["all"]
    area, (low, high) = auroc(whole.answered, whole.unanswered), interval(whole.answered, whole.unanswered)
    print(f"{len(dialogues)} dialogues, {len(whole.answered)} questions, {len(whole.unanswered)} without an answer")
    print(table(groups))
    print(f"AUROC of the top score, answered against unanswerable: {area:.3f} [{low:.3f}, {high:.3f}]")
    if options.show:
        print("\n".join(whole.faults))
    if options.json:
        figures = {name: g.row() for name, g in groups.items()}
        options.json.write_text(json.dumps({"groups": figures, "auroc": [area, low, high]}, indent=1))


if __name__ == "__main__":
    main()
