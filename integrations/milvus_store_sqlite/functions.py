"""The functions that statements call: stored vectors as JSON, and how near vectors are to a query.

A stored value that is damaged is NULL. A query that is no vector is an error, and so is one of another dimension.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from milvus_store_lite import (
    DataType,
    Field,
    MilvusException,
    as_numbers,
    instant_text,
    stored_queries,
)

Vector = npt.NDArray[np.float64]

_QUERIES: Final = 8
"""Queries kept as arrays: a statement gives the same text for each row."""

_BITS: Final = {
    "FLOAT_VECTOR": 32,
    "FLOAT16_VECTOR": 16,
    "BFLOAT16_VECTOR": 16,
    "INT8_VECTOR": 8,
    "BINARY_VECTOR": 1,
}
"""Bits of a dimension of the vectors that have a dimension."""

_WITHOUT_DISTANCE: Final = (DataType.BINARY_VECTOR, DataType.SPARSE_FLOAT_VECTOR)


def add_functions(connection: sqlite3.Connection) -> None:
    """Register all functions with ``connection``."""
    functions: dict[str, Callable[..., Any]] = {
        "milvus_vector": _vector,
        "milvus_vector_list": _vector_list,
        "milvus_time": _time,
        "milvus_l2": _distance(_l2),
        "milvus_ip": _distance(_ip),
        "milvus_cosine": _distance(_cosine),
    }
    for name, function in functions.items():
        connection.create_function(name, -1, function, deterministic=True)


def _vector(value: Any, type: str = "FLOAT_VECTOR", dim: int | None = None) -> str | None:
    """A stored vector of this type as JSON: an array of numbers, of a sparse one an object."""
    return _as_json(_field(type, _dim(type, value) if dim is None else dim), value)


def _vector_list(value: Any, type: str, dim: int) -> str | None:
    """A stored list of vectors, those of a member of structs, as an array of arrays."""
    return _as_json(_field(type, dim, within="structs"), value)


def _as_json(field: Field | None, value: Any) -> str | None:
    if field is None or not isinstance(value, bytes):
        return None
    try:
        return json.dumps(as_numbers(field, value), allow_nan=False)
    except ValueError:
        return None


def _time(value: Any) -> str | None:
    """A stored TIMESTAMPTZ as ISO 8601 in UTC."""
    try:
        return instant_text(value) if isinstance(value, int) else None
    except ValueError:
        return None


def _distance(score: Callable[[Vector, Vector], float]) -> Callable[..., float | None]:
    """The function of a vector, as JSON or as stored with its type, and of a query as JSON."""

    def distance(value: Any, query: Any, type: str = "FLOAT_VECTOR") -> float | None:
        asked = _query(query)
        stored = _numbers(value, type)
        if stored is None:
            return None
        if stored.shape != asked.shape:
            raise ValueError(f"a query of {len(asked)} dimensions for a vector of {len(stored)}")
        return score(stored, asked)

    return distance


def _l2(one: Vector, other: Vector) -> float:
    difference = one - other
    return float(difference @ difference)


def _ip(one: Vector, other: Vector) -> float:
    return float(one @ other)


def _cosine(one: Vector, other: Vector) -> float:
    lengths = np.sqrt(one @ one) * np.sqrt(other @ other)
    return float(one @ other / lengths) if lengths > 0 else 0.0


@lru_cache(maxsize=_QUERIES)
def _query(text: str) -> Vector:
    found = _parsed(text)
    if found is None:
        raise ValueError("a query is a JSON array of numbers")
    return found


def _numbers(value: Any, type: str) -> Vector | None:
    """A vector in either form; None if it is damaged."""
    if isinstance(value, str):
        return _parsed(value)
    field = _field(type, _dim(type, value))
    if field is None or field.dtype in _WITHOUT_DISTANCE or not isinstance(value, bytes):
        return None
    try:
        found = cast("npt.NDArray[np.float32]", stored_queries(field, [value]))
    except ValueError:
        return None
    numbers: Vector = found[0].astype(np.float64)
    return numbers if np.isfinite(numbers).all() else None


def _parsed(text: str) -> Vector | None:
    """The array of numbers in a JSON text, as precise as a vector of float32 is."""
    try:
        given = np.asarray(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return None
    if given.ndim != 1 or given.dtype.kind not in "fiu":
        return None
    with np.errstate(over="ignore"):
        found = given.astype(np.float32)
    return found.astype(np.float64) if np.isfinite(found).all() else None


def _dim(type: str, value: Any) -> int | None:
    """The dimension that a stored vector of this type has by its length."""
    bits = _BITS.get(type)
    return None if bits is None or not isinstance(value, bytes) else 8 * len(value) // bits


@lru_cache
def _field(type: str, dim: int | None, within: str | None = None) -> Field | None:
    """A field whose vectors have this type; None if no field can have it."""
    try:
        dtype = DataType[type]
        if not dtype.is_vector:
            return None
        return Field("vector", dtype, dim=dim, within=within)
    except (KeyError, MilvusException):
        return None
