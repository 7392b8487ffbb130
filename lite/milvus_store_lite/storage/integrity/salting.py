"""What brings the tables of a collection to format 7: checksums that know whose they are, and sums.

A value that is damaged stays so: only what has its old checksum gets a new one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from xxhash import xxh3_64_digest

from ...schema.model import Schema
from .. import positions
from ..tables import CHECKSUMS, StoredTables
from ..vocabulary import term_checksum
from . import names
from .catalog_checksums import digest
from .checksums import checksums
from .row_checksums import RowChecksums

_ROWS_AT_ONCE: Final = 1_024


def salt_checksums(connection: sqlite3.Connection) -> None:
    """Write the checksums of all values anew, and what the rows, tenants and names of the catalog add up to."""
    listed = "id, database_id, name, version, last_seq, last_change, key_sum"
    found = connection.execute(f"SELECT schema, position_checksum, {listed} FROM collections ORDER BY id")
    for schema, position_checksum, *position in found.fetchall():
        collection, key_sum = position[0], position[-1]
        tables = StoredTables(collection, Schema.from_json(schema))
        _salt_vectors(connection, tables)
        _salt_terms(connection, tables)
        _count_tenants(connection, tables)
        connection.execute(
            "UPDATE collections SET key_sum = ?, seq_sum = ? WHERE id = ?",
            (*_salt_rows(connection, tables, key_sum), collection),
        )
        if position_checksum == digest(position):
            positions.seal(connection, collection)
    names.seal(connection)


def _salt_rows(connection: sqlite3.Connection, tables: StoredTables, key_sum: int) -> tuple[int, int]:
    """The sum of the new checksums of all keys, as wrong as ``key_sum`` was, and that of all seqs."""
    columns, rows = tables.tables.columns, tables.tables.rows
    before = RowChecksums(tables.schema, 0)
    missing, new_sum, seq_sum = key_sum, 0, 0
    for chunk in _chunks(connection, "seq", [CHECKSUMS, *columns.values()], rows):
        seqs, blobs, *stored = zip(*chunk, strict=True)
        values = dict(zip(columns, stored, strict=True))
        damaged = {seq for _, seq in before.changed(seqs, blobs, values)}
        sound = [place for place, seq in enumerate(seqs) if seq not in damaged]
        kept = [seqs[place] for place in sound]
        after = tables.checksums.of_rows(
            kept, {name: [column[place] for place in sound] for name, column in values.items()}
        )
        connection.executemany(
            f"UPDATE {rows} SET {CHECKSUMS} = ? WHERE seq = ?", zip(after, kept, strict=True)
        )
        missing -= before.keys_of([blob for blob in blobs if isinstance(blob, bytes)])
        new_sum += tables.checksums.keys_of(after)
        seq_sum += sum(seqs)
    return new_sum + missing, seq_sum


def _salt_vectors(connection: sqlite3.Connection, tables: StoredTables) -> None:
    for field, table in tables.tables.vectors.items():
        for chunk in _chunks(connection, "seq", ["checksum", "value"], table):
            sound = [
                (seq, value)
                for seq, checksum, value in chunk
                if checksum == (None if value is None else xxh3_64_digest(value, seq))
            ]
            seqs, values = [seq for seq, _ in sound], [value for _, value in sound]
            connection.executemany(
                f"UPDATE {table} SET checksum = ? WHERE seq = ?",
                zip(checksums(seqs, values, tables.salts[field]), seqs, strict=True),
            )


def _salt_terms(connection: sqlite3.Connection, tables: StoredTables) -> None:
    for field, table in tables.tables.vocabularies.items():
        for chunk in _chunks(connection, "id", ["term", "checksum"], table):
            connection.executemany(
                f"UPDATE {table} SET checksum = ? WHERE id = ?",
                [
                    (term_checksum(number, term, tables.salts[field]), number)
                    for number, term, checksum in chunk
                    if checksum == term_checksum(number, term, 0)
                ],
            )


def _count_tenants(connection: sqlite3.Connection, tables: StoredTables) -> None:
    key = tables.schema.partition_key
    if tables.tenants is None or key is None:
        return
    tables.tenants.create(connection)
    column = tables.tables.columns[key.name]
    # +: rows are grouped as they are, not as their SQL index has them.
    connection.execute(
        f"INSERT INTO {tables.tenants.table} (value, live)"
        f" SELECT {column}, count(*) FROM {tables.tables.rows} NOT INDEXED GROUP BY +{column}"
    )


def _chunks(
    connection: sqlite3.Connection, number: str, columns: list[str], table: str
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of ``table`` by ``number``, (number, *columns) each, which may be changed meanwhile."""
    after = 0
    select = f"SELECT {', '.join([number, *columns])} FROM {table} WHERE {number} > ? ORDER BY {number}"
    while chunk := connection.execute(f"{select} LIMIT {_ROWS_AT_ONCE}", (after,)).fetchall():
        yield chunk
        after = chunk[-1][0]
