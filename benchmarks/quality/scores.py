"""How good a ranking of turns is."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from sets import Ask, Talk

KS = (5, 10, 20)


@dataclass
class Tally:
    """Collects figures by group; every figure is a mean over the questions that have it."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(self, groups: Sequence[str], figures: dict[str, float]) -> None:
        for group in groups:
            for name, value in figures.items():
                self.values[group][name].append(value)

    def means(self) -> dict[str, dict[str, float]]:
        return {
            group: {"questions": max(map(len, found.values()))} | {name: fmean(v) for name, v in found.items()}
            for group, found in self.values.items()
        }


def figures(talk: Talk, ask: Ask, turns: Sequence[str]) -> dict[str, float]:
    """What one answer is worth: `turns` are the ids that the results cite, flattened in order, each once."""
    hits = [turn in ask.gold for turn in turns]
    found = {f"recall@{k}": sum(hits[:k]) / len(ask.gold) for k in KS}
    found |= {f"any@{k}": float(any(hits[:k])) for k in KS}
    found["mrr"] = next((1 / place for place, hit in enumerate(hits, 1) if hit), 0.0)
    sessions = set(list(dict.fromkeys(talk.session_of[turn] for turn in turns))[:5])
    found["session any@5"] = float(bool(sessions & ask.sessions))
    found["session all@5"] = float(sessions >= ask.sessions)
    return found


def newest_above(talk: Talk, ask: Ask, turns: Sequence[str]) -> float | None:
    """1 where the newest evidence session stands above all older evidence; None where there is one session."""
    sessions = sorted(
        {talk.session_of[t] for t in ask.gold}, key=lambda key: next(s.at for s in talk.sessions if s.id == key)
    )
    if len(sessions) < 2:
        return None
    place = {turn: n for n, turn in enumerate(turns)}
    newest = min(place.get(t, len(turns)) for t in ask.gold if talk.session_of[t] == sessions[-1])
    older = min(place.get(t, len(turns)) for t in ask.gold if talk.session_of[t] != sessions[-1])
    return float(newest < older)


def auroc(answered: Sequence[float], never: Sequence[float]) -> dict[str, float]:
    """How well a score tells answered from never-said questions, with its 95 % interval (bootstrap, 500 draws)."""
    if not answered or not never:
        return {}
    draw = random.Random(0)
    drawn = sorted(
        _auroc(draw.choices(answered, k=len(answered)), draw.choices(never, k=len(never))) for _ in range(500)
    )
    return {"auroc": _auroc(answered, never), "low": drawn[12], "high": drawn[487], "never said": len(never)}


def _auroc(answered: Sequence[float], never: Sequence[float]) -> float:
    below = sorted(never)
    wins = sum(bisect_left(below, score) + bisect_right(below, score) for score in answered)
    return wins / 2 / len(answered) / len(never)


def rounded(value: Any) -> Any:
    """The same with every float cut to four places, for JSON."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    return round(value, 4) if isinstance(value, float) else value
