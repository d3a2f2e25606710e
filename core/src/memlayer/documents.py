"""The documents of a memory: a file or page taken in, found again in a list, and forgotten as one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memlayer import compat
from memlayer._ask import scope_of, words
from memlayer.engine.rewriting import rewrite
from memlayer.errors import ConfigurationError, NotFoundError, brief
from memlayer.extraction._pieces import KEY, part_of
from memlayer.filters import parse
from memlayer.lifetimes import alive
from memlayer.types import ID_FIELDS, Change, Record, Scope, View

if TYPE_CHECKING:
    from memlayer._core import Core
    from memlayer.extraction.documents import Document

Progress = Callable[[str, int, int], None]
"""Told "read" with pages, then "keep" with pieces: how many are done, and of how many."""
PART = 40
"""Pieces that are kept in one transaction: what an interruption loses, and what one call of a model reads."""


@compat.strict
class Documents:
    """What a memory holds of files and pages, document by document.

    Each document is kept in pieces that know its source, page and heading, and is known by its content: adding it
    again changes nothing.
    """

    def __init__(self, core: Core, add: Callable[..., Any]) -> None:
        """Belongs to one memory; `add` is its own."""
        self._core = core
        self._add = add

    def add(
        self,
        /,
        file: str | Path | bytes | Document,
        *,
        name: str | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Takes in a PDF, Markdown, MDX, HTML or text: a path, an address, bytes, or a `Document` that is read.

        Answers as `Memory.add`, and takes its keywords, with "document" beside it. What cannot be read is refused
        before anything is kept; what an interruption cut off is completed by adding it again. `name` is the source
        that is noted, where the path or address should not be.
        """
        scope_of("documents.add", **{name: options[name] for name in ID_FIELDS if name in options})
        pages = None if progress is None else partial(progress, "read")
        document = self.read(file, name=name, progress=pages)
        told: dict[str, Any] = {"results": [], "episodes": [], "document": _told(document)}
        if options.get("timestamp") is None:
            options["timestamp"] = self._core.clock()
        done = 0
        for part in document.parts(PART):
            if progress is not None:
                progress("keep", done, document.total)
            answer = self._add({"content": part}, **options)
            for key, value in answer.items():
                told[key] = [*told.get(key, []), *value]
            done += len(part.pieces)
        if progress is not None:
            progress("keep", done, document.total)
        return told

    def read(
        self,
        /,
        file: str | Path | bytes | Document,
        *,
        name: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Document:
        """Reads what `add` takes, and keeps nothing; `progress` is told pages done, and pages in all."""
        from memlayer.extraction import documents

        name = None if name is None else words("name", name)
        if isinstance(file, documents.Document):
            return file if name is None else replace(file, source=name)
        if isinstance(file, bytes):
            return documents.read(file, source=name or "document", progress=progress)
        if isinstance(file, str) and file.lower().startswith(("http://", "https://", "data:")):
            found = self._core.reader().document(documents.Given(url=file, name=name), progress=progress)
            return found if name is None else replace(found, source=name)
        if not isinstance(file, str | Path):
            raise ConfigurationError(
                f"a document is a path, an address, bytes or a Document that is read, not {type(file).__name__}"
            )
        words("the path of a document", str(file))
        return documents.read_file(file, name=name, progress=progress)

    def get_all(self, /, **ids: str | None) -> dict[str, list[dict[str, Any]]]:
        """The documents of the scope, the newest first: {"results": [{"id", "source", "title", "pieces", "kept", …}]}.

        One document that several scopes hold (two runs, say) is listed for each. `kept` is below `pieces` where adding
        it was cut off, or some of it was deleted.
        """
        scope = scope_of("documents.get_all", **ids)
        view = View(now=self._core.clock())
        found: dict[tuple[str, Scope], dict[str, Any]] = {}
        for record in self._pieces(scope, {"piece": {"gte": 1}}):
            piece = part_of(record.metadata)
            if piece is None or not alive(record, view):
                continue
            own = {name: piece.get(name) for name in ("id", "source", "title", "pieces")}
            at = record.created_at.isoformat()
            row = found.setdefault((piece["id"], record.scope), {**own, "kept": 0, "created_at": at})
            row["kept"] += 1
            row |= {name: getattr(record.scope, name) for name in ("user_id", "agent_id", "run_id", "app_id")}
        return {"results": list(found.values())}

    def delete(self, /, document: str, **ids: str | None) -> dict[str, Any]:
        """Takes a document, by its source or id, and what was read from it out of every result; history stays.

        What somebody said as well stays known. Every version of a source goes. Added again, it is known again.
        """
        core = self._core
        scope = scope_of("documents.delete", **ids)
        pieces = self._named("delete", document, scope)
        own = {r.id for r in pieces}
        now = core.clock()
        gone = [r for r in core.ledger.citing(list(own)) if own.issuperset(r.sources)]
        # A piece's message id is what makes it known: without it, the document can come back.
        changes = [
            (r, Change("DELETE" if r.status != "retracted" else "UPDATE",
                       replace(r, status="retracted", message_id=None, updated_at=now), reason="delete"))
            for r in [*pieces, *gone] if r.status != "retracted" or r.message_id is not None
        ]  # fmt: skip
        if not changes:
            raise _unknown("delete", document, scope)
        rewrite(core.ledger, changes)
        live, facts = (sum(r.status != "retracted" for r in told) for told in (pieces, gone))
        return {"message": "Document deleted successfully!", "pieces": live, "memories": facts}

    def erase(self, /, document: str, **ids: str | None) -> dict[str, int]:
        """Removes a document, by its source or id, and what was read from it for good, history included.

        A memory that somebody else's words gave first stays, without what cites the document.
        """
        core = self._core
        scope = scope_of("documents.erase", **ids)
        pieces = self._named("erase", document, scope)
        own = {r.id for r in pieces}
        names = {r.metadata[KEY]["id"] for r in pieces}
        doomed, kept = list(own), []
        for record in core.ledger.citing(list(own)):
            piece = part_of(record.metadata)
            if own.issuperset(record.sources) or (piece is not None and piece["id"] in names):
                doomed.append(record.id)
            else:
                rest = tuple(s for s in record.sources if s not in own)
                kept.append((record, Change("UPDATE", replace(record, sources=rest), reason="reinforce")))
        rewrite(core.ledger, kept)
        return core.ledger.forget(doomed, scope=Scope())

    def _pieces(self, scope: Scope, wanted: Mapping[str, Any]) -> list[Record]:
        where, _ = parse({"metadata": {KEY: wanted}})
        view = View(now=self._core.clock(), kinds=("episode",), everything=True)
        return self._core.ledger.records(scope=scope, where=where, view=view, limit=-1)

    def _named(self, verb: str, document: str, scope: Scope) -> Sequence[Record]:
        """Every piece of what bears this source or id, deleted ones too."""
        document = words(f"document of documents.{verb}()", document)
        for name in ("id", "source"):
            if found := self._pieces(scope, {name: document}):
                return found
        raise _unknown(verb, document, scope)


def _told(document: Document) -> dict[str, Any]:
    return {"id": document.id, "source": document.source, "title": document.title, "pieces": document.total,
            "scanned": list(document.scanned)}  # fmt: skip


def _unknown(verb: str, document: str, scope: Scope) -> NotFoundError:
    return NotFoundError(f"documents.{verb}: no document has the id or source {brief(document)} in {scope.ids()}")
