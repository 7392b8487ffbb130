"""Where the bytes of a file are: by table, and within the rows of a collection by column.

SQLite's virtual table ``dbstat`` knows the pages of each table. Where it was left out of SQLite, the lengths of
the values stand for them. A file from elsewhere may hold whatever it likes: what is counted is bounded by its
pages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from ..errors import DatabaseCorruptError
from .catalog import Catalog, CollectionRecord
from .file.opening import PAGE_SIZE
from .layout import TableLayout
from .positions import Position

_CATALOG: Final = ("databases", "collections", "partitions", "aliases", "indexes", "snapshots", "index_parts")

_DBSTAT: Final = "dbstat"
_LEAST_ROW: Final = 8
"""No row takes fewer bytes."""

_STORED: Final = """CASE typeof({0}) WHEN 'null' THEN 0 WHEN 'real' THEN 8 WHEN 'integer' THEN
    CASE WHEN {0} BETWEEN 0 AND 1 THEN 0 WHEN {0} BETWEEN -128 AND 127 THEN 1
    WHEN {0} BETWEEN -32768 AND 32767 THEN 2 WHEN {0} BETWEEN -8388608 AND 8388607 THEN 3
    WHEN {0} BETWEEN -2147483648 AND 2147483647 THEN 4
    WHEN {0} BETWEEN -140737488355328 AND 140737488355327 THEN 6 ELSE 8 END
    ELSE length(CAST({0} AS BLOB)) END"""
"""The bytes of a value in a row of SQLite."""


class StoredSizes:
    """The sizes of what the file has that ``connection`` goes to, in a transaction.

    ``pages``: of the whole file, in bytes; ``free``: those that hold nothing. ``is_exact``: whether SQLite
    tells the pages of each table.

    Raises:
        DatabaseCorruptError: the catalog has not the tables of ours, or pages belong to several tables.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tables = self._real_tables()
        if not self._tables.issuperset(_CATALOG):
            raise _damage(f"tables are missing: {', '.join(sorted(set(_CATALOG) - self._tables))}")
        self.pages = PAGE_SIZE * self._pragma("page_count")
        self.free = PAGE_SIZE * self._pragma("freelist_count")
        found = self._by_dbstat()
        self.is_exact = found is not None
        self._sizes: Mapping[str, int] = found or {}

    def collections(self) -> list[tuple[str | None, CollectionRecord, Position]]:
        """(database, definition, position) of each collection; a snapshot is in no database.

        Raises:
            DatabaseCorruptError: a definition is not what was written.
        """
        listed = self._connection.execute(
            "SELECT c.id, d.name FROM collections c LEFT JOIN databases d ON d.id = c.database_id ORDER BY c.id"
        ).fetchall()
        catalog = Catalog(self._connection)
        found = []
        for collection, database in listed:
            position, record = catalog.position(collection), catalog.load(collection)
            if position is None or not 0 <= position.live <= self.pages // _LEAST_ROW:
                raise _damage(f"the number of rows of collection {collection}")
            if not isinstance(record.name, str) or not isinstance(database, (str, type(None))):
                raise _damage(f"the name of collection {collection}")
            found.append((database, record, position))
        return found

    def table(self, name: str) -> int:
        """Bytes of a table or SQL index, whose name may be quoted."""
        plain = name.strip('"')
        if self.is_exact:
            return self._sizes.get(plain, 0)
        columns = [row[1] for row in self._connection.execute(f'PRAGMA table_info("{plain}")')]
        return sum(self.columns(name, {column: f'"{column}"' for column in columns}).values())

    def columns(self, table: str, columns: Mapping[str, str]) -> dict[str, int]:
        """Bytes of the values in each of ``columns`` (name → column, quoted) of ``table``."""
        if table.strip('"') not in self._tables:
            raise _damage(f"table {table} is missing")
        sums = ", ".join(f"coalesce(sum({_STORED.format(column)}), 0)" for column in columns.values())
        (found,) = self._connection.execute(f"SELECT {sums} FROM {table}").fetchall()
        return dict(zip(columns, found, strict=True))

    def index(self, collection: int, name: str) -> int:
        """Bytes of the parts of a stored index."""
        (found,) = self._connection.execute(
            "SELECT coalesce(sum(length(value)), 0) FROM index_parts WHERE collection_id = ? AND name = ?",
            (collection, name),
        ).fetchone()
        return int(found)

    def value_indexes(self, layout: TableLayout) -> int:
        """Bytes of all SQL indexes on the rows of a collection."""
        found = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", (layout.rows.strip('"'),)
        ).fetchall()
        return sum(self._sizes.get(name, 0) for (name,) in found)

    def _real_tables(self) -> set[str]:
        """The tables, without views and virtual tables, which compute whatever their maker likes."""
        made = self._connection.execute("SELECT name, type, sql FROM sqlite_master").fetchall()
        if any(str(name).lower() == _DBSTAT for name, *_ in made):
            raise _damage(f"it has a table of its own called {_DBSTAT}")
        return {name for name, kind, sql in made if kind == "table" and str(sql).startswith("CREATE TABLE ")}

    def _by_dbstat(self) -> dict[str, int] | None:
        """Bytes of the pages of each table and SQL index; None where this SQLite has no ``dbstat``."""
        modules = {name for (name,) in self._connection.execute("PRAGMA module_list")}
        if _DBSTAT not in modules:
            return None
        most = self.pages // PAGE_SIZE
        # The bound ends a walk over pages that refer to each other.
        found = self._connection.execute(
            f"SELECT name, count(*) FROM (SELECT name FROM {_DBSTAT} LIMIT ?) GROUP BY name", (most + 1,)
        ).fetchall()
        if sum(pages for _, pages in found) > most:
            raise _damage("pages belong to several tables")
        return {name: PAGE_SIZE * pages for name, pages in found}

    def _pragma(self, name: str) -> int:
        (value,) = self._connection.execute(f"PRAGMA {name}").fetchone()
        return int(value)


def _damage(what: str) -> DatabaseCorruptError:
    return DatabaseCorruptError(message=f"the file is damaged: {what}; 'milvus-store check' lists all damage")
