"""Tables and columns of pandas, polars, Arrow and numpy, as columns of the engine.

None of these libraries but numpy is imported: an object is known by what it can do. Numbers and vectors stay in
arrays, mostly the library's own; strings and all else become Python objects, null becomes None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, Protocol

import numpy as np

from milvus_store_lite import Columns, DataNotMatchException, NullableArray, Values

_NUMBERS: Final = "biuf"
"""Kinds of numpy's types that stay arrays."""

_ARROW_NUMBERS: Final = frozenset(
    {
        "bool",
        "halffloat",
        "float",
        "double",
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    }
)
_ARROW_BYTES: Final = ("string", "large_string", "binary", "large_binary", "fixed_size_binary")
"""Arrow's names of its types; those of text and bytes, which it gives as Python objects at once."""


class Table(Protocol):
    """A table of pandas, polars or Arrow, by what all of them have; for type checkers."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def columns(self) -> Any: ...


def table_columns(table: Any) -> Columns | None:
    """The columns of a table; None for anything else. Values that pandas lacks are null."""
    if _is_arrow(table):
        return _named(table.column_names, map(_of_arrow, table.columns))
    if hasattr(table, "to_arrow") and hasattr(table, "to_dicts"):  # polars
        try:
            return table_columns(table.to_arrow())
        except ImportError:  # its rows do without pyarrow
            return None
    if _is_pandas(table):
        return _named(table.columns, (_of_pandas(table.iloc[:, column]) for column in range(table.shape[1])))
    return None


def rows_of_table(table: Any) -> list[dict[str, Any]] | None:
    """The lines of a table; None for anything else. Values that pandas lacks are None."""
    if _is_arrow(table):
        return list(table.to_pylist())
    if hasattr(table, "to_dicts") and hasattr(table, "columns"):  # polars
        return list(table.to_dicts())
    if _is_pandas(table):
        plain = table.astype(object)
        return list(plain.where(plain.notna(), None).to_dict("records"))
    return None


def is_column(values: object) -> bool:
    """Whether these may be the values of several rows."""
    if isinstance(values, (int, float, str)):  # most values are: skip the slower checks below
        return False
    if isinstance(values, np.ndarray):
        return values.ndim > 0
    return isinstance(values, (list, tuple)) or _is_arrow_array(values) or _is_series(values)


def column_values(values: Any) -> Values:
    """A column of any library, as the engine takes it."""
    if isinstance(values, np.ndarray):
        return _of_numpy(values)
    if _is_arrow_array(values):
        return _of_arrow(values)
    if _is_series(values):
        return _of_pandas(values) if hasattr(values, "notna") else list(values.to_list())
    return list(values)


def value_list(values: Values) -> list[Any]:
    """The values of a column one by one, None for a null; those of a matrix are its rows."""
    if isinstance(values, NullableArray):
        found = value_list(values.values)
        for row in np.flatnonzero(~values.is_valid).tolist():
            found[row] = None
        return found
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return list(values.tolist())
    return list(values)


def _named(names: Iterable[Any], columns: Iterable[Values]) -> Columns:
    names = list(names)
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise DataNotMatchException(
            message=f"expected columns with different names, got {doubled[0]!r:.80} twice"
        )
    return Columns.of(dict(zip(names, columns, strict=True)))


def _is_arrow(table: object) -> bool:
    return hasattr(table, "to_pylist") and hasattr(table, "column_names")


def _is_arrow_array(values: object) -> bool:
    return hasattr(values, "to_pylist") and hasattr(values, "null_count")


def _is_pandas(table: object) -> bool:
    return hasattr(table, "to_dict") and hasattr(table, "notna") and hasattr(table, "columns")


def _is_series(values: object) -> bool:
    """Whether it is a column of pandas or polars."""
    return hasattr(values, "to_numpy") and hasattr(values, "to_list")


def _of_numpy(values: np.ndarray[Any, Any]) -> Values:
    if values.dtype.kind in _NUMBERS or values.dtype.name == "bfloat16":
        return values
    return list(values) if values.dtype.kind in "mM" else list(values.tolist())


# Arrow ---------------------------------------------------------------------------------------------------


def _of_arrow(values: Any) -> Values:
    array = _in_one_chunk(values)
    if hasattr(array, "storage"):  # an extension, such as a tensor
        array = array.storage
    if hasattr(array, "dictionary_decode"):
        array = array.dictionary_decode()
    kind = str(array.type)
    if kind in _ARROW_NUMBERS:
        return _arrow_numbers(array)
    if kind.partition("[")[0] in _ARROW_BYTES:
        return list(array.to_numpy(zero_copy_only=False).tolist())
    if hasattr(array, "flatten") and str(getattr(array.type, "value_type", "")) in _ARROW_NUMBERS:
        found = _arrow_matrix(array)
        if found is not None:
            return found
    return list(array.to_pylist())


def _in_one_chunk(values: Any) -> Any:
    if getattr(values, "num_chunks", None) == 1:
        return values.chunk(0)  # combining copies even a single chunk of lists
    return values.combine_chunks() if hasattr(values, "combine_chunks") else values


def _arrow_numbers(array: Any) -> Values:
    if not array.null_count:
        numbers: np.ndarray[Any, Any] = array.to_numpy(zero_copy_only=False)
        return numbers
    is_valid = _is_valid(array)
    present = array.drop_null().to_numpy(zero_copy_only=False)
    return _spread(present, is_valid)


def _arrow_matrix(array: Any) -> Values | None:
    """Lists of numbers as a matrix, None where they differ in length or lack an element."""
    if hasattr(array.type, "list_size"):
        lengths = {array.type.list_size}
    else:
        lengths = set(np.unique(array.value_lengths().drop_null().to_numpy()).tolist())
    elements = array.flatten()
    if len(lengths) != 1 or 0 in lengths or elements.null_count:
        return None
    matrix = elements.to_numpy(zero_copy_only=False).reshape(-1, *lengths)
    return _spread(matrix, _is_valid(array)) if array.null_count else matrix


def _is_valid(array: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    found: np.ndarray[Any, np.dtype[np.bool_]] = array.is_valid().to_numpy(zero_copy_only=False)
    return found


def _spread(present: np.ndarray[Any, Any], is_valid: np.ndarray[Any, np.dtype[np.bool_]]) -> NullableArray:
    """An array with the values ``present`` where ``is_valid`` says so."""
    values = np.zeros((len(is_valid), *present.shape[1:]), dtype=present.dtype)
    values[is_valid] = present
    return NullableArray(values, is_valid)


# pandas --------------------------------------------------------------------------------------------------


def _of_pandas(series: Any) -> Values:
    if hasattr(series.dtype, "pyarrow_dtype"):
        return _of_arrow(series.array.__arrow_array__())
    is_valid = series.notna().to_numpy()
    kind = getattr(series.dtype, "numpy_dtype", series.dtype)  # that of Int64 is int64
    if kind.kind in _NUMBERS:
        if is_valid.all():
            return _of_numpy(series.to_numpy(dtype=kind))
        return _spread(series[is_valid].to_numpy(dtype=kind), is_valid)
    objects = series.astype(object)
    return list((objects if is_valid.all() else objects.where(is_valid, None)).tolist())
