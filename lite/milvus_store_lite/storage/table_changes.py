"""Changes the tables of a collection when its schema gains or loses a field."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from ..schema.fields import Field
from ..schema.model import Schema
from .integrity.checksums import checksums
from .layout import CHECKSUMS, TableLayout, sql_type
from .tables import CollectionTables

_ROWS_AT_ONCE: Final = 1_024


class SchemaChange:
    """From the tables that ``old`` names to those of ``schema``, in a write transaction.

    ``schema`` has a field or the dynamic field more, or a field less; the field may be one that a function fills.
    """

    def __init__(self, old: TableLayout, schema: Schema, connection: sqlite3.Connection) -> None:
        self._old = old
        self._new = TableLayout(old.collection_id, schema)
        self._tables = CollectionTables(self._new, connection)
        self._execute = connection.execute
        self._executemany = connection.executemany

    def apply(self, stored_default: Any) -> None:
        """Change them. A new column holds ``stored_default`` in the stored rows, a new vector field nulls.

        The table of one that a function fills is left empty, for whoever knows the function.
        """
        old, new = self._old, self._new
        for name in old.columns.keys() - new.columns.keys():
            self._execute(f"ALTER TABLE {old.rows} DROP COLUMN {old.columns[name]}")
            self._update_checksums(partial(old.checksums.without, name))
        for name in old.vectors.keys() - new.vectors.keys():
            self._execute(f"DROP TABLE {old.vectors[name]}")
        for name in old.vocabularies.keys() - new.vocabularies.keys():
            self._execute(f"DROP TABLE {old.vocabularies[name]}")
        self._rename()
        for name in new.vectors.keys() - old.vectors.keys():
            self._tables.create_vectors(name)
            if name in new.vocabularies:
                self._tables.create_vocabulary(name)
            elif name not in new.schema.filled_by:
                self._add_nulls(name)
        if new.schema.enable_dynamic_field and not old.schema.enable_dynamic_field:
            self._execute(f"ALTER TABLE {old.rows} ADD COLUMN dynamic TEXT NOT NULL DEFAULT '{{}}'")
        for field in new.schema.scalars:
            if field.name not in old.columns:
                self._add_column(field, stored_default)

    def _rename(self) -> None:
        """Rename columns: without the dropped field, another may use its own name."""
        old, new = self._old, self._new
        for name in old.columns.keys() & new.columns.keys():
            if old.columns[name] != new.columns[name]:
                self._execute(
                    f"ALTER TABLE {old.rows} RENAME COLUMN {old.columns[name]} TO {new.columns[name]}"
                )
        for before, after in ((old.vectors, new.vectors), (old.vocabularies, new.vocabularies)):
            for name in before.keys() & after.keys():
                if before[name] != after[name]:
                    self._execute(f"ALTER TABLE {before[name]} RENAME TO {after[name]}")

    def _add_column(self, field: Field, stored_default: Any) -> None:
        new = self._new
        column = new.columns[field.name]
        constraint = "" if field.nullable else f" NOT NULL DEFAULT {_zero(field)}"
        self._execute(f"ALTER TABLE {new.rows} ADD COLUMN {column} {sql_type(field)}{constraint}")
        if stored_default is not None:
            self._execute(f"UPDATE {new.rows} SET {column} = ?", (stored_default,))
            self._update_checksums(partial(new.checksums.with_value, field.name, stored_default))

    def _add_nulls(self, field: str) -> None:
        """Give every row a null in a vector field that is new."""
        new = self._new
        rows = self._execute(f"SELECT seq FROM {new.rows} ORDER BY seq")
        while chunk := rows.fetchmany(_ROWS_AT_ONCE):
            seqs = [seq for (seq,) in chunk]
            sums = checksums(seqs, [None] * len(seqs), new.salts[field])
            self._executemany(
                f"INSERT INTO {new.vectors[field]} (seq, checksum) VALUES (?, ?)",
                zip(seqs, sums, strict=True),
            )

    def _update_checksums(self, change: Callable[[Sequence[int], Sequence[bytes]], list[bytes]]) -> None:
        """Replace the checksums of all rows by what ``change`` makes of their seqs and of those they have."""
        rows, after = self._new.rows, 0
        while chunk := self._execute(
            f"SELECT seq, {CHECKSUMS} FROM {rows} WHERE seq > ? ORDER BY seq LIMIT {_ROWS_AT_ONCE}", (after,)
        ).fetchall():
            seqs, blobs = zip(*chunk, strict=True)
            self._executemany(
                f"UPDATE {rows} SET {CHECKSUMS} = ? WHERE seq = ?",
                zip(change(seqs, blobs), seqs, strict=True),
            )
            after = seqs[-1]


def _zero(field: Field) -> str:
    """What SQLite puts into a new column until the default of the field does."""
    return "''" if sql_type(field) == "TEXT" else "0"
