"""`memlayer doctor`: is everything here, does it fit together, is the file sound?"""

from __future__ import annotations

import platform
import sqlite3
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import click

from memlayer import MemlayerError, __version__
from memlayer.cli.desk import Desk, examples, many, verb

if TYPE_CHECKING:
    from memlayer import Memory
    from memlayer._core import Core
    from memlayer.protocols import LanguageModel

SHOWN = 5
"""How many problems of a file are printed; `memlayer verify` prints all."""
DISTRIBUTIONS = ("memlayer-core", "memlayer-minilm", "numpy", "click", "rich", "platformdirs")
_COUNTS = """
    SELECT count(*), coalesce(sum(kind = 'episode'), 0), coalesce(sum(kind <> 'episode' AND status = 'live'), 0),
           coalesce(sum(unread), 0), (SELECT count(*) FROM events), (SELECT count(*) FROM edges),
           (SELECT count(*) FROM items), (SELECT count(*) FROM owners), (SELECT count(*) FROM outbox) FROM records
"""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    told: str
    ok: bool = True


@click.command(epilog=examples("memlayer doctor", "memlayer doctor --path agent.db --json"))
@verb()
def doctor(desk: Desk) -> int:
    """Check the installation, the models and the memory's file.

    A language model of --config is asked for one word. The exit code is 1 where something is wrong. A package of
    another project with the same import name is reported before anything else, by every command.
    """
    checks = list(_installation())
    at = "settings"
    try:
        with desk.memory() as memory:
            core, at = memory._core, "file"
            checks += _file(memory, core)
    except MemlayerError as error:
        checks.append(Check(at, str(error), ok=False))
    ok = all(check.ok for check in checks)
    if not desk.answer({"ok": ok, "version": __version__, "checks": [asdict(check) for check in checks]}):
        for check in checks:
            mark = ("ok       ", "green") if check.ok else ("problem  ", "bold red")
            desk.say(mark, (f"{check.name:<10}", "dim"), check.told)
    return 0 if ok else 1


def _installation() -> Iterator[Check]:
    yield Check("python", f"{platform.python_version()} on {platform.system()} ({sys.executable})")
    found = {name: _version(name) for name in DISTRIBUTIONS}
    missing = [name for name, version in found.items() if version is None]
    yield Check("packages", ", ".join(f"{name} {version}" for name, version in found.items() if version))
    if missing:
        yield Check("packages", f"not installed: {', '.join(missing)}. Mend: pip install memlayer-core", ok=False)
    wrong = [f"{name} {found[name]}" for name in DISTRIBUTIONS[:2] if found[name] not in (None, __version__)]
    if wrong:
        told = f"{', '.join(wrong)} beside memlayer {__version__}; install the same version of both"
        yield Check("packages", told, ok=False)
    yield Check("sqlite", sqlite3.sqlite_version)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _file(memory: Memory, core: Core) -> Iterator[Check]:
    try:
        embedder = core.new_embedder()
        (vector,) = embedder.embed(["memory"], kind="query")
        mine = f"{embedder.name}/{len(vector)}"
        yield Check("embedder", mine)
    except (MemlayerError, OSError) as error:
        mine = None
        yield Check("embedder", str(error), ok=False)
    if core.model is not None:
        yield _asked(core.model)
    for line in core.servers.report():
        yield Check("server", f"{line['name']}: {line['told']}", ok=line["ok"])
    path = memory.path
    if not path.exists():
        yield Check("file", f"{path} (not there yet: the first memory makes it)")
        return
    size, mode = path.stat().st_size, stat.S_IMODE(path.stat().st_mode)
    with core.ledger.database.read() as connection:
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        records, said, facts, unread, events, edges, items, owners, outbox = connection.execute(_COUNTS).fetchone()
    yield Check("file", f"{path}, {size / 1e6:.1f} MB, schema {schema}")
    if mode & 0o077:
        yield Check("file", f"others on this machine may read it (mode {mode:o}). Mend: chmod 600 '{path}'", ok=False)
    noted = core.ledger.meta("embedder")
    if noted is not None and mine is not None and noted != mine:
        told = f"the file was embedded with {noted}, not with {mine}. Mend: memlayer reembed --path '{path}'"
        yield Check("embedder", told, ok=False)
    counted = (
        many(facts, "live fact"),
        many(said, "message"),
        many(records - said - facts, "past fact"),
        many(edges, "relation"),
        many(items, "item"),
        many(events, "event"),
    )
    yield Check("holds", f"{', '.join(counted)}, of {many(owners, 'owner')}")
    waiting = f"{many(unread, 'message')} to read" if unread else "nothing"
    yield Check("waiting", waiting + (f", {many(outbox, 'change')} for servers" if outbox else ""))
    yield from _soundness(memory)


def _asked(model: LanguageModel) -> Check:
    """Whether a language model answers: its key, its name and its address are right."""
    try:
        model.complete([{"role": "user", "content": "Say ok."}])
    except (MemlayerError, OSError) as error:
        return Check("model", str(error), ok=False)
    return Check("model", model.name)


def _soundness(memory: Memory) -> Iterator[Check]:
    found = memory.verify()["problems"]
    for problem in found[:SHOWN]:
        yield Check("verify", problem, ok=False)
    if len(found) > SHOWN:
        yield Check("verify", f"and {len(found) - SHOWN} more", ok=False)
    yield Check("verify", "every index agrees with the record" if not found else "Mend: memlayer verify --repair",
                ok=not found)  # fmt: skip


COMMANDS = (doctor,)
