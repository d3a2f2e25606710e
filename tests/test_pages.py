"""What the pages say is so: the table of keywords is that of compat.py, and links lead somewhere."""

import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from repository import ROOT, files

from memlayer import Memory, errors
from memlayer.compat import KEYWORDS, MEANINGS, Keyword
from memlayer.config import Settings
from memlayer.documents import Documents
from memlayer.items import Items
from memlayer.models._servers import SERVERS
from memlayer.types import ID_FIELDS

MIGRATING = ROOT / "docs" / "migrating-from-mem0.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def values(keyword: Keyword) -> str:
    """What a keyword takes, in words."""
    if keyword.values is None:
        return "any"
    told = [f"`{value!r}`".replace("'", '"') for value in keyword.values if value is not None]
    return ", ".join(told) if told else "refused"


def own(verb: str) -> list[str]:
    """The keywords that a verb's signature names."""
    given = inspect.signature(getattr(Memory, verb)).parameters.values()
    names = [p.name for p in given if p.kind is not p.VAR_KEYWORD and p.name != "self"]
    whose = ["user_id", "agent_id", "run_id", "app_id"]
    return names if "user_id" in names or "memory_id" not in names else names + whose


def tables() -> str:
    """Every keyword of every verb, as the page shows them."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in MEANINGS.items()]
    parts = ["\n".join(["| Keyword | Meaning |", "|---|---|", *rows])]
    for verb, table in KEYWORDS.items():
        names = ", ".join(f"`{name}`" for name in own(verb))
        rows = [f"| `{name}` | {values(keyword)} | {keyword.meaning} |" for name, keyword in table.items()]
        head = [f"**`{verb}`** takes {names}.", "", "| Also | Values | Meaning |", "|---|---|---|"]
        parts.append("\n".join([*head, *rows]))
    return "\n\n".join(parts)


def test_the_keywords_of_the_page_are_those_of_the_table() -> None:
    """Where they differ, the right half of the assertion is what belongs between the two marks."""
    page = MIGRATING.read_text(encoding="utf-8")
    between = page.partition("<!-- keywords -->\n\n")[2].partition("\n\n<!-- /keywords -->")[0]
    assert between == tables()


def verbs() -> str:
    """The table of verbs, as docs/verbs.md shows it between its marks."""
    rows = []
    for sort, before in ((Memory, ""), (Items, "items."), (Documents, "documents.")):
        for name, method in vars(sort).items():
            if name.startswith("_") or not (callable(method) or isinstance(method, classmethod)):
                continue
            told = inspect.signature(getattr(sort, name)).parameters.values()
            keywords = [one.name for one in told if one.name != "self" and one.kind is not one.VAR_KEYWORD]
            ids = "user_id" in keywords or any(one.name == "ids" and one.kind is one.VAR_KEYWORD for one in told)
            named = [one for one in keywords if one not in ID_FIELDS] + ["*ids*"] * ids
            says = (inspect.getdoc(getattr(sort, name)) or "").partition("\n")[0].replace("|", "\\|")
            rows.append(f"| **{before}{name}** | {', '.join(named)} | {says} |")
    return "\n".join(["| Verb | Takes | Does |", "|---|---|---|", *rows])


def servers() -> str:
    """The table of providers, as docs/models.md shows it between its marks."""
    rows = []
    for name, server in SERVERS.items():
        keys = " or ".join(f"`{key}`" for key in server.keys) or "none needed"
        places = [f"`{server.url}`" if server.url else "OpenAI's", *(f"`{variable}`" for variable in server.urls)]
        usual = (f"`{model}`" if model else "none" for model in (server.llm, server.embedder))
        rows.append(f"| `{name}` | {keys} | {', or '.join(places)} | {' | '.join(usual)} |")
    head = [
        "| Provider | Key in | Address, or what names another | Usual model | Usual embedder |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def tree() -> str:
    """The tree of errors, as docs/verbs.md shows it between its marks."""
    lines = [line[4:] for line in (errors.__doc__ or "").splitlines() if line.startswith("    ")]
    return "\n".join(["```", *lines, "```"])


@pytest.mark.parametrize(("page", "mark", "told"), [
    ("verbs.md", "verbs", verbs()), ("verbs.md", "errors", tree()), ("models.md", "servers", servers()),
])  # fmt: skip
def test_a_table_of_a_page_is_what_the_code_says(page: str, mark: str, told: str) -> None:
    """Where they differ, the right half of the assertion is what belongs between the two marks."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text.partition(f"<!-- {mark} -->\n\n")[2].partition(f"\n\n<!-- /{mark} -->")[0] == told


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs" / "verbs.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(Settings) if f"`{field.name}`" not in page] == []


def test_every_keyword_has_a_meaning_and_every_meaning_a_keyword() -> None:
    assert {name for verb in KEYWORDS for name in own(verb)} == set(MEANINGS)


PAGES = [path for path in files() if path.suffix == ".md"]


def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """A search as of April found nothing, because what it asks for was said today."""
    block = re.search(r"```sh\n(memlayer .*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    said = [{"role": "user", "content": "I have a dog named Rex."}]
    (tmp_path / "conversations.json").write_text(json.dumps(said), encoding="utf-8")
    shell = f'set -e\nmemlayer() {{ "{sys.executable}" -m memlayer "$@"; }}\n{block[1]}'
    home = os.environ | {"MEMLAYER_DIR": str(tmp_path / "home"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        ["/bin/sh", "-c", shell], cwd=tmp_path, env=home, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    for line in ("~ Moved to Berlin   was: Lives in San", "Lives in San Francisco (until", "+ Has a dog named Rex"):
        assert line in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_of_the_repository_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    inside = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in inside if not (page.parent / target).exists()] == []
