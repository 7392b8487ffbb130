"""What the releases of Milvus can hold, as far as collections ask for it; after its release notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from milvus_store_lite import DataType, Field, FunctionType, Schema

from ..index_params import IndexParams
from .definitions import CollectionDefinition
from .fitting import automatic
from .stores import Fitted

Release = tuple[int, int]

_SINCE_TYPES: Final = {
    DataType.FLOAT16_VECTOR: (2, 4),
    DataType.BFLOAT16_VECTOR: (2, 4),
    DataType.SPARSE_FLOAT_VECTOR: (2, 4),
    DataType.INT8_VECTOR: (2, 6),
    DataType.GEOMETRY: (2, 6),
    DataType.TIMESTAMPTZ: (2, 6),
}
"""Type → the first release that has it; the others are older than 2.3."""

_SINCE_INDEXES: Final = {
    "INVERTED": (2, 4),
    "SPARSE_INVERTED_INDEX": (2, 4),
    "SPARSE_WAND": (2, 4),
    "BITMAP": (2, 5),
    "HNSW_SQ": (2, 6),
    "HNSW_PQ": (2, 6),
    "HNSW_PRQ": (2, 6),
    "IVF_RABITQ": (2, 6),
    "NGRAM": (2, 6),
    "RTREE": (2, 6),
    "MINHASH_LSH": (2, 6),
}

_SINCE_SEVERAL_VECTORS: Final = (2, 4)
_SINCE_NULL: Final = (2, 5)
_SINCE_FULL_TEXT: Final = (2, 5)
_SINCE_STRUCTS: Final = (2, 6)

_MILVUS: Final = re.compile(r"v?([2-9])\.(\d+)")


def release_of(version: str) -> Release | None:
    """The release of a Milvus whose version is ``v2.3.5`` or the like; None where the server is none."""
    found = _MILVUS.match(version)
    return None if found is None else (int(found[1]), int(found[2]))


def fitted_to(release: Release, version: str, definition: CollectionDefinition) -> Fitted:
    """The collection as a Milvus of this release can hold it."""
    schema = definition.engine_schema
    refusals = tuple(
        f"{what} needs Milvus {since[0]}.{since[1]}, and the server is {version}"
        for what, since in _needs(schema)
        if release < since
    )
    indexes, changes = IndexParams(), []
    for index in definition.indexes:
        since = _SINCE_INDEXES.get(index.index_type, release)
        if release >= since:
            indexes.append(index)
        elif schema.by_name[index.field_name].dtype.is_vector:
            indexes.append(automatic(index))
            changes.append(
                f"index {index.index_name!r} becomes AUTOINDEX: {version} has no {index.index_type}"
            )
        else:
            changes.append(f"index {index.index_name!r} is left out: {version} has no {index.index_type}")
    return Fitted(replace(definition, indexes=indexes), refusals, tuple(changes))


def _needs(schema: Schema) -> Iterator[tuple[str, Release]]:
    """What is in the schema, and since when Milvus has it."""
    for field in schema.fields:
        for what, since in _needs_of(field):
            yield f"field '{field.name}': {what}", since
    if len(schema.vectors) > 1:
        names = ", ".join(field.name for field in schema.vectors)
        yield f"more than one vector field ({names})", _SINCE_SEVERAL_VECTORS
    for function in schema.functions:
        if function.kind == FunctionType.BM25:
            yield f"function '{function.name}': full text search", _SINCE_FULL_TEXT


def _needs_of(field: Field) -> Iterator[tuple[str, Release]]:
    if field.dtype in _SINCE_TYPES:
        yield f"type {field.dtype.name}", _SINCE_TYPES[field.dtype]
    if field.nullable:
        yield "null", _SINCE_NULL
    if field.has_default:
        yield "a default value", _SINCE_NULL
    if field.enable_analyzer:
        yield "an analyzer", _SINCE_FULL_TEXT
    if field.members:
        yield "an array of structs", _SINCE_STRUCTS
