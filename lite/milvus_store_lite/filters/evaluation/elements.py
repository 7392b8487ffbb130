"""The elements of arrays as rows, so that a condition on elements is evaluated like one on rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...columns.column import ArrayColumn, JsonColumn, JsonKind, NumberColumn, StringColumn
from ...columns.geometries import GeometryColumn
from ...columns.tokens import TokenColumn
from ...schema.fields import Field
from .rows import Rows
from .truth import BoolArray

_Elements = NumberColumn | StringColumn | JsonColumn
_Indices = npt.NDArray[np.int64]

_FEW_HITS = 1 / 8
"""Below this share, looking up the row of each hit is faster than counting along all elements."""


@dataclass(frozen=True, slots=True)
class ElementRows:
    """Elements as rows of their own: every field or path of such a row is the element itself."""

    elements: _Elements
    count: int

    @classmethod
    def all_of(cls, arrays: ArrayColumn) -> ElementRows:
        """Every element, array by array."""
        return cls(arrays.elements, int(arrays.offsets[-1]))

    @classmethod
    def at(cls, arrays: ArrayColumn, indices: _Indices) -> ElementRows:
        """The elements at these indices of ``arrays.elements``."""
        return cls(_taken(arrays.elements, indices), len(indices))

    def column(self, field: Field) -> NumberColumn | StringColumn:
        assert isinstance(self.elements, NumberColumn | StringColumn), field
        return self.elements

    def json_path(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        assert isinstance(self.elements, JsonColumn), field_name
        assert not path, "an element is looked at as a whole"
        return self.elements

    def json_numbers(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        raise AssertionError(f"an element of {field_name} is compared as it is")

    def array(self, field: Field, member: Field | None = None) -> ArrayColumn:
        raise AssertionError(f"an element of {field.name} is not an array")

    def json_array(self, field_name: str, path: tuple[str | int, ...]) -> ArrayColumn:
        raise AssertionError(f"an element of {field_name} is looked at as a whole")

    def geometries(self, field: Field) -> GeometryColumn:
        raise AssertionError(f"an element of {field.name} is not a geometry")

    def tokens(self, field: Field, *, positions: bool) -> TokenColumn:
        raise AssertionError(f"the elements of {field.name} have no analyzer")


@dataclass(frozen=True, slots=True)
class StructRows(ElementRows):
    """The structs of an ARRAY field as rows of their own, each member a field."""

    rows: Rows
    structs: Field

    @classmethod
    def of(cls, rows: Rows, structs: Field, arrays: ArrayColumn) -> StructRows:
        """``arrays``: those of any member."""
        return cls(arrays.elements, int(arrays.offsets[-1]), rows, structs)

    def column(self, field: Field) -> NumberColumn | StringColumn:
        found = self.rows.array(self.structs, field).elements
        assert not isinstance(found, JsonColumn), field
        return found


def lengths(arrays: ArrayColumn) -> _Indices:
    """(n,) int64: how many elements each array has, 0 where there is none."""
    return np.diff(arrays.offsets)


def counts(arrays: ArrayColumn, hits: BoolArray) -> npt.NDArray[np.integer[Any]]:
    """(n,) int: how many elements of each array are hits."""
    indices = np.flatnonzero(hits)
    if len(indices) < _FEW_HITS * len(hits):
        rows = np.searchsorted(arrays.offsets, indices, side="right") - 1
        return np.bincount(rows, minlength=len(arrays.kinds))
    before = np.zeros(len(hits) + 1, dtype=np.int32 if len(hits) < 2**31 else np.int64)
    np.cumsum(hits, out=before[1:])
    at = before[arrays.offsets]
    return at[1:] - at[:-1]


def distinct_counts(arrays: ArrayColumn, which: _Indices, count: int) -> npt.NDArray[np.integer[Any]]:
    """(n,) int: how many of ``count`` choices each array has among its elements.

    ``which``: (m,) int64, the number of the choice that each element equals, -1 for none.
    """
    indices = np.flatnonzero(which >= 0)
    rows = np.searchsorted(arrays.offsets, indices, side="right") - 1
    pairs = np.sort(rows * max(count, 1) + which[indices])
    first = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
    return np.bincount(pairs[first] // max(count, 1), minlength=len(arrays.kinds))


def element_at(arrays: ArrayColumn, position: int) -> NumberColumn | StringColumn:
    """The elements at ``position`` as a column of the rows, null where an array ends before it."""
    there = lengths(arrays) > position
    if not there.any():
        indices = np.zeros(0, dtype=np.int64)
    else:
        indices = arrays.offsets[:-1][there] + position
    found = _taken(arrays.elements, indices)
    if isinstance(found, StringColumn):
        codes = np.full(len(there), -1, dtype=np.int32)
        codes[there] = found.codes
        return StringColumn(codes, found.dictionary)
    assert isinstance(found, NumberColumn), "a position in a JSON array is a step of the path"
    values = np.zeros(len(there), dtype=found.values.dtype)
    values[there] = found.values
    return NumberColumn(values, None if there.all() else there)


def is_array(arrays: ArrayColumn) -> BoolArray:
    """(n,) bool: rows that have an array."""
    found: BoolArray = arrays.kinds == JsonKind.ARRAY
    return found


def _taken(column: _Elements, indices: _Indices) -> _Elements:
    """The entries of ``column`` at ``indices``."""
    match column:
        case NumberColumn(values=values, valid=valid):
            return NumberColumn(values[indices], None if valid is None else valid[indices])
        case StringColumn(codes=codes, dictionary=dictionary):
            return StringColumn(codes[indices], dictionary)
        case JsonColumn():
            composites = column.composites
            return JsonColumn(
                column.kinds[indices],
                column.ints[indices],
                column.floats[indices],
                StringColumn(column.strings.codes[indices], column.strings.dictionary),
                composites and StringColumn(composites.codes[indices], composites.dictionary),
            )
