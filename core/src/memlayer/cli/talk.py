"""Taking in: `memlayer add`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from memlayer.cli import chats
from memlayer.cli.desk import Desk, examples, json_option, many, text, verb

_PAPERS = (".pdf", ".mdx")
"""Files that are never a chat."""
AT_ONCE = 200
"""How many messages of one conversation are taken in together: what a bar moves by, and what an interruption loses."""


@click.command(
    epilog=examples(
        'memlayer add "I live in San Francisco and I love sushi" --user alice',
        "echo 'Alice moved to Berlin last week' | memlayer add --user alice",
        "memlayer add --file chat.jsonl --user alice --run monday",
        "memlayer add --file conversations.json --user alice      # ChatGPT's export, or its zip",
        "memlayer add handbook.pdf notes.md --user alice",
        "memlayer add --file - --user alice --json < chat.json",
    )
)
@click.argument("words", metavar="[TEXT]...", nargs=-1)
@click.option("--file", "-f", "files", metavar="FILE", multiple=True, help="A chat: JSON, JSON lines, ChatGPT, text.")
@click.option("--raw", is_flag=True, help="Keep each message in its own words, without reading facts out of it.")
@click.option("--timestamp", metavar="WHEN", help="When it was said, where a message does not say so itself.")
@click.option("--expires", metavar="DAY", help="The last day on which it holds.")
@click.option("--immutable", is_flag=True, help="Protect it from being replaced.")
@click.option("--category", "categories", metavar="NAME", multiple=True, help="A category (repeatable).")
@click.option("--metadata", metavar="JSON", callback=json_option, help="A JSON object kept with each memory.")
@verb(whose="needed")
def add(desk: Desk, words: tuple[str, ...], files: tuple[str, ...], raw: bool, **other: Any) -> int:
    """Take in a text, documents, or chats from files or a pipe.

    A chat is a list of {"role", "content", "name"?, "timestamp"?, "id"?}, as one JSON document or one message a
    line. Each conversation of a file that has an id becomes a run of its own, unless --run names one. A message that
    was taken in before is left out, so a file can be added again when it has grown. A document is kept in pieces that
    know their page and heading, and --metadata of theirs; reading PDF files takes memlayer-core[documents].
    """
    options: dict[str, Any] = {
        "infer": not raw,
        "timestamp": other["timestamp"],
        "expiration_date": other["expires"],
        "immutable": other["immutable"],
        "categories": list(other["categories"]) or None,
        "metadata": other["metadata"],
    }
    todo = _read(words, files)
    total = sum(_size(conversation.messages) for conversation in todo)
    found: dict[str, list[Any]] = {"results": [], "episodes": []}
    with desk.memory() as memory, desk.progress("Taking in") as progress:
        done = 0
        for conversation in todo:
            run: dict[str, Any] = {} if conversation.run is None else {"run_id": conversation.run}
            for start in range(0, len(conversation.messages), AT_ONCE):
                part = conversation.messages[start : start + AT_ONCE]
                answer = memory.add(part, **{**run, **desk.ids}, **options)
                found["results"] += answer["results"]
                found["episodes"] += answer.get("episodes", [])
                done += _size(part)
                progress(done, total)
    if not desk.answer(found):
        for change in found["results"]:
            desk.say(change_line(change))
        new, facts = len(found["episodes"]), len(found["results"])
        known = f"; {total - new} known or empty" if total > new else ""
        desk.say((f"{many(new, 'message')} kept{known}, {many(facts, 'memory', 'memories')} changed.", "dim"))
    return 0


def change_line(change: Mapping[str, Any]) -> Text:
    """What became of one fact: + added, ~ replaced, - ended."""
    mark, style = {"ADD": ("+", "green"), "UPDATE": ("~", "yellow"), "DELETE": ("-", "red")}.get(
        change["event"], ("=", "dim")
    )
    was = change.get("previous_memory")
    before = () if not was or was == change["memory"] else ((f"   was: {was}", "dim"),)
    return text((f"{mark} ", style), change["memory"], *before)


def _read(words: tuple[str, ...], files: Iterable[str]) -> list[chats.Conversation]:
    """What there is to take in: texts or files, or the standard input where neither is given."""
    files = tuple(files)
    if words and files:
        raise click.UsageError("Give a text or --file, not both.")
    if words and all(_is_document(word) and Path(word).is_file() for word in words):
        return [part for file in words for part in _document(file)]
    if files:
        return [
            part for file in files for part in (_document(file) if file.lower().endswith(_PAPERS) else chats.read(file))
        ]
    said = " ".join(words)
    if said in ("", "-"):
        if sys.stdin.isatty():
            raise click.UsageError("Nothing to add: give a text, --file FILE, or something on the standard input.")
        said = sys.stdin.read()
    if not said.strip():
        raise click.UsageError("Nothing to add: the text is empty.")
    return [chats.Conversation([{"role": "user", "content": said}])]


def _is_document(file: str) -> bool:
    from memlayer.extraction.documents import FILES

    return file.lower().endswith(FILES)


def _document(file: str) -> Iterator[chats.Conversation]:
    """A document in parts, each of which is taken in whole."""
    from memlayer.extraction.documents import read_file

    for part in read_file(file).parts(AT_ONCE):
        yield chats.Conversation([{"content": part}])


def _size(messages: Iterable[Mapping[str, Any]]) -> int:
    """How many messages are kept of these: a document's pieces count one by one."""
    return sum(len(getattr(message.get("content"), "pieces", "1")) for message in messages)


COMMANDS = (add,)
