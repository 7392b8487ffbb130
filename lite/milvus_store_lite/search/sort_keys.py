"""What rows are ordered by: arrays of numbers, one for each field, that are in the order of its values.

JSON values are ordered as Milvus orders the hits of a search: strings, then numbers, then bools.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray, JsonColumn, JsonKind, NumberColumn, StringColumn
from ..errors import ParamError
from ..schema.data_types import NUMPY_TYPES, DataType
from ..schema.fields import Field
from ..schema.model import Schema
from .arrangement import OrderBy
from .named_values import named_values, scalars_at
from .selection import Selection

Slots = npt.NDArray[np.int64]
Part = Callable[["Slots | slice"], npt.NDArray[Any]]
"""Numbers for some slots."""

EVERY: Final = slice(None)

_ORDERED_TYPES: Final = frozenset({*NUMPY_TYPES, DataType.VARCHAR})
_EXACT_IN_FLOAT: Final = 2.0**53

_RANK_OF_KIND: Final = np.zeros(len(JsonKind), dtype=np.uint8)
_RANK_OF_KIND[[JsonKind.INT, JsonKind.FLOAT]] = 1
_RANK_OF_KIND[JsonKind.BOOL] = 2


class SortKey(NamedTuple):
    """How rows are ordered by one field.

    ``parts``: the second one decides where the first one is equal, and so on. ``nulls``: where the value is null,
    so that the parts mean nothing there; None for nowhere.
    """

    parts: tuple[Part, ...]
    nulls: Callable[[Slots | slice], BoolArray] | None
    descending: bool
    nulls_first: bool


def sort_keys(selection: Selection, schema: Schema, order: Sequence[OrderBy], argument: str) -> list[SortKey]:
    """The keys to order the selected rows by, the most important first.

    Args:
        argument: what the caller gave the fields as, for errors.

    Raises:
        ParamError: there is no such field or path, its type has no order, or a selected row has an array or an
            object at the path.
    """
    return [_sort_key(selection, schema, one, argument) for one in order]


def _sort_key(selection: Selection, schema: Schema, order: OrderBy, argument: str) -> SortKey:
    source = named_values(schema, order.field, argument)
    if not isinstance(source, Field):
        column: Any = scalars_at(selection, source, order.field, argument)
        parts, nulls = _of_json(column)
    elif source.dtype not in _ORDERED_TYPES:
        raise ParamError(
            message=f"{argument} '{source.name}' ({source.describe()}) has no order: expected a number, BOOL, "
            "VARCHAR or TIMESTAMPTZ field, a dynamic key or a path in a JSON field"
        )
    else:
        column = selection.view.column(source)
        parts, nulls = _of_words(column) if isinstance(column, StringColumn) else _of_numbers(column)
    return SortKey(parts, nulls, order.descending, order.nulls_first)


Parts = tuple[tuple[Part, ...], "Callable[[Slots | slice], BoolArray] | None"]


def _of_numbers(column: NumberColumn) -> Parts:
    values, valid = column.values, column.valid
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    return (values.__getitem__,), None if valid is None else lambda slots: ~valid[slots]


def _of_words(column: StringColumn) -> Parts:
    codes, order = column.codes, column.dictionary.order
    nulls = None if codes.min(initial=0) >= 0 else (lambda slots: codes[slots] < 0)
    return (lambda slots: order.ranks(codes[slots]),), nulls


def _of_json(column: JsonColumn) -> Parts:
    kinds, ints, floats = column.kinds, column.ints, column.floats
    codes, order = column.strings.codes, column.strings.dictionary.order

    def kind(slots: Slots | slice) -> npt.NDArray[Any]:
        return _RANK_OF_KIND[kinds[slots]]

    def value(slots: Slots | slice) -> npt.NDArray[Any]:
        """The place of a string, the float of a number; a bool has 0 or 1."""
        found = floats[slots]
        is_string = kinds[slots] == JsonKind.STRING
        if is_string.any():
            found = found.copy()
            found[is_string] = order.ranks(codes[slots][is_string])
        return found

    def exact(slots: Slots | slice) -> npt.NDArray[Any]:
        """Integers whose floats are equal."""
        return ints[slots]

    has_large = bool((np.abs(floats[kinds == JsonKind.INT]) >= _EXACT_IN_FLOAT).any())
    parts = (kind, value, exact) if has_large else (kind, value)
    return parts, lambda slots: kinds[slots] <= JsonKind.NULL
