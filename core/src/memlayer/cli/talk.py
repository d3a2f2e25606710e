"""Taking in: `memlayer add`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from memlayer.cli import chats
from memlayer.cli.desk import Desk, examples, json_option, many, standard_input, text, verb
from memlayer.cli.papers import CHATS, is_folder, is_name, is_paper, is_picture, note_scanned, picture

AT_ONCE = 200
"""How many messages of one conversation are taken in together: what a bar moves by, and what an interruption loses."""


@click.command(
    epilog=examples(
        'memlayer add "I live in San Francisco and I love sushi" --user alice',
        "echo 'Alice moved to Berlin last week' | memlayer add --user alice",
        "memlayer add chat.jsonl --user alice --run monday",
        "memlayer add --file conversations.json --user alice      # ChatGPT's export, or its zip",
        "memlayer add handbook.pdf notes.md https://example.com/terms --user alice",
        "memlayer add holiday.jpg --user alice --config vision.json      # a model with enable_vision describes it",
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
    """Take in a text, or documents, pictures and chats from files.

    A chat is a list of {"role", "content", "name"?, "timestamp"?, "id"?}, as one JSON document or one message a
    line. Each conversation of a file that has an id becomes a run of its own, unless --run names one. A message that
    was taken in before is left out, so a file can be added again when it has grown. A document (PDF,
    Markdown, MDX, HTML, text; a file or an address) is kept in pieces that know their page and heading. PDF files and
    web pages take memlayer-core[documents]. `memlayer documents` lists them.
    """
    options: dict[str, Any] = {
        "infer": not raw,
        "timestamp": other["timestamp"],
        "expiration_date": other["expires"],
        "immutable": other["immutable"],
        "categories": list(other["categories"]) or None,
        "metadata": other["metadata"],
    }
    todo, names = _read(words, files)
    found: dict[str, list[Any]] = {"results": [], "episodes": []}
    with desk.memory() as memory:
        with desk.progress("Reading") as progress:
            # All of them, before any is kept: one that cannot be read leaves nothing half done.
            papers = [memory.documents.read(name, progress=progress) for name in names]
        total = sum(len(conversation.messages) for conversation in todo) + sum(paper.total for paper in papers)
        with desk.progress("Taking in") as progress:
            done = 0
            for conversation in todo:
                run: dict[str, Any] = {} if conversation.run is None else {"run_id": conversation.run}
                for start in range(0, len(conversation.messages), AT_ONCE):
                    part = conversation.messages[start : start + AT_ONCE]
                    _note(found, memory.add(part, **{**run, **desk.ids}, **options))
                    done += len(part)
                    progress(done, total)

            def keeping(_: str, pieces: int, __: int) -> None:
                progress(done + pieces, total)

            for paper in papers:
                _note(found, memory.documents.add(paper, progress=keeping, **desk.ids, **options))
                done += paper.total
    if not desk.answer(found):
        for change in found["results"]:
            desk.say(change_line(change))
        new, facts = len(found["episodes"]), len(found["results"])
        known = f"; {total - new} known or empty" if total > new else ""
        desk.say((f"{many(new, 'message')} kept{known}, {many(facts, 'memory', 'memories')} changed.", "dim"))
        note_scanned(desk, found.get("documents", []))
    return 0


def _note(found: dict[str, list[Any]], answer: Mapping[str, Any]) -> None:
    """Puts an answer to the others."""
    for name in ("results", "episodes"):
        found[name] += answer.get(name, [])
    if "document" in answer:
        found.setdefault("documents", []).append(answer["document"])


def change_line(change: Mapping[str, Any]) -> Text:
    """What became of one fact: + added, ~ replaced, - ended."""
    mark, style = {"ADD": ("+", "green"), "UPDATE": ("~", "yellow"), "DELETE": ("-", "red")}.get(
        change["event"], ("=", "dim")
    )
    was = change.get("previous_memory")
    before = () if not was or was == change["memory"] else ((f"   was: {was}", "dim"),)
    return text((f"{mark} ", style), change["memory"], *before)


def _read(words: tuple[str, ...], files: Iterable[str]) -> tuple[list[chats.Conversation], list[str]]:
    """What there is to take in, chats and names of documents: given, or from the standard input."""
    files = tuple(files)
    if words and files:
        raise click.UsageError("Give a text or --file, not both.")
    if words and all(is_name(word) or is_folder(word) for word in words):
        for folder in filter(is_folder, words):
            raise click.UsageError(f"{folder} is a folder; name the files in it, such as {folder.rstrip('/')}/*.md")
    if words and all(map(is_name, words)) and (missing := [word for word in words if not _is_there(word)]):
        raise click.UsageError(f"{missing[0]}: no such file.")  # and no memory
    if any(map(_is_chat, words)) and all(is_paper(word) or is_picture(word) or _is_chat(word) for word in words):
        words, files = (), words
    if words and all(is_paper(word) or is_picture(word) for word in words):
        return [_picture(word) for word in words if is_picture(word)], [word for word in words if not is_picture(word)]
    if files:
        papers = [file for file in files if is_paper(file, chats=True)]
        return [
            talk
            for file in files
            if file not in papers
            for talk in ([_picture(file)] if is_picture(file) else chats.read(file))
        ], papers
    said = " ".join(words)
    if said in ("", "-"):
        if sys.stdin.isatty():
            raise click.UsageError("Nothing to add: give a text, --file FILE, or something on the standard input.")
        said = standard_input()
    if not said.strip():
        raise click.UsageError("Nothing to add: the text is empty.")
    return [chats.Conversation([{"role": "user", "content": said}])], []


def _is_there(word: str) -> bool:
    """Says whether a word is an address, or the name of a file."""
    return is_paper(word) or Path(word).is_file()


def _is_chat(word: str) -> bool:
    """Says whether a word is the name of a chat's file."""
    return word.lower().endswith(CHATS) and Path(word).is_file()


def _picture(name: str) -> chats.Conversation:
    return chats.Conversation([picture(name)])


COMMANDS = (add,)
