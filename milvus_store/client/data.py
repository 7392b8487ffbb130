"""What users give as rows, as a list of dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from milvus_store_lite.errors import DataNotMatchException, DataTypeNotMatchException


def as_rows(data: object) -> list[dict[str, Any]]:
    """One row, or several in a list, a tuple, an iterator or a table of pandas, polars or arrow, as a list.

    Raises:
        DataTypeNotMatchException: it is none of these.
    """
    if isinstance(data, dict):
        return [data]
    if isinstance(data, list):
        return data
    table = _rows_of_table(data)
    if table is not None:
        return table
    if isinstance(data, Iterable) and not isinstance(data, (str, bytes, bytearray, Mapping, np.ndarray)):
        return list(data)
    raise DataTypeNotMatchException(
        message=f"data must be a dict or a list of dicts, got {type(data).__name__}: {data!r:.80}"
    )


def explained(error: DataNotMatchException, data: object) -> DataNotMatchException:
    """``error`` about ``data``; if these are columns, it says how they are made rows."""
    if not isinstance(data, dict) or not _are_columns(data):
        return error
    return DataNotMatchException(
        message=f"{error.message}; data looks like columns: give rows, "
        f"[dict(zip(data, row)) for row in zip(*data.values())]"
    )


def _rows_of_table(data: Any) -> list[dict[str, Any]] | None:
    """The lines of a table, None for what is none. What pandas lacks is None, which a nullable field takes."""
    if hasattr(data, "to_pylist") and hasattr(data, "column_names"):  # arrow
        return list(data.to_pylist())
    if hasattr(data, "to_dicts") and hasattr(data, "columns"):  # polars
        return list(data.to_dicts())
    if hasattr(data, "to_dict") and hasattr(data, "notna") and hasattr(data, "columns"):  # pandas
        plain = data.astype(object)
        return list(plain.where(plain.notna(), None).to_dict("records"))
    return None


def _are_columns(row: dict[str, Any]) -> bool:
    """Whether every value of ``row`` is a list, and all are equally long."""
    values = list(row.values())
    if not values or not all(isinstance(value, (list, tuple, np.ndarray)) for value in values):
        return False
    return len({len(value) for value in values}) == 1
