"""The rules of the house. Each is a function that lists problems, and is shown a broken house before ours."""

import dataclasses
import inspect
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from repository import ROOT, files, imports, modules

import memlayer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CORE = ROOT / "core" / "src"
ADAPTERS = sorted(path.parent for path in ROOT.glob("integrations/*/pyproject.toml"))

# Arrows only point up in this list; the parts of one row do not import each other, except as SIDEWAYS says.
# A private module is a piece of the part that it is named after (_filter_tree of filters), else of the first row.
ORDER = (
    {"types"},
    {"filters", "errors", "attributes", "lifetimes", "text", "_drafts", "_blas"},
    {"protocols"},
    {"engine", "extraction", "models", "backends", "compat"},
    {"config"},
    {"_ask", "_shapes"},
    {"_core"},
    {"_reembed", "_reread"},
    {"_verbs", "_add"},
    {"items", "documents"},
    {"memory"},
    {"_bridge", "aio"},
    {"adapters"},
    {"__init__"},
    {"testing"},
    {"cli"},
    {"__main__"},
)
SIDEWAYS = {
    ("filters", "errors"),  # a malformed filter is an error
    ("engine", "extraction"),  # recall reads the times in a query with the grammar that ingest reads messages with
    ("aio", "_bridge"),
}


def rank(part: str) -> int | None:
    """Returns the row of a part in ORDER; None for one that has no place."""
    for row, parts in enumerate(ORDER):
        if part in parts:
            return row
    return 0 if part.startswith("_") else None


def write(folder: Path, sources: dict[str, str]) -> None:
    for name, text in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# Imports of the core


def part_of(module: str, name: str | None, source: Path) -> tuple[str, str]:
    """Returns the part of memlayer that an import reaches and, inside backends, which one: ("backends", "sqlite")."""
    dotted = [*module.split(".")[1:], *([name] if name else [])]
    first, second = [*dotted, "", ""][:2]
    stem = first.split("_")[1] if first.startswith("_") else ""
    folder = source / "memlayer"
    if not first or (not (folder / first).is_dir() and not (folder / f"{first}.py").is_file()):
        return "__init__", ""
    for whole in (stem, f"{stem}s"):
        if stem and rank(whole) is not None:
            return whole, ""
    is_module = (folder / first / second).is_dir() or (folder / first / f"{second}.py").is_file()
    return first, second if first == "backends" and is_module else ""


def layer_problems(source: Path) -> Iterator[str]:
    for module, path in modules(source, "memlayer"):
        part, backend = part_of(module, None, source)
        own = rank(part)
        if own is None:
            yield f"{module} has no place in ORDER"
            continue
        for line, target, name in imports(module, path):
            if target.split(".")[0] != "memlayer":
                continue
            reached, other = part_of(target, name, source)
            if reached == part:
                if backend and other and backend != other:
                    yield f"{module}:{line} imports another backend, {other}"
            elif (row := rank(reached)) is None:
                yield f"{module}:{line} imports {reached}, which has no place in ORDER"
            # The lazy names of memlayer/__init__ are imported there for type checkers, from anywhere.
            elif part != "__init__" and row >= own and (part, reached) not in SIDEWAYS:
                yield f"{module}:{line} imports {reached}"


def test_a_broken_order_of_imports_is_found(tmp_path: Path) -> None:
    write(
        tmp_path / "memlayer",
        {
            "__init__.py": "from memlayer.memory import Memory",
            "_stem.py": "from memlayer import filters",
            "types.py": "from memlayer.errors import MemlayerError",
            "errors.py": "from memlayer.types import Scope",
            "filters.py": "from memlayer.errors import MemlayerError\nfrom memlayer import _stem, _filter_tree",
            "_filter_tree.py": "from memlayer.errors import MemlayerError\nfrom memlayer import protocols",
            "protocols.py": "from memlayer._filter_tree import X",
            "memory.py": "import memlayer.types",
            "loose.py": "",
            "engine/__init__.py": "",
            "engine/ingest.py": "def f():\n    from memlayer.backends import sqlite\n",
            "engine/recall.py": "from . import ingest\nfrom ..extraction import dates\nfrom memlayer import Memory",
            "extraction/__init__.py": "",
            "extraction/dates.py": "from .. import types",
            "backends/__init__.py": "",
            "backends/sqlite/__init__.py": "from .ledger import L",
            "backends/sqlite/ledger.py": "L = 1",
            "backends/weaviate.py": "from memlayer.backends.sqlite.ledger import L",
        },
    )
    assert set(layer_problems(tmp_path)) == {
        "memlayer._stem:1 imports filters",
        "memlayer._filter_tree:2 imports protocols",
        "memlayer.types:1 imports errors",
        "memlayer.loose has no place in ORDER",
        "memlayer.engine.ingest:2 imports backends",
        "memlayer.engine.recall:3 imports __init__",
        "memlayer.backends.weaviate:1 imports another backend, sqlite",
    }


def test_imports_only_point_up_the_order() -> None:
    assert list(layer_problems(CORE)) == []


