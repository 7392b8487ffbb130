"""The rows of one collection: its tables, and every SQL statement over them; here those that write.

How tables are made and changed is in ``tables.py``, how rows are found and read in ``lookups.py`` and
``row_reader.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import repeat
from typing import Any, Final

from ..codec import Batch, Blob
from ..schema.data_types import DataType
from ..schema.model import DYNAMIC_FIELD
from .chunks import chunks
from .integrity.checksums import checksums
from .integrity.row_checksums import PARTITION_COLUMN
from .lookups import RowLookups
from .positions import Position
from .row_reader import RowSubset
from .tables import CHECKSUMS, Tables

__all__ = ["PARTITION_COLUMN", "RowStore", "RowSubset", "Tables"]

_FEED_LENGTH: Final = 50_000
"""Removals that the feed keeps at least, at most twice as many. A reader that has missed more starts anew."""


class RowStore(RowLookups):
    """Reads and writes the tables of a collection."""

    def insert(self, connection: sqlite3.Connection, batch: Batch, partition: int, at: Position) -> Position:
        """Append ``batch`` after position ``at``. Raises sqlite3.IntegrityError when a pk exists already.

        Args:
            partition: where the rows go, unless the batch says it of each.
        """
        seqs = range(at.last_seq + 1, at.last_seq + 1 + batch.count)
        pks = self.generated_pks(seqs.start, batch.count) if batch.pks is None else batch.pks
        homes = [partition] if batch.partitions is None else batch.partitions
        values = {self.schema.primary.name: pks, PARTITION_COLUMN: homes, **batch.scalars}
        if batch.dynamic is not None:
            values[DYNAMIC_FIELD] = batch.dynamic
        blobs = self.checksums.of_rows(seqs, values)
        names = ["seq", CHECKSUMS, *(self._columns[name] for name in values)]
        if batch.partitions is None:
            values[PARTITION_COLUMN] = repeat(partition, batch.count)  # type: ignore[assignment]
        connection.executemany(
            f"INSERT INTO {self._rows} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            zip(seqs, blobs, *values.values(), strict=True),
        )
        vectors: dict[str, Sequence[Blob]] = dict(batch.vectors)
        for field, documents in batch.documents.items():
            vectors[field] = self.vocabularies[field].encode(connection, documents)
        for field, table in self._vectors.items():
            stored = vectors[field]
            connection.executemany(
                f"INSERT INTO {table} (seq, checksum, value) VALUES (?, ?, ?)",
                zip(seqs, checksums(seqs, stored, self.salts[field]), stored, strict=True),
            )
        if self.tenants is not None:
            self.tenants.add(connection, batch.scalars[self._partition_key])
        return at.added(batch.count, self.checksums.keys_of(blobs))

    def generated_pks(self, first_seq: int, count: int) -> list[Any]:
        """The keys that ``auto_id`` gives to ``count`` rows from ``first_seq`` on: their seqs."""
        seqs = range(first_seq, first_seq + count)
        return list(seqs) if self.schema.primary.dtype is DataType.INT64 else list(map(str, seqs))

    def remove(self, connection: sqlite3.Connection, seqs: Sequence[int], at: Position) -> Position:
        """Delete the rows ``seqs``, which all exist, and enter them into the feed of removals."""
        key_sum = self._forget_keys(connection, seqs)
        keys = [(seq,) for seq in seqs]
        for table in (self._rows, *self._vectors.values()):
            gone = connection.executemany(f"DELETE FROM {table} WHERE seq = ?", keys).rowcount
            if gone != len(keys):
                raise self._rows_missing(f"table {table}", len(keys), gone)
        (newest,) = connection.execute(f"SELECT max(change) FROM {self._removed}").fetchone()
        if newest is not None and newest > at.last_change:
            fault = ValueError(f"it has removal {newest}, and the last one was {at.last_change}")
            raise self.corrupt(f"table {self._removed}", fault)
        first = at.last_change + 1
        connection.executemany(
            f"INSERT INTO {self._removed} (change, seq) VALUES (?, ?)",
            zip(range(first, first + len(seqs)), seqs, strict=True),
        )
        last_change = at.last_change + len(seqs)
        if last_change // _FEED_LENGTH > at.last_change // _FEED_LENGTH:
            oldest = last_change - _FEED_LENGTH
            connection.execute(f"DELETE FROM {self._removed} WHERE change <= ?", (oldest,))
        return at.removed(len(seqs), key_sum, sum(seqs))

    def _forget_keys(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> int:
        """The checksum of the primary keys of the rows ``seqs``, which their tenants do not have any more."""
        names = [] if self.tenants is None else [self._partition_key]
        listed = ", ".join(["seq", CHECKSUMS, *(self._columns[name] for name in names)])
        key_sum, found = 0, 0
        owners: list[Any] = []
        for chunk, marks in chunks(seqs):
            # A chunk may be filled up with its last value; each row is found once all the same.
            rows = connection.execute(
                f"SELECT {listed} FROM {self._rows} WHERE seq IN ({marks})", chunk
            ).fetchall()
            key_sum += self.checksums.keys_of([row[1] for row in rows])
            found += len(rows)
            if names:
                owners += self._verified(rows, names)[1][0]
        if found != len(seqs):
            raise self._rows_missing(f"table {self._rows}", len(seqs), found)
        if self.tenants is not None and not self.tenants.remove(connection, owners):
            raise self.corrupt(f"table {self.tenants.table}", ValueError("a tenant that has rows is missing"))
        return key_sum
