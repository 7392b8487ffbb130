"""Whether a collection's position and its feed of removals agree with its rows: what caches rely on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ..errors import DatabaseCorruptError
from ..storage.insert_times import InsertTimes
from .definitions import Definition
from .offenders import named
from .report import Problem


def position(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """``last_seq`` and ``last_change`` are behind nothing that was written, and tell how many rows there are."""
    tables = collection.layout
    last_seq, last_change = collection.last_seq, collection.last_change
    agrees = True
    for name, last, table, column in (
        ("last_seq", last_seq, tables.rows, "seq"),
        ("last_seq", last_seq, tables.removed, "seq"),
        ("last_change", last_change, tables.removed, "change"),
    ):
        (largest,) = connection.execute(f"SELECT max({column}) FROM {table}").fetchone()
        if largest is not None and largest > last:
            agrees = False
            bare = table.strip('"')
            yield Problem(
                collection.place, f"{name} is {last}, but {bare} has {column} {largest}: expected no less"
            )
    count, seq_sum = connection.execute(
        f"SELECT count(*), coalesce(sum(seq), 0) FROM {tables.rows} NOT INDEXED"
    ).fetchone()
    if agrees and count != last_seq - last_change:
        yield Problem(
            collection.place,
            f"expected {last_seq - last_change} rows (last_seq {last_seq}, last_change {last_change}), "
            f"found {count}",
        )
    elif agrees and seq_sum != collection.seq_sum:
        yield Problem(
            collection.place, f"expected rows whose seqs add up to {collection.seq_sum}, found {seq_sum}"
        )


def times(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """The log of when rows were inserted is whole, begins with the first row, and ends with the last time."""
    tables = collection.layout
    try:
        entries = InsertTimes(tables.times, collection.id).entries(connection)
    except DatabaseCorruptError as error:
        yield Problem(collection.place, error.message.partition(";")[0])
        return
    last = entries[-1].at if entries else 0
    if last != collection.inserted_at:
        yield Problem(
            collection.place,
            f"expected the last rows to be inserted at {collection.inserted_at}, found {last}",
        )
    (first,) = connection.execute(f"SELECT min(seq) FROM {tables.rows}").fetchone()
    if first is not None and not (entries and entries[0].seq <= first):
        yield Problem(collection.place, f"when row {first} was inserted is missing from table {tables.times}")


def tenants(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Every value of the partition key has as many rows as are counted for it."""
    table, key = collection.layout.tenants, collection.schema.partition_key
    if table is None or key is None:
        return
    column, rows = collection.layout.columns[key.name], collection.layout.rows
    # +: rows are grouped as they are, not as their SQL index has them.
    found = dict(connection.execute(f"SELECT {column}, count(*) FROM {rows} NOT INDEXED GROUP BY +{column}"))
    counted = dict(connection.execute(f"SELECT value, live FROM {table}"))
    differing = [value for value in found.keys() | counted.keys() if found.get(value) != counted.get(value)]
    if differing:
        first = min(differing, key=str)
        yield Problem(
            collection.field_place(key.name),
            f"expected {counted.get(first, 0)} rows of {first!r:.80}, found {found.get(first, 0)}"
            f" (and so on for {len(differing)} values)",
        )


def removals(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """A row once removed never comes back."""
    tables = collection.layout
    alive = named(connection, tables.rows, f"seq IN (SELECT seq FROM {tables.removed})")
    if alive:
        yield Problem(collection.place, f"entered as removed, but still there: {alive}")
