"""The check of a copy: the number of rows, some rows field by field, and a search."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from milvus_store_lite import Column, Columns, DataType, Field, as_list, encode_vectors, of_rows

from ..errors import MilvusException
from .definitions import CollectionDefinition
from .slices import some_rows
from .stores import Source, Target

_OF_A_BATCH: Final = 30
_MOST: Final = 300
"""Rows that are compared."""

_TOLERANCE: Final = 0.05
"""By which part distances may differ: indexes of servers may tell them from compressed vectors."""


class Sample:
    """Rows of the source, kept until the copy can be compared with them."""

    def __init__(self, definition: CollectionDefinition) -> None:
        self._definition = definition
        self._random = random.Random(0)
        self._kept: list[tuple[Any, dict[str, Any]]] = []
        self.vectors: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, columns: Columns) -> None:
        """Keep some of the rows in ``columns``."""
        if len(self._kept) >= _MOST:
            return
        rows = sorted(self._random.sample(range(len(columns)), min(_OF_A_BATCH, len(columns))))
        some = some_rows(columns, rows)
        self._kept += _comparable(self._definition, some)
        if not self.vectors:
            for field in self._definition.engine_schema.fields:
                if field.dtype is DataType.FLOAT_VECTOR and not field.is_function_output:
                    self.vectors[field.name] = next(
                        (value for value in as_list(some.by_name[field.name].values) if value is not None),
                        None,
                    )

    def differences(self, target: Target) -> list[str] | None:
        """How the rows of ``target`` differ from those that are kept; None where it shows none."""
        found: dict[Any, dict[str, Any]] = {}
        keys = [key for key, _ in self._kept]
        for start in range(0, len(keys), 50):
            part = target.rows(self._definition, keys[start : start + 50])
            if part is None:
                return None
            found |= dict(_comparable(self._definition, part))
        told = []
        for key, row in self._kept:
            if key not in found:
                told.append(f"row {key!r} is missing")
                continue
            told += [
                f"row {key!r}, field {name!r}: {value!r:.80} was read, and {found[key].get(name)!r:.80} is there"
                for name, value in row.items()
                if found[key].get(name) != value
            ]
        return told


@dataclass(frozen=True, slots=True)
class Verified:
    """``rows``: how many were compared; ``searched``: whether a search was, too."""

    rows: int
    searched: bool


def verify(
    source: Source, target: Target, definition: CollectionDefinition, sample: Sample, rows: int
) -> Verified:
    """Compare the copy with its source.

    Args:
        rows: how many were written.

    Raises:
        MilvusException: something is not in the target as it was in the source.
    """
    name = definition.name
    there, here = target.count(name), source.count(name)
    told = []
    if there != rows:
        told.append(f"{rows:,} rows were written, and {there:,} are there")
    if here != rows:
        told.append(f"{rows:,} rows were read, and the source has {here:,}: was it written to meanwhile?")
    differences = sample.differences(target)
    told += differences or []
    searched = False
    for field, vector in sample.vectors.items():
        if vector is not None:
            asked, answered = (store.nearest(definition, field, vector) for store in (source, target))
            if asked is not None and answered is not None:
                searched = True
                if not _are_alike(asked, answered):
                    told.append(
                        f"a search of {field!r} finds distances {_shown(answered)}, in the source {_shown(asked)}"
                    )
    if told:
        shown = "\n  ".join(told[:10]) + (f"\n  and {len(told) - 10} more" if len(told) > 10 else "")
        raise MilvusException(message=f"the copy of collection {name!r} is not as it should be:\n  {shown}")
    return Verified(0 if differences is None else len(sample), searched)


def _are_alike(asked: Sequence[float], answered: Sequence[float]) -> bool:
    if len(asked) != len(answered):
        return False
    return bool(np.allclose(asked, answered, rtol=_TOLERANCE, atol=_TOLERANCE))


def _shown(distances: Sequence[float]) -> str:
    return ", ".join(f"{distance:.4g}" for distance in distances)


def _comparable(definition: CollectionDefinition, columns: Columns) -> list[tuple[Any, dict[str, Any]]]:
    """Key → field or dynamic keys → value in a form that is equal on all stores."""
    schema = definition.engine_schema
    shown = {
        field.name: _values(field, of_rows(columns.by_name.get(field.name, Column((), ())), columns.count))
        for field in schema.fields
        if not field.is_function_output
    }
    if schema.enable_dynamic_field:
        extra = columns.extra or [{}] * columns.count
        shown["$meta"] = [_document(dict(row)) for row in extra]
    keys = as_list(columns.by_name[schema.primary.name].values)
    return [(key, {name: values[row] for name, values in shown.items()}) for row, key in enumerate(keys)]


def _values(field: Field, values: Any) -> list[Any]:
    if field.dtype.is_vector:
        return [None if blob is None else bytes(blob) for blob in encode_vectors(field, values)]
    same = _same_form(field)
    listed = as_list(values)
    return listed if same is None else [None if value is None else same(value) for value in listed]


def _document(value: Any) -> str:
    return json.dumps(
        json.loads(value) if isinstance(value, bytes) else value, sort_keys=True, default=_listed
    )


def _listed(vector: Any) -> list[Any]:
    """A vector in a struct: numbers, or bytes."""
    return list(vector) if isinstance(vector, bytes) else list(vector.tolist())


def _instant(value: Any) -> Any:
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value


def _floats(elements: Any) -> list[Any]:
    return [np.float32(element) for element in elements]


def _same_form(field: Field) -> Callable[[Any], Any] | None:
    """What makes equal values of a field equal where stores show them differently; None where nothing is to do."""
    if field.dtype is DataType.ARRAY:
        return _floats if field.element_type is DataType.FLOAT else _document
    return _SAME.get(field.dtype)


_SAME: Final[Mapping[DataType, Callable[[Any], Any]]] = {
    DataType.FLOAT: np.float32,
    DataType.JSON: _document,
    DataType.TIMESTAMPTZ: _instant,
    DataType.GEOMETRY: lambda text: text.replace(" ", ""),
}
