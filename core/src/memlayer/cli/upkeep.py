"""Upkeep: `memlayer verify`, `rebuild`, `reembed`, `reextract`, `worker`."""

from __future__ import annotations

import click

from memlayer.cli.desk import Desk, examples, many, verb
from memlayer.cli.talk import change_line


@click.command(epilog=examples("memlayer verify", "memlayer verify --repair"))
@click.option("--repair", is_flag=True, help="Rebuild the indexes where something is wrong, and check again.")
@verb()
def verify(desk: Desk, repair: bool) -> int:
    """Check every index against the record."""
    with desk.memory(there=True) as memory, desk.progress("Checking") as progress:
        path = memory.path
        found = memory.verify(repair=repair, progress=progress)
    if not desk.answer(found):
        for problem in found["problems"]:
            desk.say(("problem: ", "red"), problem)
        if found["ok"]:
            desk.say(("ok  ", "green"), str(path))
        elif not repair:
            desk.note("memlayer verify --repair rebuilds the indexes.")
    return 0 if found["ok"] else 1


@click.command(epilog=examples("memlayer rebuild --path agent.db"))
@verb()
def rebuild(desk: Desk) -> int:
    """Make every index anew from the record; embeds nothing."""
    with desk.memory(there=True) as memory, desk.progress("Rebuilding") as progress:
        counts = memory.rebuild(progress=progress)
    if not desk.answer(counts):
        desk.say(f"{many(counts['records'], 'record')} indexed anew.")
    return 0


@click.command(epilog=examples("memlayer reembed --config new-embedder.json --path agent.db"))
@verb()
def reembed(desk: Desk) -> int:
    """Embed every memory anew (with --config: another embedder)."""
    with desk.memory(there=True) as memory, desk.progress("Embedding") as progress:
        told = memory.reembed(progress=progress)
    if not desk.answer(told):
        desk.say(f"{many(told['records'], 'record')} embedded with {told['embedder']}.")
    return 0


@click.command(
    epilog=examples(
        "memlayer reextract --user alice                              # what waits to be read",
        "memlayer reextract --user alice --everything --config llm.json  # the whole past, with a better model",
    )
)
@click.option("--everything", is_flag=True, help="Read the whole past anew, not only what waits for it.")
@verb(whose="needed")
def reextract(desk: Desk, everything: bool) -> int:
    """Read facts out of the kept messages."""
    with desk.memory(there=True) as memory, desk.progress("Reading") as progress:
        found = memory.reextract(everything=everything, progress=progress, **desk.ids)
    if not desk.answer(found):
        for change in found["results"]:
            desk.say(change_line(change))
        desk.say((f"{many(len(found['results']), 'memory', 'memories')} changed.", "dim"))
    return 0


@click.command(
    epilog=examples(
        "memlayer worker --config llm.json         # until it is ended",
        "memlayer worker --config llm.json --once  # what waits now",
    )
)
@click.option("--once", is_flag=True, help="End when nothing waits any more.")
@click.option("--poll", type=click.FloatRange(min=0.01), default=1.0, show_default=True, help="Seconds between looks.")
@verb()
def worker(desk: Desk, once: bool, poll: float) -> int:
    """Read messages that were added deferred, as they come.

    It may be ended at any time, however roughly: what it has not read waits for the next one.
    """
    from memlayer.engine.worker import run

    def told(talks: int, facts: int) -> None:
        desk.note(f"{many(talks, 'conversation')} read, {many(facts, 'memory', 'memories')} changed.")

    with desk.memory() as memory:
        facts = run(memory._core, once=once, poll=poll, told=told)
    if once and not desk.answer({"facts": facts}) and not facts:
        desk.say(("Nothing waits.", "dim"))
    return 0


COMMANDS = (verify, rebuild, reembed, reextract, worker)
