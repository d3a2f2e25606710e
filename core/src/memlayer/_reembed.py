"""New vectors for everything that has some: every record that is searched, and every field of an item."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from memlayer._core import Core
from memlayer.engine.fields import texts_at
from memlayer.text import spoken

if TYPE_CHECKING:
    from memlayer.types import Vector

AT_ONCE = 256
"""Texts that are embedded in one batch."""


def reembed(core: Core, *, progress: Callable[[int, int], None] | None) -> dict[str, Any]:
    """Embeds everything anew and puts all new vectors in place at once; the old ones serve until then.

    What others write or change meanwhile is embedded as well, before anything is put in place.
    """
    embedder = core.new_embedder()
    name = f"{embedder.name}/{embedder.dimensions}"
    done: dict[Any, tuple[str, Vector]] = {}
    todo = core.upkeep.embedded()
    while True:
        keys = list(todo)
        for start in range(0, len(keys), AT_ONCE):
            part = keys[start : start + AT_ONCE]
            texts = [_text(key, todo[key]) for key in part]
            done.update({k: (todo[k], v) for k, v in zip(part, embedder.embed(texts, kind="document"), strict=True)})
            if progress is not None:
                progress(start + len(part), len(keys))
        todo = core.upkeep.replace_vectors(done, meta={"embedder": name})
        if not todo:
            break
    core.use(embedder)
    return {"embedder": name, "records": sum(isinstance(key, int) for key in done)}


def _text(key: int | tuple[int, str], source: str) -> str:
    """What is embedded of a record's text, or of a field of an item's value."""
    if isinstance(key, int):
        return spoken(source)

    field = key[1]
    return texts_at(json.loads(source), field).get(field, "")
