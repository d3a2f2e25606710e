"""The parts of a message that are no plain text: pictures and documents, in OpenAI's, Anthropic's, LangChain's forms.

A picture becomes words in its message's text, a document pieces beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memlayer.errors import ConfigurationError, ModelError, UnsupportedError
from memlayer.extraction import documents
from memlayer.extraction.documents import Document, Given, Kind, Reader

PICTURES = frozenset({"image_url", "input_image", "image"})
DOCUMENTS: Mapping[str, Kind | None] = {
    "pdf_url": "pdf", "mdx_url": "mdx", "txt_url": "mdx", "page_url": "page", "document_url": None, "file_url": None,
    "file": None, "input_file": None, "document": None, "text-plain": "text", "media": None,
}  # fmt: skip
_ADDRESSES = ("url", "image_url", "file_url", "uri")
_BYTES = ("data", "base64", "file_data")
_NAMES = ("filename", "file_name", "title", "name")
_TYPES = ("mime_type", "media_type", "mimeType", "mime")
NO_SIGHT = (
    "a picture, and no model here sees pictures: give Memory(llm=…) a model with enable_vision, such as "
    '{"provider": "openai", "config": {"model": "gpt-4o-mini", "enable_vision": True}}; '
    "everything else of this call is kept"
)


def read(part: Mapping[str, Any], where: str, reader: Reader, faults: list[Exception]) -> str | Document | None:
    """A picture as words, or a document; None for a picture that nobody could see, with the reason in `faults`."""
    kind = part.get("type")
    known = kind in PICTURES or kind in DOCUMENTS
    given, media = _given(part, where) if known else (Given(), "")
    if kind in PICTURES or media.startswith("image/"):
        return _picture(given, where, reader, faults)
    if not known or media.startswith(("audio/", "video/")):
        raise UnsupportedError(
            f"{where}: a part of type {media or kind!r} cannot be read; turn it into a text part first "
            "(nothing was stored)"
        )
    wanted = DOCUMENTS[str(kind)]
    if wanted is None and media == "application/pdf":
        wanted = "pdf"
    if wanted is None and not media and given.text is None:
        given = reader.fetched(given)
        if isinstance(given.data, bytes) and (documents.media(given.data) or "").startswith("image/"):
            return _picture(given, where, reader, faults)
    return reader.document(given, wanted)


def is_picture(part: Mapping[str, Any], where: str) -> bool:
    """Says whether the part is a picture, or may be one, by what it says of itself."""
    kind = part.get("type")
    if kind in PICTURES or kind not in DOCUMENTS:
        return kind in PICTURES
    media = _given(part, where)[1]
    return media.startswith("image/") or (DOCUMENTS[str(kind)] is None and not media)


def _picture(given: Given, where: str, reader: Reader, faults: list[Exception]) -> str | None:
    if reader.see is None:
        faults.append(UnsupportedError(f"{where}: {NO_SIGHT}"))
        return None
    try:
        return f"[image: {reader.picture(given)}]"
    except ModelError as error:
        # What was said beside the picture is not lost because a model failed.
        faults.append(error)
        return None


def _given(part: Mapping[str, Any], where: str) -> tuple[Given, str]:
    """What the part names, wherever its form puts that, and the type that it says it has."""
    kind = str(part.get("type"))
    inner = [part.get(name) for name in (kind, "image_url", "source", "file", "image")]
    nodes = [part, *(node for node in inner if isinstance(node, Mapping))]
    media = _first(nodes, _TYPES, where) or ""
    name = _first(nodes, _NAMES, where)
    url = _first(nodes, _ADDRESSES, where)
    data = _first(nodes, _BYTES, where)
    text = _first(nodes, ("text",), where)
    if url is None and isinstance(part.get(kind), str):
        url = part[kind]
    if data is not None and any(node.get("type") == "text" for node in nodes):
        text, data = data, None
    found = [value for value in (url, data, text) if value is not None]
    if not found:
        if any(node.get("file_id") for node in nodes):
            raise UnsupportedError(
                f"{where}: a file that only its provider has cannot be read; give its url or its data instead"
            )
        raise ConfigurationError(f"{where}: a part of type {kind!r} needs a url, or data in base64")
    if len(found) > 1:
        raise ConfigurationError(f"{where}: a part of type {kind!r} needs one of url, data and text, not several")
    if not isinstance(found[0], str) and not (data is not None and isinstance(data, bytes)):
        raise ConfigurationError(f"{where}: url and data are strings, not {type(found[0]).__name__}")
    return Given(url=url, data=data, text=text, name=name), media.lower() if isinstance(media, str) else ""


def _first(nodes: list[Mapping[str, Any]], names: tuple[str, ...], where: str) -> Any:
    for node in nodes:
        for name in names:
            value = node.get(name)
            if value is not None and not isinstance(value, Mapping):
                return value
    return None
