"""Looking: `memlayer search`, `context`, `list`, `get`, `history`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from memlayer.cli.desk import Desk, day, examples, json_option, many, plain, verb
from memlayer.extraction._pieces import part_of

KINDS = click.Choice(["fact", "episode", "procedure", "item"])
_NARROW = (
    click.option("--limit", "-n", type=click.IntRange(1, 10_000), help="How many at most."),
    click.option("--filter", "filters", metavar="JSON", callback=json_option, help="A filter, as search(filters=…)."),
    click.option("--category", "categories", metavar="NAME", multiple=True, help="One of these categories."),
    click.option("--kind", "kinds", type=KINDS, multiple=True, help="One of these kinds (else facts, and in search "
                 "also messages that no fact was read from)."),
    click.option("--as-of", metavar="WHEN", help="What was true then."),
    click.option("--known-at", metavar="WHEN", help="What had been written by then."),
)  # fmt: skip


def narrowed(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Gives a command the options that narrow what it finds."""
    for option in reversed(_NARROW):
        function = option(function)
    return function


def narrowing(other: Mapping[str, Any]) -> dict[str, Any]:
    """Those options as the facade's keywords."""
    return {
        "limit": other["limit"],
        "filters": other["filters"],
        "categories": list(other["categories"]) or None,
        "kinds": list(other["kinds"]) or None,
        "as_of": other["as_of"],
        "known_at": other["known_at"],
    }


@click.command(
    epilog=examples(
        'memlayer search "where do I live?" --user alice',
        'memlayer search "where do I live?" --user alice --as-of 2024-04-01',
        'memlayer search food --user alice -n 3 --threshold 0.3 --category food',
        """memlayer search deadlines --agent planner --filter '{"metadata": {"urgency": {"in": ["high"]}}}'""",
        "memlayer search food --user alice --json | jq -r '.results[].memory'",
    )
)  # fmt: skip
@click.argument("query")
@click.option("--threshold", type=click.FloatRange(0, 1), help="The least score.")
@click.option("--explain", is_flag=True, help="Show what each score is made of.")
@narrowed
@verb(whose="needed")
def search(desk: Desk, query: str, threshold: float | None, explain: bool, **other: Any) -> int:
    """Find the memories that answer a question, best first."""
    with desk.memory() as memory:
        found = memory.search(query, threshold=threshold, explain=explain, **desk.ids, **narrowing(other))
        if not found["results"]:
            desk.answer(found)
            return desk.nothing(memory)
    if not desk.answer(found):
        for hit in found["results"]:
            _show(desk, hit, first=(f"{hit['score']:.2f}  ", "bold cyan"))
            for name, share in sorted(hit.get("signals", {}).items(), key=lambda pair: -abs(pair[1])):
                desk.say((f"      {share:+.3f} {name}", "dim"))
    return 0


@click.command(epilog=examples('memlayer context "plan her dinner" --user alice --max-tokens 500'))
@click.argument("query")
@click.option("--max-tokens", type=click.IntRange(1), default=2000, show_default=True, help="The budget.")
@narrowed
@verb(whose="needed")
def context(desk: Desk, query: str, max_tokens: int, **other: Any) -> int:
    """Print what answers a question as a block for a prompt."""
    given = {name: value for name, value in narrowing(other).items() if value is not None}
    with desk.memory() as memory:
        block = memory.context(query, max_tokens=max_tokens, **desk.ids, **given)
        if not desk.answer({"context": block}) and block:
            desk.out.out(plain(block), highlight=False)
        return 0 if block else desk.nothing(memory)


@click.command(
    "list",
    epilog=examples(
        "memlayer list --user alice",
        "memlayer list --user alice --category food --limit 20 --page 2",
        "memlayer list --user alice --kind episode      # what was said, word for word",
        "memlayer list --user alice --as-of 2024-04-01",
    ),
)
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page of --limit memories.")
@narrowed
@verb(whose="needed")
def list_(desk: Desk, page: int, **other: Any) -> int:
    """List memories, newest first."""
    with desk.memory() as memory:
        found = memory.get_all(page=page, **desk.ids, **narrowing(other))
        if not found["results"]:
            desk.answer(found)
            return desk.nothing(memory)
    if not desk.answer(found):
        for record in found["results"]:
            _show(desk, record, first=(f"{day(record['created_at'])}  ", "cyan"))
        shown, total = len(found["results"]), found["count"]
        following = f"; the next ones: --page {found['next']}" if found["next"] else ""
        if shown < total:
            desk.note(f"{shown} of {many(total, 'memory', 'memories')}{following}")
    return 0


