"""Labels of rows for group-by: one integer for each distinct value of a field, a dynamic key or a JSON path."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

import numpy as np

from ..columns.column import BoolArray, JsonColumn, JsonKind, NumberColumn, StringColumn
from ..errors import ParamError
from ..schema.data_types import INTEGER_RANGES, DataType
from ..schema.fields import Field
from ..schema.model import Schema
from .arrangement import GroupBy, PathCast
from .grouping import Labels
from .named_values import named_values, scalars_at
from .selection import Selection

_NULL: Final = -1
_EXACT_IN_FLOAT: Final = 2**53

_SPREAD: Final = 4
"""Numbers of a range up to so many times as large as there are rows are counted in place, which takes a tenth of
the time that sorting them takes (1,000,000 rows)."""


def group_labels(
    selection: Selection,
    schema: Schema,
    names: Sequence[str],
    argument: str = "group_by_field",
    cast: PathCast | None = None,
) -> Labels:
    """(n,) int64 labels of the slots of the selection's view by the values called ``names``; nulls are one group.

    Raises:
        ParamError: there is no such field or path, its type has no groups, a selected row has an array or an
            object at the path, or a value that a strict ``cast`` does not take.
    """
    return reduce(_combined, (_labels_of(selection, schema, name, argument, cast) for name in names))


def labels_of_rows(selection: Selection, schema: Schema, group_by: GroupBy, seqs: Labels) -> Labels:
    """(m,) the labels of the rows ``seqs``, which are among those selected."""
    slots = np.searchsorted(selection.view.snapshot.seqs, seqs)
    is_asked = np.zeros(selection.view.count, dtype=np.bool_)
    is_asked[slots] = True
    asked = selection.only(is_asked)
    labels: Labels = group_labels(asked, schema, group_by.fields, cast=group_by.cast)[slots]
    return labels


def dense(labels: Labels) -> tuple[Labels, int]:
    """``labels`` as numbers from 0 on, and the number that all are below; not every one occurs."""
    if not len(labels):
        return labels, 0
    least, most = int(labels.min()), int(labels.max())
    if most - least < _SPREAD * len(labels):
        return labels if least == 0 else labels - least, most - least + 1
    distinct, places = np.unique(labels, return_inverse=True)
    return places.astype(np.int64), len(distinct)


def _labels_of(
    selection: Selection, schema: Schema, name: str, argument: str, cast: PathCast | None
) -> Labels:
    source = named_values(schema, name, argument)
    if cast is not None:
        if isinstance(source, Field):
            raise ParamError(
                message=f"{argument} '{source.name}' ({source.describe()}): json_type and strict_cast are for a "
                "path in a JSON field"
            )
        return _of_cast(selection, selection.view.json_path(*source), name, argument, cast)
    if not isinstance(source, Field):
        return _of_json(scalars_at(selection, source, name, argument))
    _check_type(source, argument)
    column = selection.view.column(source)
    return column.codes.astype(np.int64) if isinstance(column, StringColumn) else _of_numbers(column)


def _check_type(field: Field, argument: str) -> None:
    if not (field.dtype.is_integer or field.dtype in (DataType.BOOL, DataType.VARCHAR, DataType.TIMESTAMPTZ)):
        raise ParamError(
            message=f"{argument} '{field.name}' ({field.describe()}) must be an integer, BOOL, VARCHAR or "
            "TIMESTAMPTZ field, or a path in a JSON field"
        )


def _combined(first: Labels, second: Labels) -> Labels:
    """Labels that are equal where both are. Dense ones are below the number of rows, so no product overflows."""
    (before, _), (after, count) = dense(first), dense(second)
    return before * count + after


def _of_numbers(column: NumberColumn) -> Labels:
    labels = column.values.astype(np.int64)
    if column.valid is None or column.valid.all():
        return labels
    least = labels.min(where=column.valid, initial=np.iinfo(np.int64).max)
    if least > np.iinfo(np.int64).min:
        return np.where(column.valid, labels, least - 1)
    # The numbers of the distinct values are never negative, so -1 is free.
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    labels[~column.valid] = _NULL
    return labels


def _of_cast(selection: Selection, column: JsonColumn, name: str, argument: str, cast: PathCast) -> Labels:
    """Labels of the values that are of the type; all others are null."""
    fits = _fitting(column, cast.dtype)
    if cast.strict:
        others = ~fits & (column.kinds != JsonKind.NO_DOCUMENT)
        if selection.mask is not None:
            others &= selection.mask
        if others.any():
            kind = JsonKind(int(column.kinds[np.argmax(others)])).name.lower()
            expected = (
                "a string, a number or a bool" if cast.dtype is None else f"a value of {cast.dtype.name}"
            )
            raise ParamError(
                message=f"{argument} {name!r}: expected {expected} in every row, got {kind}: leave out strict_cast"
            )
    if cast.dtype is None:
        return np.where(fits, _of_json(column), _NULL)
    values = column.strings.codes.astype(np.int64) if cast.dtype is DataType.VARCHAR else column.ints
    return _of_numbers(NumberColumn(values, fits))


def _fitting(column: JsonColumn, dtype: DataType | None) -> BoolArray:
    """(n,) bool: the rows with a value of a type. An integer beyond the type is none."""
    if dtype is None:
        return (column.kinds > JsonKind.NULL) & (column.kinds < JsonKind.ARRAY)
    if dtype not in INTEGER_RANGES:
        return np.equal(column.kinds, JsonKind.BOOL if dtype is DataType.BOOL else JsonKind.STRING)
    least, most = INTEGER_RANGES[dtype]
    fits: BoolArray = (column.kinds == JsonKind.INT) & (column.ints >= least) & (column.ints <= most)
    return fits


def _of_json(column: JsonColumn) -> Labels:
    """Equal JSON values have equal labels, an integer and a float of the same value as well."""
    kinds = column.kinds.astype(np.int64)
    payload = column.ints.copy()
    is_number = (kinds == JsonKind.FLOAT) | (
        (kinds == JsonKind.INT) & (np.abs(column.floats) <= _EXACT_IN_FLOAT)
    )
    kinds[is_number] = JsonKind.FLOAT
    payload[is_number] = (column.floats[is_number] + 0.0).view(np.int64)
    is_string = kinds == JsonKind.STRING
    payload[is_string] = column.strings.codes[is_string]
    labels = np.unique(payload, return_inverse=True)[1].astype(np.int64) * len(JsonKind) + kinds
    labels[kinds <= JsonKind.NULL] = _NULL
    return labels
