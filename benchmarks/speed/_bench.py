"""What the speed benchmarks share: timing in turns, made-up talk, and a table or JSON at the end."""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

_VERBS = "like love visited bought saw found finished started cooked fixed painted planned".split()
_NAMES = "Alice Bruno Chidi Dana Elif Farid Greta Hiro Ines Jonas Kemi Lena Marco Nadia Omar Priya".split()
_SYLLABLES = "ba ce di fo gu ha jo ki lu ma ne po ra si ta vo we za".split()
console = Console(stderr=True)


def talk(seed: int = 1) -> Iterator[str]:
    """Sentences that somebody might say, the same for the same seed: a few thousand words, names among them."""
    rng = random.Random(seed)
    words = ["".join(rng.choices(_SYLLABLES, k=rng.choice((2, 2, 3)))) for _ in range(4000)]
    while True:
        rest = " ".join(rng.choices(words, k=rng.randint(5, 14)))
        yield f"I {rng.choice(_VERBS)} {rest} with {rng.choice(_NAMES)}."


def times(call: Callable[[], Any], *, runs: int, warm: int = 2) -> list[float]:
    """Milliseconds of each run, after some that do not count."""
    for _ in range(warm):
        call()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - start))
    return found


def p50(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The value that 95 in 100 stay below."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def progress(values: Sequence[Any] | range, what: str) -> Iterator[Any]:
    """The values, with a bar on the terminal."""
    yield from track(values, description=what, console=console, transient=True)


def options(doc: str, **numbers: int) -> argparse.Namespace:
    """The command line: `--json`, and a number for each name given with its default."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default:,}")
    return parser.parse_args()


def report(title: str, rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """Prints the rows; numbers are milliseconds or ratios as the column says."""
    if as_json:
        print(json.dumps({"title": title, "machine": _machine(), "rows": list(rows)}, indent=2))
        return
    table = Table(title=f"{title} ({_machine()})")
    for name in rows[0]:
        table.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right")
    for row in rows:
        table.add_row(
            *(f"{v:,.2f}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else str(v) for v in row.values())
        )
    Console().print(table)


def _machine() -> str:
    import os

    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {sys.platform}"
