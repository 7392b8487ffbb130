"""The tables of the catalog, as a new file gets them."""

from __future__ import annotations

from typing import Final

from . import index_parts
from .access import ACCESS_TABLE
from .file.lineage import LINEAGE_TABLE
from .integrity import names
from .integrity.catalog_checksums import digest
from .snapshots import SNAPSHOT_TABLES

DEFAULT_DATABASE: Final = "default"

CATALOG_TABLES: Final = (
    LINEAGE_TABLE,
    """CREATE TABLE databases (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        properties TEXT NOT NULL DEFAULT '{}',
        checksum BLOB NOT NULL
    )""",
    """CREATE TABLE collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        database_id INTEGER REFERENCES databases(id),
        name TEXT NOT NULL,
        schema TEXT NOT NULL,
        properties TEXT NOT NULL DEFAULT '{}',
        consistency_level TEXT NOT NULL,
        is_loaded INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        version INTEGER NOT NULL DEFAULT 1,
        last_seq INTEGER NOT NULL DEFAULT 0,
        last_change INTEGER NOT NULL DEFAULT 0,
        key_sum INTEGER NOT NULL DEFAULT 0,
        seq_sum INTEGER NOT NULL DEFAULT 0,
        inserted_at INTEGER NOT NULL DEFAULT 0,
        checksum BLOB NOT NULL DEFAULT x'',
        position_checksum BLOB NOT NULL DEFAULT x'',
        UNIQUE (database_id, name)
    )""",
    """CREATE TABLE aliases (
        database_id INTEGER NOT NULL REFERENCES databases(id),
        alias TEXT NOT NULL,
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        PRIMARY KEY (database_id, alias)
    ) WITHOUT ROWID""",
    """CREATE TABLE partitions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        is_loaded INTEGER NOT NULL DEFAULT 1,
        UNIQUE (collection_id, name)
    )""",
    """CREATE TABLE indexes (
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        field TEXT NOT NULL,
        type TEXT NOT NULL,
        metric TEXT,
        parameters TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (collection_id, name)
    ) WITHOUT ROWID""",
    *SNAPSHOT_TABLES,
    *index_parts.INDEX_TABLES,
    *ACCESS_TABLE,
    "CREATE TABLE names (id INTEGER PRIMARY KEY, checksum BLOB NOT NULL)",
    f"INSERT INTO names (checksum) VALUES (x'{names.NO_NAMES.hex()}')",
    f"INSERT INTO databases (id, name, checksum)"
    f" VALUES (1, '{DEFAULT_DATABASE}', x'{digest((1, DEFAULT_DATABASE, '{}')).hex()}')",
)
