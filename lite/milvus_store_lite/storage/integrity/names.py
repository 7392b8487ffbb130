"""The names in a file: those of its databases, collections and aliases, under one checksum.

So a damaged page or index can neither hide a name nor add one: a call that lists names, or misses one, reads all
of them and compares the checksum. They are few; a change reads them before and after.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from .catalog_checksums import damage, digest, matches
from .protected import LISTED

NO_NAMES: Final = digest([[(1, "default")], [], [], []])
"""The checksum of the names in a new file, which has one database of this name."""


class NamedCollection(NamedTuple):
    """A collection in the list of names. What a snapshot has kept is in no database."""

    id: int
    database_id: int | None
    name: str


class Names(NamedTuple):
    """All names of a file, as they were written."""

    databases: dict[str, int]
    """Name → id, oldest first."""
    collections: list[NamedCollection]
    """Oldest first."""
    aliases: list[tuple[int, str, int]]
    """(id of the database, alias, id of the collection) by alias."""

    def collections_of(self, database: str) -> list[NamedCollection]:
        number = self.databases.get(database)
        return [] if number is None else [found for found in self.collections if found.database_id == number]

    def aliases_of(self, database: str) -> list[str]:
        number = self.databases.get(database)
        return [alias for of, alias, _ in self.aliases if of == number]

    def alias_target(self, database: str, alias: str) -> NamedCollection | None:
        """The collection that ``alias`` stands for."""
        number = self.databases.get(database)
        target = next((to for of, name, to in self.aliases if (of, name) == (number, alias)), None)
        return next((found for found in self.collections if found.id == target), None)

    def known_in(self, database: str) -> list[str]:
        """Names of the collections of ``database``, and its aliases."""
        return [*(found.name for found in self.collections_of(database)), *self.aliases_of(database)]

    def target(self, database: str, name: str) -> NamedCollection | None:
        """The collection that has ``name`` as its name or alias."""
        named = (found for found in self.collections_of(database) if found.name == name)
        return next(named, None) or self.alias_target(database, name)


def read(connection: sqlite3.Connection) -> Names:
    """All names.

    Raises:
        DatabaseCorruptError: they are not what was written.
    """
    rows = _rows(connection)
    if not are_sealed(connection, rows):
        raise damage("the list of databases, collections and aliases")
    databases, collections, aliases, _ = rows
    return Names(
        {name: number for number, name in databases},
        [NamedCollection(*row) for row in collections],
        [(database, alias, collection) for database, alias, collection in aliases],
    )


@contextmanager
def changing(connection: sqlite3.Connection) -> Iterator[Names]:
    """The names, which may be changed inside the block. Earlier damage is an error: it gets no new checksum."""
    yield read(connection)
    seal(connection)


def seal(connection: sqlite3.Connection) -> None:
    """Write the checksum that fits the names."""
    connection.execute("UPDATE names SET checksum = ?", (digest(_rows(connection)),))


def are_sealed(connection: sqlite3.Connection, rows: list[list[Any]] | None = None) -> bool:
    """Whether the names, or ``rows`` that were read of them, have their checksum."""
    stored = connection.execute("SELECT checksum FROM names").fetchall()
    return len(stored) == 1 and matches(rows or _rows(connection), stored[0][0])


def _rows(connection: sqlite3.Connection) -> list[list[Any]]:
    return [part.rows(connection) for part in LISTED]
