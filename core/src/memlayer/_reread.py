"""What a fact's own words say: its slot and its relations, read by the local rules where nobody told them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from memlayer._core import Core
from memlayer.engine.ingest import person
from memlayer.extraction._grammar import first_person
from memlayer.types import Candidate, Message, Record

_USER = re.compile(r"(?:the )?user(?:'s|’s)? ", re.IGNORECASE)
"""How other memories begin a fact about whoever it belongs to."""
_AND = re.compile(r"[,;]|\b(?:and|but|while|because)\b")


def read_anew(core: Core, record: Record) -> Record:
    """The record with the slot and the relations that its new text says."""
    # A fact's own wording ("Lives in Rome") is read as its subject would say it.
    texts = (record.text, first_person(record.text) if record.subject in (None, "user") else "")
    found = _read(core, record, texts)
    slot = next((c for c in found if c.attribute is not None), None)
    return _told(record, slot, found)


def read_whole(core: Core, record: Record) -> Record:
    """As `read_anew` for a fact of another memory, with categories; a slot only where it is all that the text says.

    What fills a slot is replaced as a whole, and would take along what else the text says.
    """
    text = _USER.sub("", record.text, count=1)
    found = _read(core, record, ("" if text != record.text else text, first_person(text)))
    slots = [c for c in found if c.attribute is not None]
    alone = len(slots) == 1 and not _AND.search(text)
    slot = next((c for c in slots if alone or _plain(c.text) == _plain(text)), None)
    told = _told(record, slot, [c for c in found if c is slot or c.attribute is None])
    return replace(told, categories=record.categories or core.categorise(record.text))


def _read(core: Core, record: Record, texts: Sequence[str]) -> Sequence[Candidate]:
    """What is found in the first of these texts in which anything is."""
    for text in texts if record.kind == "fact" else ():
        message = Message("user", text, record.created_at, record.name, None, record.id)
        if text and (found := core.local.extract([message], scope=record.scope, known=())):
            return found
    return ()


def _told(record: Record, slot: Candidate | None, found: Sequence[Candidate]) -> Record:
    me = person(record.scope).user_id or "user"
    edges = tuple(replace(r, source=me if r.source == "user" else r.source) for c in found for r in c.relations)
    return replace(
        record,
        subject=slot.subject if slot else record.subject,
        attribute=slot.attribute if slot else None,
        value=slot.value if slot else None,
        negated=slot.negated if slot else False,
        relations=edges,
    )


def _plain(text: str) -> str:
    return text.strip().rstrip(".").casefold()
