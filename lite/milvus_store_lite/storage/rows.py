"""The rows of one collection: its tables, and every SQL statement over them.

``rows_<id>`` holds scalars, ``vectors_<id>_<field>`` one vector a row, ``removed_<id>`` the feed by which
other readers learn of deletions. All three speak of rows by ``seq``, a number that only rises and is never
used twice. ``terms_<id>_<field>`` is the vocabulary of a full text field. Identifiers come from checked names
and numbers; values are always bound.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

from ..data_types import DataType
from ..errors import DatabaseCorruptError
from ..schema import DYNAMIC_FIELD, Field, Schema
from .catalog import Position
from .checksums import checksums, damaged
from .chunks import chunks
from .values import Batch, Blob
from .vocabulary import Vocabulary

PARTITION_COLUMN: Final = "$partition"
"""Names the partition of a row where a column is asked for; no field can have this name."""

_RESERVED: Final = frozenset({"seq", "pk", "partition", "dynamic"})
_SQL_TYPES: Final = {
    DataType.FLOAT: "REAL",
    DataType.DOUBLE: "REAL",
    DataType.VARCHAR: "TEXT",
    DataType.JSON: "TEXT",
    DataType.ARRAY: "TEXT",
    DataType.GEOMETRY: "TEXT",
}
_LOOKED_UP: Final = 4
"""So many primary keys are looked up sooner than it is asked which is the largest."""

_FEED_LENGTH: Final = 50_000
"""Removals that the feed keeps at least, at most twice as many. A reader that has missed more starts anew."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows whose ``field``, one with an SQL index, has one of ``values``."""

    field: str
    values: tuple[Any, ...]


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