def test_only_the_bridge_imports_asyncio() -> None:
    users = {
        module
        for module, path in modules(CORE, "memlayer")
        for _, target, _ in imports(module, path)
        if target.split(".")[0] == "asyncio"
    }
    assert users == {"memlayer._bridge"}


# Imports of the adapters

PUBLIC = {"memlayer", *(f"memlayer.{name}" for name in ("types", "filters", "errors", "protocols", "adapters"))}
FAMILY = {
    "langchain": "langchain",
    "langchain_core": "langchain",
    "langchain_classic": "langchain",
    "langgraph": "langchain",
    "llama_index": "llamaindex",
    "crewai": "crewai",
    "autogen": "autogen",
    "autogen_agentchat": "autogen",
    "autogen_core": "autogen",
    "ag2": "autogen",
}


def adapter_problems(folder: Path) -> Iterator[str]:
    own = folder.name.replace("-", "_")
    declared = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    framework = set(declared.get("tool", {}).get("memlayer", {}).get("framework", ()))
    if len({FAMILY[root] for root in framework if root in FAMILY}) > 1:
        yield f"{folder.name} names several frameworks: {sorted(framework)}"
    if not (folder / "src" / own / "__init__.py").is_file():
        yield f"{folder.name} has no src/{own}/__init__.py"
    if not (folder / "README.md").is_file() or not list(folder.glob("tests/test_*.py")):
        yield f"{folder.name} has no README.md or no tests"
    for module, path in modules(folder / "src", own):
        if (length := len(path.read_text(encoding="utf-8").splitlines())) >= 300:
            yield f"{module} has {length} lines"
        for line, target, name in imports(module, path):
            root = target.split(".")[0]
            if root == "memlayer":
                if not is_public(target, name):
                    yield f"{module}:{line} imports {target}{f'.{name}' if name else ''}"
            elif root not in sys.stdlib_module_names | framework | {own}:
                yield f"{module}:{line} imports {root}"


def is_public(module: str, name: str | None) -> bool:
    if name is None or module != "memlayer":
        return module in PUBLIC and not (name or "").startswith("_")
    return name in memlayer.__all__ or f"memlayer.{name}" in PUBLIC


def test_a_broken_adapter_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "memlayer-host"
    write(
        folder,
        {
            "pyproject.toml": '[tool.memlayer]\nframework = ["crewai", "pydantic", "llama_index"]',
            "src/memlayer_host/__init__.py": "import pydantic\nfrom memlayer import Memory\nfrom . import adapter",
            "src/memlayer_host/adapter.py": (
                "from memlayer.errors import MemlayerError\nfrom memlayer.engine import ingest\nimport requests\n"
                "from memlayer import _clash\nfrom memlayer.types import _private\n" + "#\n" * 300
            ),
        },
    )
    assert list(adapter_problems(folder)) == [
        "memlayer-host names several frameworks: ['crewai', 'llama_index', 'pydantic']",
        "memlayer-host has no README.md or no tests",
        "memlayer_host.adapter has 305 lines",
        "memlayer_host.adapter:2 imports memlayer.engine.ingest",
        "memlayer_host.adapter:3 imports requests",
        "memlayer_host.adapter:4 imports memlayer._clash",
        "memlayer_host.adapter:5 imports memlayer.types._private",
    ]


def test_adapters_import_public_names_and_one_framework() -> None:
    assert [problem for folder in ADAPTERS for problem in adapter_problems(folder)] == []


# Files

MACHINE_PATH = re.compile(
    r"(?<![\w.:/-])/(?:[w]ork/[a-z.]|[r]oot/|[h]ome/[a-z]+/|[U]sers/[A-Za-z]+/|[t]mp/(?:dev|notes)\b)"
)


@pytest.mark.parametrize(
    "text", ["cd /wo" + "rk/main", "'/ro" + "ot/.cache'", "(/ho" + "me/ann/x)", "/tm" + "p/dev/bin"]
)
def test_a_path_of_a_machine_is_found(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize(
    "text", ["https://example.org/work/a", "framework/main", "/workspace", "/tmp/x", "/home page/"]
)
def test_what_only_looks_like_a_machine_path_is_not(text: str) -> None:
    assert not MACHINE_PATH.search(text)


def test_no_file_holds_a_path_of_a_machine() -> None:
    found = []
    for path in files():
        raw = path.read_bytes()
        if b"\0" not in raw[:8192]:
            for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
                if MACHINE_PATH.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_no_module_is_over_500_lines() -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in files() if path.suffix == ".py"}
    assert {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > 500} == {}


def test_no_statement_numbers_its_values() -> None:
    """Python 3.12.0 to 3.12.3 warn of "?1" in every process; a name says more, and none warns of it."""
    numbered = re.compile(r"\?[1-9]\d*\b")
    sources = sorted((ROOT / "core" / "src" / "memlayer" / "backends" / "sqlite").glob("*.py"))
    assert sources
    assert [p.name for p in sources if numbered.search(p.read_text("utf-8"))] == []


def test_every_copy_of_the_licence_is_the_licence() -> None:
    licence = (ROOT / "LICENSE").read_bytes()
    copies = [path for path in files() if path.name == "LICENSE"]
    assert ROOT / "core" / "LICENSE" in copies
    assert [path for path in copies if path.read_bytes() != licence] == []


