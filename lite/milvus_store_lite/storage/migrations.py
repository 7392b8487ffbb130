"""The formats of a file, and what brings a file of an older one to the newest.

``PRAGMA user_version`` is the number of a file's format. ``CATALOG_TABLES`` in ``catalog_tables.py`` and the
tables of a collection in ``tables.py`` describe the newest one; a migration brings the format before its own
there. A migration that was released is never changed, because files were migrated by it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..errors import DatabaseCorruptError, DatabaseFormatError

Migration = Callable[[sqlite3.Connection], object]
"""Changes a file of one format into one of the next, inside a transaction."""


@dataclass(frozen=True, slots=True)
class Formats:
    """Format 1, and those that ``migrations`` lead to: the first one to format 2, and so on."""

    migrations: tuple[Migration, ...] = ()

    @property
    def newest(self) -> int:
        """The format of new files, and of every file that a client has opened for writing."""
        return 1 + len(self.migrations)

    def refuse_newer(self, version: int, path: str) -> None:
        """Raise ``DatabaseFormatError`` if ``version``, the format of the file, is a newer one."""
        if version > self.newest:
            raise DatabaseFormatError(
                message=f"{path} has format {version}, and this version of milvus-store reads up to "
                f"{self.newest}: upgrade milvus-store"
            )

    def refuse_older(self, connection: sqlite3.Connection, path: str) -> None:
        """Raise ``DatabaseFormatError`` for a file that has to be migrated, but may not be written."""
        if self.is_older(connection):
            raise DatabaseFormatError(
                message=f"{path} has format {_version(connection)}, and this version of milvus-store reads "
                f"{self.newest}: open it once without read_only, which migrates it"
            )

    def is_older(self, connection: sqlite3.Connection) -> bool:
        """Whether the file has to be migrated."""
        return _version(connection) < self.newest

    def migrate(self, connection: sqlite3.Connection) -> None:
        """Bring the file to the newest format, unless another process has done so by then.

        Args:
            connection: in a write transaction, so that the migration is one change.

        Raises:
            DatabaseCorruptError: the file has no number that a format has.
        """
        version = _version(connection)
        if not 1 <= version <= self.newest:
            raise DatabaseCorruptError(message=f"the file has format {version}, expected 1 to {self.newest}")
        for migration in self.migrations[version - 1 :]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {self.newest}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


FORMATS: Final = Formats()
"""The formats that this version of milvus-store knows."""

FORMAT_VERSION: Final = FORMATS.newest
