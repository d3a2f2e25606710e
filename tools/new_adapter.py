"""Makes the skeleton of an adapter with its contract test, which passes as it stands.

python tools/new_adapter.py agno --requires "agno>=3.1,<4" --imports agno
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent

PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "memlayer-$host"
version = "$version"
description = "A memory that lasts for $host, shared with agents of other frameworks"
readme = "README.md"
requires-python = ">=3.10"
license = "Apache-2.0"
license-files = ["LICENSE"]
dependencies = [$dependencies]

[project.optional-dependencies]
test = ["pytest>=8.4"]

[tool.hatch.build.targets.wheel]
packages = ["src/$package"]

[tool.memlayer]
framework = [$imports]
"""

README = """\
# memlayer for $host

A memory that lasts: what a user said last week, to another agent or in another framework, is there when the model
answers.

```
pip install memlayer-$host
```

```python
from memlayer import Memory
from $package import MemlayerMemory

with Memory("memories.db") as client:
    MemlayerMemory(client, user_id="ann", run_id="monday").save("I live in Lisbon.", "Noted.")
    assert "Lives in Lisbon" in MemlayerMemory(client, user_id="ann", run_id="friday").recall("Where do I live?")
```
"""

INIT = '''\
"""memlayer for $host."""

from $package.memory import MemlayerMemory

__all__ = ["MemlayerMemory"]
'''

MEMORY = '''\
"""`MemlayerMemory`: what $host takes for a memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memlayer import AsyncMemory, Memory
from memlayer.adapters import Numbers, faces, given, one_run, person


class MemlayerMemory:
    """Keeps what user and assistant say, and recalls what matters for a question."""

    def __init__(
        self,
        client: Memory | AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        max_tokens: int = 2000,
    ) -> None:
        """Works on `client`; `run_id` is one conversation, `max_tokens` the budget of what is recalled."""
        self._ids = given(user_id=user_id, agent_id=agent_id, run_id=run_id, app_id=app_id)
        self._sync, self._aio = faces(client)
        self._max_tokens = max_tokens

    def save(self, said: str, answered: str, ids: Sequence[str] | None = None) -> None:
        """Keeps one turn; `ids` are the framework's own ids of the two messages."""
        numbers, turn = Numbers(self._aio, self._ids), [("user", said), ("assistant", answered)]
        numbers.meet(turn, new=2)
        if messages := _rows(turn, ids or numbers.rows(turn)):
            self._sync.add(messages, **self._ids)

    async def asave(self, said: str, answered: str, ids: Sequence[str] | None = None) -> None:
        """As `save`."""
        numbers, turn = Numbers(self._aio, self._ids), [("user", said), ("assistant", answered)]
        await numbers.ameet(turn, new=2)
        if messages := _rows(turn, ids or numbers.rows(turn)):
            await self._aio.add(messages, **self._ids)

    def recall(self, question: str) -> str:
        """What is known about a question, fenced as data; "" for nothing. The question is not its own answer."""
        numbers, asked = Numbers(self._aio, self._ids), ("user", question)
        numbers.meet([asked], new=1)
        return self._sync.context(question, **self._search(numbers.ids(asked, 1)))

    async def arecall(self, question: str) -> str:
        """As `recall`."""
        numbers, asked = Numbers(self._aio, self._ids), ("user", question)
        await numbers.ameet([asked], new=1)
        return await self._aio.context(question, **self._search(numbers.ids(asked, 1)))

    def clear(self) -> None:
        """Forgets this run and nothing else; raises without a `run_id`, which is what names it."""
        self._sync.erase(**one_run(self._ids, "clear"))

    async def aclear(self) -> None:
        """As `clear`."""
        await self._aio.erase(**one_run(self._ids, "clear"))

    def _search(self, asked: Sequence[str]) -> dict[str, Any]:
        # What a person said holds in every run.
        return {**person(self._ids), "filters": {"message_id": {"nin": asked}}, "max_tokens": self._max_tokens}


def _rows(turn: Sequence[tuple[str, str]], ids: Sequence[str]) -> list[dict[str, Any]]:
    return [{"role": role, "content": text, "id": i} for (role, text), i in zip(turn, ids, strict=True) if text.strip()]
'''

CONTRACT = '''\
"""What every adapter of memlayer promises; put $host's own order of calls into the hooks."""

from __future__ import annotations

import pytest
from $package import MemlayerMemory

from memlayer import Memory
from memlayer.testing import AdapterContract, AdapterHooks

Ids = tuple[str, str] | None


class Hooks(AdapterHooks):
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def of(self, user_id: str, run_id: str | None) -> MemlayerMemory:
        return MemlayerMemory(self.memory, user_id=user_id, run_id=run_id)

    def save(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Ids = None) -> None:
        self.of(user_id, run_id).save(user_text, assistant_text, ids)

    async def asave(self, user_text: str, assistant_text: str, *, user_id: str, run_id: str, ids: Ids = None) -> None:
        await self.of(user_id, run_id).asave(user_text, assistant_text, ids)

    def recall(self, query: str, *, user_id: str, run_id: str) -> str:
        return self.of(user_id, run_id).recall(query)

    async def arecall(self, query: str, *, user_id: str, run_id: str) -> str:
        return await self.of(user_id, run_id).arecall(query)

    def clear(self, *, user_id: str, run_id: str | None) -> None:
        self.of(user_id, run_id).clear()

    async def aclear(self, *, user_id: str, run_id: str | None) -> None:
        await self.of(user_id, run_id).aclear()

    def fresh(self) -> Hooks:
        return Hooks(self.memory)


class TestContract(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Hooks:
        return Hooks(memory)
'''


def make(host: str, requires: list[str], imports: list[str], into: Path) -> Path:
    """Writes the folder of an adapter and returns it; raises `FileExistsError` where there is one."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", host):
        raise ValueError(f"the name of a host is lower case words with dashes, not {host!r}")
    version = re.search(r'^version = "(.+)"$', (ROOT / "core" / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    major, minor, *_ = version[1].split(".")
    core = f"memlayer-core>={major}.{minor},<{major}.{int(minor) + 1}"
    package = f"memlayer_{host.replace('-', '_')}"
    words = {
        "host": host,
        "package": package,
        "version": version[1],
        "dependencies": _listed([core, *requires]),
        "imports": _listed(imports),
    }
    folder = into / f"memlayer-{host}"
    contents = {
        "pyproject.toml": PYPROJECT,
        "README.md": README,
        f"src/{package}/__init__.py": INIT,
        f"src/{package}/memory.py": MEMORY,
        f"src/{package}/py.typed": "",
        "tests/test_contract.py": CONTRACT,
    }
    folder.mkdir()
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words), encoding="utf-8")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    return folder


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def main() -> None:
    """Makes the adapter that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host", help="what the adapter is for: memlayer-<host>")
    parser.add_argument("--requires", action="append", default=[], help='a requirement of the host: "agno>=3.1,<4"')
    parser.add_argument("--imports", action="append", default=[], help="a module that the host brings")
    parser.add_argument("--into", type=Path, default=ROOT / "integrations", help="the folder that it is made in")
    given = parser.parse_args()
    folder = make(given.host, given.requires, given.imports, given.into)
    print(f"{folder} is there. Next: nox -s 'adapters(memlayer-{given.host})'")


if __name__ == "__main__":
    main()
