"""Some of the rows in columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from milvus_store_lite import Column, Columns, NullableArray, Values


def some_rows(columns: Columns, rows: Sequence[int]) -> Columns:
    """The rows at the ascending ``rows``."""
    chosen = np.asarray(rows, dtype=np.int64)
    by_name = {}
    for name, column in columns.by_name.items():
        if column.rows is None:
            by_name[name] = Column(_taken(column.values, chosen))
        else:
            places = {row: place for place, row in enumerate(column.rows)}
            kept = [(new, places[row]) for new, row in enumerate(chosen.tolist()) if row in places]
            values = _taken(column.values, np.array([place for _, place in kept], dtype=np.int64))
            by_name[name] = Column(values, [new for new, _ in kept])
    extra = columns.extra
    return Columns(len(chosen), by_name, None if extra is None else [extra[row] for row in chosen.tolist()])


def halves(columns: Columns) -> tuple[Columns, Columns]:
    """The first and the second half of several rows."""
    middle = len(columns) // 2
    return some_rows(columns, range(middle)), some_rows(columns, range(middle, len(columns)))


def _taken(values: Values, rows: npt.NDArray[np.int64]) -> Values:
    if isinstance(values, NullableArray):
        return NullableArray(values.values[rows], values.is_valid[rows])
    if isinstance(values, np.ndarray):
        return values[rows]
    return [values[row] for row in rows.tolist()]