@click.command(epilog=examples("memlayer get 6f1d…", "memlayer get 6f1d… --json"))
@click.argument("memory_id", metavar="ID")
@verb(whose="optional")
def get(desk: Desk, memory_id: str) -> int:
    """Show one memory whole, with the messages that it came from.

    The first letters of an ID are enough, where no other one begins so.
    """
    with desk.memory() as memory:
        found = memory.get(desk.whole_id(memory, memory_id), **desk.ids)
        if desk.answer(found):
            return 0
        said = [memory.get(source["episode_id"]) for source in found["sources"]]
    desk.say((found["memory"], "bold"))
    ended = f" until {day(found['valid_to'])}" if found["valid_to"] else ""
    rows = {
        "id": found["id"],
        "kind": found["kind"] if found["status"] == "live" else f"{found['kind']}, {found['status']}",
        "true": f"since {day(found['valid_from'])}{ended}",
        "said": day(found["created_at"]),
        "replaced by": found["superseded_by"],
        "expires": found["expiration_date"],
        "protected": "yes" if found["immutable"] else None,
        "of": _whose(found),
        "categories": ", ".join(found["categories"]),
        "metadata": found["metadata"],
    }
    for name, value in rows.items():
        if value:
            desk.say((f"  {name:<12}", "dim"), str(value))
    for episode in said:
        if episode["status"] == "retracted":
            continue
        desk.say((f"  {'from':<12}", "dim"), f"{episode['name'] or episode['role']}: {episode['memory']}")
    return 0


@click.command(epilog=examples("memlayer history 6f1d…"))
@click.argument("memory_id", metavar="ID")
@verb(whose="optional")
def history(desk: Desk, memory_id: str) -> int:
    """Show every change of a memory, newest first.

    The changes of the memories that it replaced belong to it.
    """
    with desk.memory() as memory:
        found = memory.history(desk.whole_id(memory, memory_id), **desk.ids)
    if not desk.answer(found):
        for row in found:
            told = row["new_value"] if row["new_value"] is not None else row["previous_value"]
            when = day(row["updated_at"] or row["created_at"])
            desk.say((f"{when}  ", "cyan"), event(row["event"]), told or "")
            if row["event"] == "UPDATE" and row["previous_value"] not in (None, told):
                desk.say(" " * 19, (f"was: {row['previous_value']}", "dim"))
    return 0


def event(name: str) -> tuple[str, str]:
    """The name of an event in its colour, as wide as all of them."""
    return f"{name:<7}", {"ADD": "green", "UPDATE": "yellow", "DELETE": "red"}.get(name, "")


def _show(desk: Desk, record: Mapping[str, Any], *, first: tuple[str, str]) -> None:
    """Two lines for a memory: what it says, and what it is."""
    ended = "" if record.get("status", "live") == "live" else f" ({record['status']})"
    if record.get("valid_to"):
        ended = f" (until {day(record['valid_to'])})"
    desk.say(first, record["memory"].strip(), (ended, "yellow"))
    kind = record["kind"] if record["kind"] != "fact" else ""
    speaker = record.get("name") or "" if record["kind"] == "episode" else ""
    piece = part_of(record.get("metadata") or {}) or {}
    page = f"page {piece['page']}" if piece.get("page") else ""
    about = [day(record["created_at"]), kind, speaker, page, ", ".join(record.get("categories", ())), record["id"]]
    desk.say((" " * len(first[0]) + " · ".join(part for part in about if part), "dim"))


def _whose(record: Mapping[str, Any]) -> str:
    names = ("user", "agent", "run", "app")
    return ", ".join(f"{name} {record[f'{name}_id']}" for name in names if record[f"{name}_id"])


COMMANDS = (search, context, list_, get, history)