# Distributions


def test_versions_move_in_lockstep() -> None:
    manifests = [path for path in files() if path.name == "pyproject.toml" and path.parent != ROOT]
    projects = {path: tomllib.loads(path.read_text(encoding="utf-8"))["project"] for path in manifests}
    assert {project["name"] for project in projects.values()} >= {"memlayer-core", "memlayer-minilm"}
    assert {project["version"] for project in projects.values()} == {memlayer.__version__}
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == memlayer.__version__
    for path, project in projects.items():
        groups = [project.get("dependencies", ()), *project.get("optional-dependencies", {}).values()]
        for requirement in map(Requirement, itertools.chain(*groups)):
            if requirement.name.startswith("memlayer"):
                assert requirement.name != "memlayer", f"{path} requires another project's package"
                assert requirement.specifier.contains(memlayer.__version__), f"{path}: {requirement}"


def test_every_session_is_explained_and_named_where_it_did_not_run() -> None:
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = set()
    for options, name in re.findall(r"@nox\.session(?:\((.*?)\))?\n(?:\s*@.*\n)*\s*def (\w+)\(", text):
        given = re.search(r'name="([\w-]+)"', options)
        sessions.add(given[1] if given else name)
    assert {"tests", "adapters-lowest", "frameworks"} <= sessions
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {name for name in sessions if f"`{name}`" not in page} == set()
    named = re.search(r'every = "([\w -]+)"', text)
    assert named is not None
    assert set(named[1].split()) == sessions - {"tests"}


def test_ci_runs_the_second_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first, second = re.findall(r"^python3 -m venv \.venv && .*$", readme, re.MULTILINE)
    assert first.endswith(".venv/bin/memlayer demo")
    assert second.endswith(".venv/bin/nox")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extraction = re.search(r"^tests_command=\$\((.*)\)$", ci, re.MULTILINE)
    assert extraction
    extracted = subprocess.run(["bash", "-c", extraction[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert extracted.stdout == f"{second}\n"
    assert 'bash -euo pipefail -c "$tests_command"' in ci


# The import

HEAVY = {"numpy", "memlayer_minilm", "rich", "click", "weaviate", "neo4j", "openai", "litellm", "onnxruntime", "httpx",
         "lxml", "pypdf", "dateparser", "asyncio"}  # fmt: skip
WATCHED = """
import json, sys
touched = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        touched.append(str(arguments[0]))
    elif event.startswith(("os.mkdir", "os.re", "os.ch", "shutil.", "tempfile.", "sqlite3.", "socket.", "subprocess.")):
        touched.append(event)
sys.addaudithook(watch)
{statement}
print(json.dumps([touched, sorted({{name.split(".")[0] for name in sys.modules}})]))
"""


def watched(statement: str, home: Path) -> tuple[list[str], set[str]]:
    """Runs a statement with a home that does not exist; returns what it touched and which packages it loaded."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MEMLAYER", "XDG", "COV"))}
    environment |= {"HOME": str(home / "missing"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-c", WATCHED.format(statement=statement)]
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    touched, loaded = json.loads(done.stdout)
    return touched, set(loaded)


def test_the_watch_sees_what_a_heavy_import_does(tmp_path: Path) -> None:
    touched, loaded = watched("import numpy, os; os.mkdir('made'); open('file', 'w').close()", tmp_path)
    assert touched == ["os.mkdir", "file"]
    assert "numpy" in loaded & HEAVY


@pytest.mark.parametrize("statement", ["import memlayer", "from memlayer import Memory, MemlayerError"])
def test_an_import_loads_no_driver_and_touches_no_disk(statement: str, tmp_path: Path) -> None:
    touched, loaded = watched(statement, tmp_path)
    assert touched == []
    assert loaded & HEAVY == set()


def test_a_memory_is_made_without_numpy_or_a_driver(tmp_path: Path) -> None:
    _, loaded = watched("from memlayer import Memory; Memory('memory.db').close()", tmp_path)
    assert loaded & HEAVY == set()


# The public names


def undocumented(name: str, thing: object) -> Iterator[str]:
    if not inspect.isclass(thing) and not callable(thing):
        return
    text = inspect.getdoc(thing)
    generated = dataclasses.is_dataclass(thing) and (text or "").startswith(f"{name}(")
    if not text or generated:
        yield name
    for member, value in vars(thing).items() if inspect.isclass(thing) else ():
        described = inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod)
        if described and not member.startswith("_") and not inspect.getdoc(getattr(thing, member)):
            yield f"{name}.{member}"


def test_a_missing_docstring_is_found() -> None:
    @dataclasses.dataclass
    class Bare:
        field: int

        def method(self) -> None: ...

        def _private(self) -> None: ...

        @property
        def described(self) -> None:
            """Is described."""

    assert list(undocumented("Bare", Bare)) == ["Bare", "Bare.method"]


def test_every_public_name_has_a_docstring() -> None:
    assert "Memory" in memlayer.__all__
    assert [found for name in memlayer.__all__ for found in undocumented(name, getattr(memlayer, name))] == []
