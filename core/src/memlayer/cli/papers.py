"""Documents and pictures from the command line: which arguments are some, and `memlayer documents`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from memlayer.cli.desk import Desk, day, examples, many, verb

CHATS = (".json", ".jsonl", ".ndjson", ".zip")
"""Files that hold chats."""
_NEVER_CHATS = (".pdf", ".mdx", ".html", ".htm")
"""Files that are documents even where a chat is asked for."""
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")


def is_paper(name: str, *, chats: bool = False) -> bool:
    """Says whether an argument names a document: an address, or a file; `chats` for one that may be a chat as well."""
    from memlayer.extraction.documents import FILES

    if name.lower().startswith(("http://", "https://")):
        return not any(c.isspace() for c in name)
    return name.lower().endswith(_NEVER_CHATS if chats else FILES) and (chats or Path(name).is_file())


def is_name(word: str) -> bool:
    """Says whether an argument reads as the name of a file or an address, be it there or not, rather than as a text."""
    from memlayer.extraction.documents import FILES

    return is_paper(word) or (len(word.split()) == 1 and word.lower().endswith((*FILES, *_PICTURES, *CHATS)))


def is_folder(word: str) -> bool:
    """Says whether an argument reads as the name of a folder that is there, rather than as a text."""
    return "/" in word and Path(word).is_dir()


def is_picture(name: str) -> bool:
    """Says whether an argument names a file with a picture."""
    return name.lower().endswith(_PICTURES) and Path(name).is_file()


def picture(name: str) -> dict[str, Any]:
    """The message of a picture; it is known by its content."""
    from memlayer.extraction.documents import BYTES

    path = Path(name)
    if path.stat().st_size > BYTES:
        raise click.UsageError(f"{name} has {path.stat().st_size:,} bytes; at most {BYTES:,} are read.")
    data = path.read_bytes()
    part = {"type": "image", "base64": base64.b64encode(data).decode()}
    return {
        "role": "tool",
        "name": path.name,
        "id": f"picture:{hashlib.sha256(data).hexdigest()[:32]}",
        "content": part,
    }


def note_scanned(desk: Desk, told: Sequence[dict[str, Any]]) -> None:
    """Says which pages of the documents have no text."""
    for document in told:
        if pages := document["scanned"]:
            first = ", ".join(map(str, pages[:20]))
            more = f" and {many(len(pages) - 20, 'more page')}" if len(pages) > 20 else ""
            desk.note(f"{document['source']}: scanned, without text: page {first}{more}.")


@click.command(
    epilog=examples("memlayer documents --user alice", "memlayer delete --document handbook.pdf --user alice")
)
@verb(whose="needed")
def documents(desk: Desk) -> int:
    """List the documents that a memory holds, the newest first."""
    with desk.memory() as memory:
        found = memory.documents.get_all(**desk.ids)
        if not found["results"]:
            desk.answer(found)
            return desk.nothing(memory)
    if not desk.answer(found):
        for row in found["results"]:
            title = f"  {row['title']}" if row["title"] else ""
            held = many(row["pieces"], "piece") if row["kept"] == row["pieces"] else f"{row['kept']} of {row['pieces']}"
            desk.say((f"{day(row['created_at'])}  ", "cyan"), row["source"], title, (f"  {held}", "dim"))
    return 0


COMMANDS = (documents,)
