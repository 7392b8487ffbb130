"""Copies rows to another collection: the same numbers, values, terms and times, under new checksums."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from .integrity.checksums import checksums
from .integrity.row_checksums import PARTITION_COLUMN
from .layout import CHECKSUMS
from .positions import Position, set_position
from .reading import OpenTransaction
from .row_reader import ROWS_AT_ONCE
from .store import CollectionStore
from .vector_reader import VectorReader
from .verified import verified_rows

Numbers = tuple[int, int]
"""How many rows there are, and the sum of their seqs."""


class RowCopy:
    """From the tables of ``source``, which stands at ``position``, to those of ``target``, which are empty.

    Both have the same schema, with its ``auto_id_offset``. Rows keep their seqs, so keys that ``auto_id`` gives
    later are new in both.
    """

    def __init__(
        self,
        source: CollectionStore,
        target: CollectionStore,
        connection: sqlite3.Connection,
        position: Position,
    ) -> None:
        self._source: Final = source
        self._target: Final = target
        self._connection: Final = connection
        self._position: Final = position

    def run(self, partitions: Mapping[int, int]) -> None:
        """Copy all rows.

        Args:
            partitions: the id of each partition of the source → that of the same partition of the target.

        Raises:
            DatabaseCorruptError: what the source has is not what was written.
        """
        key_sum = self._copy_rows(partitions)
        for field in self._source.layout.vectors:
            self._copy_vectors(field)
        for field, vocabulary in self._source.vocabularies.items():
            vocabulary.copy_to(self._target.vocabularies[field], self._connection)
        self._copy_times()
        # All removals that were ever counted stay so, as after a compaction: the feed of the target begins empty.
        position = self._position._replace(key_sum=key_sum)
        set_position(self._connection, self._target.layout.collection_id, position)

    def _copy_rows(self, partitions: Mapping[int, int]) -> int:
        """Copy the scalars; returns the sum of the new checksums of the keys."""
        source, target = self._source.layout, self._target.layout
        names = list(source.columns)
        listed = ["seq", CHECKSUMS, *source.columns.values()]
        rows = self._connection.execute(f"SELECT {', '.join(listed)} FROM {source.rows} ORDER BY seq")
        insert = f"INSERT INTO {target.rows} ({', '.join(listed)}) VALUES ({', '.join('?' * len(listed))})"
        key, tenants = source.schema.partition_key, self._target.indexes.tenants
        key_sum, count, total = 0, 0, 0
        while chunk := rows.fetchmany(ROWS_AT_ONCE):
            seqs, columns = verified_rows(source, chunk, names)
            values = dict(zip(names, columns, strict=True))
            values[PARTITION_COLUMN] = [partitions[number] for number in values[PARTITION_COLUMN]]
            blobs = target.checksums.of_rows(seqs, values)
            self._connection.executemany(
                insert, zip(seqs, map(bytearray, blobs), *values.values(), strict=True)
            )
            if tenants is not None and key is not None:
                tenants.add(self._connection, values[key.name])
            key_sum += target.checksums.keys_of(blobs)
            count, total = count + len(seqs), total + sum(seqs)
        self._require_all(source.rows, (count, total))
        return key_sum

    def _copy_vectors(self, field: str) -> None:
        source, target = self._source.layout, self._target.layout
        count, total = 0, 0
        reader = VectorReader(source, OpenTransaction(self._connection))
        for seqs, stored in reader.blocks(field, 0, ROWS_AT_ONCE):
            self._connection.executemany(
                f"INSERT INTO {target.vectors[field]} (seq, checksum, value) VALUES (?, ?, ?)",
                zip(seqs, checksums(seqs, stored, target.salts[field]), stored, strict=True),
            )
            count, total = count + len(seqs), total + sum(seqs)
        self._require_all(source.vectors[field], (count, total))

    def _copy_times(self) -> None:
        entries = self._source.times.entries(self._connection)
        if (entries[-1].at if entries else 0) != self._position.inserted_at:
            fault = ValueError("its last entry is missing")
            raise self._source.layout.corrupt(f"table {self._source.times.table}", fault)
        self._target.times.write(self._connection, entries)

    def _require_all(self, table: str, found: Numbers) -> None:
        """Raise DatabaseCorruptError unless ``table`` has all rows that were written."""
        if found != (self._position.live, self._position.seq_sum):
            fault = ValueError(f"{self._position.live} rows were written, {found[0]} or others were found")
            raise self._source.layout.corrupt(f"table {table}", fault)
