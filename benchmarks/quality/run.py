"""Takes a data set through memlayer's public calls with its default settings."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Column, Table
from scores import Tally, auroc, figures, newest_above, rounded
from sets import Ask, Talk

from memlayer import Memory

LIMIT = 30
"""Results that are asked for: more than the 20 turns that are looked at, for results that cite the same turn."""


WIDTH = 200
"""Letters in a line of a table that is written to a file or another program."""


@dataclass
class Run:
    """What came of it."""

    tally: Tally = field(default_factory=Tally)
    answered: list[float] = field(default_factory=list)
    elsewhere: list[float] = field(default_factory=list)
    abstention: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    adding: float = 0.0
    turns: int = 0

    def report(self) -> dict[str, Any]:
        times = sorted(self.seconds)
        return {
            "figures": self.tally.means(),
            "never said": {
                "put to another memory": auroc(self.answered, self.elsewhere),
                "asked for what is not there": auroc(self.answered, self.abstention),
            },
            "ms per query": {"p50": 1000 * median(times), "p95": 1000 * times[int(0.95 * len(times))]},
            "add": {"turns": self.turns, "turns per second": self.turns / max(self.adding, 1e-9)},
        }


def run(talks: Sequence[Talk], groups: Callable[[Ask], Sequence[str]], *, as_of: bool, console: Console) -> Run:
    """Adds every session with one call and one run; asks every question in its own memory, then in the next one."""
    done = Run()
    with tempfile.TemporaryDirectory() as folder, Memory(path=Path(folder) / "memory.db") as memory:
        for talk in talks:
            tell(memory, talk, done, console)
        pairs = [(talk, talks[(n + 1) % len(talks)], ask) for n, talk in enumerate(talks) for ask in talk.asks]
        for talk, other, ask in track(pairs, "asking", console=console):
            _ask(memory, talk, other, ask, groups(ask), done, as_of=as_of)
    return done


def tell(memory: Memory, talk: Talk, done: Run, console: Console) -> None:
    """Adds the talk's sessions, each with one call and as one run."""
    for session in track(talk.sessions, f"adding {talk.owner}", console=console):
        messages = session.messages()
        start = time.perf_counter()
        memory.add(messages, user_id=talk.owner, run_id=session.id)
        done.adding += time.perf_counter() - start
        done.turns += len(messages)


def _ask(memory: Memory, talk: Talk, other: Talk, ask: Ask, groups: Sequence[str], done: Run, *, as_of: bool) -> None:
    options: dict[str, Any] = {"limit": LIMIT} | ({"as_of": ask.at} if as_of and ask.at else {})
    start = time.perf_counter()
    results = memory.search(ask.question, user_id=talk.owner, **options)["results"]
    done.seconds.append(time.perf_counter() - start)
    best = results[0]["score"] if results else 0.0
    if not ask.gold:
        done.abstention.append(best)
        return
    if ask.category != "adversarial" and other is not talk:
        done.answered.append(best)
        away = memory.search(ask.question, user_id=other.owner, **options)["results"]
        done.elsewhere.append(away[0]["score"] if away else 0.0)
    turns = flatten(results)
    found = figures(talk, ask, turns)
    if ask.category == "knowledge-update":
        above = newest_above(talk, ask, turns)
        found |= {} if above is None else {"newest above older": above}
    done.tally.add(groups, found)


def flatten(results: Iterable[Any]) -> list[str]:
    """Ids of the turns that results cite, in order, each once."""
    cited = (source["message_id"] for result in results for source in result["sources"])
    return list(dict.fromkeys(turn for turn in cited if turn is not None))


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="the data set's own JSON file")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--as-of", action="store_true", help="search as of the question's date, where it has one")
    return parser


def show(report: dict[str, Any], *, as_json: bool) -> None:
    """Prints a report as tables, or as JSON."""
    if as_json:
        print(json.dumps(rounded(report), indent=2))
        return
    console = page()
    names = list(dict.fromkeys(name for found in report["figures"].values() for name in found))
    table = Table(Column("", no_wrap=True), *(Column(name, justify="right") for name in names))
    for group, found in report["figures"].items():
        table.add_row(group, *("" if n not in found else _cell(n, found[n]) for n in names))
    console.print(table)
    for name, found in report["never said"].items():
        if found:
            console.print(
                f"answered or never said ({name}): AUROC {found['auroc']:.3f} "
                f"[{found['low']:.3f}, {found['high']:.3f}], {found['never said']} never said"
            )
    closing(report, console)


def closing(report: dict[str, Any], console: Console) -> None:
    """The lines on time under a table."""
    times, added = report["ms per query"], report["add"]
    console.print(f"search p50 {times['p50']:.1f} ms, p95 {times['p95']:.1f} ms")
    console.print(f"added {added['turns']} turns, {added['turns per second']:.0f} a second")


def page() -> Console:
    """Standard output, wide enough for every column where it is no terminal."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)


def _cell(name: str, value: float) -> str:
    if name == "questions":
        return str(value)
    return f"{value:.3f}" if name == "mrr" else f"{100 * value:.1f}"
