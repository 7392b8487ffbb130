"""Checksums of the catalog, so that a definition, a name or a position that changed is found when it is read.

All are 64-bit XXH3 of values as JSON. A collection has two: ``checksum`` of its definition, which is its row
together with its partitions, aliases and indexes and its database's properties, and ``position_checksum`` of
what each call asks for (``positions.py``). A database has one of its row, and all names have one together
(``names.py``).
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

from xxhash import xxh3_64_digest

from ...errors import DatabaseCorruptError
from .protected import DEFINING, Row

_OWN_ROW: Final = (
    "SELECT id, database_id, name, schema, properties, consistency_level, is_loaded, created_at, version,"
    " (SELECT properties FROM databases WHERE databases.id = database_id) FROM collections WHERE id = ?"
)


def digest(values: Any) -> bytes:
    """The checksum of ``values``, tuples and lists of numbers, texts and nulls. Raises TypeError for others."""
    return xxh3_64_digest(json.dumps(values).encode())


def definition_rows(connection: sqlite3.Connection, collection: int) -> list[list[Row]]:
    """The rows of a collection's definition: its own row, and its rows in the tables ``DEFINING``."""
    own = connection.execute(_OWN_ROW, (collection,)).fetchall()
    return [own, *(part.rows_of(connection, collection) for part in DEFINING)]


def verified_definition(connection: sqlite3.Connection, collection: int) -> list[list[Row]]:
    """``definition_rows``, as they were written.

    Raises:
        DatabaseCorruptError: they are not what was written.
    """
    rows = definition_rows(connection, collection)
    found = connection.execute("SELECT checksum FROM collections WHERE id = ?", (collection,)).fetchone()
    if not rows[0] or not matches(rows, found[0]):
        name = rows[0][0][2] if rows[0] else None
        raise damage(f"the definition of collection {name!r:.80} (id {collection})")
    return rows


def seal_definition(connection: sqlite3.Connection, collection: int) -> None:
    """Write the checksum that fits the changed definition."""
    connection.execute(
        "UPDATE collections SET checksum = ? WHERE id = ?",
        (digest(definition_rows(connection, collection)), collection),
    )


def matches(values: Any, checksum: Any) -> bool:
    """Whether ``checksum`` is that of ``values``."""
    try:
        return bool(digest(values) == checksum)
    except TypeError:  # a blob where none was written
        return False


def damage(what: str) -> DatabaseCorruptError:
    return DatabaseCorruptError(
        message=f"{what} is damaged: it does not match its checksum; 'milvus-store check' lists all damage"
    )
