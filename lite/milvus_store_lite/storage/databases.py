"""The table of databases.

They are few, so finding one reads and verifies all of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from ..errors import DatabaseNotExistException
from .catalog import Catalog
from .integrity import names
from .integrity.catalog_checksums import damage, digest, matches


class Databases:
    """The databases of the file that ``connection`` goes to, in a transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def exists(self, name: str) -> bool:
        # Only for a missing name all others must be verified.
        return name in self._stored() or name in self.names()

    def names(self) -> list[str]:
        """All names, oldest first."""
        return list(names.read(self._connection).databases)

    def require(self, name: str) -> None:
        """Raise ``DatabaseNotExistException`` unless there is a database called ``name``."""
        if not self.exists(name):
            known = ", ".join(self.names())
            raise DatabaseNotExistException(
                message=f"database {name!r} does not exist, the file has: {known}"
            )

    def properties(self, name: str) -> dict[str, Any]:
        """The properties of a database; raises ``DatabaseNotExistException``."""
        self.require(name)
        return dict(json.loads(self._stored()[name]))

    def add(self, name: str, properties: Mapping[str, Any]) -> None:
        with names.changing(self._connection):
            self._connection.execute(
                "INSERT INTO databases (name, properties, checksum) VALUES (?, ?, x'')",
                (name, json.dumps(properties)),
            )
        self._seal(name)

    def set_properties(self, name: str, properties: Mapping[str, Any]) -> None:
        """Change the properties of a database; they are part of what its collections are defined by."""
        catalog = Catalog(self._connection)
        collections = [found.id for found in names.read(self._connection).collections_of(name)]
        for collection in collections:
            catalog.verify(collection)
        self._connection.execute(
            "UPDATE databases SET properties = ? WHERE name = ?", (json.dumps(properties), name)
        )
        self._seal(name)
        for collection in collections:
            catalog.touch(collection)

    def remove(self, name: str) -> None:
        """Remove a database that has no collections."""
        with names.changing(self._connection):
            self._connection.execute("DELETE FROM databases WHERE name = ?", (name,))

    def _stored(self) -> dict[str, str]:
        """Name → properties as stored, of all databases, oldest first.

        Raises:
            DatabaseCorruptError: a row is not what was written.
        """
        rows = self._connection.execute(
            "SELECT id, name, properties, checksum FROM databases NOT INDEXED ORDER BY id"
        )
        found = {}
        for *row, checksum in rows:
            if not matches(row, checksum):
                raise damage(f"the database {row[1]!r:.80}")
            found[row[1]] = row[2]
        return found

    def _seal(self, name: str) -> None:
        """Write the checksum that fits the row."""
        row = self._connection.execute(
            "SELECT id, name, properties FROM databases WHERE name = ?", (name,)
        ).fetchone()
        self._connection.execute("UPDATE databases SET checksum = ? WHERE id = ?", (digest(row), row[0]))
