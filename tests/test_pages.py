"""What the pages say is so: the table of keywords is that of compat.py, and links lead somewhere."""

import inspect
import re
from pathlib import Path

import pytest
from repository import ROOT, files

from memlayer import Memory
from memlayer.compat import KEYWORDS, Keyword

MIGRATING = ROOT / "docs" / "migrating-from-mem0.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def values(keyword: Keyword) -> str:
    """What a keyword takes, in words."""
    if keyword.values is None:
        return "any"
    told = [f"`{value!r}`".replace("'", '"') for value in keyword.values if value is not None]
    return ", ".join(told) if told else "refused"


def tables() -> str:
    """Every keyword of every verb, as the page shows them."""
    parts = []
    for verb, table in KEYWORDS.items():
        method = getattr(Memory, verb)
        own = [p.name for p in inspect.signature(method).parameters.values() if p.kind is not p.VAR_KEYWORD]
        if "user_id" not in own and "memory_id" in own:
            own += ["user_id", "agent_id", "run_id", "app_id"]
        names = ", ".join(f"`{name}`" for name in own if name != "self")
        rows = [f"| `{name}` | {values(keyword)} | {keyword.meaning} |" for name, keyword in table.items()]
        head = [f"**`{verb}`** takes {names}.", "", "| Also | Values | Meaning |", "|---|---|---|"]
        parts.append("\n".join([*head, *rows]))
    return "\n\n".join(parts)


def test_the_keywords_of_the_page_are_those_of_the_table() -> None:
    """Where they differ, the right half of the assertion is what belongs between the two marks."""
    page = MIGRATING.read_text(encoding="utf-8")
    between = page.partition("<!-- keywords -->\n\n")[2].partition("\n\n<!-- /keywords -->")[0]
    assert between == tables()


PAGES = [path for path in files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_of_the_repository_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    inside = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in inside if not (page.parent / target).exists()] == []
