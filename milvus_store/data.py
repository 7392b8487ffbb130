"""Given rows, in dictionaries, tables or a dictionary of columns: as columns for a file, as rows for a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    Schema,
)

from .tables import column_values, is_column, rows_of_table, table_columns, value_list

Types = Mapping[str, DataType]
"""Field → its type."""


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
        columns = _columns(self.data, {name: field.dtype for name, field in schema.by_name.items()})
        return Rows([self.data]).columns(schema) if columns is None else columns


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
        return RowOrColumns(data) if _may_be_columns(data) else Rows([data])
    columns = table_columns(data)
    return Rows(as_rows(data)) if columns is None else columns


def as_server_rows(data: object, types: Callable[[], Types]) -> list[dict[str, Any]]:
    """The rows that a user gave, in any form that ``as_given`` takes, as the dictionaries that pymilvus takes.

    Args:
        types: asks for the types of the fields, which tell a row of lists from columns. It is called for no other
            data.

    Raises:
        DataTypeNotMatchException: ``data`` has none of these forms.
        DataNotMatchException: one column is longer than another.
    """
    columns = _columns(data, types()) if isinstance(data, dict) and _may_be_columns(data) else None
    if columns is None:
        return as_rows(data)
    values = [value_list(column.values) for column in columns.by_name.values()]
    return [dict(zip(columns.by_name, row, strict=True)) for row in zip(*values, strict=True)]


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


def _may_be_columns(data: dict[str, Any]) -> bool:
    return bool(data) and all(map(is_column, data.values()))


def _columns(data: dict[str, Any], types: Types) -> Columns | None:
    """``data``, all lists or arrays, as columns of many rows; None if it may be a single row."""
    if not any(_holds_columns(types.get(name), values) for name, values in data.items()):
        return None
    return Columns.of({name: column_values(values) for name, values in data.items()})


def _holds_columns(dtype: DataType | None, values: Any) -> bool:
    """Whether ``values`` must be those of many rows: no single row has such a value in a field of ``dtype``."""
    if dtype is None or dtype in (DataType.JSON, DataType.ARRAY):
        return False
    if not dtype.is_vector:
        return True
    first = next(iter(values), None)
    if dtype is DataType.SPARSE_FLOAT_VECTOR and isinstance(first, (list, tuple)):
        first = next(iter(first), ())  # of one row's (index, value) pairs it is a number
    return isinstance(first, (list, tuple, np.ndarray, Mapping, str, bytes, bytearray)) or (
        isinstance(values, np.ndarray) and values.ndim > 1
    )
