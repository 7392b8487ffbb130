"""Filters over a million rows: from the text to the bits that an index takes.

    python -m benchmarks.filters [rows]

Columns are in memory (that is what warm means); each time is the best of several, in milliseconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from milvus_store_lite.columns.column import (
    ArrayColumn,
    Dictionary,
    JsonColumn,
    JsonKind,
    NumberColumn,
    StringColumn,
)
from milvus_store_lite.columns.geometries import GeometryColumn
from milvus_store_lite.columns.tokens import TokenColumn
from milvus_store_lite.filters import compile_filter
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema

COLOURS = [f"colour {n}" for n in range(12)]
SCHEMA = Schema(
    (
        Field("id", DataType.INT64, is_primary=True),
        Field("year", DataType.INT64),
        Field("price", DataType.DOUBLE, nullable=True),
        Field("colour", DataType.VARCHAR, max_length=50),
        Field("title", DataType.VARCHAR, max_length=50),
        Field("meta", DataType.JSON),
        Field("ranks", DataType.ARRAY, element_type=DataType.INT64, max_capacity=9),
        Field("vector", DataType.FLOAT_VECTOR, dim=2),
    )
)
TEXTS = {
    "year >= 1990": 3.0,
    "year == 1990": None,
    "colour == 'colour 3'": 3.0,
    "colour in ['colour 3', 'colour 5']": None,
    "year >= 1990 and colour == 'colour 3' and price < 50": 8.0,
    "meta['kind'] == 'colour 3'": 5.0,
    "meta['kind'] == 'colour 3' and year >= 1990": None,
    "price + 1 > 50": None,
    "colour like '%3%'": None,
    "year in {years}": 30.0,
    "title in {titles}": None,
    "array_contains(ranks, 3)": None,
    "(year & 1) == 1": None,
}
"""Each text with the time it may take, where one was set."""


class Columns:
    """Rows of random values, column by column."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(1)
        self.count = count
        colours, titles = Dictionary(), Dictionary()
        colours.encode(COLOURS)
        titles.encode([f"title {n}" for n in range(count // 10)])
        codes = random.integers(0, len(COLOURS), count, dtype=np.int32)
        valid = random.random(count) < 0.9
        self._columns: dict[str, NumberColumn | StringColumn] = {
            "id": NumberColumn(np.arange(count), None),
            "year": NumberColumn(random.integers(1950, 2025, count), None),
            "price": NumberColumn(random.random(count) * 100, valid),
            "colour": StringColumn(codes, colours),
            "title": StringColumn(random.integers(0, count // 10, count, dtype=np.int32), titles),
        }
        is_text = random.random(count) < 0.9
        self._json = JsonColumn(
            np.where(is_text, JsonKind.STRING, JsonKind.MISSING).astype(np.uint8),
            np.zeros(count, dtype=np.int64),
            np.zeros(count),
            StringColumn(np.where(is_text, codes, -1).astype(np.int32), colours),
        )
        offsets = np.concatenate([[0], np.cumsum(random.integers(0, 5, count))])
        ranks = NumberColumn(random.integers(0, 50, int(offsets[-1])), None)
        self._array = ArrayColumn(np.full(count, JsonKind.ARRAY, dtype=np.uint8), offsets, ranks)

    def column(self, field: Field) -> NumberColumn | StringColumn:
        return self._columns[field.name]

    def array(self, field: Field, member: Field | None = None) -> ArrayColumn:
        return self._array

    def json_path(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        return self._json

    def json_array(self, field_name: str, path: tuple[str | int, ...]) -> ArrayColumn:
        raise NotImplementedError

    def geometries(self, field: Field) -> GeometryColumn:
        raise NotImplementedError

    def tokens(self, field: Field, *, positions: bool) -> TokenColumn:
        raise NotImplementedError


def best(call: Callable[[], object], repeats: int = 15) -> float:
    """Milliseconds of the fastest of some calls."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1e3 * min(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rows = Columns(count)
    params = {"years": list(range(10_000)), "titles": [f"title {n}" for n in range(0, 40_000, 4)]}
    print(f"{count:,} rows; from the text to packed bits, milliseconds")
    for text, limit in TEXTS.items():

        def bits(text: str = text) -> object:
            return np.packbits(compile_filter(text, SCHEMA, params).mask(rows), bitorder="little")

        allowed = "" if limit is None else f"  (at most {limit:g})"
        print(f"{best(bits):8.2f}  {text}{allowed}")
    numbers = ", ".join(map(str, range(10_000)))
    strings = ", ".join(f"'title {n}'" for n in range(10_000))
    for field, elements in (("year", numbers), ("title", strings)):
        spaces = iter(range(1, 1_000))  # another text each time, so that none is found parsed

        def parsed(field: str = field, elements: str = elements, spaces: Iterator[int] = spaces) -> object:
            text = f"{field} in [{elements}]" + " " * next(spaces)
            return np.packbits(compile_filter(text, SCHEMA).mask(rows), bitorder="little")

        print(f"{best(parsed):8.2f}  {field} in [10,000 elements in the text], parsed anew  (at most 30)")


if __name__ == "__main__":
    main()
