"""What is asked and stored most, in the server's own protocol, as weaviate-client brings it.

The client's classes make a Python object of every property and every score of every result: at a hundred results that
takes longer than all the rest of the way. And they log whatever the server refuses, texts of memories included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from memlayer.backends.weaviate._objects import named

if TYPE_CHECKING:
    from memlayer.types import Vector

_NOTHING: Mapping[str, str] = {}


class Found(NamedTuple):
    """One result."""

    record_id: str | None
    """The record that was found; None where nothing in the result names it."""
    signal: float
    """In [0, 1]: the cosine, or what the words weigh."""
    properties: Mapping[str, str]


def near(vector: Vector) -> dict[str, Any]:
    """The question for what is nearest to a vector."""
    from weaviate.proto.v1 import base_pb2, base_search_pb2, search_get_pb2

    packed = base_pb2.Vectors(
        vector_bytes=np.asarray(vector, "<f4").tobytes(), type=base_pb2.Vectors.VECTOR_TYPE_SINGLE_FP32
    )
    return {
        "near_vector": base_search_pb2.NearVector(vectors=[packed]),
        "metadata": search_get_pb2.MetadataRequest(uuid=True, distance=True),
    }


def worded(words: str, *properties: str) -> dict[str, Any]:
    """The question for what has these words."""
    from weaviate.proto.v1 import base_search_pb2, search_get_pb2

    return {
        "bm25_search": base_search_pb2.BM25(query=words, properties=properties),
        "metadata": search_get_pb2.MetadataRequest(uuid=True, score=True),
    }


def request(
    question: Mapping[str, Any], collection: str, tenant: str, *, where: Any, properties: Sequence[str], limit: int,
    offset: int,
) -> Any:  # fmt: skip
    """A page of a question's results; `where` is a filter of weaviate-client."""
    from weaviate.collections.filters import _FilterToGRPC
    from weaviate.proto.v1 import search_get_pb2

    return search_get_pb2.SearchRequest(
        collection=collection, tenant=tenant, limit=limit, offset=offset, filters=_FilterToGRPC.convert(where),
        properties=search_get_pb2.PropertiesRequest(non_ref_properties=properties), uses_123_api=True,
        uses_125_api=True, uses_127_api=True, **question,
    )  # fmt: skip


def storing(collection: str, tenant: str, objects: Iterable[tuple[str, Mapping[str, Any], Vector | None]]) -> Any:
    """The request that stores or replaces objects: id, properties, vector."""
    from google.protobuf.struct_pb2 import Struct
    from weaviate.proto.v1 import base_pb2, batch_pb2

    def made(object_id: str, properties: Mapping[str, Any], vector: Vector | None) -> Any:
        plain, lists = Struct(), []
        for name, value in properties.items():
            if isinstance(value, list):
                lists.append(base_pb2.TextArrayProperties(prop_name=name, values=value))
            else:
                plain[name] = value
        packed = b"" if vector is None else np.asarray(vector, "<f4").tobytes()
        held = batch_pb2.BatchObject.Properties(non_ref_properties=plain, text_array_properties=lists)
        return batch_pb2.BatchObject(
            uuid=object_id, collection=collection, tenant=tenant, vector_bytes=packed, properties=held
        )

    return batch_pb2.BatchObjectsRequest(objects=[made(*one) for one in objects])


def results(reply: Any, properties: Sequence[str]) -> list[Found]:
    """What the server found, best first, with the properties that were asked for."""
    found = []
    for result in reply.results:
        meta, kept = result.metadata, _NOTHING
        if meta.distance_present:
            signal = min(1.0, max(0.0, 1.0 - meta.distance))
        else:
            signal = meta.score / (1.0 + meta.score)
        if properties:
            fields = result.properties.non_ref_props.fields
            kept = {name: fields[name].text_value for name in properties}
        found.append(Found(named(meta.id) or kept.get("record_id"), signal, kept))
    return found
