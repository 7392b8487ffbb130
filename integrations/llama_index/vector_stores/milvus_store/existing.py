"""Checks whether a store fits an existing collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from milvus_store import DataType, MilvusClient

from .rows import ID_FIELD, Fields
from .sparse import is_built_in

_DENSE_TYPES: Final = (DataType.FLOAT_VECTOR, DataType.FLOAT16_VECTOR, DataType.BFLOAT16_VECTOR)


def check_existing(
    client: MilvusClient, name: str, fields: Fields, sparse_function: Any, dim: int | None
) -> None:
    """Raise ``ValueError`` unless the collection has the fields that the store uses, and no other vector fields.

    Args:
        dim: of the embeddings, None if it was not given.
    """
    described = client.describe_collection(name)
    there = {field["name"]: field for field in described["fields"]}
    missing = sorted({*fields.own, *fields.vectors} - there.keys())
    if missing:
        raise ValueError(
            f"collection {name!r} has no field {missing[0]!r}, it has {', '.join(sorted(there))}: "
            f"give the store the names of its fields, or use overwrite=True"
        )
    for field, dtype in fields.own.items():
        _check_type(name, there[field], dtype)
    if not there[ID_FIELD].get("is_primary") or there[ID_FIELD].get("auto_id"):
        raise _unusable(name, f"{ID_FIELD!r} must be a primary key without auto_id")
    if not described["enable_dynamic_field"]:
        raise _unusable(name, "it has no dynamic field to keep metadata in")
    if fields.dense is not None:
        _check_type(name, there[fields.dense], *_DENSE_TYPES)
        has = int(there[fields.dense]["params"]["dim"])
        if dim not in (None, has):
            raise _unusable(name, f"its embeddings have the dimension {has}, the store asks for dim={dim}")
    if fields.sparse is not None:
        _check_type(name, there[fields.sparse], DataType.SPARSE_FLOAT_VECTOR)
        is_computed = bool(there[fields.sparse].get("is_function_output"))
        if is_computed and not is_built_in(sparse_function):
            raise _unusable(
                name,
                "it computes its sparse vectors by itself: leave sparse_embedding_function out or give BM25",
            )
        if is_built_in(sparse_function) and not is_computed:
            raise ValueError(
                f"collection {name!r} computes no sparse vectors by itself: give the sparse_embedding_function "
                f"that made them, or use overwrite=True"
            )
    vectors = {
        field for field, described_field in there.items() if DataType(described_field["type"]).is_vector
    }
    for other in sorted(vectors - {*fields.vectors}):
        kind = DataType(there[other]["type"]).name
        raise _unusable(
            name,
            f"it has the vector field {other!r} ({kind}) too: give enable_sparse, enable_dense and the names of "
            f"its fields",
        )


def check_metric(client: MilvusClient, name: str, field: str, asked: str | None, argument: str) -> str | None:
    """The metric of the index on a vector field, None if it has no index.

    Raises:
        ValueError: ``argument`` asks for another one.
    """
    indexes = client.list_indexes(name, field_name=field)
    if not indexes:
        return None
    metric: str = client.describe_index(name, indexes[0])["metric_type"]
    if asked is not None and asked.upper() != metric:
        raise _unusable(
            name, f"the index on {field!r} has the metric {metric}, {argument} asks for {asked.upper()}"
        )
    return metric


def _check_type(name: str, found: Mapping[str, Any], *expected: DataType) -> None:
    if found["type"] not in expected:
        raise _unusable(
            name,
            f"{found['name']!r} is {DataType(found['type']).name} there, the store needs "
            f"{' or '.join(dtype.name for dtype in expected)}",
        )


def _unusable(name: str, reason: str) -> ValueError:
    return ValueError(
        f"collection {name!r} exists and does not fit this store: {reason}. Give the matching arguments, another "
        f"collection_name, or overwrite=True"
    )
