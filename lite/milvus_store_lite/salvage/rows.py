"""The whole rows of a damaged collection, and the faults of the others.

A row is whole when each of its scalars and vectors matches its checksum. Rows and
vectors are read side by side, in the order of their numbers, some at a time.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..codec import codec_of
from ..errors import MilvusException
from ..schema.fields import Field
from ..storage import positions
from ..storage.insert_times import Entry, InsertTimes
from ..storage.integrity.checksums import damaged
from ..storage.layout import CHECKSUMS, TableLayout
from .definitions import FoundCollection, Note, stored_tables
from .report import Losses
from .scan import UNREADABLE_ROWS, Scan, largest

_ROWS_AT_ONCE: Final = 512
_BYTES_AT_ONCE: Final = 4_000_000
_CHANGED: Final = "not what was written, by the checksum"
MISSING: Final = "it is missing, or on a page that cannot be read"


@dataclass(frozen=True, slots=True)
class Rows:
    """Whole rows, ``seqs`` ascending: their stored ``checksums``, ``values`` by column, ``vectors`` by field with
    their own checksums, without those that functions fill."""

    seqs: list[int]
    checksums: list[bytes]
    values: dict[str, list[Any]]
    vectors: dict[str, list[tuple[bytes | None, bytes | None]]]

    def keep(self, indices: Sequence[int]) -> Rows:
        """Those at ``indices``, in that order."""
        return Rows(
            [self.seqs[index] for index in indices],
            [self.checksums[index] for index in indices],
            {name: [column[index] for index in indices] for name, column in self.values.items()},
            {name: [column[index] for index in indices] for name, column in self.vectors.items()},
        )


class DamagedRows:
    """Reads the rows of ``collection``; rows that are not whole go to ``losses``, pages that cannot be read to
    ``note``."""

    def __init__(
        self, connection: sqlite3.Connection, collection: FoundCollection, losses: Losses, note: Note
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._layout = TableLayout(collection.id, collection.schema)
        self._losses = losses
        self._note = note
        self._tables = stored_tables(connection)
        self._fields = [field for field in collection.schema.vectors if not field.is_full_text]
        self.missing = array("q")
        """Numbers of vectors without a row so far; some may occur more than once."""
        self.last_seq = max(
            collection.last_seq,
            *(largest(connection, table, "seq", 0) for table in self._every_table()),
        )

    def whole(self, first: int, last: int) -> Iterator[Rows]:
        """The whole rows from ``first`` to ``last``."""
        columns = self._layout.columns
        scan = self._scan(self._layout.rows, [CHECKSUMS, *columns.values()])
        readers = {field.name: _VectorReader(self._vectors(field, first, last)) for field in self._fields}
        for chunk in _chunks(scan.rows(first, last)):
            yield self._checked(chunk, list(columns), readers)
        for reader in readers.values():
            self.missing.extend(reader.remaining())

    def removals(self) -> set[int]:
        """Numbers of the rows that the feed records as deleted. The records have no checksums."""
        table = self._layout.removed
        if table.strip('"') not in self._tables:
            return set()
        last = largest(self._connection, table, "change", 0)
        # The feed keeps 100,000 at most; older deletions are not known anyway.
        rows = self._scan(table, ["seq"], "change").rows(max(1, last - 100_000), last)
        return {seq for _, seq in rows if isinstance(seq, int)}

    def insert_times(self) -> list[Entry] | None:
        """When rows were inserted; None where the log of it is damaged."""
        try:
            entries = InsertTimes(self._layout.times, self._collection.id).entries(self._connection)
            position = positions.position_of(self._connection, self._collection.id)
        except (MilvusException, *UNREADABLE_ROWS):
            return None
        last = entries[-1].at if entries else 0
        return entries if position is not None and position.inserted_at == last else None

    def indexed_keys(self) -> Iterator[tuple[int, Any]]:
        """(seq, primary key) from the SQL index on keys: not verified, and in no order."""
        table = self._layout.rows
        index = f'"sqlite_autoindex_{table[1:-1]}_1"'
        try:
            for seq, pk in self._connection.execute(f"SELECT seq, pk FROM {table} INDEXED BY {index}"):
                if isinstance(seq, int):
                    yield seq, pk
        except (sqlite3.Error, UnicodeDecodeError, MemoryError, OverflowError):
            return

    def _every_table(self) -> list[str]:
        tables = self._layout
        listed = [tables.rows, *(tables.vectors[field.name] for field in self._fields)]
        return [table for table in listed if table.strip('"') in self._tables]

    def _scan(self, table: str, columns: Sequence[str], number: str = "seq") -> Scan:
        return Scan(
            self._connection,
            table,
            number,
            columns,
            lambda text: self._note(f"{self._collection.where}: {text}"),
        )

    def _vectors(self, field: Field, first: int, last: int) -> Iterator[tuple[int, Any, Any]]:
        table = self._layout.vectors[field.name]
        if table.strip('"') not in self._tables:
            self._note(f"{self._collection.where}: the table of vectors of field {field.name!r} is missing")
            return iter(())
        return self._scan(table, ["checksum", "value"]).rows(first, last)

    def _checked(
        self, chunk: list[tuple[Any, ...]], names: list[str], readers: dict[str, _VectorReader]
    ) -> Rows:
        seqs: list[int]
        seqs, blobs, *columns = (list(column) for column in zip(*chunk, strict=True))
        values = dict(zip(names, columns, strict=True))
        faults: dict[int, tuple[str, str]] = {}
        pk_name = self._collection.schema.primary.name
        lost_keys = set()
        for name, seq in self._layout.checksums.changed(seqs, blobs, values):
            faults.setdefault(seq, (name, _CHANGED))
            if name == pk_name:
                lost_keys.add(seq)
        vectors = {}
        for field in self._fields:
            found, orphans = readers[field.name].of(seqs)
            self.missing.extend(orphans)
            vectors[field.name] = found
            for seq, why in self._vector_faults(field, seqs, found):
                faults.setdefault(seq, (field.name, why))
        rows = Rows(seqs, blobs, values, vectors)
        if not faults:
            return rows
        for index, seq in enumerate(seqs):
            if seq in faults:
                pk = None if seq in lost_keys else values[pk_name][index]
                self._losses.add(seq, pk, *faults[seq])
        return rows.keep([index for index, seq in enumerate(seqs) if seq not in faults])

    def _vector_faults(
        self, field: Field, seqs: list[int], found: list[tuple[Any, Any]]
    ) -> Iterator[tuple[int, str]]:
        """(seq, fault) of vectors that are missing or damaged."""
        checksums, blobs = [checksum for checksum, _ in found], [blob for _, blob in found]
        for index in damaged(seqs, blobs, checksums, self._layout.salts[field.name]):
            yield seqs[index], MISSING if found[index] == _NOTHING else _CHANGED
        codec = codec_of(field)
        length = codec.width(field)
        for seq, blob in zip(seqs, blobs, strict=True):
            if blob is None:
                is_fit = field.nullable
            elif length is None:
                is_fit = isinstance(blob, bytes) and len(blob) % codec.unit(field) == 0
            else:
                is_fit = isinstance(blob, bytes) and len(blob) == length
            if not is_fit:
                yield seq, _CHANGED


_NOTHING: Final = (None, None)


class _VectorReader:
    """The vectors of a field, read side by side with their rows."""

    def __init__(self, rows: Iterator[tuple[int, Any, Any]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, seqs: Sequence[int]) -> tuple[list[tuple[Any, Any]], list[int]]:
        """(checksum, vector) of each of ``seqs``, and the numbers of earlier vectors that have no row."""
        found: dict[int, tuple[Any, Any]] = {}
        wanted, orphans = set(seqs), []
        while self._next is not None and self._next[0] <= seqs[-1]:
            seq, checksum, value = self._next
            if seq in wanted:
                found[seq] = checksum, value
            else:
                orphans.append(seq)
            self._next = next(self._rows, None)
        return [found.get(seq, _NOTHING) for seq in seqs], orphans

    def remaining(self) -> Iterator[int]:
        while self._next is not None:
            yield self._next[0]
            self._next = next(self._rows, None)


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """``rows`` in batches of bounded size, however long a row is."""
    chunk: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if len(chunk) >= _ROWS_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
