"""The table of databases: statements over a connection that is already inside a transaction.

There are few, so that all of them are read and verified to find one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from ..errors import DatabaseNotExistException
from . import catalog
from .integrity import names
from .integrity.catalog_checksums import damage, digest, matches


def exists(connection: sqlite3.Connection, name: str) -> bool:
    # Only a name that is not there needs the others to be sure of.
    return name in _stored(connection) or name in listed(connection)


def listed(connection: sqlite3.Connection) -> list[str]:
    """All names, oldest first."""
    return list(names.read(connection).databases)


def require(connection: sqlite3.Connection, name: str) -> None:
    """Raise ``DatabaseNotExistException`` unless there is a database called ``name``."""
    if not exists(connection, name):
        known = ", ".join(listed(connection))
        raise DatabaseNotExistException(message=f"database {name!r} does not exist, the file has: {known}")


def properties(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    """The properties of a database; raises ``DatabaseNotExistException``."""
    require(connection, name)
    return dict(json.loads(_stored(connection)[name]))


def add(connection: sqlite3.Connection, name: str, properties: Mapping[str, Any]) -> None:
    with names.changing(connection):
        connection.execute(
            "INSERT INTO databases (name, properties, checksum) VALUES (?, ?, x'')",
            (name, json.dumps(properties)),
        )
    _seal(connection, name)


def set_properties(connection: sqlite3.Connection, name: str, properties: Mapping[str, Any]) -> None:
    """Change the properties of a database; they are part of what its collections are defined by."""
    collections = [found.id for found in names.read(connection).collections_of(name)]
    for collection in collections:
        catalog.verify(connection, collection)
    connection.execute("UPDATE databases SET properties = ? WHERE name = ?", (json.dumps(properties), name))
    _seal(connection, name)
    for collection in collections:
        catalog.touch(connection, collection)


def remove(connection: sqlite3.Connection, name: str) -> None:
    """Remove a database that has no collections."""
    with names.changing(connection):
        connection.execute("DELETE FROM databases WHERE name = ?", (name,))


def _stored(connection: sqlite3.Connection) -> dict[str, str]:
    """Name → properties as stored, of all databases, oldest first.

    Raises:
        DatabaseCorruptError: one of them is not what was written.
    """
    rows = connection.execute("SELECT id, name, properties, checksum FROM databases NOT INDEXED ORDER BY id")
    found = {}
    for *row, checksum in rows:
        if not matches(row, checksum):
            raise damage(f"the database {row[1]!r:.80}")
        found[row[1]] = row[2]
    return found


def _seal(connection: sqlite3.Connection, name: str) -> None:
    """Write the checksum that fits the row."""
    row = connection.execute("SELECT id, name, properties FROM databases WHERE name = ?", (name,)).fetchone()
    connection.execute("UPDATE databases SET checksum = ? WHERE id = ?", (digest(row), row[0]))
