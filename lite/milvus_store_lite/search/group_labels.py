"""Labels of rows for group-by: one integer for each distinct value of a field, a dynamic key or a JSON path."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

import numpy as np

from ..columns.column import JsonColumn, JsonKind, NumberColumn, StringColumn
from ..errors import ParamError
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.model import Schema
from .grouping import Labels
from .named_values import named_values, scalars_at
from .selection import Selection

_NULL: Final = -1
_EXACT_IN_FLOAT: Final = 2**53

_SPREAD: Final = 4
"""Numbers of a range up to so many times as large as there are rows are counted in place, which takes a tenth of
the time that sorting them takes (1,000,000 rows)."""


def group_labels(
    selection: Selection, schema: Schema, names: Sequence[str], argument: str = "group_by_field"
) -> Labels:
    """(n,) int64 labels of the slots of the selection's view by the values called ``names``; nulls are one group.

    Raises:
        ParamError: there is no such field or path, its type has no groups, or a selected row has an array or an
            object at the path.
    """
    return reduce(_combined, (_labels_of(selection, schema, name, argument) for name in names))


def labels_of_rows(selection: Selection, schema: Schema, names: Sequence[str], seqs: Labels) -> Labels:
    """(m,) the labels of the rows ``seqs``, which are among those selected."""
    slots = np.searchsorted(selection.view.snapshot.seqs, seqs)
    is_asked = np.zeros(selection.view.count, dtype=np.bool_)
    is_asked[slots] = True
    labels: Labels = group_labels(selection.only(is_asked), schema, names)[slots]
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


def _labels_of(selection: Selection, schema: Schema, name: str, argument: str) -> Labels:
    source = named_values(schema, name, argument)
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
