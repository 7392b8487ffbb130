"""Whether every row has its vectors: one in each vector field, of the right length, of finite numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import numpy as np

from ..data_types import DENSE_VECTORS
from ..schema import Field
from ..storage.values import dense
from .definitions import Definition
from .offenders import named, shown
from .report import Problem

_BYTES_AT_ONCE: Final = 8_000_000


def pairing(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """The vectors of each field are those of the rows, neither fewer nor more; a null one has its place."""
    rows = collection.tables.rows
    for one in collection.schema.vectors:
        place, table = collection.field_place(one.name), collection.tables.vectors[one.name]
        missing = named(connection, rows, f"seq NOT IN (SELECT seq FROM {table})")
        if missing:
            yield Problem(place, f"no vector for {missing}")
        orphans = named(connection, table, f"seq NOT IN (SELECT seq FROM {rows})")
        if orphans:
            yield Problem(place, f"vectors without a row: {orphans}")


def lengths(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """A vector is a blob of the length that its type and dimension make, or null where that is allowed."""
    for one in collection.schema.vectors:
        kinds = "('blob', 'null')" if one.nullable else "('blob')"
        broken = named(
            connection,
            collection.tables.vectors[one.name],
            f"typeof(value) NOT IN {kinds} OR length(value) <> {_width(one)}",
        )
        if broken:
            yield Problem(
                collection.field_place(one.name), f"expected {_width(one)} bytes ({one.describe()}): {broken}"
            )


def numbers(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """No NaN, no infinity. Vectors of the wrong length are passed over."""
    for one in collection.schema.vectors:
        if one.dtype not in DENSE_VECTORS:
            continue
        rows = connection.execute(
            f"SELECT seq, value FROM {collection.tables.vectors[one.name]}"
            f" WHERE typeof(value) = 'blob' AND length(value) = {_width(one)}"
        )
        broken: list[int] = []
        while chunk := rows.fetchmany(max(1, _BYTES_AT_ONCE // _width(one))):
            finite = np.isfinite(dense.from_blobs(one, [value for _, value in chunk])).all(axis=1)
            broken += [chunk[place][0] for place in np.flatnonzero(~finite).tolist()]
        if broken:
            yield Problem(
                collection.field_place(one.name),
                f"expected finite numbers (no NaN, no infinity): {shown(len(broken), broken)}",
            )


def _width(one: Field) -> int:
    """Bytes of a stored vector of the field."""
    return dense.width(one) if one.dtype in DENSE_VECTORS else one.vector_dim // 8