class RowStore:
    """Reads and writes the tables of collection ``collection_id`` through connections it is given."""

    def __init__(self, collection_id: int, schema: Schema) -> None:
        self.collection_id = collection_id
        self.schema = schema
        self._rows = f'"rows_{collection_id}"'
        self._removed = f'"removed_{collection_id}"'
        names = _sql_names(schema)
        # A full text field's vectors are counts of numbered terms.
        self.vocabularies = {
            name: Vocabulary(f'"terms_{collection_id}_{names[name]}"') for name in schema.filled_by
        }
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
        return Tables(self._rows, self._removed, self._vectors, columns, vocabularies)

    # Definition ---------------------------------------------------------------------------------------

    def create_tables(self, connection: sqlite3.Connection) -> None:
        self._create_row_tables(connection)
        for vocabulary in self.vocabularies.values():
            vocabulary.create(connection)

    def _create_row_tables(self, connection: sqlite3.Connection) -> None:
        columns = ["seq INTEGER PRIMARY KEY"]
        for one in self.schema.scalars:
            constraint = " NOT NULL UNIQUE" if one.is_primary else "" if one.nullable else " NOT NULL"
            columns.append(f"{self._columns[one.name]} {_sql_type(one)}{constraint}")
        columns.insert(2, "partition INTEGER NOT NULL REFERENCES partitions(id)")
        if self.schema.enable_dynamic_field:
            columns.append("dynamic TEXT NOT NULL")
        connection.execute(f"CREATE TABLE {self._rows} (\n    " + ",\n    ".join(columns) + "\n)")
        key = self.schema.partition_key
        if key is not None:
            connection.execute(
                f"CREATE INDEX {self._key_index(key)} ON {self._rows} ({self._columns[key.name]})"
            )
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

    def rewrite_tables(self, connection: sqlite3.Connection) -> None:
        """Write every row anew, tightly packed, and empty the feed of removals.

        Rows keep their seqs. Readers that still need the feed find it too short and start from the rows.
        """
        tables = (self._rows, self._removed, *self._vectors.values())
        indexed = [one for one in self.schema.scalars if self.has_value_index(connection, one)]
        for one in indexed:
            self.drop_value_index(connection, one)
        if self.schema.partition_key is not None:
            connection.execute(f"DROP INDEX {self._key_index(self.schema.partition_key)}")
        for table in tables:
            connection.execute(f"ALTER TABLE {table} RENAME TO {_aside(table)}")
        self._create_row_tables(connection)
        # By name: a field that was added later stands last in the old table, and elsewhere in the new one.
        columns = ["seq", "partition", *(self._columns[one.name] for one in self.schema.scalars)]
        columns += ["dynamic"] if self.schema.enable_dynamic_field else []
        named = [
            (self._rows, columns),
            *((table, ["seq", "checksum", "value"]) for table in self._vectors.values()),
        ]
        for table, names in named:
            listed = ", ".join(names)
            connection.execute(
                f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {_aside(table)} ORDER BY seq"
            )
        for table in tables:
            connection.execute(f"DROP TABLE {_aside(table)}")
        for one in indexed:
            self.create_value_index(connection, one)

    def change_schema(self, connection: sqlite3.Connection, schema: Schema, stored_default: Any) -> None:
        """Bring the tables to ``schema``, which has a field or the dynamic field more, or a field less.

        A new column holds ``stored_default`` in the rows there are, a new vector field nulls.
        """
        new = RowStore(self.collection_id, schema)
        for name in self._columns.keys() - new._columns.keys():
            connection.execute(f"ALTER TABLE {self._rows} DROP COLUMN {self._columns[name]}")
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
                connection.execute(f"INSERT INTO {table} (seq) SELECT seq FROM {self._rows}")
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
                    f"ALTER TABLE {self._rows} ADD COLUMN {column} {_sql_type(one)}{constraint}"
                )
                if stored_default is not None:
                    connection.execute(f"UPDATE {self._rows} SET {column} = ?", (stored_default,))

    def longest(self, connection: sqlite3.Connection, field: str) -> int:
        """Bytes of UTF-8 of the longest value of a VARCHAR field, 0 without rows."""
        found = connection.execute(
            f"SELECT max(length(CAST({self._columns[field]} AS BLOB))) FROM {self._rows}"
        )
        return int(found.fetchone()[0] or 0)

    def drop_tables(self, connection: sqlite3.Connection) -> None:
        vocabularies = (one.table for one in self.vocabularies.values())
        for table in (self._rows, self._removed, *self._vectors.values(), *vocabularies):
            connection.execute(f"DROP TABLE {table}")

    def create_value_index(self, connection: sqlite3.Connection, one: Field) -> None:
        """Let SQLite find rows by their value in a scalar field, which is neither primary nor partition key."""
        connection.execute(
            f"CREATE INDEX {self._value_index(one)} ON {self._rows} ({self._columns[one.name]})"
        )

    def drop_value_index(self, connection: sqlite3.Connection, one: Field) -> None:
        connection.execute(f"DROP INDEX IF EXISTS {self._value_index(one)}")

    def has_value_index(self, connection: sqlite3.Connection, one: Field) -> bool:
        """Whether ``create_value_index`` was called for the field. Files of older versions may lack it."""
        named = self._value_index(one).strip('"')
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?", (named,))
        return found.fetchone() is not None

    def _value_index(self, one: Field) -> str:
        # By number: SQLite would take names that differ in case for the same.
        return f'"rows_{self.collection_id}.{one.field_id}"'

    def _key_index(self, key: Field) -> str:
        return f'"rows_{self.collection_id}_{key.name}"'

    # Writing ------------------------------------------------------------------------------------------

    def insert(self, connection: sqlite3.Connection, batch: Batch, partition: int, at: Position) -> Position:
        """Append ``batch`` after position ``at``. Raises sqlite3.IntegrityError when a pk exists already."""
        seqs = range(at.last_seq + 1, at.last_seq + 1 + batch.count)
        pks = self.generated_pks(seqs.start, batch.count) if batch.pks is None else batch.pks
        columns: list[Iterable[Any]] = [seqs, pks, repeat(partition)]
        columns += [batch.scalars[one.name] for one in self.schema.scalars[1:]]
        names = ["seq", "pk", "partition", *(self._columns[one.name] for one in self.schema.scalars[1:])]
        if batch.dynamic is not None:
            columns.append(batch.dynamic)
            names.append("dynamic")
        connection.executemany(
            f"INSERT INTO {self._rows} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            zip(*columns, strict=False),
        )
        vectors: dict[str, Sequence[Blob]] = dict(batch.vectors)
        for field, documents in batch.documents.items():
            vectors[field] = self.vocabularies[field].encode(connection, documents)
        for field, table in self._vectors.items():
            blobs = vectors[field]
            connection.executemany(
                f"INSERT INTO {table} (seq, checksum, value) VALUES (?, ?, ?)",
                zip(seqs, checksums(blobs), blobs, strict=True),
            )
        return Position(at.last_seq + batch.count, at.last_change)

    def generated_pks(self, first_seq: int, count: int) -> list[Any]:
        """The keys that ``auto_id`` gives to ``count`` rows from ``first_seq`` on: their seqs."""
        seqs = range(first_seq, first_seq + count)
        return list(seqs) if self.schema.primary.dtype is DataType.INT64 else list(map(str, seqs))

    def remove(self, connection: sqlite3.Connection, seqs: Sequence[int], at: Position) -> Position:
        """Delete the rows ``seqs``, which all exist, and enter them into the feed of removals."""
        keys = [(seq,) for seq in seqs]
        for table in (self._rows, *self._vectors.values()):
            connection.executemany(f"DELETE FROM {table} WHERE seq = ?", keys)
        first = at.last_change + 1
        connection.executemany(
            f"INSERT INTO {self._removed} (change, seq) VALUES (?, ?)",
            zip(range(first, first + len(seqs)), seqs, strict=True),
        )
        last_change = at.last_change + len(seqs)
        if last_change // _FEED_LENGTH > at.last_change // _FEED_LENGTH:
            oldest = last_change - _FEED_LENGTH
            connection.execute(f"DELETE FROM {self._removed} WHERE change <= ?", (oldest,))
        return Position(at.last_seq, last_change)

    # Reading ------------------------------------------------------------------------------------------

    def seqs_of_pks(self, connection: sqlite3.Connection, pks: Sequence[Any]) -> dict[Any, int]:
        """The seq of each of ``pks`` that exists."""
        known = pks
        if len(pks) > _LOOKED_UP:
            (largest,) = connection.execute(f"SELECT max(pk) FROM {self._rows}").fetchone()
            # Rows mostly come in with rising keys: those beyond the largest need no looking up.
            known = [] if largest is None else [pk for pk in pks if pk <= largest]
        found: dict[Any, int] = {}
        for chunk, marks in chunks(known):
            found.update(
                connection.execute(
                    f"SELECT pk, seq FROM {self._rows} WHERE pk IN ({marks})", chunk
                ).fetchall()
            )
        return found

    def partitions_of(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, int]:
        """The partition id of each of the rows ``seqs``."""
        found = self.fetch(connection, seqs, [PARTITION_COLUMN])
        return {seq: row[2] for seq, row in found.items()}

    def seqs_in_partition(self, connection: sqlite3.Connection, partition: int) -> list[int]:
        """Seqs of the rows in a partition, ascending."""
        found = connection.execute(
            f"SELECT seq FROM {self._rows} WHERE partition = ? ORDER BY seq", (partition,)
        )
        return [seq for (seq,) in found]

    def count_in_partition(self, connection: sqlite3.Connection, partition: int) -> int:
        """Rows in a partition. A scan, 0.1 µs a row: an SQL index would slow every insert down for it."""
        counted = connection.execute(f"SELECT count(*) FROM {self._rows} WHERE partition = ?", (partition,))
        return int(counted.fetchone()[0])

    def all_seqs(self, connection: sqlite3.Connection, after: int, part: Part | None = None) -> list[int]:
        """Seqs of the live rows beyond ``after``, ascending; only those of ``part`` if it is given."""
        if after == 0 and part is None:
            # Without a condition SQLite reads seqs off the narrow index on pk, in the order of pks.
            found = connection.execute(f"SELECT seq FROM {self._rows}")
        else:
            where, values = self._condition(after, part)
            found = connection.execute(f"SELECT seq FROM {self._rows} WHERE {where}", values)
        return sorted(seq for (seq,) in found)

    def removed_seqs(self, connection: sqlite3.Connection, after_change: int) -> list[int]:
        """The feed of removals beyond ``after_change``."""
        rows = connection.execute(f"SELECT seq FROM {self._removed} WHERE change > ?", (after_change,))
        return [seq for (seq,) in rows]

    def scalar_values(
        self, connection: sqlite3.Connection, column: str, after: int, part: Part | None = None
    ) -> list[Any]:
        """Stored values of ``column`` for the same rows as ``all_seqs``, in the same order.

        A column is a scalar field, ``PARTITION_COLUMN`` or ``DYNAMIC_FIELD``.
        """
        if column == self.schema.primary.name and after == 0 and part is None:
            # Without a condition SQLite reads both off the narrow index on pk, in the order of pks.
            return [pk for _, pk in sorted(connection.execute(f"SELECT seq, pk FROM {self._rows}"))]
        where, values = self._condition(after, part)
        rows = connection.execute(
            f"SELECT {self._columns[column]} FROM {self._rows} WHERE {where} ORDER BY seq", values
        )
        return [value for (value,) in rows]

    def vector_blobs(
        self, connection: sqlite3.Connection, field: str, after: int, chunk: int, part: Part | None = None
    ) -> Iterator[tuple[list[int], list[bytes | None]]]:
        """Seqs and vectors of the same rows as ``all_seqs`` in the same order, ``chunk`` at a time.

        Raises:
            DatabaseCorruptError: a vector does not match its checksum.
        """
        table = self._vectors[field]
        where, values = self._condition(after, part)
        source = table if part is None else f"{self._rows} JOIN {table} USING (seq)"
        rows = connection.execute(
            f"SELECT seq, checksum, value FROM {source} WHERE {where} ORDER BY seq", values
        )
        while found := rows.fetchmany(chunk):
            yield self._sound(field, found)

    def vector_bytes(self, connection: sqlite3.Connection, field: str, part: Part | None = None) -> int:
        """Bytes of all stored vectors of ``field``."""
        table = self._vectors[field]
        where, values = self._condition(0, part)
        source = table if part is None else f"{self._rows} JOIN {table} USING (seq)"
        summed = connection.execute(f"SELECT total(length(value)) FROM {source} WHERE {where}", values)
        return int(summed.fetchone()[0])

    def part_count(self, connection: sqlite3.Connection, part: Part, limit: int) -> int:
        """How many rows ``part`` has, counting no further than ``limit``."""
        where, values = self._condition(0, part)
        counted = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {self._rows} WHERE {where} LIMIT ?)", (*values, limit)
        )
        return int(counted.fetchone()[0])

    def _condition(self, after: int, part: Part | None) -> tuple[str, tuple[Any, ...]]:
        """An SQL condition for the rows beyond ``after`` in ``part``, and the values it binds."""
        if part is None:
            return "seq > ?", (after,)
        marks = ",".join("?" * len(part.values))
        return f"seq > ? AND {self._columns[part.field]} IN ({marks})", (after, *part.values)

    def fetch(
        self, connection: sqlite3.Connection, seqs: Sequence[int], columns: Sequence[str]
    ) -> dict[int, tuple[Any, ...]]:
        """seq → (seq, pk, *columns) of those of the given rows that exist."""
        names = ", ".join(["seq", "pk", *(self._columns[name] for name in columns)])
        found: dict[int, tuple[Any, ...]] = {}
        for chunk, marks in chunks(seqs):
            rows = connection.execute(f"SELECT {names} FROM {self._rows} WHERE seq IN ({marks})", chunk)
            found.update((row[0], row) for row in rows)
        return found

    def fetch_vectors(
        self, connection: sqlite3.Connection, seqs: Sequence[int], field: str
    ) -> dict[int, bytes | None]:
        """seq → the stored vector, None for a null.

        Raises:
            DatabaseCorruptError: a vector does not match its checksum.
        """
        found: dict[int, bytes | None] = {}
        for chunk, marks in chunks(seqs):
            rows = connection.execute(
                f"SELECT seq, checksum, value FROM {self._vectors[field]} WHERE seq IN ({marks})", chunk
            ).fetchall()
            found.update(zip(*self._sound(field, rows), strict=True))
        return found

    def _sound(
        self, field: str, rows: list[tuple[int, bytes | None, bytes | None]]
    ) -> tuple[list[int], list[bytes | None]]:
        """Seqs and vectors of ``rows`` (seq, checksum, vector), all of them what was written."""
        seqs, blobs = [seq for seq, _, _ in rows], [blob for _, _, blob in rows]
        places = damaged(blobs, [checksum for _, checksum, _ in rows])
        if places:
            fault = ValueError("the vector does not match its checksum")
            raise self.corrupt(f"field '{field}', table {self._vectors[field]}, seq {seqs[places[0]]}", fault)
        return seqs, blobs

    def corrupt(self, place: str, cause: Exception) -> DatabaseCorruptError:
        """The error that says what is wrong with these tables, and where."""
        return DatabaseCorruptError(
            message=f"the tables of collection {self.collection_id} are damaged: {place}: "
            f"{type(cause).__name__}: {cause}; 'milvus-store check' lists all damage"
        )


def _sql_type(one: Field) -> str:
    return _SQL_TYPES.get(one.dtype, "INTEGER")


def _zero(one: Field) -> str:
    """What SQLite puts into a new column until the default of the field does."""
    return "''" if _sql_type(one) == "TEXT" else "0"


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
