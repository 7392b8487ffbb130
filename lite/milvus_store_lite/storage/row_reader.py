"""The rows of one collection as they are read by number: which there are, their values and vectors.

Whatever of a row is handed out has been verified by its checksum: that of a vector stands beside it, those of
scalars in the row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import DatabaseCorruptError
from .chunks import chunks
from .integrity.checksums import damaged
from .integrity.row_checksums import PARTITION_COLUMN
from .positions import Position, place, sum_of_seqs
from .tables import CHECKSUMS, StoredTables

ROWS_AT_ONCE: Final = 1_024
"""Values read and verified at a time, while they are in the processor's cache."""

Seqs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RowSubset:
    """The rows whose ``field``, one with an SQL index, has one of ``values``."""

    field: str
    values: tuple[Any, ...]


class RowReader(StoredTables):
    """Reads the tables of a collection. All of it raises DatabaseCorruptError for what is not as it was."""

    def partitions_of(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, int]:
        """The partition id of each of the rows ``seqs``."""
        found = self.fetch(connection, seqs, [PARTITION_COLUMN])
        return {seq: row[2] for seq, row in found.items()}

    def seqs_in_partition(
        self, connection: sqlite3.Connection, partition: int, position: Position
    ) -> list[int]:
        """Seqs of the rows in a partition, ascending. A scan: an SQL index would slow every insert down for it.

        Args:
            position: where the collection stands.
        """
        seqs = self.live_seqs(connection, position)
        partitions = np.array(self.scalar_values(connection, PARTITION_COLUMN, seqs, 0), dtype=np.int64)
        found: list[int] = seqs[partitions == partition].tolist()
        return found

    def longest(self, connection: sqlite3.Connection, field: str, position: Position) -> int:
        """Bytes of UTF-8 of the longest value of a VARCHAR field, 0 without rows; ``position`` as above."""
        values = self.scalar_values(connection, field, self.live_seqs(connection, position), 0)
        return max((len(value.encode()) for value in values if value is not None), default=0)

    def position(self, connection: sqlite3.Connection) -> Position:
        """Where the collection stands."""
        position = place(connection, self.collection_id)
        if position is None:
            raise self.corrupt("table collections", ValueError("it lacks the collection"))
        return position

    def live_seqs(self, connection: sqlite3.Connection, position: Position) -> Seqs:
        """(n,) int64 seqs of all rows there are, ascending; the collection stands at ``position``.

        Raises:
            DatabaseCorruptError: they are not those that were written.
        """
        seqs = self._seqs_beyond(connection, 0)
        if (len(seqs), int(seqs.sum())) != (position.live, position.seq_sum):
            fault = ValueError(f"{position.live} rows were written, {len(seqs)} or others were found")
            raise self._bad_numbers(fault)
        return seqs

    def added_seqs(
        self, connection: sqlite3.Connection, known: Position, to: Position, removed: Seqs
    ) -> Seqs:
        """The same of the rows that came between two positions and are still there.

        Args:
            removed: what went between them: ``removed_seqs``.
        """
        if to.last_seq == known.last_seq:
            return np.empty(0, dtype=np.int64)
        seqs = self._seqs_beyond(connection, known.last_seq)
        gone = removed[removed > known.last_seq]
        count = to.last_seq - known.last_seq - len(gone)
        if (len(seqs), int(seqs.sum())) != (
            count,
            sum_of_seqs(known.last_seq, to.last_seq) - int(gone.sum()),
        ):
            raise self._bad_numbers(ValueError(f"{count} rows were added, {len(seqs)} or others were found"))
        return seqs

    def removed_seqs(self, connection: sqlite3.Connection, known: Position, to: Position) -> Seqs | None:
        """(n,) int64 seqs of the rows that went between two positions, even if they had come only then.

        None if the feed of removals no longer reaches back so far.
        """
        count = to.last_change - known.last_change
        rows: list[tuple[int]] = []
        if count:
            rows = connection.execute(
                f"SELECT seq FROM {self._removed} WHERE change > ?", (known.last_change,)
            ).fetchall()
        if len(rows) < count:
            return None
        came = sum_of_seqs(known.last_seq, to.last_seq)
        if len(rows) > count or sum(seq for (seq,) in rows) != known.seq_sum + came - to.seq_sum:
            raise self.corrupt(f"table {self._removed}", ValueError("it has other rows than were removed"))
        return np.array([seq for (seq,) in rows], dtype=np.int64)

    def _seqs_beyond(self, connection: sqlite3.Connection, after: int) -> Seqs:
        """Seqs of the rows beyond ``after``, ascending, as the file has them."""
        # Without a condition SQLite counts and reads what is narrowest: an index.
        source, bound = (self._rows, ()) if after == 0 else (f"{self._rows} WHERE seq > ?1", (after,))
        count, first, last = connection.execute(
            f"SELECT (SELECT count(*) FROM {source}),"
            f" (SELECT min(seq) FROM {source}), (SELECT max(seq) FROM {source})",
            bound,
        ).fetchone()
        if count == 0:
            return np.empty(0, dtype=np.int64)
        if last - first + 1 == count:
            return np.arange(first, last + 1)
        # One text of all numbers is read four times as fast as a row for each.
        (listed,) = connection.execute(f"SELECT group_concat(seq) FROM {source}", bound).fetchone()
        try:
            seqs = np.sort(np.fromstring(listed, dtype=np.int64, sep=","))
        except (ValueError, OverflowError) as error:
            raise self._bad_numbers(error) from error
        if (seqs[1:] == seqs[:-1]).any():
            raise self._bad_numbers(ValueError("one of them is there twice"))
        return seqs

    def all_pks(self, connection: sqlite3.Connection, seqs: Seqs, key_sum: int) -> list[Any]:
        """Primary keys of ``seqs``, (n,), all rows there are; together they have the checksum ``key_sum``."""
        # Without a condition SQLite reads both off the narrow index on pk, in the order of pks.
        rows = sorted(connection.execute(f"SELECT seq, pk FROM {self._rows}"))
        pks = [pk for _, pk in rows]
        if len(pks) != len(seqs) or self.checksums.key_sum(seqs, pks) != key_sum:
            raise ValueError("the keys do not match the checksum of all keys")
        return pks

    def scalar_values(
        self,
        connection: sqlite3.Connection,
        column: str,
        seqs: Seqs,
        after: int,
        part: RowSubset | None = None,
    ) -> list[Any]:
        """Stored values of ``column`` for the rows ``seqs``, (n,): all beyond ``after``, of those in ``part``.

        A column is a scalar field, ``PARTITION_COLUMN`` or ``DYNAMIC_FIELD``.
        """
        where, bound = self._condition(after, part)
        rows = connection.execute(
            f"SELECT {self._columns[column]}, {CHECKSUMS} FROM {self._rows} WHERE {where} ORDER BY seq", bound
        )
        found: list[Any] = []
        # Flat, as a thousand tuples that live at once take longer than the values in them.
        while flat := list(chain.from_iterable(islice(rows, ROWS_AT_ONCE))):
            values, blobs = flat[::2], flat[1::2]
            # Which rows these are is not read: the checksums of others would not fit.
            expected = seqs[len(found) : len(found) + len(values)]
            if len(expected) < len(values):
                raise ValueError(f"{len(seqs)} rows have more values")
            self._verify(expected, blobs, {column: values})
            found += values
        if len(found) < len(seqs):
            raise ValueError(f"{len(seqs)} rows have {len(found)} values")
        return found

    def vector_blobs(
        self,
        connection: sqlite3.Connection,
        field: str,
        after: int,
        chunk: int,
        part: RowSubset | None = None,
    ) -> Iterator[tuple[list[int], list[bytes | None]]]:
        """Seqs and vectors of the rows beyond ``after``, of those in ``part``, ascending, ``chunk`` at a time.

        Whether none is missing is for the caller to compare.
        """
        table = self._vectors[field]
        where, values = self._condition(after, part)
        source = table if part is None else f"{self._rows} JOIN {table} USING (seq)"
        rows = connection.execute(
            f"SELECT seq, checksum, value FROM {source} WHERE {where} ORDER BY seq", values
        )
        while found := rows.fetchmany(chunk):
            yield self._sound(field, found)

    def every_vector(
        self, connection: sqlite3.Connection, field: str, after: int, chunk: int
    ) -> Iterator[tuple[list[int], list[bytes | None]]]:
        """``vector_blobs`` of all rows beyond ``after``, for who does not know which there are."""
        count, total = connection.execute(
            f"SELECT count(*), coalesce(sum(seq), 0) FROM {self._rows} WHERE seq > ?", (after,)
        ).fetchone()
        for seqs, blobs in self.vector_blobs(connection, field, after, chunk):
            count, total = count - len(seqs), total - sum(seqs)
            yield seqs, blobs
        if count or total:
            fault = ValueError("a row has no vector, or a vector has no row")
            raise self.corrupt(f"vectors of field '{field}'", fault)

    def vector_bytes(self, connection: sqlite3.Connection, field: str, part: RowSubset | None = None) -> int:
        """Bytes of all stored vectors of ``field``."""
        table = self._vectors[field]
        where, values = self._condition(0, part)
        source = table if part is None else f"{self._rows} JOIN {table} USING (seq)"
        summed = connection.execute(f"SELECT total(length(value)) FROM {source} WHERE {where}", values)
        return int(summed.fetchone()[0])

    def fetch(
        self, connection: sqlite3.Connection, seqs: Sequence[int], columns: Sequence[str]
    ) -> dict[int, tuple[Any, ...]]:
        """seq → (seq, pk, *columns) of rows that are there."""
        listed = ", ".join(["seq", "pk", *(self._columns[name] for name in columns), CHECKSUMS])
        names = [self.schema.primary.name, *columns]
        found: dict[int, tuple[Any, ...]] = {}
        for chunk, marks in chunks(seqs):
            rows = connection.execute(
                f"SELECT {listed} FROM {self._rows} WHERE seq IN ({marks})", chunk
            ).fetchall()
            if rows:
                of_seq, *values, blobs = zip(*rows, strict=True)
                self._verify(of_seq, blobs, dict(zip(names, values, strict=True)))
                found.update(zip(of_seq, rows, strict=True))
        if len(found) < len(seqs) and len(found) < len(set(seqs)):
            raise self._rows_missing(f"table {self._rows}", len(set(seqs)), len(found))
        return found

    def fetch_vectors(
        self, connection: sqlite3.Connection, seqs: Sequence[int], field: str
    ) -> dict[int, bytes | None]:
        """seq → the stored vector, None for a null, of rows that are there."""
        found = self.present_vectors(connection, seqs, field)
        if len(found) < len(seqs) and len(found) < len(set(seqs)):
            place = f"field '{field}', table {self._vectors[field]}"
            raise self._rows_missing(place, len(set(seqs)), len(found))
        return found

    def present_vectors(
        self, connection: sqlite3.Connection, seqs: Sequence[int], field: str
    ) -> dict[int, bytes | None]:
        """The same of those rows that are still there, for who does not know."""
        found: dict[int, bytes | None] = {}
        for chunk, marks in chunks(seqs):
            rows = connection.execute(
                f"SELECT seq, checksum, value FROM {self._vectors[field]} WHERE seq IN ({marks})", chunk
            ).fetchall()
            if rows:
                found.update(zip(*self._sound(field, rows), strict=True))
        return found

    # ---------------------------------------------------------------------------------------------------

    def _condition(self, after: int, part: RowSubset | None) -> tuple[str, tuple[Any, ...]]:
        """An SQL condition for the rows beyond ``after`` in ``part``, and the values it binds."""
        if part is None:
            return "seq > ?", (after,)
        marks = ",".join("?" * len(part.values))
        return f"seq > ? AND {self._columns[part.field]} IN ({marks})", (after, *part.values)

    def _verified(
        self, rows: Sequence[tuple[Any, ...]], columns: Sequence[str]
    ) -> tuple[Sequence[int], list[Sequence[Any]]]:
        """Seqs and values of ``rows``, (seq, checksums, *columns) each, all of them what was written."""
        if not rows:
            return (), [() for _ in columns]
        seqs, blobs, *values = zip(*rows, strict=True)
        self._verify(seqs, blobs, dict(zip(columns, values, strict=True)))
        return seqs, list(values)

    def _verify(
        self,
        seqs: Sequence[int] | Seqs,
        blobs: Sequence[Any],
        values: dict[str, Sequence[Any]],
    ) -> None:
        changed = self.checksums.changed(seqs, blobs, values)
        if changed:
            column, seq = changed[0]
            fault = ValueError("the value does not match its checksum")
            raise self.corrupt(f"field '{column}', table {self._rows}, seq {seq}", fault)

    def _sound(
        self, field: str, rows: list[tuple[int, bytes, bytes | None]]
    ) -> tuple[list[int], list[bytes | None]]:
        """Seqs and vectors of ``rows`` (seq, checksum, vector), all of them what was written."""
        seqs, blobs = [seq for seq, _, _ in rows], [blob for _, _, blob in rows]
        places = damaged(seqs, blobs, [checksum for _, checksum, _ in rows], self.salts[field])
        if places:
            fault = ValueError("the vector does not match its checksum")
            raise self.corrupt(f"field '{field}', table {self._vectors[field]}, seq {seqs[places[0]]}", fault)
        return seqs, blobs

    def _bad_numbers(self, cause: Exception) -> DatabaseCorruptError:
        return self.corrupt("the numbers of its rows", cause)

    def _rows_missing(self, place: str, expected: int, found: int) -> DatabaseCorruptError:
        return self.corrupt(place, ValueError(f"expected {expected} rows, found {found}"))
