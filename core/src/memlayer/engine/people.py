"""Whether two facts are about the same person or thing. Pure."""

from __future__ import annotations

import re

from memlayer.engine import normal
from memlayer.types import Record


def same_one(new: Record, old: Record) -> bool:
    """Says whether two facts are about the same one; a fact without a subject only meets its own words."""
    if old.subject is None:
        return old.attribute is None
    if new.subject != old.subject and normal.words(new.subject or "user") != normal.words(old.subject):
        return False
    if _known_as(new) and _known_as(old) and not (_known_as(new) <= _known_as(old) or _known_as(old) <= _known_as(new)):
        return False  # the cousin Anna is not the friend Anna
    told = new.subject == "user" and new.role == old.role and new.name and old.name
    return not told or normal.key(new.name) == normal.key(old.name)


_KNOWN_AS = re.compile(r"^\w+(?: user)?'s ([a-z][a-z -]*) (?=[A-Z])")


def _known_as(record: Record) -> frozenset[str]:
    """The words that say how somebody with a name stands to the speaker: "friend" in "The user's friend Anna …"."""
    m = _KNOWN_AS.match(record.text) if (record.subject or "")[:1].isupper() else None
    return frozenset(m[1].split()) if m else frozenset()
