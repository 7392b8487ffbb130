"""Makes, rewrites and drops the tables of a collection, and the SQL indexes on values in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ..schema.fields import Field
from .insert_times import InsertTimes
from .integrity.tenants import Tenants
from .layout import CHECKSUMS, TableLayout, sql_type
from .lookups import has_value_index
from .vocabulary import Vocabulary

_ROWS_AT_ONCE: Final = 1_000
"""So many rows are written anew by one statement, some milliseconds."""


class CollectionTables:
    """The tables that ``layout`` names, in a write transaction."""

    def __init__(self, layout: TableLayout, connection: sqlite3.Connection) -> None:
        self._layout = layout
        self._connection = connection
        self._execute = connection.execute

    def create(self) -> None:
        layout = self._layout
        self._create_rows()
        self._create_row_companions()
        InsertTimes(layout.times, layout.collection_id).create(self._connection)
        for field in layout.vocabularies:
            self.create_vocabulary(field)
        key = layout.schema.partition_key
        if key is not None and layout.tenants is not None:
            Tenants(layout.tenants, sql_type(key)).create(self._connection)

    def drop(self) -> None:
        layout = self._layout
        tenants = () if layout.tenants is None else (layout.tenants,)
        tables = (*layout.vectors.values(), *layout.vocabularies.values(), *tenants)
        for table in (layout.rows, layout.removed, layout.times, *tables):
            self._execute(f"DROP TABLE {table}")

    def rewrite(self, live: int) -> Iterator[int]:
        """Write every row anew, tightly packed, and empty the feed of removals.

        Rows keep their seqs. Readers that still need the feed find it too short and start from the rows.

        Returns:
            Again and again how many of the ``live`` rows are written; it is done when there is no further number.

        Raises:
            DatabaseCorruptError: the tables have not ``live`` rows each, as they should.
        """
        layout = self._layout
        companions = (layout.removed, *layout.vectors.values())
        for table in companions:
            self._execute(f"ALTER TABLE {table} RENAME TO {_aside(table)}")
        with self._rows_made_anew():
            self._create_row_companions()
            copies = [(layout.rows, ["seq", CHECKSUMS, *layout.columns.values()])]
            copies += [(table, ["seq", "checksum", "value"]) for table in layout.vectors.values()]
            for number, (table, columns) in enumerate(copies):
                for copied in self._copy(live, table, columns):
                    yield (number * live + copied) // len(copies)
        for table in companions:
            self._execute(f"DROP TABLE {_aside(table)}")

    def create_value_index(self, field: Field) -> None:
        """Let SQLite find rows by their value in a scalar field, which is neither primary nor partition key."""
        layout = self._layout
        self._execute(
            f"CREATE INDEX {layout.value_index(field)} ON {layout.rows} ({layout.columns[field.name]})"
        )

    def drop_value_index(self, field: Field) -> None:
        self._execute(f"DROP INDEX IF EXISTS {self._layout.value_index(field)}")

    def create_vectors(self, field: str) -> None:
        """Make the table of a vector field."""
        defined = self._layout.schema.find(field)
        assert defined is not None, field
        constraint = "" if defined.nullable else " NOT NULL"
        self._execute(
            f"CREATE TABLE {self._layout.vectors[field]}"
            f" (seq INTEGER PRIMARY KEY, checksum BLOB{constraint}, value BLOB{constraint})"
        )

    def create_vocabulary(self, field: str) -> None:
        """Make the table of the terms of a field that a function fills."""
        layout = self._layout
        Vocabulary(layout.vocabularies[field], layout.salts[field]).create(self._connection)

    def _create_rows(self) -> None:
        layout, schema = self._layout, self._layout.schema
        columns = ["seq INTEGER PRIMARY KEY"]
        for field in schema.scalars:
            constraint = " NOT NULL UNIQUE" if field.is_primary else "" if field.nullable else " NOT NULL"
            columns.append(f"{layout.columns[field.name]} {sql_type(field)}{constraint}")
        # Before all columns that may be long, so that reading a short column turns no further page.
        columns[2:2] = ["partition INTEGER NOT NULL REFERENCES partitions(id)", f"{CHECKSUMS} BLOB NOT NULL"]
        if schema.enable_dynamic_field:
            columns.append("dynamic TEXT NOT NULL")
        self._execute(f"CREATE TABLE {layout.rows} (\n    " + ",\n    ".join(columns) + "\n)")
        key = schema.partition_key
        if key is not None:
            self._execute(
                f"CREATE INDEX {layout.key_index(key)} ON {layout.rows} ({layout.columns[key.name]})"
            )

    def _create_row_companions(self) -> None:
        for field in self._layout.vectors:
            self.create_vectors(field)
        self._execute(
            f"CREATE TABLE {self._layout.removed}"
            " (change INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL)"
        )

    def _copy(self, live: int, table: str, columns: Sequence[str]) -> Iterator[int]:
        """Fill ``table`` with the ``live`` rows of the one that lies aside; gives how many there are so far."""
        # By name: a field that was added later stands last in the old table, and elsewhere in the new one.
        listed = ", ".join(columns)
        copied, last, is_more = 0, 0, True
        while is_more:
            count = self._execute(
                f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {_aside(table)}"
                f" WHERE seq > ? ORDER BY seq LIMIT {_ROWS_AT_ONCE}",
                (last,),
            ).rowcount
            copied, is_more = copied + count, count == _ROWS_AT_ONCE
            (last,) = self._execute(f"SELECT max(seq) FROM {table}").fetchone()
            # The pages of rows that are written go to the next ones, and dropping an empty table takes no time.
            self._execute(f"DELETE FROM {_aside(table)} WHERE seq <= ?", (last,))
            yield min(copied, live)
        if copied != live:
            raise self._layout.rows_missing(f"table {table}", live, copied)

    @contextmanager
    def _rows_made_anew(self) -> Iterator[None]:
        """Inside the block the table of rows is empty, and what it held lies aside; its indexes are made after."""
        layout, schema = self._layout, self._layout.schema
        indexed = [field for field in schema.scalars if has_value_index(self._connection, layout, field)]
        for field in indexed:
            self.drop_value_index(field)
        if schema.partition_key is not None:
            self._execute(f"DROP INDEX {layout.key_index(schema.partition_key)}")
        self._execute(f"ALTER TABLE {layout.rows} RENAME TO {_aside(layout.rows)}")
        self._create_rows()
        yield
        self._execute(f"DROP TABLE {_aside(layout.rows)}")
        for field in indexed:
            self.create_value_index(field)


def _aside(table: str) -> str:
    """The name of a quoted table while its successor is made."""
    return f'{table[:-1]}_aside"'
