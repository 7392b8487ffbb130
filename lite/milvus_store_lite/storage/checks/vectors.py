"""Whether every row has its vectors: one in each vector field, of the right length, of finite numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import numpy as np

from .definitions import Definition
from .offenders import named, shown
from .report import Problem

_BYTES_AT_ONCE: Final = 8_000_000


def pairing(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """The vectors of each field are those of the rows, neither fewer nor more."""
    for one in collection.schema.vectors:
        place, table = collection.field_place(one.name), collection.vectors[one.name]
        missing = named(connection, collection.rows, f"seq NOT IN (SELECT seq FROM {table})")
        if missing:
            yield Problem(place, f"no vector for {missing}")
        orphans = named(connection, table, f"seq NOT IN (SELECT seq FROM {collection.rows})")
        if orphans:
            yield Problem(place, f"vectors without a row: {orphans}")


def lengths(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """A vector is a blob of four bytes for each dimension."""
    for one in collection.schema.vectors:
        size = 4 * one.vector_dim
        broken = named(
            connection,
            collection.vectors[one.name],
            f"typeof(value) <> 'blob' OR length(value) <> {size}",
        )
        if broken:
            yield Problem(
                collection.field_place(one.name), f"expected {size} bytes ({one.describe()}): {broken}"
            )


def numbers(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """No NaN, no infinity. Vectors of the wrong length are passed over."""
    for one in collection.schema.vectors:
        size = 4 * one.vector_dim
        rows = connection.execute(
            f"SELECT seq, value FROM {collection.vectors[one.name]}"
            f" WHERE typeof(value) = 'blob' AND length(value) = {size}"
        )
        broken: list[int] = []
        while chunk := rows.fetchmany(max(1, _BYTES_AT_ONCE // size)):
            joined = b"".join([value for _, value in chunk])
            finite = np.isfinite(np.frombuffer(joined, dtype="<f4"))  # (len(chunk) * dim,) bool
            if not finite.all():
                places = np.flatnonzero(~finite.reshape(len(chunk), one.vector_dim).all(axis=1))
                broken += [chunk[place][0] for place in places.tolist()]
        if broken:
            yield Problem(
                collection.field_place(one.name),
                f"expected finite numbers (no NaN, no infinity): {shown(len(broken), broken)}",
            )
