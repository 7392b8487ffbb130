"""Writes the rows of one collection in one write transaction, and keeps its position up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Final

from ..codec import Batch, Blob, PackedVectors
from ..process import wall_clock
from ..schema.data_types import DataType
from ..schema.fields import DYNAMIC_FIELD
from ..text.documents import Documents
from .chunks import chunks
from .insert_times import InsertTimes
from .integrity.checksums import CHECKSUM_WIDTH, checksums
from .integrity.row_checksums import PARTITION_COLUMN
from .integrity.tenants import Tenants
from .layout import CHECKSUMS, TableLayout
from .positions import Position, set_position
from .verified import verified_rows
from .vocabulary import Vocabulary

_VECTORS_AT_ONCE: Final = 64
"""Vectors that one statement cuts from one blob: 1.7 µs each of 384 dimensions, where ``executemany`` takes 2.9,
half of it for what Python and SQLite do for each row. More at once leave the processor's cache."""

_FEW_VECTORS: Final = 8
"""Fewer vectors are written one by one."""

_FEED_LENGTH: Final = 50_000
"""Removals that the feed keeps at least, at most twice as many. A reader that has missed more starts anew."""


class CollectionWriter:
    """Adds and removes rows of a collection, which stands at ``position``.

    Every write moves ``position`` on; ``save_position`` enters it into the file, once, after the last of them.
    """

    __slots__ = ("_connection", "_layout", "_tenants", "_times", "_vocabularies", "position")

    def __init__(
        self,
        layout: TableLayout,
        vocabularies: Mapping[str, Vocabulary],
        tenants: Tenants | None,
        times: InsertTimes,
        connection: sqlite3.Connection,
        position: Position,
    ) -> None:
        self._layout = layout
        self._vocabularies = vocabularies
        self._tenants = tenants
        self._times = times
        self._connection = connection
        self.position = position

    def insert(self, batch: Batch, partition: int) -> None:
        """Append ``batch``, whose rows have primary keys. Raises sqlite3.IntegrityError when one exists already.

        Args:
            partition: where the rows go, unless the batch has a partition for each.
        """
        layout, connection, first_seq = self._layout, self._connection, self.position.last_seq + 1
        seqs = range(first_seq, first_seq + batch.count)
        assert batch.pks is not None
        partitions = [partition] if batch.partitions is None else batch.partitions
        values = {layout.schema.primary.name: batch.pks, PARTITION_COLUMN: partitions, **batch.scalars}
        if batch.dynamic is not None:
            values[DYNAMIC_FIELD] = batch.dynamic
        blobs = layout.checksums.of_rows(seqs, values)
        names = ["seq", CHECKSUMS, *(layout.columns[name] for name in values)]
        if batch.partitions is None:
            values[PARTITION_COLUMN] = repeat(partition, batch.count)  # type: ignore[assignment]
        connection.executemany(
            f"INSERT INTO {layout.rows} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            # ``sqlite3`` binds a bytearray in 0.2 µs, and bytes, which it offers to adapters first, in 0.8 µs.
            zip(seqs, map(bytearray, blobs), *values.values(), strict=True),
        )
        vectors: dict[str, Sequence[Blob]] = dict(batch.vectors)
        for field, documents in batch.documents.items():
            vectors[field] = self._vocabularies[field].encode(connection, documents)
        for field, stored in vectors.items():
            self._insert_vectors(field, seqs, stored)
        key = layout.schema.partition_key
        if self._tenants is not None and key is not None:
            self._tenants.add(connection, batch.scalars[key.name])
        self.position = self._times.note(connection, self.position, wall_clock.now())
        self.position = self.position.added(batch.count, layout.checksums.keys_of(blobs))

    def fill_text(self, field: str, seqs: Sequence[int], documents: Documents) -> None:
        """Give the rows ``seqs``, which are there already, their ``documents`` in a new full text field."""
        self.fill(field, seqs, self._vocabularies[field].encode(self._connection, documents))

    def fill(self, field: str, seqs: Sequence[int], stored: Sequence[Any]) -> None:
        """Give the rows ``seqs``, which are there already, their vectors in a new field."""
        layout = self._layout
        self._connection.executemany(
            f"INSERT INTO {layout.vectors[field]} (seq, checksum, value) VALUES (?, ?, ?)",
            zip(seqs, checksums(seqs, stored, layout.salts[field]), stored, strict=True),
        )

    def next_pks(self, count: int, offset: int) -> list[Any]:
        """The keys that ``auto_id`` gives to the next ``count`` rows: their seqs plus ``offset``."""
        first = self.position.last_seq + 1 + offset
        seqs = range(first, first + count)
        return list(seqs) if self._layout.schema.primary.dtype is DataType.INT64 else list(map(str, seqs))

    def remove(self, seqs: Sequence[int]) -> None:
        """Delete the rows ``seqs``, which all exist, and enter them into the feed of removals."""
        layout, connection = self._layout, self._connection
        key_sum = self._forget_keys(seqs)
        bound = [(seq,) for seq in seqs]
        for table in (layout.rows, *layout.vectors.values()):
            gone = connection.executemany(f"DELETE FROM {table} WHERE seq = ?", bound).rowcount
            if gone != len(bound):
                raise layout.rows_missing(f"table {table}", len(bound), gone)
        self._feed(seqs)
        self.position = self.position.removed(len(seqs), key_sum, sum(seqs))

    def save_position(self) -> None:
        """Write the position of the collection into the file."""
        set_position(self._connection, self._layout.collection_id, self.position)

    def _insert_vectors(self, field: str, seqs: range, stored: Sequence[Blob]) -> None:
        """Write the vectors ``stored`` of the rows ``seqs``, which are there already."""
        table, salt = self._layout.vectors[field], self._layout.salts[field]
        if isinstance(stored, PackedVectors) and len(stored) >= _FEW_VECTORS:
            for start in range(0, len(stored), _VECTORS_AT_ONCE):
                part = slice(start, start + _VECTORS_AT_ONCE)
                self._insert_packed(table, salt, seqs[part], stored[part])
            return
        self._connection.executemany(
            f"INSERT INTO {table} (seq, checksum, value) VALUES (?, ?, ?)",
            zip(seqs, checksums(seqs, stored, salt), stored, strict=True),
        )

    def _insert_packed(self, table: str, salt: int, seqs: range, stored: PackedVectors) -> None:
        """Let SQLite cut vectors and checksums from one blob each, beside the rows ``seqs``."""
        rows, width = self._layout.rows, stored.width
        written = self._connection.execute(
            f"INSERT INTO {table} (seq, checksum, value)"
            f" SELECT seq, substr(?3, {CHECKSUM_WIDTH} * (seq - ?1) + 1, {CHECKSUM_WIDTH}),"
            f" substr(?4, {width} * (seq - ?1) + 1, {width})"
            f" FROM {rows} WHERE seq BETWEEN ?1 AND ?2",
            (seqs[0], seqs[-1], b"".join(checksums(seqs, stored, salt)), stored.buffer),
        ).rowcount
        if written != len(seqs):
            raise self._layout.rows_missing(f"table {rows}", len(seqs), written)

    def _feed(self, seqs: Sequence[int]) -> None:
        """Enter the rows ``seqs`` into the feed of removals."""
        connection, table, known = self._connection, self._layout.removed, self.position.last_change
        (newest,) = connection.execute(f"SELECT max(change) FROM {table}").fetchone()
        if newest is not None and newest > known:
            fault = ValueError(f"it has removal {newest}, and the last one was {known}")
            raise self._layout.corrupt(f"table {table}", fault)
        connection.executemany(
            f"INSERT INTO {table} (change, seq) VALUES (?, ?)",
            zip(range(known + 1, known + 1 + len(seqs)), seqs, strict=True),
        )
        last_change = known + len(seqs)
        if last_change // _FEED_LENGTH > known // _FEED_LENGTH:
            connection.execute(f"DELETE FROM {table} WHERE change <= ?", (last_change - _FEED_LENGTH,))

    def _forget_keys(self, seqs: Sequence[int]) -> int:
        """The checksum of the primary keys of the rows ``seqs``, which their tenants do not have any more."""
        layout, connection, key = self._layout, self._connection, self._layout.schema.partition_key
        names = [] if key is None else [key.name]
        listed = ", ".join(["seq", CHECKSUMS, *(layout.columns[name] for name in names)])
        key_sum, found = 0, 0
        owners: list[Any] = []
        for chunk, marks in chunks(seqs):
            # A chunk may be filled up with its last value; each row is found once all the same.
            rows = connection.execute(
                f"SELECT {listed} FROM {layout.rows} WHERE seq IN ({marks})", chunk
            ).fetchall()
            key_sum += layout.checksums.keys_of([row[1] for row in rows])
            found += len(rows)
            if names:
                owners += verified_rows(layout, rows, names)[1][0]
        if found != len(seqs):
            raise layout.rows_missing(f"table {layout.rows}", len(seqs), found)
        if self._tenants is not None and not self._tenants.remove(connection, owners):
            raise layout.corrupt(
                f"table {self._tenants.table}", ValueError("a tenant that has rows is missing")
            )
        return key_sum
