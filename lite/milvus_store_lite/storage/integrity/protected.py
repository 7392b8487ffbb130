"""The checksums that protect the tables of the catalog: a new table joins by one line.

``names.py``, ``catalog_checksums.py`` and the consistency check notice when a row of a table in ``LISTED`` or
``DEFINING`` was changed, added or hidden. A test fails for a table of the catalog that this module does not name.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final, NamedTuple

Row = tuple[Any, ...]


class Protected(NamedTuple):
    """The input of a checksum: ``columns`` of the rows of ``table``, in the order of ``order``."""

    table: str
    columns: str
    order: str
    condition: str = "TRUE"

    def rows(self, connection: sqlite3.Connection) -> list[Row]:
        """All rows, read from the table itself, since an index may have lost some."""
        return connection.execute(
            f"SELECT {self.columns} FROM {self.table} NOT INDEXED WHERE {self.condition} ORDER BY {self.order}"
        ).fetchall()

    def rows_of(self, connection: sqlite3.Connection, collection: int) -> list[Row]:
        """The rows of one collection."""
        return connection.execute(
            f"SELECT {self.columns} FROM {self.table} WHERE collection_id = ? ORDER BY {self.order}",
            (collection,),
        ).fetchall()

    def remove_from(self, connection: sqlite3.Connection, collection: int) -> None:
        """Remove the rows of one collection."""
        connection.execute(f"DELETE FROM {self.table} WHERE collection_id = ?", (collection,))


LISTED: Final = (
    Protected("databases", "id, name", "id"),
    Protected("collections", "id, database_id, name", "id"),
    Protected("aliases", "database_id, alias, collection_id", "database_id, alias"),
    # No id is used again, even that of a collection that was dropped.
    Protected("sqlite_sequence", "seq", "seq", condition="name = 'collections'"),
)
"""Small tables: all their rows have one checksum together, the one in table ``names``."""

DEFINING: Final = (
    Protected("partitions", "name, id, is_loaded, created_at", "id"),
    Protected("indexes", "name, field, type, metric, parameters", "name"),
    Protected("aliases", "alias", "alias"),
    Protected("snapshots", "name, description, created_at, kept_id, pins", "name"),
    Protected("restores", "snapshot, started_at, took", "collection_id"),
)
"""Tables with a ``collection_id``: the rows of a collection are part of the checksum of its definition."""

ELSEWHERE: Final = {
    "names": "it has the checksum of what is listed",
    "access": "its one row has a checksum",
    "lineage": "opening the file compares it with the log",
    "built_indexes": "a row has a checksum of itself and of all parts",
    "index_parts": "a part has a checksum, and an index is a cache of the rows",
}
"""The other tables of the catalog, and how a change of them is found."""
