"""Every program in a document runs: the Python blocks of each page in order, as one program, and each example.

A block or example that needs a framework names its module (``<!-- needs: crewai -->`` on the line before the fence,
``# needs: crewai`` as an example's first line) and runs wherever that module is installed; what it may not name is
anything that the core itself brings. Blocks that do not run are still compiled.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from repository import ROOT, files

FENCE = re.compile(
    r"(?:^<!-- needs: (?P<needs>[\w. ]+) -->\n)?^(?P<indent> *)```(?:python|py)\b[^\n]*\n(?P<code>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
ANY_FENCE = re.compile(r"^ *```(?:python|py)\b", re.MULTILINE | re.IGNORECASE)
# What is always there, and so is never a reason not to run.
PRESENT = {"memlayer", "memlayer_minilm", "numpy", "click", "rich", "platformdirs"} | sys.stdlib_module_names
# One namespace for the page, and line numbers that are the page's own, so that a traceback points into the document.
RUNNER = """
import json, pathlib, sys
page = {"__name__": "__main__"}
for name, line, code in json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8")):
    exec(compile("\\n" * line + code, name, "exec"), page)
"""


@dataclass(frozen=True)
class Block:
    """A Python block of a page."""

    line: int
    """Lines of the page before its code."""
    code: str
    needs: tuple[str, ...]
    """Modules without which it cannot run."""


def blocks(text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        code = "".join(line.removeprefix(match["indent"]) for line in match["code"].splitlines(keepends=True))
        found.append(Block(text[: match.start("code")].count("\n"), code, tuple((match["needs"] or "").split())))
    return found


def present(needs: tuple[str, ...]) -> bool:
    return all(importlib.util.find_spec(name.split(".")[0]) for name in needs)


def run(programs: list[tuple[str, int, str]], folder: Path, *, strict: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs programs as one, in an empty folder that is also the home and the place of the memory.

    `strict` makes warnings errors; where a framework runs, they are mostly its own.
    """
    (folder / "programs.json").write_text(json.dumps(programs), encoding="utf-8")
    (folder / "here").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEMLAYER", "MEM0", "OPENAI"))}
    places = {"MEMLAYER_DIR": str(folder / "memlayer"), "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, *(["-W", "error"] if strict else []), "-c", RUNNER, str(folder / "programs.json")],
        cwd=folder / "here",
        env=kept | places | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


PAGES = [path for path in files() if path.suffix == ".md" and ANY_FENCE.search(path.read_text(encoding="utf-8"))]
EXAMPLES = [path for path in files() if path.suffix == ".py" and ROOT / "examples" in path.parents]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_blocks_are_found_with_their_lines_and_needs() -> None:
    page = (
        "a\n```python\nx = 1\n```\n\n<!-- needs: crewai pydantic -->\n```python\ny = x\n```\n"
        "- z\n\n  ```py\n  if x:\n      z = 2\n  ```\n"
    )
    assert blocks(page) == [
        Block(2, "x = 1\n", ()),
        Block(7, "y = x\n", ("crewai", "pydantic")),
        Block(12, "if x:\n    z = 2\n", ()),
    ]


def test_a_failing_block_is_seen_with_its_line_in_the_page(tmp_path: Path) -> None:
    done = run([("PAGE.md", 2, "x = 1\n"), ("PAGE.md", 6, "assert x == 2\n")], tmp_path)
    assert done.returncode == 1
    assert 'File "PAGE.md", line 7' in done.stderr


def test_the_readme_has_programs() -> None:
    assert len(blocks((ROOT / "README.md").read_text(encoding="utf-8"))) >= 3


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = blocks(text)
    assert len(found) == len(ANY_FENCE.findall(text)), "a Python fence that this test cannot read"
    assert {name for block in found for name in block.needs} & PRESENT == set()
    for block in found:
        compile(block.code, name_of(page), "exec")
    programs = [(name_of(page), block.line, block.code) for block in found if present(block.needs)]
    if not programs:
        pytest.skip(f"{' '.join(found[0].needs)} is not installed")
    done = run(programs, tmp_path, strict=not any(block.needs for block in found))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    code = example.read_text(encoding="utf-8")
    match = re.match(r"# needs: ([\w. ]+)\n", code)
    needs = tuple(match[1].split()) if match else ()
    assert set(needs) & PRESENT == set()
    compile(code, name_of(example), "exec")
    if not present(needs):
        pytest.skip(f"{' '.join(needs)} is not installed")
    done = run([(name_of(example), 0, code)], tmp_path, strict=not needs)
    assert done.returncode == 0, done.stderr
