"""The tables of one collection: their names, and how they are made, changed, rewritten and dropped.

``rows_<id>`` holds scalars and their checksums, ``vectors_<id>_<field>`` one vector a row, ``removed_<id>`` the
feed by which other readers learn of deletions. All three speak of rows by ``seq``, a number that only rises and is
never used twice. ``terms_<id>_<field>`` is the vocabulary of a full text field, ``tenants_<id>`` has the number of
rows for each value of a partition key. Identifiers come from checked
names and numbers; values are always bound.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ..errors import DatabaseCorruptError
from ..schema.data_types import DataType
from ..schema.model import DYNAMIC_FIELD, Field, Schema
from .integrity.checksums import checksums, salt
from .integrity.row_checksums import PARTITION_COLUMN, RowChecksums
from .integrity.tenants import Tenants
from .vocabulary import Vocabulary

CHECKSUMS: Final = '"$checksums"'
"""The column of checksums, quoted for SQL; no field can have this name."""

_RESERVED: Final = frozenset({"seq", "pk", "partition", "dynamic"})
_SQL_TYPES: Final = {
    DataType.FLOAT: "REAL",
    DataType.DOUBLE: "REAL",
    DataType.VARCHAR: "TEXT",
    DataType.JSON: "TEXT",
    DataType.ARRAY: "TEXT",
    DataType.GEOMETRY: "TEXT",
}
_ROWS_AT_ONCE: Final = 1_024


@dataclass(frozen=True, slots=True)
class Tables:
    """Names of a collection's tables, and of columns of ``rows``, quoted for SQL."""

    rows: str
    removed: str
    vectors: dict[str, str]
    """Vector field → table."""
    columns: dict[str, str]
    """Scalar field, ``PARTITION_COLUMN`` or ``DYNAMIC_FIELD`` → column."""
    vocabularies: dict[str, str]
    """Full text field → table of its terms."""
    tenants: str | None
    """Table of the numbers of rows, if there is a partition key."""


