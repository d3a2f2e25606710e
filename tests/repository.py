"""What the tests of the repository share: its root, its files and what they import."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_GROWN = {".venv", ".nox", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "build", "dist"}


def files() -> list[Path]:
    """Returns every file of the repository: what git tracks or would track; without git, what nothing has grown."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and not _GROWN & set(path.relative_to(ROOT).parts))


def modules(source: Path, package: str) -> Iterator[tuple[str, Path]]:
    """Yields the dotted name and the file of every module of a package that lies in the folder ``source``."""
    for path in sorted((source / package).rglob("*.py")):
        yield ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__"), path


def imports(module: str, path: Path) -> Iterator[tuple[int, str, str | None]]:
    """Yields line, module and name (None for a plain ``import``) of every import, at any depth, made absolute."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            up = node.level - (path.name == "__init__.py")
            parents = parts[: len(parts) - up] if node.level else []
            base = ".".join([*parents, *filter(None, [node.module])])
            for alias in node.names:
                yield node.lineno, base, alias.name
