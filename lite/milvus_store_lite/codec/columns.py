"""Rows as columns, not checked yet: every write takes them, in whatever form a user gave the rows.

Users have rows in many forms: dictionaries, data frames, Arrow tables, messages of a protocol. The layer that
takes them turns them into ``Columns``; some forms need the schema for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import DataNotMatchException
from ..schema.model import Schema

Array = npt.NDArray[Any]


class NullableArray(NamedTuple):
    """An array with nulls: the elements that ``is_valid``, (n,) bool, does not mark.

    What ``values`` holds in their place does not matter.
    """

    values: Array
    is_valid: npt.NDArray[np.bool_]


Values = Sequence[Any] | Array | NullableArray
"""Values of one field: a list, in which None is null, or numbers in an array, (n,) or, of vectors, (n, dim)."""


class Column(NamedTuple):
    """The values of rows under one name.

    ``rows``: which rows these are, ascending; None where each row has a value.
    """

    values: Values
    rows: Sequence[int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """``count`` rows. ``by_name``: fields and dynamic keys; ``extra``: further dynamic keys of each row."""

    count: int
    by_name: Mapping[str, Column]
    extra: Sequence[Mapping[str, Any]] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Values]) -> Columns:
        """The rows with ``values``; all columns have the same length.

        Raises:
            DataNotMatchException: one column is longer than another.
        """
        lengths = {name: length(column) for name, column in values.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name!r:.80} has {count:,}" for name, count in lengths.items())
            raise DataNotMatchException(message=f"expected columns that are equally long, got {shown}")
        count = next(iter(lengths.values()), 0)
        return cls(count, {name: Column(column) for name, column in values.items()})

    def __len__(self) -> int:
        return self.count

    def columns(self, schema: Schema) -> Columns:
        """These columns, for every schema."""
        return self

    def filled(self, name: str, value: Any) -> Columns:
        """The same rows, with ``value`` where column ``name`` has no value; a null is a value."""
        column = self.by_name.get(name, Column((), ()))
        if column.rows is None:
            return self
        values = [value] * self.count
        for row, given in zip(column.rows, as_list(column.values), strict=True):
            values[row] = given
        return replace(self, by_name={**self.by_name, name: Column(values)})

    def names_in(self, row: int) -> list[str]:
        """The names under which ``row`` has values."""
        names = [name for name, column in self.by_name.items() if column.rows is None or row in column.rows]
        return names if self.extra is None else [*names, *self.extra[row]]


class GivenRows(Protocol):
    """Rows in a form that turns into columns once the schema is known."""

    def columns(self, schema: Schema) -> Columns:
        """The rows; raises ``DataNotMatchException`` for an element that is not a row."""
        ...


def length(values: Values) -> int:
    """How many ``values`` there are."""
    return len(values.values if isinstance(values, NullableArray) else values)


def as_list(values: Values) -> list[Any]:
    """``values`` one by one as Python's own, None for a null."""
    if isinstance(values, NullableArray):
        found = as_list(values.values)
        for row in np.flatnonzero(~values.is_valid).tolist():
            found[row] = None
        return found
    if isinstance(values, np.ndarray):
        # tolist() would turn times into numbers.
        return list(values) if values.dtype.kind in "mM" else list(values.tolist())
    return list(values)


def of_rows(column: Column, count: int) -> Values:
    """The values of ``column`` in each of ``count`` rows, None for one that has none."""
    if column.rows is None:
        return column.values
    values: list[Any] = [None] * count
    for row, value in zip(column.rows, as_list(column.values), strict=True):
        values[row] = value
    return values
