"""Given rows as columns: dictionaries, tables, or a dictionary of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from milvus_store_lite import (
    Column,
    Columns,
    DataNotMatchException,
    DataType,
    DataTypeNotMatchException,
    Field,
    Schema,
)

from .tables import column_values, is_column, rows_of_table, table_columns


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as dictionaries from field name to value; not every one has the same keys."""

    rows: Sequence[Any]

    def __len__(self) -> int:
        return len(self.rows)

    def columns(self, schema: Schema) -> Columns:
        rows = self.rows
        for index, row in enumerate(rows):
            if not isinstance(row, dict):
                raise DataNotMatchException(
                    message=f"row {index}: expected a dict of field values, got {type(row).__name__}: {row!r:.80}"
                )
        if len(rows) == 1:  # the most frequent case, four times as fast
            return Columns(1, {name: Column([value]) for name, value in rows[0].items()})
        known = schema.by_name.keys()
        found = {name: column for name in known if (column := _column(name, rows)) is not None}
        extra = None
        if not all(map(frozenset(known).issuperset, rows)):
            extra = [{key: value for key, value in row.items() if key not in known} for row in rows]
        return Columns(len(rows), found, extra)


@dataclass(frozen=True, slots=True)
class RowOrColumns:
    """A dictionary whose values are all lists or arrays: the schema decides whether it is a row or columns."""

    data: dict[str, Any]

    def columns(self, schema: Schema) -> Columns:
        if not any(map(_holds_columns, map(schema.by_name.get, self.data), self.data.values())):
            return Rows([self.data]).columns(schema)
        return Columns.of({name: column_values(values) for name, values in self.data.items()})


Given = Rows | RowOrColumns | Columns
"""The rows that an engine's writes take. False if they are known to be empty without a schema."""


def as_given(data: object) -> Given:
    """The rows that a user gave: one or many, a table of pandas, polars or Arrow, or a dict of columns.

    Raises:
        DataTypeNotMatchException: ``data`` has none of these forms.
    """
    if isinstance(data, list):
        return Rows(data)
    if isinstance(data, dict):
        return RowOrColumns(data) if data and all(map(is_column, data.values())) else Rows([data])
    columns = table_columns(data)
    return Rows(as_rows(data)) if columns is None else columns


def as_rows(data: object) -> list[dict[str, Any]]:
    """One row, or several in a list, a tuple, an iterator or a table of pandas, polars or Arrow, as a list.

    Raises:
        DataTypeNotMatchException: ``data`` has none of these forms.
    """
    if isinstance(data, dict):
        return [data]
    if isinstance(data, list):
        return data
    table = rows_of_table(data)
    if table is not None:
        return table
    if isinstance(data, Iterable) and not isinstance(data, (str, bytes, bytearray, Mapping, np.ndarray)):
        return list(data)
    raise DataTypeNotMatchException(
        message=f"data must be a dict or a list of dicts, a table or a dict of columns, got "
        f"{type(data).__name__}: {data!r:.80}"
    )


def _column(name: str, rows: Sequence[dict[str, Any]]) -> Column | None:
    """The values that ``rows`` have under ``name``; None if no row has one."""
    try:
        return Column(list(map(itemgetter(name), rows)))
    except KeyError:
        having = [index for index, row in enumerate(rows) if name in row]
    return Column([rows[index][name] for index in having], having) if having else None


def _holds_columns(field: Field | None, values: Any) -> bool:
    """Whether ``values`` must be those of many rows: no single row has such a value in ``field``."""
    if field is None or field.dtype in (DataType.JSON, DataType.ARRAY):
        return False
    if not field.dtype.is_vector:
        return True
    first = next(iter(values), None)
    if field.dtype is DataType.SPARSE_FLOAT_VECTOR and isinstance(first, (list, tuple)):
        first = next(iter(first), ())  # of one row's (index, value) pairs it is a number
    return isinstance(first, (list, tuple, np.ndarray, Mapping, str, bytes, bytearray)) or (
        isinstance(values, np.ndarray) and values.ndim > 1
    )
