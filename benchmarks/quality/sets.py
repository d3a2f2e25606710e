"""The data sets in one shape: talks of sessions of turns, and what is asked about them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Turn:
    id: str
    role: str
    text: str
    name: str | None = None


@dataclass(frozen=True)
class Session:
    id: str
    at: datetime
    turns: tuple[Turn, ...]

    def messages(self) -> list[dict[str, Any]]:
        """The session as `Memory.add` takes it."""
        return [
            {"role": turn.role, "content": turn.text, "id": turn.id, "timestamp": self.at.isoformat()}
            | ({"name": turn.name} if turn.name else {})
            for turn in self.turns
        ]


@dataclass(frozen=True)
class Ask:
    question: str
    gold: frozenset[str]
    """Ids of the turns that hold the evidence; empty for what was never said."""
    category: str
    at: datetime | None = None
    """When it is asked."""
    sessions: frozenset[str] = frozenset()
    """Ids of the sessions that hold the evidence."""
    answer: str | None = None
    """What the data set expects; None where nothing was said."""


@dataclass(frozen=True)
class Talk:
    """What one owner's memory holds, and the questions about it."""

    owner: str
    sessions: tuple[Session, ...]
    asks: tuple[Ask, ...]
    session_of: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "session_of", {t.id: s.id for s in self.sessions for t in s.turns})

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(t.name for s in self.sessions for t in s.turns if t.name))


LOCOMO_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}


def locomo(file: Path) -> list[Talk]:
    """LoCoMo in its original format; questions without evidence in the conversation are left out."""
    return [_conversation(sample) for sample in json.loads(file.read_text(encoding="utf-8"))]


def _conversation(sample: dict[str, Any]) -> Talk:
    talk = sample["conversation"]
    numbers = sorted(int(key[8:]) for key in talk if re.fullmatch(r"session_\d+", key))
    sessions = tuple(
        Session(
            id=f"session_{n}",
            at=datetime.strptime(talk[f"session_{n}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=timezone.utc),
            turns=tuple(Turn(t["dia_id"], "user", _with_caption(t), t["speaker"]) for t in talk[f"session_{n}"]),
        )
        for n in numbers
    )
    session_of = {t.id: s.id for s in sessions for t in s.turns}
    asks = []
    for qa in sample["qa"]:
        # Some evidence fields hold several ids in one string.
        cited = {turn for text in qa["evidence"] for turn in re.findall(r"D\d+:\d+", text)}
        gold = frozenset(cited & session_of.keys())
        if gold:
            category = LOCOMO_CATEGORIES[qa["category"]]
            places = frozenset(session_of[t] for t in gold)
            expected = str(qa["answer"]) if "answer" in qa else None
            asks.append(Ask(qa["question"], gold, category, sessions=places, answer=expected))
    return Talk(str(sample["sample_id"]), sessions, tuple(asks))


def _with_caption(turn: dict[str, Any]) -> str:
    caption = turn.get("blip_caption")
    return f"{turn['text']}\n[image: {caption}]" if caption else str(turn["text"])


def longmemeval(file: Path, *, pool: int, seed: int) -> list[Talk]:
    """LongMemEval in its original format: the questions' evidence sessions in pools of at most `pool` sessions."""
    questions = json.loads(file.read_text(encoding="utf-8"))
    random.Random(seed).shuffle(questions)
    pools: list[list[dict[str, Any]]] = [[]]
    held: set[str] = set()
    for question in questions:
        evidence = {session.id for session in _evidence(question)}
        if held and len(held | evidence) > pool:
            pools.append([])
            held = set()
        pools[-1].append(question)
        held |= evidence
    return [_pool(f"pool-{n}", questions) for n, questions in enumerate(pools)]


def _pool(owner: str, questions: Sequence[dict[str, Any]]) -> Talk:
    sessions = {session.id: session for question in questions for session in _evidence(question)}
    asks = []
    for question in questions:
        gold = frozenset(
            f"{key}:{n}"
            for key, turns in zip(question["haystack_session_ids"], question["haystack_sessions"], strict=True)
            for n, turn in enumerate(turns)
            if turn.get("has_answer") and key in sessions
        )
        never = question["question_id"].endswith("_abs")
        asks.append(
            Ask(
                question["question"],
                frozenset() if never else gold,
                "abstention" if never else question["question_type"],
                _moment(question["question_date"]),
                frozenset() if never else frozenset(question["answer_session_ids"]) & sessions.keys(),
                None if never or "answer" not in question else str(question["answer"]),
            )
        )
    return Talk(owner, tuple(sorted(sessions.values(), key=lambda s: s.at)), tuple(asks))


def _evidence(question: dict[str, Any]) -> list[Session]:
    answers = set(question["answer_session_ids"])
    return [
        Session(key, _moment(at), tuple(Turn(f"{key}:{n}", t["role"], t["content"]) for n, t in enumerate(turns)))
        for key, at, turns in zip(
            question["haystack_session_ids"], question["haystack_dates"], question["haystack_sessions"], strict=True
        )
        if key in answers or not answers & set(question["haystack_session_ids"])
    ]


def _moment(text: str) -> datetime:
    return datetime.strptime(re.sub(r" \(\w+\)", "", text), "%Y/%m/%d %H:%M").replace(tzinfo=timezone.utc)
