"""Finds the weights of `memlayer/engine/weights.py`: a joint fit on LoCoMo and LongMemEval, straight on the index.

    python benchmarks/quality/fit.py --locomo locomo10.json --longmemeval longmemeval_oracle.json --cache vectors.npz

Each gold turn stands against the best rows without evidence of its memory (listwise softmax, L2 on standardised
signals); LongMemEval counts half as much as LoCoMo. The first table scores every conversation and pool with weights
that were fitted without it. `--ablate` leaves out one signal after another and fits anew; `--token-vectors` fits the
weights for memories that keep the vectors of pieces.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from run import page
from scores import KS
from sets import Talk, locomo, longmemeval

from memlayer.engine.question import understand
from memlayer.engine.segments import IndexRow, Segment
from memlayer.engine.signals import Pool, measure
from memlayer.engine.weights import CLOSER_WEIGHTS, WEIGHTS
from memlayer.engine.word_pieces import CLOSER, carrying, closeness
from memlayer.models.minilm import MiniLMEmbedder, MiniLMWordPieceEmbedder
from memlayer.text import analyse, spoken

BY_HAND = frozenset(("in_time", "importance", "feedback"))
"""Signals that the data sets do not have."""
AGAINST = 150
"""How many of the best rows without evidence a gold row stands against."""
L2 = 5e-3
STEPS = 160
console = Console(stderr=True)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """One question: the signals of every row of its memory, and which rows are gold."""

    signals: NDArray[np.float32]
    gold: NDArray[np.bool_]


class Vectors:
    """Embeds every text once and keeps the vectors in a file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._held: dict[str, NDArray[np.float32]] = {}
        if file is not None and file.exists():
            with np.load(file) as stored:
                self._held = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def __call__(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        keys = [blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
        new = list(dict.fromkeys(text for key, text in zip(keys, texts, strict=True) if key not in self._held))
        embedder = MiniLMEmbedder()
        for start in track(range(0, len(new), 64), "embedding", console=console, disable=not new):
            part = new[start : start + 64]
            for text, vector in zip(part, embedder.embed(part), strict=True):
                self._held[blake2b(text.encode(), digest_size=16).hexdigest()] = vector
        if new and self._file is not None:
            np.savez(self._file, keys=np.array(list(self._held)), vectors=np.stack(list(self._held.values())))
        return [self._held[key] for key in keys]


def segment(talk: Talk, vectors: Vectors) -> Segment:
    """The talk's turns as the index holds them, without anything distilled from them."""
    turns = [(session, place, turn) for session in talk.sessions for place, turn in enumerate(session.turns)]
    embedded = vectors([spoken(turn.text) for _, _, turn in turns])
    rows = []
    for seq, ((session, place, turn), vector) in enumerate(zip(turns, embedded, strict=True), 1):
        found, at = analyse(turn.text), int(session.at.timestamp()) * 1_000_000
        rows.append(
            IndexRow(
                seq=seq, version=seq, id=turn.id, kind="episode", status="live", created_at=at, valid_from=at,
                valid_to=None, expires_at=None, agent_id=None, run_id=session.id, app_id=None, role=turn.role,
                name=turn.name, session=session.id, position=place, sources=(), importance=0.5, feedback=None,
                vector=vector.tobytes(), terms=found.terms.tobytes(), words=found.words, flags=found.flags,
            )
        )  # fmt: skip
    made = Segment()
    made.apply(rows)
    return made


class Close:
    """The vectors of pieces of a talk's turns, and how closely they meet a question."""

    def __init__(self, talk: Talk) -> None:
        self._embedder = MiniLMWordPieceEmbedder()
        texts = [spoken(turn.text) for session in talk.sessions for turn in session.turns]
        self._pieces: dict[int, bytes] = {}
        for start in track(range(0, len(texts), 64), f"pieces of {talk.owner}", console=console):
            for seq, found in enumerate(self._embedder.embed_word_pieces(texts[start : start + 64]), start + 1):
                self._pieces[seq] = carrying(found).pieces

    def __call__(self, held: Segment, pool: Pool, plain: str, signals: dict[str, NDArray[np.float32]]) -> None:
        first = sum(np.float32(weight) * signals[name] for name, weight in WEIGHTS.items())
        best = np.argsort(-np.asarray(first), kind="stable")[:CLOSER]
        (asked,) = self._embedder.embed_word_pieces([plain])
        found = closeness(held, pool, asked, best, lambda seqs: {n: self._pieces[n] for n in seqs})
        signals["pieces"] = np.zeros(pool.size, np.float32) if found is None else found


def read(talk: Talk, names: Sequence[str], vectors: Vectors) -> list[Question]:
    held = segment(talk, vectors)
    close = Close(talk) if "pieces" in names else None
    asks = [ask for ask in talk.asks if ask.gold and ask.category != "adversarial"]
    asked = [understand(ask.question, talk.names) for ask in asks]
    embedded = vectors([question.plain for question in asked])
    pool = Pool(held, np.arange(held.count))
    out = []
    for ask, question, vector in zip(asks, asked, embedded, strict=True):
        signals = measure(held, question, vector, pool)
        if close is not None:
            close(held, pool, question.plain, signals)
        gold = np.array([row in ask.gold for row in held.ids])
        out.append(Question(np.stack([signals[name] for name in names], axis=1), gold))
    return out


def fit(weighted: Sequence[tuple[Question, float]], start: Floats) -> Floats:
    """Weights that make gold rows likely against the best others (Adam on the mean negative log-likelihood)."""
    golds, others, owners, counts = [], [], [], []
    for n, (question, weight) in enumerate(weighted):
        score = np.where(question.gold, -np.inf, question.signals @ start)
        best = np.argsort(-score, kind="stable")[: min(AGAINST, int((~question.gold).sum()))]
        gold = question.signals[question.gold]
        golds.append(gold)
        others.append(np.pad(question.signals[best], ((0, AGAINST - len(best)), (0, 0)), constant_values=np.nan))
        owners += [n] * len(gold)
        counts += [weight / len(gold)] * len(gold)
    against, gold, owner, count = np.stack(others), np.concatenate(golds), np.array(owners), np.array(counts)
    absent = np.isnan(against[:, :, 0])
    against = np.nan_to_num(against)
    spread = against[~absent].std(axis=0) + 1e-6
    against, gold, weights = against / spread, gold / spread, start * spread
    moment, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        rest = np.where(absent, -1e9, against @ weights)
        own = gold @ weights
        top = np.maximum(rest.max(axis=1)[owner], own)
        odds, chance = np.exp(rest[owner] - top[:, None]), np.exp(own - top)
        total = odds.sum(axis=1) + chance
        pull = np.zeros_like(rest)
        np.add.at(pull, owner, (count / total)[:, None] * odds)
        slope = np.einsum("ij,ijk->k", pull, against) - (count * (1 - chance / total)) @ gold
        slope = slope / count.sum() + L2 * weights
        moment, square = 0.9 * moment + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        rate = 0.045 if step < STEPS * 0.6 else 0.015
        weights = weights - rate * (moment / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return np.asarray(weights / spread)


def balanced(first: Sequence[Sequence[Question]], second: Sequence[Sequence[Question]]) -> list[tuple[Question, float]]:
    one, two = [q for talk in first for q in talk], [q for talk in second for q in talk]
    return [(q, 1.0) for q in one] + [(q, 0.5 * len(one) / max(1, len(two))) for q in two]


def recall(questions: Sequence[Question], weights: Floats) -> list[list[float]]:
    found = []
    for question in questions:
        order = np.argsort(-(question.signals @ weights), kind="stable")
        found.append([float(question.gold[order[:k]].sum() / question.gold.sum()) for k in KS])
    return found


def held_out(first: Sequence[Sequence[Question]], second: Sequence[Sequence[Question]], start: Floats) -> list[float]:
    """Mean recall of both sets, every talk scored with weights fitted on all others."""
    one, two = [], []
    for n, talk in enumerate(first):
        one += recall(talk, fit(balanced([*first[:n], *first[n + 1 :]], second), start))
    for n, talk in enumerate(second):
        two += recall(talk, fit(balanced(first, [*second[:n], *second[n + 1 :]]), start))
    return [*np.mean(one, axis=0).tolist(), *np.mean(two, axis=0).tolist()]


def without(sets: Sequence[Sequence[Question]], column: int) -> list[list[Question]]:
    return [[Question(np.delete(q.signals, column, axis=1), q.gold) for q in talk] for talk in sets]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--locomo", type=Path, required=True)
    parser.add_argument("--longmemeval", type=Path, required=True)
    parser.add_argument("--pool", type=int, default=50)
    parser.add_argument("--cache", type=Path, help="file that keeps the vectors between runs")
    parser.add_argument("--ablate", action="store_true", help="fit without each signal in turn")
    parser.add_argument("--token-vectors", action="store_true", help="fit the weights that go with vectors of pieces")
    options = parser.parse_args()
    vectors = Vectors(options.cache)
    weights = CLOSER_WEIGHTS if options.token_vectors else WEIGHTS
    names = [name for name in weights if name not in BY_HAND]
    first = [read(talk, names, vectors) for talk in locomo(options.locomo)]
    second = [read(talk, names, vectors) for talk in longmemeval(options.longmemeval, pool=options.pool, seed=0)]
    start = np.array([weights[name] for name in names])
    table = Table("", *(f"{name} R@{k}" for name in ("LoCoMo", "LongMemEval") for k in KS))

    def add(label: str, found: Sequence[float]) -> None:
        table.add_row(label, *(f"{100 * value:.1f}" for value in found))

    now = [np.mean([r for talk in sets for r in recall(talk, start)], axis=0) for sets in (first, second)]
    add("weights.py, not held out", np.concatenate(now).tolist())
    add("held out", held_out(first, second, start))
    if options.ablate:
        for column, name in enumerate(track(names, "ablation", console=console)):
            kept = np.delete(start, column)
            add(f"held out, without {name}", held_out(without(first, column), without(second, column), kept))
    out = page()
    out.print(table)
    best = Table("signal", "in weights.py", "fitted on all")
    for name, old, new in zip(names, start, fit(balanced(first, second), start), strict=True):
        best.add_row(name, f"{old:.2f}", f"{new:.2f}")
    out.print(best)


if __name__ == "__main__":
    main()
