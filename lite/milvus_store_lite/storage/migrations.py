"""What brings a file of an older format to the newest one: statements for each format that came after the first.

``CATALOG_TABLES`` in ``catalog.py`` describes the newest format; a step here brings the one before it there. A
step that has landed is never changed, because files were migrated by it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from ..errors import DatabaseFormatError
from .transactions import transaction

STEPS: Final[dict[int, tuple[str, ...]]] = {
    2: ("ALTER TABLE partitions ADD COLUMN is_loaded INTEGER NOT NULL DEFAULT 1",),
    3: (
        """CREATE TABLE built_indexes (
            collection_id INTEGER NOT NULL REFERENCES collections(id),
            name TEXT NOT NULL,
            through_seq INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            seqs BLOB NOT NULL,
            seqs_checksum INTEGER NOT NULL,
            parts INTEGER NOT NULL,
            tuned TEXT NOT NULL,
            PRIMARY KEY (collection_id, name)
        ) WITHOUT ROWID""",
        """CREATE TABLE index_parts (
            id INTEGER PRIMARY KEY,
            collection_id INTEGER NOT NULL REFERENCES collections(id),
            name TEXT NOT NULL,
            part INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            value BLOB NOT NULL,
            UNIQUE (collection_id, name, part)
        )""",
    ),
    4: (),  # functions in schemas, and vocabularies of full text fields
}
"""Format → the statements that make a file of the format before it one of this format."""

FORMAT_VERSION: Final = max(STEPS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest format, wholly or not at all. Safe when several processes do it at once."""
    if _version(connection) == FORMAT_VERSION:
        return
    with transaction(connection, "IMMEDIATE"):
        for version in range(_version(connection) + 1, FORMAT_VERSION + 1):
            for statement in STEPS[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")


def refuse_older(connection: sqlite3.Connection, path: str) -> None:
    """Raise ``DatabaseFormatError`` for a file that would have to be migrated and may not be written."""
    version = _version(connection)
    if version < FORMAT_VERSION:
        raise DatabaseFormatError(
            message=f"{path} has format {version}, and this version of milvus-store reads {FORMAT_VERSION}: open "
            f"it once without read_only, which brings it there"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