class StoredTables:
    """The tables of collection ``collection_id``, changed through connections they are given."""

    def __init__(self, collection_id: int, schema: Schema) -> None:
        self.collection_id = collection_id
        self.schema = schema
        self.checksums = RowChecksums(schema, collection_id)
        self.salts = {one.name: salt(collection_id, one.field_id) for one in schema.vectors}
        self._rows = f'"rows_{collection_id}"'
        self._removed = f'"removed_{collection_id}"'
        names = _sql_names(schema)
        # A full text field's vectors are counts of numbered terms.
        self.vocabularies = {
            name: Vocabulary(f'"terms_{collection_id}_{names[name]}"', self.salts[name])
            for name in schema.filled_by
        }
        key = schema.partition_key
        self.tenants = None if key is None else Tenants(f'"tenants_{collection_id}"', sql_type(key))
        self._vectors = {one.name: f'"vectors_{collection_id}_{names[one.name]}"' for one in schema.vectors}
        self._columns = {one.name: f'"{names[one.name]}"' for one in schema.scalars}
        self._columns |= {PARTITION_COLUMN: "partition", DYNAMIC_FIELD: "dynamic"}

    @property
    def tables(self) -> Tables:
        """For who looks at the tables with statements of its own."""
        columns = dict(self._columns)
        if not self.schema.enable_dynamic_field:
            del columns[DYNAMIC_FIELD]
        vocabularies = {name: one.table for name, one in self.vocabularies.items()}
        tenants = None if self.tenants is None else self.tenants.table
        return Tables(self._rows, self._removed, self._vectors, columns, vocabularies, tenants)

    def create_tables(self, connection: sqlite3.Connection) -> None:
        self._create_rows(connection)
        self._create_row_companions(connection)
        for vocabulary in self.vocabularies.values():
            vocabulary.create(connection)
        if self.tenants is not None:
            self.tenants.create(connection)

    def _create_rows(self, connection: sqlite3.Connection) -> None:
        columns = ["seq INTEGER PRIMARY KEY"]
        for one in self.schema.scalars:
            constraint = " NOT NULL UNIQUE" if one.is_primary else "" if one.nullable else " NOT NULL"
            columns.append(f"{self._columns[one.name]} {sql_type(one)}{constraint}")
        # Before all that may be long, so that reading a column beside them turns no further page.
        columns[2:2] = ["partition INTEGER NOT NULL REFERENCES partitions(id)", f"{CHECKSUMS} BLOB NOT NULL"]
        if self.schema.enable_dynamic_field:
            columns.append("dynamic TEXT NOT NULL")
        connection.execute(f"CREATE TABLE {self._rows} (\n    " + ",\n    ".join(columns) + "\n)")
        key = self.schema.partition_key
        if key is not None:
            connection.execute(
                f"CREATE INDEX {self._key_index(key)} ON {self._rows} ({self._columns[key.name]})"
            )

    def _create_row_companions(self, connection: sqlite3.Connection) -> None:
        for field in self._vectors:
            self._create_vectors(connection, field)
        connection.execute(
            f"CREATE TABLE {self._removed} (change INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL)"
        )

    def _create_vectors(self, connection: sqlite3.Connection, field: str) -> None:
        constraint = "" if self.schema.by_name[field].nullable else " NOT NULL"
        connection.execute(
            f"CREATE TABLE {self._vectors[field]}"
            f" (seq INTEGER PRIMARY KEY, checksum BLOB{constraint}, value BLOB{constraint})"
        )

    def rewrite_tables(self, connection: sqlite3.Connection, live: int) -> None:
        """Write every row anew, tightly packed, and empty the feed of removals.

        Rows keep their seqs. Readers that still need the feed find it too short and start from the rows.

        Raises:
            DatabaseCorruptError: the tables have not ``live`` rows each, as they should.
        """
        companions = (self._removed, *self._vectors.values())
        for table in companions:
            connection.execute(f"ALTER TABLE {table} RENAME TO {_aside(table)}")
        with self._rows_made_anew(connection):
            self._create_row_companions(connection)
            self._copy(connection, live, self._rows, ["seq", CHECKSUMS, *self.tables.columns.values()])
            for table in self._vectors.values():
                self._copy(connection, live, table, ["seq", "checksum", "value"])
        for table in companions:
            connection.execute(f"DROP TABLE {_aside(table)}")

    def _copy(self, connection: sqlite3.Connection, live: int, table: str, columns: Sequence[str]) -> None:
        """Fill ``table`` with the ``live`` rows of the one that lies aside."""
        # By name: a field that was added later stands last in the old table, and elsewhere in the new one.
        listed = ", ".join(columns)
        copied = connection.execute(
            f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {_aside(table)} ORDER BY seq"
        ).rowcount
        if copied != live:
            raise self.corrupt(f"table {table}", ValueError(f"expected {live} rows, found {copied}"))

    @contextmanager
    def _rows_made_anew(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Inside the block the table of rows is empty, and what it held lies aside; its indexes are made after."""
        indexed = [one for one in self.schema.scalars if self.has_value_index(connection, one)]
        for one in indexed:
            self.drop_value_index(connection, one)
        if self.schema.partition_key is not None:
            connection.execute(f"DROP INDEX {self._key_index(self.schema.partition_key)}")
        connection.execute(f"ALTER TABLE {self._rows} RENAME TO {_aside(self._rows)}")
        self._create_rows(connection)
        yield
        connection.execute(f"DROP TABLE {_aside(self._rows)}")
        for one in indexed:
            self.create_value_index(connection, one)

    def change_schema(self, connection: sqlite3.Connection, schema: Schema, stored_default: Any) -> None:
        """Bring the tables to ``schema``, which has a field or the dynamic field more, or a field less.

        A new column holds ``stored_default`` in the rows there are, a new vector field nulls.
        """
        new = type(self)(self.collection_id, schema)
        for name in self._columns.keys() - new._columns.keys():
            connection.execute(f"ALTER TABLE {self._rows} DROP COLUMN {self._columns[name]}")
            self._update_checksums(connection, partial(self.checksums.without, name))
        for name in self._vectors.keys() - new._vectors.keys():
            connection.execute(f"DROP TABLE {self._vectors[name]}")
        # Without a field, another one may be free to have its own name.
        for name in self._columns.keys() & new._columns.keys():
            if self._columns[name] != new._columns[name]:
                connection.execute(
                    f"ALTER TABLE {self._rows} RENAME COLUMN {self._columns[name]} TO {new._columns[name]}"
                )
        for name, table in new._vectors.items():
            if name not in self._vectors:
                new._create_vectors(connection, name)
                new._add_nulls(connection, name)
            elif self._vectors[name] != table:
                connection.execute(f"ALTER TABLE {self._vectors[name]} RENAME TO {table}")
        for name, vocabulary in new.vocabularies.items():
            if self.vocabularies[name].table != vocabulary.table:
                connection.execute(
                    f"ALTER TABLE {self.vocabularies[name].table} RENAME TO {vocabulary.table}"
                )
        if schema.enable_dynamic_field and not self.schema.enable_dynamic_field:
            connection.execute(f"ALTER TABLE {self._rows} ADD COLUMN dynamic TEXT NOT NULL DEFAULT '{{}}'")
        for one in schema.scalars:
            if one.name not in self._columns:
                column = new._columns[one.name]
                constraint = "" if one.nullable else f" NOT NULL DEFAULT {_zero(one)}"
                connection.execute(
                    f"ALTER TABLE {self._rows} ADD COLUMN {column} {sql_type(one)}{constraint}"
                )
                if stored_default is not None:
                    connection.execute(f"UPDATE {self._rows} SET {column} = ?", (stored_default,))
                    new._update_checksums(
                        connection, partial(new.checksums.with_value, one.name, stored_default)
                    )

    def _add_nulls(self, connection: sqlite3.Connection, field: str) -> None:
        """Give every row a null in a vector field that is new."""
        rows = connection.execute(f"SELECT seq FROM {self._rows} ORDER BY seq")
        while chunk := rows.fetchmany(_ROWS_AT_ONCE):
            seqs = [seq for (seq,) in chunk]
            sums = checksums(seqs, [None] * len(seqs), self.salts[field])
            connection.executemany(
                f"INSERT INTO {self._vectors[field]} (seq, checksum) VALUES (?, ?)",
                zip(seqs, sums, strict=True),
            )

    def _update_checksums(
        self, connection: sqlite3.Connection, change: Callable[[Sequence[int], Sequence[bytes]], list[bytes]]
    ) -> None:
        """Replace the checksums of all rows by what ``change`` makes of their seqs and of those they have."""
        after = 0
        while chunk := connection.execute(
            f"SELECT seq, {CHECKSUMS} FROM {self._rows} WHERE seq > ? ORDER BY seq LIMIT {_ROWS_AT_ONCE}",
            (after,),
        ).fetchall():
            seqs, blobs = zip(*chunk, strict=True)
            connection.executemany(
                f"UPDATE {self._rows} SET {CHECKSUMS} = ? WHERE seq = ?",
                zip(change(seqs, blobs), seqs, strict=True),
            )
            after = seqs[-1]

    def drop_tables(self, connection: sqlite3.Connection) -> None:
        vocabularies = (one.table for one in self.vocabularies.values())
        tenants = () if self.tenants is None else (self.tenants.table,)
        for table in (self._rows, self._removed, *self._vectors.values(), *vocabularies, *tenants):
            connection.execute(f"DROP TABLE {table}")

    def create_value_index(self, connection: sqlite3.Connection, one: Field) -> None:
        """Let SQLite find rows by their value in a scalar field, which is neither primary nor partition key."""
        connection.execute(
            f"CREATE INDEX {self._value_index(one)} ON {self._rows} ({self._columns[one.name]})"
        )

    def drop_value_index(self, connection: sqlite3.Connection, one: Field) -> None:
        connection.execute(f"DROP INDEX IF EXISTS {self._value_index(one)}")

    def has_value_index(self, connection: sqlite3.Connection, one: Field) -> bool:
        """Whether ``create_value_index`` was called for the field."""
        named = self._value_index(one).strip('"')
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?", (named,))
        return found.fetchone() is not None

    def _value_index(self, one: Field) -> str:
        # By number: SQLite would take names that differ in case for the same.
        return f'"rows_{self.collection_id}.{one.field_id}"'

    def _key_index(self, key: Field) -> str:
        return f'"rows_{self.collection_id}_{key.name}"'

    def corrupt(self, place: str, cause: Exception) -> DatabaseCorruptError:
        """The error that says what is wrong with these tables, and where."""
        return DatabaseCorruptError(
            message=f"the tables of collection {self.collection_id} are damaged: {place}: "
            f"{type(cause).__name__}: {cause}; 'milvus-store check' lists all damage"
        )


def sql_type(one: Field) -> str:
    """The type that the column of a scalar field is declared with."""
    return _SQL_TYPES.get(one.dtype, "INTEGER")


def _zero(one: Field) -> str:
    """What SQLite puts into a new column until the default of the field does."""
    return "''" if sql_type(one) == "TEXT" else "0"


def _aside(table: str) -> str:
    """The name of a quoted table while its successor is made."""
    return f'{table[:-1]}_aside"'


def _sql_names(schema: Schema) -> dict[str, str]:
    """A column name for each field: its own, unless SQLite, which ignores case, would confuse it."""
    taken = set(_RESERVED)
    names = {schema.primary.name: "pk"}
    for one in schema.fields:
        if not one.is_primary:
            name = one.name
            while name.lower() in taken:
                name += "_"
            taken.add(name.lower())
            names[one.name] = name
    return names
