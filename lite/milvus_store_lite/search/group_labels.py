"""Labels of rows for group-by: one integer for each distinct value of a field, a dynamic key or a JSON path."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.column import JsonColumn, JsonKind, NumberColumn, StringColumn
from ..errors import ParamError
from ..schema.data_types import DataType
from ..schema.model import Field, Schema
from .selection import Selection

_NULL: Final = -1
_EXACT_IN_FLOAT: Final = 2**53


def group_labels(selection: Selection, schema: Schema, name: str) -> npt.NDArray[np.int64]:
    """(n,) int64 labels of the slots of the selection's view by the value called ``name``; nulls are one group.

    Raises:
        ParamError: there is no such field or path, its type has no groups, or a selected row has an array or an
            object at the path.
    """
    source = _source(schema, name)
    if isinstance(source, Field):
        column = selection.view.column(source)
        return column.codes.astype(np.int64) if isinstance(column, StringColumn) else _of_numbers(column)
    column_of_path = selection.view.json_path(*source)
    _refuse_containers(selection, name, column_of_path)
    return _of_json(column_of_path)


def labels_of_rows(
    selection: Selection, schema: Schema, name: str, seqs: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """(m,) the labels of the rows ``seqs``, which are among those selected."""
    slots = np.searchsorted(selection.view.snapshot.seqs, seqs)
    is_asked = np.zeros(selection.view.count, dtype=np.bool_)
    is_asked[slots] = True
    labels: npt.NDArray[np.int64] = group_labels(selection.only(is_asked), schema, name)[slots]
    return labels


def _source(schema: Schema, name: str) -> Field | tuple[str, tuple[str | int, ...]]:
    """The field, or the JSON field and the path in it."""
    field = schema.by_name.get(name)
    if field is None or field.dtype is DataType.JSON:
        return _path(schema, name)
    if not (field.dtype.is_integer or field.dtype in (DataType.BOOL, DataType.VARCHAR)):
        raise ParamError(
            message=f"group_by_field '{field.name}' ({field.describe()}) must be an integer, BOOL or VARCHAR "
            "field, or a path in a JSON field"
        )
    return field


def _path(schema: Schema, name: str) -> tuple[str, tuple[str | int, ...]]:
    # Imported with the first path, as is the filter language elsewhere.
    from ..filters.paths import resolve_path

    try:
        found = resolve_path(name, schema)
    except ValueError as error:
        raise ParamError(code=1700, message=f"group_by_field {name!r}: {error}") from None
    if not found.path:
        raise ParamError(
            message=f"group_by_field {name!r} is a whole JSON document: expected a path in it, such as "
            f'{name}["key"]'
        )
    return found.field_name, found.path


def _of_numbers(column: NumberColumn) -> npt.NDArray[np.int64]:
    labels = column.values.astype(np.int64)
    if column.valid is None or column.valid.all():
        return labels
    # The numbers of the distinct values are never negative, so -1 is free.
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    labels[~column.valid] = _NULL
    return labels


def _of_json(column: JsonColumn) -> npt.NDArray[np.int64]:
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


def _refuse_containers(selection: Selection, name: str, column: JsonColumn) -> None:
    held = column.kinds >= JsonKind.ARRAY
    if selection.mask is not None:
        held = held & selection.mask
    if held.any():
        kind = JsonKind(int(column.kinds[np.argmax(held)])).name.lower()
        raise ParamError(
            message=f"group_by_field {name!r}: expected a string, a number or a bool in every row, got an {kind}"
        )
