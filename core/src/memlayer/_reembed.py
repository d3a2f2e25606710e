"""New vectors for everything that has some: every record that is searched, and every field of an item."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from memlayer._core import Core
from memlayer.backends.sqlite.reembed import Wanted
from memlayer.engine.fields import texts_at
from memlayer.engine.word_pieces import embedded
from memlayer.text import spoken

AT_ONCE = 256
"""Texts that are embedded in one batch, and kept in one transaction."""


def reembed(core: Core, *, progress: Callable[[int, int], None] | None) -> dict[str, Any]:
    """Embeds everything anew and puts all new vectors in place at once; the old ones serve until then.

    Goes on where an earlier call for the same embedder was ended, in whatever process. What others write or change
    meanwhile is embedded as well, before anything is put in place.
    """
    embedder = core.new_embedder()
    name = f"{embedder.name}/{embedder.dimensions}"
    work = core.upkeep.reembedding(name)
    while True:
        while wanted := work.missing(AT_ONCE):
            work.keep(wanted, embedded(embedder, [_text(one) for one in wanted]))
            if progress is not None:
                progress(*work.counts())
        records = work.finish()
        if records is not None:
            break
    core.use(embedder)
    core.servers.flush()
    return {"embedder": name, "records": records}


def _text(wanted: Wanted) -> str:
    """What is embedded of a record's text, or of a field of an item's value."""
    if wanted.kind == "record":
        return spoken(wanted.text)
    return texts_at(json.loads(wanted.text), wanted.field).get(wanted.field, "")
