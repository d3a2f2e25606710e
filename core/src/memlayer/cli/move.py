"""Moving: `memlayer export`, `import`, `backup`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from memlayer.cli.desk import Desk, examples, json_option, many, read_json, verb


@click.command(
    epilog=examples(
        "memlayer export --user alice alice.json",
        "memlayer export --user alice --history | gzip > alice.json.gz",
        """memlayer export --user alice --filter '{"categories": {"in": ["food"]}}' food.json""",
    )
)
@click.argument("file", default="-", required=False)
@click.option("--filter", "filters", metavar="JSON", callback=json_option, help="Only what a filter finds.")
@click.option("--history", is_flag=True, help="With what was replaced or deleted.")
@verb(whose="needed")
def export(desk: Desk, file: str, filters: Any, history: bool) -> int:
    """Write memories, messages and items as JSON.

    They go to a file that only you can read, or to the standard output.
    """
    with desk.memory() as memory:
        found = memory.export(filters=filters, history=history, **desk.ids)
        if not found["records"] and not found["items"]:
            desk.answer(found)
            return desk.nothing(memory)
        if file != "-" and Path(file).exists() and memory.path.samefile(file):
            raise click.UsageError(f"{file} is the memory itself; name another file.")
    if file == "-":
        Desk.answer(Desk(None, None, True, {}), found)
        return 0
    _write(Path(file), json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    told: dict[str, Any] = {"file": file, "records": len(found["records"]), "items": len(found["items"])}
    if not desk.answer(told):
        desk.say(f"{many(told['records'], 'record')} and {many(told['items'], 'item')} written to {file}.")
    return 0


def _write(file: Path, text: str) -> None:
    """Puts a whole file in the place of an older one, which stays where the new one cannot be written."""
    special = file.exists() and not file.is_file()  # a device, a pipe; for a folder, opening it raises
    whole = Path(os.path.realpath(file))
    part = file if special else whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as target:
            target.write(text)
        if not special:
            os.replace(part, whole)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    finally:
        if not special and os.path.lexists(part):
            part.unlink()


@click.command(
    "import",
    epilog=examples(
        "memlayer import alice.json",
        "memlayer import mem0.json          # what another memory's get_all() gave",
        "gunzip -c alice.json.gz | memlayer import -",
    ),
)
@click.argument("file")
@verb()
def import_(desk: Desk, file: str) -> int:
    """Take in what export wrote, or another memory's get_all().

    What is there already stays as it is.
    """
    data = read_json(file, "the file")
    with desk.memory() as memory, desk.progress("Taking in") as progress:
        counts = memory.import_(data, progress=progress)
    if not desk.answer(counts):
        known = f", {counts['known']:,} known already" if counts["known"] else ""
        desk.say(f"{many(counts['records'], 'record')} and {many(counts['items'], 'item')} taken in{known}.")
    return 0


@click.command(epilog=examples("memlayer backup /backups/memory-monday.db"))
@click.argument("file")
@verb()
def backup(desk: Desk, file: str) -> int:
    """Write a whole, consistent copy of the memory's file.

    Others may go on writing meanwhile. To restore it, end the programs that use the memory and copy it into its place.
    """
    with desk.memory(there=True) as memory:
        made = memory.backup(file)
    size = made.stat().st_size
    if not desk.answer({"file": str(made), "bytes": size}):
        desk.say(f"{size:,} bytes written to {made}.")
    return 0


COMMANDS = (export, import_, backup)
