"""`memlayer demo`: a year of a friendship, taken in and asked about."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.rule import Rule

from memlayer.cli.desk import Desk, day, examples, many, text, verb
from memlayer.cli.look import event
from memlayer.cli.picture import graph_tree, profile_table
from memlayer.cli.talk import change_line
from memlayer.errors import ConfigurationError

if TYPE_CHECKING:
    from memlayer import Memory


@click.command(epilog=examples("memlayer demo", "memlayer demo --path /tmp/demo.db", "NO_COLOR=1 memlayer demo"))
@verb()
def demo(desk: Desk) -> int:
    """Show a memory at work: a year of two friends, and questions.

    Needs no key, no server and no network. It has a file of its own (demo.db beside the default memory, or --path);
    a second run finds the memories of the first one there.
    """
    story = json.loads(files("memlayer.cli").joinpath("demo_conversation.json").read_text(encoding="utf-8"))
    if desk.path is None and desk.config is None:
        from memlayer.config import default_directory

        desk.path = str(default_directory() / "demo.db")
    with desk.memory() as memory:
        _check_own(memory, story["user_id"])
        told: dict[str, Any] = {"added": _listen(desk, memory, story), "file": str(memory.path)}
        me: dict[str, Any] = {"user_id": story["user_id"]}
        told["answers"] = _answer(desk, memory, story, me)
        told["replaced"] = _replaced(desk, memory, story["replaced"], me)
        told["earlier"] = _earlier(desk, memory, story["earlier"], me)
        told["profile"] = memory.profile(**me)
        told["relations"] = memory.graph(**me)["relations"]
        if not desk.answer(told):
            _picture(desk, told, story["name"])
            _farewell(desk, memory, story["user_id"])
    return 0


def _check_own(memory: Memory, owner: str) -> None:
    """Refuses a file that holds somebody else's memories, before anything is written into it."""
    others = [row["name"] for row in memory.users()["results"] if row["type"] != "run" and row["name"] != owner]
    if others:
        raise ConfigurationError(
            f"{memory.path} holds other memories ({others[0]}); the demo wants a file of its own: --path FILE"
        )


def _listen(desk: Desk, memory: Memory, story: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Takes the conversations in, one by one, and says what was remembered; returns the changes."""
    sessions = story["sessions"]
    total = sum(len(session["messages"]) for session in sessions)
    before = memory.get_all(user_id=story["user_id"], limit=1)["count"]
    if not desk.as_json:
        _title(desk, story["title"])
        desk.say(f"{story['about']} {len(sessions)} conversations, {total} messages.")
        desk.say(("No key, no server, no network: one file, and a small model on this machine.", "dim"))
    changes: list[dict[str, Any]] = []
    for session in sessions:
        found = memory.add(session["messages"], user_id=story["user_id"], run_id=session["id"])
        changes += [dict(change) for change in found["results"]]
        if desk.as_json:
            continue
        number = many(len(session["messages"]), "message")
        if found["results"] or session is sessions[0]:
            desk.say("")
        known = "" if found.get("episodes") else ", known already"
        desk.say((_date(session["messages"][0]["timestamp"]), "bold cyan"), ("  " + session["title"], "bold"),
                 (f"  {number}{known}", "dim"))  # fmt: skip
        for change in found["results"]:
            desk.say("  ", change_line(change))
    if not desk.as_json:
        held = memory.get_all(user_id=story["user_id"], limit=1)["count"]
        desk.say("")
        if before and not changes:
            kept = many(held, "memory", "memories")
            desk.say((f"{kept} from before are all here, and this run added none.", "green"))
        else:
            desk.say((f"{held} memories out of {total} messages; every message is kept, too, word for word.", "green"))
    return changes


def _answer(desk: Desk, memory: Memory, story: Mapping[str, Any], me: dict[str, Any]) -> list[dict[str, Any]]:
    """Asks the questions, and shows the best answers with who said them and when."""
    told = []
    if not desk.as_json:
        _title(desk, "Questions")
    for entry in story["questions"]:
        hits = memory.search(entry["question"], limit=entry.get("limit", 1), **me)["results"]
        told.append({"question": entry["question"], "answers": [hit["memory"] for hit in hits]})
        if desk.as_json:
            continue
        desk.say((entry["question"], "bold"))
        for hit in hits:
            origin = hit["sources"][0] if hit["sources"] else None
            said = f"  {origin['name'] or origin['role']}, {day(origin['timestamp'])}" if origin else ""
            desk.say("  ", hit["memory"], (said, "dim"))
    return told


def _replaced(desk: Desk, memory: Memory, case: Mapping[str, Any], me: dict[str, Any]) -> list[dict[str, Any]]:
    """Shows the history of the fact that answers a question, each state with the time in which it was true."""
    hits = memory.search(case["question"], limit=1, **me)["results"]
    rows: list[dict[str, Any]] = [dict(row) for row in memory.history(hits[0]["id"])] if hits else []
    if not desk.as_json:
        _title(desk, "A fact that changed")
        desk.say("Nothing is overwritten. “", (hits[0]["memory"] if hits else "", "bold"), "”, newest first:")
        for row in rows:
            record = memory.get(row["memory_id"])
            until = _date(record["valid_to"]) if record["valid_to"] else "now"
            desk.say("  ", event(row["event"]), row["new_value"] or row["previous_value"] or "")
            desk.say("         ", (f"true from {_date(record['valid_from'])} until {until}", "dim"))
    return rows


def _earlier(desk: Desk, memory: Memory, case: Mapping[str, Any], me: dict[str, Any]) -> dict[str, Any]:
    """Asks what was true on an earlier date."""
    hits = memory.search(case["question"], limit=1, as_of=case["as_of"], **me)["results"]
    answer = hits[0]["memory"] if hits else ""
    if not desk.as_json:
        _title(desk, "What was true then")
        desk.say((case["question"], "bold"), (f"  as of {_date(case['as_of'])}", "cyan"))
        desk.say("  ", answer)
    return {"question": case["question"], "as_of": case["as_of"], "answer": answer}


def _picture(desk: Desk, told: Mapping[str, Any], name: str) -> None:
    """Prints the profile and the relations."""
    _title(desk, "Profiles")
    desk.show(profile_table(told["profile"], me=name))
    _title(desk, "Who and what belong together")
    desk.show(graph_tree(told["relations"]))


def _farewell(desk: Desk, memory: Memory, owner: str) -> None:
    from memlayer.config import default_directory

    path = memory.path
    named = "" if path == default_directory() / "memory.db" else f" --path {_short(path)}"
    command = "memlayer" if shutil.which("memlayer") else sys.argv[0]
    _title(desk, "Yours now")
    desk.say(("Look around  ", "dim"), f'{command} search "what does Maya like?" --user {owner}{named}')
    desk.say(("Try it       ", "dim"), f'{command} add "Maya moved to Oslo yesterday" --user {owner}{named}')
    desk.say(("Begin        ", "dim"), f'{command} add "I love sushi" --user me')
    desk.say("")
    desk.say("The memory is one file: ", (str(path), "bold"))


def _short(path: Path) -> str:
    """A path as a shell takes it, from ~ on where it lies in the home."""
    home = Path.home()
    plain = shlex.quote(str(path))
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and plain == str(path) else plain


def _title(desk: Desk, words: str) -> None:
    desk.say("")
    desk.show(Rule(text((words, "bold")), align="left", style="dim", characters="─"))


def _date(stamp: str) -> str:
    moment = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    return f"{moment.day} {moment:%B %Y}"


COMMANDS = (demo,)
