"""Changing: `memlayer update`, `delete`, `erase`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from memlayer.cli.desk import Desk, examples, json_option, many, verb

_DOCUMENT = click.option("--document", metavar="SOURCE", help="All of one document, by its source or id.")


@click.command(
    epilog=examples(
        'memlayer update 6f1d… "Loves sushi, but no eel"',
        """memlayer update 6f1d… --metadata '{"checked": true}'""",
    )
)
@click.argument("memory_id", metavar="ID")
@click.argument("words", metavar="[TEXT]", required=False)
@click.option("--metadata", metavar="JSON", callback=json_option, help="The new metadata, in place of the old.")
@verb(whose="optional")
def update(desk: Desk, memory_id: str, words: str | None, metadata: Mapping[str, Any] | None) -> int:
    """Change a memory's text or metadata; its history keeps the old."""
    if words is None and metadata is None:
        raise click.UsageError("Give a new text, --metadata, or both.")
    with desk.memory() as memory:
        changed = memory.update(desk.whole_id(memory, memory_id), text=words, metadata=metadata, **desk.ids)
    if not desk.answer(changed):
        desk.say(("~ ", "yellow"), changed["memory"])
    return 0


@click.command(
    epilog=examples(
        "memlayer delete 6f1d…",
        "memlayer delete 6f1d… 9b02… --user alice",
        "memlayer delete --document handbook.pdf --user alice",
    )
)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@_DOCUMENT
@verb(whose="optional")
def delete(desk: Desk, ids: tuple[str, ...], document: str | None) -> int:
    """Take memories, or a document, out of every result.

    What they were read from, or what was read from it, goes as well. All of them go, or none. `memlayer erase`
    removes for good.
    """
    if bool(ids) == (document is not None):
        raise click.UsageError("Name the memories to delete by their ids, or one --document.")
    if document is not None:
        with desk.memory() as memory:
            gone = memory.documents.delete(document, **_whose(desk))
        if not desk.answer(gone):
            held = f"{many(gone['pieces'], 'piece')}, {many(gone['memories'], 'memory', 'memories')} read from it"
            desk.say(("- ", "red"), document, (f"  {held}", "dim"))
        return 0
    with desk.memory() as memory:
        whole = dict.fromkeys(desk.whole_id(memory, memory_id) for memory_id in ids)
        told = [memory.get(memory_id, **desk.ids) for memory_id in whole]
        answer = memory.batch_delete([{"memory_id": record["id"]} for record in told])
    rows = [{"id": record["id"], "memory": record["memory"], "event": "DELETE"} for record in told]
    if not desk.answer({**answer, "results": rows}):
        for record in told:
            desk.say(("- ", "red"), record["memory"])
    return 0


@click.command(
    epilog=examples(
        "memlayer erase --user alice",
        "memlayer erase --user alice --run monday --yes",
        "memlayer erase --document handbook.pdf --user alice",
        "memlayer erase --everything",
    )
)
@_DOCUMENT
@click.option("--everything", is_flag=True, help="Erase the whole memory, everybody's.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@verb(whose="optional")
def erase(desk: Desk, document: str | None, everything: bool, yes: bool) -> int:
    """Erase everything of somebody, or a document, for good.

    Memories, messages, items and their history go, protected ones too. It asks first, unless there is --yes.
    """
    if everything == bool(desk.ids) or (everything and document is not None):
        raise click.UsageError("Name whose memory to erase (--user, --agent, --run, --app), or --everything.")
    with desk.memory(there=True) as memory:
        if not yes:
            whose = "everybody" if everything else ", ".join(f"{k[:-3]} {v}" for k, v in desk.ids.items())
            what = f"everything of {whose}" if document is None else f"{document} of {whose}"
            if desk.ids and document is None:
                facts, said = (memory.get_all(limit=1, kinds=k, **desk.ids)["count"] for k in (None, ["episode"]))
                what += f" ({many(facts, 'fact')}, {many(said, 'message')})"
            click.confirm(f"Erase {what} in {memory.path} for good?", abort=True, err=True)
        if everything:
            answer: dict[str, Any] = memory.reset()
        elif document is not None:
            answer = {"erased": memory.documents.erase(document, **desk.ids)}
        else:
            counts = memory.erase(**desk.ids)
            answer = {"erased": counts}
    if not desk.answer(answer):
        erased = {"messages" if name == "episodes" else name: n for name, n in answer.get("erased", {}).items() if n}
        told = [many(number, name.removesuffix("s")) for name, number in erased.items()]
        desk.say(answer.get("message") or ("Erased: " + (", ".join(told) or "there was nothing") + "."))
    return 0


def _whose(desk: Desk) -> dict[str, Any]:
    if not desk.ids:
        raise click.UsageError("Whose document? Name --user, --agent, --run or --app.")
    return desk.ids


COMMANDS = (update, delete, erase)
