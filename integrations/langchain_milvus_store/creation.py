"""The schema of a new collection: the store's own fields, and fields for the first metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Final

import numpy as np

from milvus_store import CollectionSchema, DataType, MilvusClient

from .layout import NO_TENANT, dimension_of
from .settings import Settings
from .vectors import VectorSource, engine_function

MAX_LENGTH: Final = 65_535
"""Milvus's limit for a VARCHAR, in bytes."""

_TYPES: Final[tuple[tuple[tuple[type, ...], DataType], ...]] = (
    ((str,), DataType.VARCHAR),
    ((bool, np.bool_), DataType.BOOL),
    ((Integral,), DataType.INT64),
    ((Real,), DataType.DOUBLE),
    ((list, dict), DataType.JSON),
)
"""The field type for values of a Python type; the first that fits counts, since a bool is an Integral too."""


def new_schema(
    client: MilvusClient,
    settings: Settings,
    samples: Mapping[str, Any],
    metadatas: Sequence[Mapping[str, Any]],
) -> CollectionSchema:
    """The schema for documents with ``metadatas``; ``samples`` has an embedding for each field that has them.

    Raises:
        ValueError: the values of a metadata key decide no type.
    """
    schema = client.create_schema(
        enable_dynamic_field=settings.dynamic and settings.metadata is None, description=settings.description
    )
    key_type = {"datatype": DataType.INT64} if settings.auto_id else _varchar()
    schema.add_field(settings.primary, is_primary=True, auto_id=settings.auto_id, **key_type)
    functions = [vector.function for vector in settings.vectors if vector.function is not None]
    analyzed = {
        key: value
        for function in functions
        for key, value in getattr(function, "get_input_field_schema_kwargs", dict)().items()
    }
    schema.add_field(settings.text, **_varchar(), **analyzed)
    for vector in settings.vectors:
        schema.add_field(vector.name, **_vector(vector, samples.get(vector.name)))
    if settings.metadata is not None:
        schema.add_field(settings.metadata, DataType.JSON)
    if settings.partition_key is not None:
        schema.add_field(settings.partition_key, **_partition_key(settings, metadatas))
    for name, options in _metadata_fields(settings, metadatas):
        schema.add_field(name, **{"nullable": "default_value" not in options, **options})
    for function in functions:
        schema.add_function(engine_function(function))
    return schema


def _vector(source: VectorSource, sample: Any) -> dict[str, Any]:
    """Field options from the configured type and a sample embedding, None for a function's field."""
    if source.is_full_text or isinstance(sample, Mapping):
        return {"datatype": DataType.SPARSE_FLOAT_VECTOR}
    dim = source.dim if source.function is not None else dimension_of(sample)
    if source.dim not in (None, dim):
        raise ValueError(
            f"vector_schema gives {source.name!r} the dimension {source.dim}, the embedding has dimension {dim}"
        )
    return {"datatype": source.dtype or DataType.FLOAT_VECTOR, "dim": dim}


def _metadata_fields(
    settings: Settings, metadatas: Sequence[Mapping[str, Any]]
) -> Iterable[tuple[str, dict[str, Any]]]:
    """(name, options) of each field that holds one metadata key."""
    vectors = [vector.name for vector in settings.vectors]
    own = {settings.primary, settings.text, *vectors, settings.partition_key}
    first = metadatas[0] if metadatas and not settings.dynamic and settings.metadata is None else {}
    for key in dict.fromkeys((*settings.metadata_schema, *first)):
        if key not in own:
            yield key, _described(settings, key) or _inferred(key, metadatas)


def _partition_key(settings: Settings, metadatas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    key = settings.partition_key
    assert key is not None
    options = _described(settings, key)
    if not options:
        is_given = any(metadata.get(key) is not None for metadata in metadatas)
        options = _inferred(key, metadatas) if is_given else _varchar()
    if options["datatype"] not in NO_TENANT:
        raise ValueError(
            f"partition key {key!r} must be a str or an int in the metadata, got "
            f"{DataType(options['datatype']).name}"
        )
    return {"default_value": NO_TENANT[options["datatype"]], **options, "is_partition_key": True}


def _described(settings: Settings, key: str) -> dict[str, Any]:
    """Field options of ``key`` in ``metadata_schema``, empty if it lacks the key."""
    described = dict(settings.metadata_schema.get(key, {}))
    if not described:
        return {}
    options = {"datatype": described.pop("dtype"), **described.pop("kwargs", {}), **described}
    return {**_varchar(), **options} if options["datatype"] == DataType.VARCHAR else options


def _inferred(key: str, metadatas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Field options that fit every value of ``key``; None fits any type."""
    first: dict[DataType, tuple[int, Any]] = {}
    for index, metadata in enumerate(metadatas):
        value = metadata.get(key)
        if value is not None:
            first.setdefault(_type_of(key, index, value), (index, value))
    if not first:
        raise ValueError(
            f"metadata key {key!r}: no field type for NoneType None, its only value in these documents: "
            f"{_advice(key)}"
        )
    if len(first) > 1:
        (number, value), (other_number, other) = list(first.values())[:2]
        raise ValueError(
            f"metadata key {key!r}: no field type for both {type(value).__name__} {value!r:.40} "
            f"(document {number}) and {type(other).__name__} {other!r:.40} (document {other_number}): "
            f"{_advice(key)}"
        )
    (dtype,) = first
    return _varchar() if dtype == DataType.VARCHAR else {"datatype": dtype}


def _type_of(key: str, index: int, value: Any) -> DataType:
    for kinds, dtype in _TYPES:
        if isinstance(value, kinds):
            return dtype
    raise ValueError(
        f"metadata key {key!r}: no field type for {type(value).__name__} {value!r:.40} (document {index}): "
        f"{_advice(key)}"
    )


def _advice(key: str) -> str:
    return f"name one in metadata_schema={{{key!r}: {{'dtype': ...}}}}, or use enable_dynamic_field=True"


def _varchar() -> dict[str, Any]:
    return {"datatype": DataType.VARCHAR, "max_length": MAX_LENGTH}
