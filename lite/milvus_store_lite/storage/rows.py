"""The rows of one collection: its tables, and every SQL statement over them; here those that write.

How tables are made and changed is in ``tables.py``, how rows are read in ``row_reader.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import repeat
from typing import Any, Final

from ..data_types import DataType
from ..schema import DYNAMIC_FIELD
from .catalog import Position
from .checksums import checksums
from .chunks import chunks
from .row_checksums import PARTITION_COLUMN
from .row_reader import Part, RowReader
from .tables import CHECKSUMS, Tables
from .values import Batch, Blob

__all__ = ["PARTITION_COLUMN", "Part", "RowStore", "Tables"]

_FEED_LENGTH: Final = 50_000
"""Removals that the feed keeps at least, at most twice as many. A reader that has missed more starts anew."""


class RowStore(RowReader):
    """Reads and writes the tables of a collection."""

    def insert(self, connection: sqlite3.Connection, batch: Batch, partition: int, at: Position) -> Position:
        """Append ``batch`` after position ``at``. Raises sqlite3.IntegrityError when a pk exists already."""
        seqs = range(at.last_seq + 1, at.last_seq + 1 + batch.count)
        pks = self.generated_pks(seqs.start, batch.count) if batch.pks is None else batch.pks
        values = {self.schema.primary.name: pks, PARTITION_COLUMN: [partition], **batch.scalars}
        if batch.dynamic is not None:
            values[DYNAMIC_FIELD] = batch.dynamic
        blobs = self.checksums.of_rows(seqs, values)
        names = ["seq", CHECKSUMS, *(self._columns[name] for name in values)]
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
                zip(seqs, checksums(seqs, stored), stored, strict=True),
            )
        return Position(at.last_seq + batch.count, at.last_change, at.key_sum + self.checksums.keys_of(blobs))

    def generated_pks(self, first_seq: int, count: int) -> list[Any]:
        """The keys that ``auto_id`` gives to ``count`` rows from ``first_seq`` on: their seqs."""
        seqs = range(first_seq, first_seq + count)
        return list(seqs) if self.schema.primary.dtype is DataType.INT64 else list(map(str, seqs))

    def remove(self, connection: sqlite3.Connection, seqs: Sequence[int], at: Position) -> Position:
        """Delete the rows ``seqs``, which all exist, and enter them into the feed of removals."""
        key_sum = at.key_sum - self._key_sum(connection, seqs)
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
        return Position(at.last_seq, last_change, key_sum)

    def _key_sum(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> int:
        """The checksum of the keys of the rows ``seqs``."""
        found = 0
        for chunk, marks in chunks(seqs):
            # A chunk may be filled up with its last value; each row is found once all the same.
            rows = connection.execute(f"SELECT {CHECKSUMS} FROM {self._rows} WHERE seq IN ({marks})", chunk)
            found += self.checksums.keys_of([blob for (blob,) in rows])
        return found
