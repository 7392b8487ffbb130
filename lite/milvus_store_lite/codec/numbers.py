"""Integers, bools and floats as SQLite stores them; arrays of them are checked as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ..schema.data_types import INTEGER_RANGES, DataType
from ..schema.fields import Field
from .columns import Array
from .encoding import reject


def encode_integers(field: Field, values: Sequence[Any] | Array) -> Sequence[int]:
    low, high = INTEGER_RANGES[field.dtype]
    if isinstance(values, np.ndarray):
        if _are(values, "iu") and (
            not len(values) or (low <= int(values.min()) and int(values.max()) <= high)
        ):
            return cast("list[int]", values.tolist())
        values = cast("list[Any]", values.tolist())
    if set(map(type, values)) - {int}:
        for row, value in enumerate(values):
            if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
                reject(field, row, value, "an integer")
        values = list(map(int, values))
    if values and not (low <= min(values) and max(values) <= high):
        row = next(row for row, value in enumerate(values) if not low <= value <= high)
        reject(field, row, values[row], f"an integer between {low} and {high}")
    return values


def encode_bools(field: Field, values: Sequence[Any] | Array) -> Sequence[bool]:
    if isinstance(values, np.ndarray):
        if _are(values, "b"):
            return cast("list[bool]", values.tolist())
        values = cast("list[Any]", values.tolist())
    if set(map(type, values)) - {bool}:
        for row, value in enumerate(values):
            if not isinstance(value, (bool, np.bool_)):
                reject(field, row, value, "a bool")
        values = list(map(bool, values))
    return values


def encode_stored_bools(field: Field, values: Sequence[Any] | Array) -> list[int]:
    """Bools as the integers that SQLite keeps: ``sqlite3`` binds a bool in 0.7 µs, an integer in 0.1 µs."""
    return list(map(int, encode_bools(field, values)))


def encode_floats(field: Field, values: Sequence[Any] | Array) -> list[float]:
    if isinstance(values, np.ndarray) and not _are(values, "fiu"):
        values = cast("list[Any]", values.tolist())
    if not isinstance(values, np.ndarray) and set(map(type, values)) - {float, int}:
        for row, value in enumerate(values):
            if isinstance(value, (bool, np.bool_)) or not isinstance(
                value, (int, float, np.integer, np.floating)
            ):
                reject(field, row, value, "a number")
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:
        numbers = np.array([_to_float(value) for value in values], dtype=np.float64)
    if field.dtype is DataType.FLOAT:
        # The stored double is the float32 that Milvus would keep, so that both compare alike.
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32).astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.all():
        row = int(np.argmin(finite))
        reject(field, row, values[row], f"a finite number in the range of {field.dtype.name}")
    return cast("list[float]", numbers.tolist())


def _are(values: Array, kinds: str) -> bool:
    """Whether there is one value for each row, of one of numpy's ``kinds``."""
    return values.ndim == 1 and values.dtype.kind in kinds


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
