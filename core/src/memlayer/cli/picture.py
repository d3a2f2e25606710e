"""Who and what: `memlayer profile`, `graph`, `users`, and how a profile and a graph look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from memlayer.cli.desk import Desk, examples, text, verb

Relations = Iterable[Mapping[str, Any]]


@click.command(epilog=examples("memlayer profile --user alice", "memlayer profile --user alice --as-of 2024-04-01"))
@click.option("--as-of", metavar="WHEN", help="What was true then.")
@verb(whose="needed")
def profile(desk: Desk, as_of: str | None) -> int:
    """Show the exact facts: where somebody lives, works, and so on."""
    with desk.memory() as memory:
        found = memory.profile(as_of=as_of, **desk.ids)
        if desk.answer(found):
            return 0 if found["results"] else 1
        if not found["results"]:
            return desk.nothing(memory)
    desk.show(profile_table(found, me=next(iter(desk.ids.values()))))
    return 0


@click.command(epilog=examples("memlayer graph --user alice", "memlayer graph --user alice --json"))
@click.option("--as-of", metavar="WHEN", help="What was true then.")
@verb(whose="needed")
def graph(desk: Desk, as_of: str | None) -> int:
    """Draw who is related to whom and what."""
    with desk.memory() as memory:
        found = memory.graph(as_of=as_of, **desk.ids)
        if desk.answer(found):
            return 0 if found["relations"] else 1
        if not found["relations"]:
            return desk.nothing(memory, "No relations yet.")
    desk.show(graph_tree(found["relations"]))
    return 0


@click.command(epilog=examples("memlayer users", "memlayer users --json"))
@verb()
def users(desk: Desk) -> int:
    """List everybody that something is stored for."""
    with desk.memory() as memory:
        found = memory.users()
        if desk.answer(found):
            return 0 if found["results"] else 1
        if not found["results"]:
            return desk.nothing(memory, "Nobody yet.")
    for row in found["results"]:
        desk.say((f"{row['type']:<6}", "dim"), row["name"])
    return 0


def words(name: str) -> str:
    """A slot or predicate as words: "favorite:dessert" is "favorite dessert"."""
    return name.replace("_", " ").replace(":", " ").lower()


def profile_table(found: Mapping[str, Any], *, me: str) -> Group:
    """A profile as a block per person, whoever it belongs to first."""
    blocks: list[Any] = []
    others = sorted(found["people"].items(), key=lambda pair: (pair[0].lower() != me.lower(), pair[0]))
    people = [(me, found["profile"]), *others]
    for name, slots in people:
        if not slots:
            continue
        table = Table.grid(padding=(0, 2))
        for slot, value in sorted(slots.items()):
            told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            table.add_row("", text((words(slot), "dim")), text(told))
        blocks += [text((name, "bold")), table]
    return Group(*blocks)


def graph_tree(relations: Relations) -> Group:
    """Relations as trees: whoever is nobody's target is a root, and each one's relations are drawn once."""
    edges: dict[str, list[Mapping[str, Any]]] = {}
    for edge in relations:
        edges.setdefault(edge["source"], []).append(edge)
    targets = {edge["target"] for found in edges.values() for edge in found if edge["target"] != edge["source"]}
    roots = [name for name in edges if name not in targets]
    drawn: set[str] = set()
    trees = [_tree(name, edges, drawn) for name in [*roots, *edges] if name not in drawn]
    return Group(*trees)


def _tree(name: str, edges: Mapping[str, list[Mapping[str, Any]]], drawn: set[str]) -> Tree:
    root = Tree(text((name, "bold")), guide_style="dim")
    todo = [(name, root)]
    drawn.add(name)
    while todo:
        source, branch = todo.pop()
        for edge in sorted(edges[source], key=lambda e: (e["relationship"], e["target"])):
            leaf = branch.add(_edge(edge))
            if edge["target"] in edges and edge["target"] not in drawn:
                drawn.add(edge["target"])
                todo.append((edge["target"], leaf))
    return root


def _edge(edge: Mapping[str, Any]) -> Text:
    return text((f"{words(edge['relationship'])} ", "cyan"), edge["target"])


COMMANDS = (profile, graph, users)
