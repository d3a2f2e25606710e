"""LoCoMo and LongMemEval to the end: a model answers from what memlayer recalls, and a model judges the answer.

    python benchmarks/quality/end_to_end.py --locomo locomo10.json --llm openai/gpt-4o-mini --folder runs/first
    python benchmarks/quality/end_to_end.py --longmemeval longmemeval_oracle.json --llm '{"provider": "ollama"}'
        --judge openai/gpt-4o --extract --folder runs/second

Keys come from the providers' variables. `--extract` lets the model read the conversations, too, instead of the local
rules. The memory and every judged answer stay in the folder: the same command goes on where it was ended.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table
from sets import Ask, Talk, locomo, longmemeval

from memlayer import Memory
from memlayer._answers import read as read_json
from memlayer.config import part

BUDGET = 2000
"""Tokens of memories that an answer may draw on."""
NEVER = "That was never said."
_ANSWER = """Answer the question from the memories alone, in a few words, without a sentence around them. Dates in \
figures; what the memories call yesterday counts from their date. If they do not hold the answer, say: {never}"""
_JUDGE = """You judge whether an answer to a question is right. It is right where it says what the expected answer \
says, be it in other words, shorter, longer or with a date in another form; a date that is off, or a missing part of \
a list, is wrong. Where the expected answer is that it was never said, only an answer that says so is right."""
_VERDICT = {
    "title": "verdict",
    "type": "object",
    "properties": {"correct": {"type": "boolean"}},
    "required": ["correct"],
    "additionalProperties": False,
}


def evaluate(
    talks: Sequence[Talk], folder: Path, *, llm: Any, judge: Any, extract: bool, embedder: Any, most: int | None,
    console: Console,
) -> list[dict[str, Any]]:  # fmt: skip
    """Every judged answer; those of an earlier run are taken from the folder, new ones are written as they come."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "answers.jsonl"
    done = {(row["owner"], row["number"]): row for row in _rows(log)}
    with Memory(folder / "memory.db", llm=llm if extract else None, embedder=embedder) as memory:
        for talk in talks:
            # Messages have ids: what is there already is left as it is, and costs nothing.
            for session in track(talk.sessions, f"adding {talk.owner}", console=console):
                memory.add(session.messages(), user_id=talk.owner, run_id=session.id)
        todo = [(talk, number, ask) for talk in talks for number, ask in enumerate(talk.asks)][:most]
        if log.exists() and not log.read_text(encoding="utf-8").endswith("\n"):
            log.write_text(
                "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in done.values()), encoding="utf-8"
            )
        with log.open("a", encoding="utf-8") as out:
            for talk, number, ask in track(todo, "asking", console=console):
                if (talk.owner, number) not in done:
                    row = {"owner": talk.owner, "number": number, **_asked(memory, talk, ask, llm, judge)}
                    done[talk.owner, number] = row
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
                    out.flush()
    return [done[talk.owner, number] for talk, number, _ in todo]


def _rows(log: Path) -> Iterator[dict[str, Any]]:
    """The rows of an earlier run; a line that was cut off by its end is left out, and asked again."""
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
        if line.endswith("}"):
            yield json.loads(line)


def _asked(memory: Memory, talk: Talk, ask: Ask, llm: Any, judge: Any) -> dict[str, Any]:
    expected = ask.answer if ask.answer and ask.category != "adversarial" else NEVER
    start = time.perf_counter()
    context = memory.context(ask.question, user_id=talk.owner, max_tokens=BUDGET)
    found = time.perf_counter()
    before = _tokens(llm)
    when = f"\n\nToday is {ask.at:%Y-%m-%d}." if ask.at else ""
    answer = llm.complete(
        [
            {"role": "system", "content": _ANSWER.format(never=NEVER) + when},
            {"role": "user", "content": f"{context}\n\nQuestion: {ask.question}"},
        ]
    ).strip()
    answered = time.perf_counter()
    used = None if before is None else (_tokens(llm) or 0) - before
    told = json.dumps({"question": ask.question, "expected": expected, "answer": answer}, ensure_ascii=False)
    verdict = judge.complete(
        [{"role": "system", "content": _JUDGE}, {"role": "user", "content": told}], schema=_VERDICT
    )
    return {
        "question": ask.question,
        "category": ask.category,
        "expected": expected,
        "answer": answer,
        "correct": read_json(verdict, keys=("correct",))["correct"] is True,
        "search_ms": 1000 * (found - start),
        "answer_ms": 1000 * (answered - found),
        "tokens": used,
    }


def _tokens(model: Any) -> int | None:
    usage = getattr(model, "usage", None)
    return None if usage is None else int(usage["prompt_tokens"] + usage["completion_tokens"])


def report(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Share of right answers by category and in all, tokens and milliseconds of a question."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        groups[row["category"]].append(row["correct"])
        groups["all"].append(row["correct"])
    tokens = [row["tokens"] for row in rows if row["tokens"] is not None]
    times = {name: sorted(row[f"{name}_ms"] for row in rows) for name in ("search", "answer")}
    return {
        "right": {name: {"share": fmean(found), "questions": len(found)} for name, found in groups.items()},
        "tokens per question": fmean(tokens) if tokens else None,
        "ms": {
            name: {"p50": median(found), "p95": found[int(0.95 * len(found))]} if found else None
            for name, found in times.items()
        },
    }


def model(spec: str) -> Any:
    """The model that an argument names: "provider/model", or a provider dict as JSON."""
    return part("llm", json.loads(spec) if spec.lstrip().startswith("{") else spec)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("--locomo", type=Path, help="LoCoMo's own JSON file")
    data.add_argument("--longmemeval", type=Path, help="LongMemEval's own JSON file")
    parser.add_argument("--folder", type=Path, required=True, help="where memory and answers stay")
    parser.add_argument("--llm", required=True, help="the model that answers: provider/model, or a dict as JSON")
    parser.add_argument("--judge", help="the model that judges; the one that answers unless named")
    parser.add_argument("--embedder", help="provider/model, or a dict as JSON; the local one unless named")
    parser.add_argument("--extract", action="store_true", help="let the model read the conversations, too")
    parser.add_argument("--most", type=int, help="ask only so many questions")
    parser.add_argument("--pool", type=int, default=50, help="LongMemEval: sessions in one memory")
    parser.add_argument("--seed", type=int, default=0, help="LongMemEval: of the order in which questions are packed")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    given = parser.parse_args(arguments)
    talks = locomo(given.locomo) if given.locomo else longmemeval(given.longmemeval, pool=given.pool, seed=given.seed)
    llm = model(given.llm)
    embedder = given.embedder
    if embedder and embedder.lstrip().startswith("{"):
        embedder = json.loads(embedder)
    rows = evaluate(
        talks, given.folder, llm=llm, judge=model(given.judge) if given.judge else llm, extract=given.extract,
        embedder=embedder, most=given.most, console=Console(stderr=True),
    )  # fmt: skip
    found = report(rows)
    show(found, as_json=given.json)
    return found


def show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table("", "right", "questions")
    for name, row in found["right"].items():
        table.add_row(name, f"{100 * row['share']:.1f} %", str(row["questions"]))
    console = Console()
    console.print(table)
    if found["tokens per question"] is not None:
        console.print(f"{found['tokens per question']:.0f} tokens per question")
    for name, row in found["ms"].items():
        if row:
            console.print(f"{name} p50 {row['p50']:.0f} ms, p95 {row['p95']:.0f} ms")


if __name__ == "__main__":
    main()
