"""The matrix as a table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping

FIVE = ("LangChain", "LangGraph", "LlamaIndex", "CrewAI", "AutoGen")
MARKS = {
    "said": "said through the row, recalled through the column",
    "changed": "changed through the column, seen as changed through the row",
    "erased": "erased through the row, gone in the column",
    "apart": "what one user said through the row, another never meets in the column",
}
"""What is asked of every ordered pair; the letters of a cell are the first ones of those that hold."""


def table(seen: Mapping[tuple[str, str, str], bool]) -> str:
    """A row per framework that speaks first, a column per one that answers; "·" for a pair that was not tried."""
    lines = ["| | " + " | ".join(FIVE) + " |", "|---" * (len(FIVE) + 1) + "|"]
    for first in FIVE:
        cells = [_cell(seen, first, second) for second in FIVE]
        lines.append(f"| **{first}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(seen: Mapping[tuple[str, str, str], bool], first: str, second: str) -> str:
    tried = [mark for mark in MARKS if (first, second, mark) in seen]
    return " ".join(mark[0].upper() if seen[first, second, mark] else "✗" for mark in tried) or "·"
