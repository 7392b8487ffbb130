"""Files that an export writes, batch by batch."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from milvus_store_lite import Columns, DataType, Field

from .arrow_rows import arrow_batch, arrow_schema
from .definitions import CollectionDefinition
from .inferring import DYNAMIC_COLUMN

_VALUES_AT_ONCE: Final = 1 << 16
"""Numbers that pyarrow encodes in one go: 235,000 vectors of 384 dimensions in the time of 198,000 by its default
of 1,024, which is three vectors."""


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)


class Writer(Protocol):
    def write(self, columns: Columns) -> None: ...

    def close(self) -> None: ...


class ArrowWriter:
    """Parquet or Arrow."""

    def __init__(
        self, path: Path, definition: CollectionDefinition, names: Sequence[str], *, is_parquet: bool
    ) -> None:
        self._schema = definition.engine_schema
        self._layout = arrow_schema(self._schema, definition.schema, names)
        if is_parquet:
            # Vectors are hardly ever alike, and their bytes follow no pattern: looking for one only takes time. So
            # do dictionaries of the others: three of them take 0.5 of 0.7 µs a row, and ZSTD finds what repeats.
            others = [name for name in self._layout.names if not _is_vector(definition, name)]
            self._writer: Any = pq.ParquetWriter(
                path,
                self._layout,
                use_dictionary=False,
                write_statistics=others,
                write_batch_size=_VALUES_AT_ONCE,
                compression={name: "ZSTD" if name in others else "NONE" for name in self._layout.names},
            )
        else:
            self._writer = pa.ipc.new_file(str(path), self._layout)

    def write(self, columns: Columns) -> None:
        self._writer.write_batch(arrow_batch(self._schema, self._layout, columns))

    def close(self) -> None:
        self._writer.close()


class JsonWriter:
    """JSON lines, or one list of objects. Dynamic keys stand beside the fields."""

    def __init__(
        self, path: Path, definition: CollectionDefinition, names: Sequence[str], *, is_lines: bool
    ) -> None:
        self._rows = _PlainRows(definition, names)
        self._file = path.open("w", encoding="utf-8")
        self._before, self._between, self._after = ("", "\n", "\n") if is_lines else ("[\n", ",\n", "\n]\n")
        self._is_empty = True

    def write(self, columns: Columns) -> None:
        texts = list(map(_ENCODER.encode, self._rows.of(columns)))
        self._file.write((self._before if self._is_empty else self._between) + self._between.join(texts))
        self._is_empty = False

    def close(self) -> None:
        if not self._is_empty:
            self._file.write(self._after)
        elif self._before:
            self._file.write("[]\n")
        self._file.close()


class CsvWriter:
    """CSV or TSV: what is no number, truth value or text stands as JSON, dynamic keys in a column of their own."""

    def __init__(
        self, path: Path, definition: CollectionDefinition, names: Sequence[str], delimiter: str
    ) -> None:
        self._names = names
        self._rows = _PlainRows(definition, names, nested=True)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, delimiter=delimiter)
        self._writer.writerow(names)

    def write(self, columns: Columns) -> None:
        for row in self._rows.of(columns):
            self._writer.writerow([_cell(row[name]) for name in self._names])

    def close(self) -> None:
        self._file.close()


class _PlainRows:
    """Rows as dictionaries of what JSON has.

    Args:
        nested: whether the dynamic keys stand under a key of their own.
    """

    def __init__(
        self, definition: CollectionDefinition, names: Sequence[str], *, nested: bool = False
    ) -> None:
        self._schema = definition.engine_schema
        self._layout = arrow_schema(self._schema, definition.schema, names)
        by_name = self._schema.by_name
        self._in_json = [name for name in names if _is_json(by_name.get(name))]
        self._narrow = {name: _FLOATS[by_name[name].dtype] for name in names if _is_narrow(by_name.get(name))}
        self._nested = nested

    def of(self, columns: Columns) -> Iterator[dict[str, Any]]:
        for row in arrow_batch(self._schema, self._layout, columns).to_pylist():
            for name in self._in_json:
                row[name] = None if row[name] is None else json.loads(row[name])
            for name, floats in self._narrow.items():
                row[name] = None if row[name] is None else floats(bytes(row[name]))
            if DYNAMIC_COLUMN in row:
                keys = json.loads(row.pop(DYNAMIC_COLUMN))
                row |= {DYNAMIC_COLUMN: keys} if self._nested else keys
            yield row


def _is_vector(definition: CollectionDefinition, name: str) -> bool:
    field = definition.engine_schema.by_name.get(name)
    return field is not None and field.dtype.is_vector


def _is_json(field: Field | None) -> bool:
    """Whether the values stand as JSON texts in Arrow's columns."""
    if field is None:
        return False
    return field.dtype in (DataType.JSON, DataType.SPARSE_FLOAT_VECTOR) or bool(field.members)


def _is_narrow(field: Field | None) -> bool:
    """Whether Arrow's columns have the bytes of floats."""
    return field is not None and field.dtype in _FLOATS


def _of_brain_floats(stored: bytes) -> list[float]:
    """A bfloat16 is the upper half of a float32."""
    floats: list[float] = (np.frombuffer(stored, "<u2").astype(np.uint32) << 16).view(np.float32).tolist()
    return floats


def _of_half_floats(stored: bytes) -> list[float]:
    floats: list[float] = np.frombuffer(stored, "<f2").tolist()
    return floats


_FLOATS: Final = {DataType.FLOAT16_VECTOR: _of_half_floats, DataType.BFLOAT16_VECTOR: _of_brain_floats}


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return _ENCODER.encode(value) if isinstance(value, (list, dict)) else value
