"""What brings a file of an older format to the newest one: statements and functions for each format after the
first.

``CATALOG_TABLES`` in ``catalog.py`` describes the newest format; a step here brings the one before it there. A
step that has landed is never changed, because files were migrated by it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from xxhash import xxh3_64_digest

from ..errors import DatabaseFormatError
from ..schema.model import Schema
from .file.lineage import add_row
from .integrity.catalog_checksums import digest, seal_definition
from .integrity.salting import salt_checksums
from .tables import StoredTables
from .transactions import transaction

_ROWS_AT_ONCE: Final = 1_024


def _add_checksums(connection: sqlite3.Connection) -> None:
    """Write the tables of vectors anew, some thousand rows at a time, with a checksum beside each."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'vectors_[0-9]*'"
    ).fetchall()
    for (name,) in tables:
        (is_required,) = connection.execute(
            "SELECT \"notnull\" FROM pragma_table_info(?) WHERE name = 'value'", (name,)
        ).fetchone()
        constraint = " NOT NULL" if is_required else ""
        connection.execute(f'ALTER TABLE "{name}" RENAME TO "{name}_aside"')
        connection.execute(
            f'CREATE TABLE "{name}"'
            f" (seq INTEGER PRIMARY KEY, checksum BLOB{constraint}, value BLOB{constraint})"
        )
        rows = connection.execute(f'SELECT seq, value FROM "{name}_aside" ORDER BY seq')
        while found := rows.fetchmany(_ROWS_AT_ONCE):
            sums = [None if blob is None else xxh3_64_digest(blob) for _, blob in found]
            connection.executemany(
                f'INSERT INTO "{name}" (seq, value, checksum) VALUES (?, ?, ?)',
                ((*row, one) for row, one in zip(found, sums, strict=True)),
            )
        connection.execute(f'DROP TABLE "{name}_aside"')


def _seed_checksums(connection: sqlite3.Connection, table: str) -> None:
    """Let the checksums of a table of vectors know their seqs. Vectors that are damaged stay so."""
    after = 0
    while found := connection.execute(
        f"SELECT seq, value, checksum FROM {table} WHERE seq > ? ORDER BY seq LIMIT {_ROWS_AT_ONCE}", (after,)
    ).fetchall():
        connection.executemany(
            f"UPDATE {table} SET checksum = ? WHERE seq = ?",
            (
                (xxh3_64_digest(blob, seq), seq)
                for seq, blob, checksum in found
                if blob is not None and xxh3_64_digest(blob) == checksum
            ),
        )
        after = found[-1][0]


def _add_scalar_checksums(connection: sqlite3.Connection) -> None:
    """Write rows and vocabularies anew, with checksums, and enter those of vectors and of the catalog."""
    found = connection.execute("SELECT id, schema FROM collections ORDER BY id").fetchall()
    for collection, schema in found:
        tables = StoredTables(collection, Schema.from_json(schema), salted=False)
        key_sum = tables.add_checksums(connection)
        for table in tables.tables.vectors.values():
            _seed_checksums(connection, table)
        connection.execute("UPDATE collections SET key_sum = ? WHERE id = ?", (key_sum, collection))
        seal_definition(connection, collection)
        position = connection.execute(
            "SELECT id, database_id, name, version, last_seq, last_change, key_sum FROM collections WHERE id = ?",
            (collection,),
        ).fetchone()
        connection.execute(
            "UPDATE collections SET position_checksum = ? WHERE id = ?", (digest(position), collection)
        )
    for row in connection.execute("SELECT id, name, properties FROM databases").fetchall():
        connection.execute("UPDATE databases SET checksum = ? WHERE id = ?", (digest(row), row[0]))


Step = str | Callable[[sqlite3.Connection], None]

STEPS: Final[dict[int, tuple[Step, ...]]] = {
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
    5: (
        "DELETE FROM index_parts",  # built indexes are made anew, with a checksum of their heads
        "DROP TABLE built_indexes",
        """CREATE TABLE built_indexes (
            collection_id INTEGER NOT NULL REFERENCES collections(id),
            name TEXT NOT NULL,
            through_seq INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            seqs BLOB NOT NULL,
            parts INTEGER NOT NULL,
            tuned TEXT NOT NULL,
            checksum INTEGER NOT NULL,
            PRIMARY KEY (collection_id, name)
        ) WITHOUT ROWID""",
        _add_checksums,
    ),
    6: (
        "ALTER TABLE databases ADD COLUMN checksum BLOB NOT NULL DEFAULT x''",
        "ALTER TABLE collections ADD COLUMN key_sum INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE collections ADD COLUMN checksum BLOB NOT NULL DEFAULT x''",
        "ALTER TABLE collections ADD COLUMN position_checksum BLOB NOT NULL DEFAULT x''",
        _add_scalar_checksums,
    ),
    7: (
        "DELETE FROM index_parts",  # built indexes are made anew, with checksums that know whose they are
        "DELETE FROM built_indexes",
        "ALTER TABLE collections ADD COLUMN seq_sum INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE names (id INTEGER PRIMARY KEY, checksum BLOB NOT NULL)",
        "INSERT INTO names (checksum) VALUES (x'')",
        salt_checksums,
    ),
    8: (
        """CREATE TABLE lineage (
            id INTEGER PRIMARY KEY,
            identity BLOB NOT NULL,
            session BLOB NOT NULL,
            parent BLOB NOT NULL,
            current BLOB NOT NULL
        )""",
        add_row,
    ),
}
"""Format → what makes a file of the format before it one of this format."""

FORMAT_VERSION: Final = max(STEPS)


def migrate(connection: sqlite3.Connection) -> bool:
    """Bring the file to the newest format, wholly or not at all. Safe when several processes do it at once.

    Returns:
        Whether there was something to do.
    """
    if _version(connection) == FORMAT_VERSION:
        return False
    with transaction(connection, "IMMEDIATE"):
        for version in range(_version(connection) + 1, FORMAT_VERSION + 1):
            for step in STEPS[version]:
                if isinstance(step, str):
                    connection.execute(step)
                else:
                    step(connection)
            connection.execute(f"PRAGMA user_version = {version}")
    return True


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
