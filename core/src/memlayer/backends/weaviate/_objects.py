"""Records as objects of Weaviate: what is indexed, what is only kept, and how it all comes back."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np

from memlayer._types_json import dumped, loaded
from memlayer.filters import FIELD_TYPES, And, Compare, Filter, Or, microseconds
from memlayer.text import analyse, query_terms
from memlayer.types import ID_FIELDS, Entry, Record

_SPACE = uuid.UUID("6d656d6c-6179-5e72-8000-000000000000")
TIMES = tuple(name for name, kind in FIELD_TYPES.items() if kind == "time")
_TAGGED = tuple(name for name, kind in FIELD_TYPES.items() if kind in ("text", "bool") and name not in ("text", "hash"))
_ORDER = {"gt": "greater_than", "gte": "greater_or_equal", "lt": "less_than", "lte": "less_or_equal", "eq": "equal"}
_MASK = (1 << 64) - 1


def object_id(record_id: str) -> uuid.UUID:
    """The same object for the same record, so that a retry meets it: the record's own id where that is a UUID."""
    try:
        own = uuid.UUID(record_id)
    except ValueError:
        own = None
    if own is not None and named(str(own)) == record_id:
        return own
    derived = uuid.uuid5(_SPACE, record_id.encode("utf-8", "surrogatepass").hex())
    # No record's own UUID is taken over in version 8, so the two can be told apart.
    return uuid.UUID(int=derived.int & ~(0xF << 76) | 8 << 76)


def named(object_id: str) -> str | None:
    """The record that an object's id names; None where it was derived from the record's."""
    return None if object_id[14] == "8" else object_id


def properties(entry: Entry) -> dict[str, Any]:
    """What an object holds of a record, its vector aside."""
    record = entry.record
    content = record.text.encode("utf-8", "replace").decode()
    found: dict[str, Any] = {
        "record_id": entry.id,
        "content": content,
        "payload": dumped(record, without="text" if content == record.text else ""),
        "terms": " ".join(_words(analyse(record.text).terms.tolist())),
        "tags": sorted(_tags(record)),
    }
    for name in TIMES:
        at = getattr(record, name)
        if at is not None:
            found[name] = microseconds(at)
    return found


def fingerprint(object_id: str, held: Mapping[str, Any], vector: Any) -> bytes:
    """A short name for an object with all that it holds: two objects have one exactly where they are the same."""
    said = json.dumps([object_id, {name: value for name, value in held.items() if value is not None}], sort_keys=True)
    packed = b"" if vector is None else np.asarray(vector, "<f4").tobytes()
    return hashlib.blake2b(said.encode() + packed, digest_size=16).digest()


def record_of(found: Mapping[str, Any]) -> Record:
    """The record in an object's properties, every field as it was."""
    return loaded(found["payload"], text=found["content"])


def query_words(query: str) -> str:
    """A query as the words of the index: stems under numbers, so that no text of anybody reaches a query parser."""
    return " ".join(_words(query_terms(query).tolist()))


def tag(field: tuple[str, ...], value: Any) -> str:
    """One token for a field and a value: of any length, in any script, equal exactly where the values are."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps([*field, type(value).__name__, value], separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def pushed(where: Filter | None) -> tuple[Any, bool]:
    """A filter of Weaviate that every match of ours passes (None: all pass), and whether it says exactly the same."""
    if where is None:
        return None, True
    if isinstance(where, Compare):
        return _compare(where)
    if isinstance(where, And | Or):
        from weaviate.classes.query import Filter as Native

        parts = [pushed(term) for term in where.terms]
        native = [part for part, _ in parts if part is not None]
        exact = all(same for _, same in parts)
        if isinstance(where, And):
            return (Native.all_of(native) if native else None), exact
        if native and len(native) == len(parts):
            return Native.any_of(native), exact
    return None, False


def tagged(field: tuple[str, ...], values: Any) -> Any:
    """A filter of Weaviate: the field has one of the values."""
    from weaviate.classes.query import Filter as Native

    return Native.by_property("tags").contains_any([tag(field, value) for value in values])


def _compare(where: Compare) -> tuple[Any, bool]:
    from weaviate.classes.query import Filter as Native

    name, op, value = where.field[0], where.op, where.value
    if name in TIMES:
        if op not in _ORDER or not isinstance(value, datetime):
            return None, False
        return getattr(Native.by_property(name), _ORDER[op])(microseconds(value)), True
    values = list(value) if op == "in" and isinstance(value, tuple | list) else [value]
    scalars = bool(values) and all(v is None or isinstance(v, str | bool | int | float) for v in values)
    if not scalars or (name != "metadata" and None in values):
        return None, False
    known = name in _TAGGED or name in ("categories", "metadata")
    if known and (op in ("eq", "in") or (op == "contains" and name == "categories")):
        return tagged(where.field, values), True
    return None, False


def _tags(record: Record) -> Iterator[str]:
    for name in _TAGGED:
        value = getattr(record.scope if name in ID_FIELDS else record, name)
        if value is not None:
            yield tag((name,), value)
    for category in record.categories:
        yield tag(("categories",), category)
    yield from _leaves(("metadata",), record.metadata)


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[str]:
    """Tokens of every scalar in the metadata; an element of a list stands at the list's place."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    elif isinstance(value, list | tuple):
        for one in value:
            if not isinstance(one, Mapping | list | tuple):
                yield tag(path, one)
    else:
        yield tag(path, value)


def _words(terms: list[int]) -> list[str]:
    return [format(term & _MASK, "016x") for term in terms]
