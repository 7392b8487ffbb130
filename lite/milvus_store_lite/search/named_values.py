"""Values that an argument of a call names: those of a field, or those at a path of a JSON or the dynamic field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..columns.column import JsonColumn, JsonKind, StringColumn
from ..columns.view import View
from ..errors import ParamError
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.model import Schema
from .selection import Selection


class JsonPath(NamedTuple):
    """A path in a JSON field."""

    field: str
    path: tuple[str | int, ...]


def named_values(schema: Schema, name: str, argument: str) -> Field | JsonPath:
    """What ``name`` stands for in ``argument``.

    Raises:
        ParamError: there is no such field or path, or it is a whole JSON document.
    """
    field = schema.by_name.get(name)
    if field is not None and field.dtype is not DataType.JSON:
        return field
    # Imported with the first path, as is the filter language elsewhere.
    from ..filters.paths import resolve_path

    try:
        found = resolve_path(name, schema)
    except ValueError as error:
        raise ParamError(code=1700, message=f"{argument} {name!r}: {error}") from None
    if not found.path:
        raise ParamError(
            message=f"{argument} {name!r} is a whole JSON document: expected a path in it, such as "
            f'{name}["key"]'
        )
    return JsonPath(found.field_name, found.path)


def scalars_at(selection: Selection, source: JsonPath, name: str, argument: str) -> JsonColumn:
    """The values at a path.

    Raises:
        ParamError: a selected row has an array or an object there.
    """
    column = selection.view.json_path(*source)
    held = column.kinds >= JsonKind.ARRAY
    if selection.mask is not None:
        held = held & selection.mask
    if held.any():
        kind = JsonKind(int(column.kinds[np.argmax(held)])).name.lower()
        raise ParamError(
            message=f"{argument} {name!r}: expected a string, a number or a bool in every row, got an {kind}"
        )
    return column


def values_at(
    view: View, field: Field, slots: npt.NDArray[np.int64], show_time: Callable[[int], Any]
) -> list[Any]:
    """The values of a scalar field at some slots, as users see them."""
    column = view.column(field)
    if isinstance(column, StringColumn):
        words = column.dictionary.words
        return [None if code < 0 else words[code] for code in column.codes[slots].tolist()]
    values = column.values[slots].tolist()
    if column.valid is not None:
        valid = column.valid[slots].tolist()
        values = [value if there else None for value, there in zip(values, valid, strict=True)]
    return as_seen(field, values, show_time)


def as_seen(field: Field, values: list[Any], show_time: Callable[[int], Any]) -> list[Any]:
    """Values of a field as users see them, nulls among them."""
    if field.dtype is not DataType.TIMESTAMPTZ:
        return values
    return [None if value is None else show_time(value) for value in values]
