"""The databases inside one file, by name: make, list, describe, drop."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .errors import DatabaseNotExistException, MilvusException, ParamError
from .process.calls import whole_calls
from .schema.model import check_name
from .schema.properties import DATABASE_PROPERTIES, checked_properties
from .storage import databases
from .storage.catalog import DEFAULT_DATABASE
from .storage.connections import Connections
from .storage.integrity import names

MAX_DATABASES: Final = 64
"""Milvus's bound, the default database included."""


@whole_calls
class Databases:
    """The databases in the file that ``connections`` go to."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def names(self) -> list[str]:
        """All names, the default database's first, then oldest first."""
        with self._connections.reading() as connection:
            return databases.listed(connection)

    def create(self, name: str, properties: Mapping[str, Any] | None = None) -> None:
        """Make an empty database.

        Raises:
            ParamError: no database can have this name or these properties.
            MilvusException: the name is taken, or there are as many as Milvus allows (code 801).
        """
        check_name("database", name)
        checked = checked_properties("database", DATABASE_PROPERTIES, properties or {})
        with self._connections.writing() as connection:
            known = databases.listed(connection)
            if name in known:
                raise MilvusException(message=f"database {name!r} already exists")
            if len(known) >= MAX_DATABASES:
                raise MilvusException(801, f"a file holds at most {MAX_DATABASES} databases: drop one first")
            databases.add(connection, name, checked)

    def drop(self, name: str) -> None:
        """Remove a database that holds no collections; nothing happens if there is none, as in Milvus.

        Raises:
            ParamError: it is the default database, or still holds collections.
        """
        with self._connections.writing() as connection:
            if not databases.exists(connection, name):
                return
            if name == DEFAULT_DATABASE:
                raise ParamError(message=f"the default database {name!r} cannot be dropped")
            collections = [one.name for one in names.read(connection).collections_of(name)]
            if collections:
                raise ParamError(
                    message=f"database {name!r} cannot be dropped while it holds collections: "
                    f"drop_collection() first: {', '.join(collections)}"
                )
            databases.remove(connection, name)

    def properties(self, name: str) -> dict[str, Any]:
        """The properties of a database; raises DatabaseNotExistException."""
        with self._connections.reading() as connection:
            return database_properties(connection, name)

    def alter_properties(self, name: str, properties: Mapping[str, Any]) -> None:
        """Set ``properties``, leaving the others as they are."""
        checked = checked_properties("database", DATABASE_PROPERTIES, properties)
        with self._connections.writing() as connection:
            databases.set_properties(connection, name, {**database_properties(connection, name), **checked})

    def drop_properties(self, name: str, keys: Iterable[str]) -> None:
        """Remove properties; one that is not set is passed over."""
        gone = set(keys)
        with self._connections.writing() as connection:
            kept = {
                key: value for key, value in database_properties(connection, name).items() if key not in gone
            }
            databases.set_properties(connection, name, kept)


def require(connection: sqlite3.Connection, name: str) -> None:
    """Raise ``DatabaseNotExistException`` unless there is a database called ``name``."""
    if not databases.exists(connection, name):
        known = ", ".join(databases.listed(connection))
        raise DatabaseNotExistException(message=f"database {name!r} does not exist, the file has: {known}")


def database_properties(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    """The properties of the database ``name``; raises ``DatabaseNotExistException``."""
    require(connection, name)
    found = databases.properties(connection, name)
    assert found is not None
    return found
