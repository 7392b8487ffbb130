"""The rows of one collection as they are read: every statement that looks into its tables.

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

from .checksums import damaged
from .chunks import chunks
from .neighbours import are_in_order, entries_beside
from .row_checksums import PARTITION_COLUMN
from .tables import CHECKSUMS, StoredTables

_FEW_KEYS: Final = 4
"""Keys that are looked up sooner than compared with the largest."""

_MISSES_LOOKED_AT: Final = 64
"""Primary keys that no row has, of which so many are made sure of: 10 µs each, which a large batch would feel."""

_ROWS_AT_ONCE: Final = 1_024
"""Values read and verified at a time, while they are in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows whose ``field``, one with an SQL index, has one of ``values``."""

    field: str
    values: tuple[Any, ...]


class RowReader(StoredTables):
    """Reads the tables of a collection. All of it raises DatabaseCorruptError for what is not as it was."""

    def seqs_of_pks(self, connection: sqlite3.Connection, pks: Sequence[Any]) -> dict[Any, int]:
        """The seq of each of ``pks`` that exists."""
        primary = self.schema.primary.name
        select = f"SELECT seq, {CHECKSUMS}, pk FROM {self._rows}"
        if len(pks) > _FEW_KEYS:
            # Rows mostly come in with rising keys: those beyond the largest need no looking up.
            _, (largest,) = self._verified(
                connection.execute(f"{select} ORDER BY pk DESC LIMIT 1").fetchall(), [primary]
            )
            pks = [pk for pk in pks if pk <= largest[0]] if largest else []
        found: dict[Any, int] = {}
        for chunk, marks in chunks(pks):
            rows = connection.execute(f"{select} WHERE pk IN ({marks})", chunk).fetchall()
            seqs, (stored,) = self._verified(rows, [primary])
            if not set(chunk).issuperset(stored):
                raise self.corrupt(f"field '{primary}'", ValueError("its SQL index has keys that no row has"))
            found.update(zip(stored, seqs, strict=True))
        if len(found) < len(pks):
            for pk in [pk for pk in pks if pk not in found][:_MISSES_LOOKED_AT]:
                self._refuse_lost(connection, primary, pk)
        return found

    def partitions_of(self, connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, int]:
        """The partition id of each of the rows ``seqs``."""
        found = self.fetch(connection, seqs, [PARTITION_COLUMN])
        return {seq: row[2] for seq, row in found.items()}

    def seqs_in_partition(self, connection: sqlite3.Connection, partition: int) -> list[int]:
        """Seqs of the rows in a partition, ascending. A scan: an SQL index would slow every insert down for it."""
        seqs: list[int] = []
        for found, (partitions,) in self._scan(connection, [PARTITION_COLUMN], 0, None):
            seqs += [seq for seq, one in zip(found, partitions, strict=True) if one == partition]
        return seqs

    def all_seqs(
        self, connection: sqlite3.Connection, after: int, part: Part | None = None
    ) -> npt.NDArray[np.int64]:
        """(n,) int64 seqs of the live rows beyond ``after``, ascending; only those of ``part`` if it is given.

        Raises:
            ValueError: an SQL index has lost or gained rows.
        """
        if part is not None:
            return np.array(self._seqs_of_part(connection, after, part), dtype=np.int64)
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
        seqs = np.sort(np.fromstring(listed, dtype=np.int64, sep=","))
        if len(seqs) != count or (seqs[1:] == seqs[:-1]).any():
            raise ValueError("one of them is there twice, or not at all")
        return seqs

    def _seqs_of_part(self, connection: sqlite3.Connection, after: int, part: Part) -> list[int]:
        """``all_seqs`` of a part: through its SQL index, which may neither add nor lose rows."""
        seqs: list[int] = []
        for found, (values,) in self._scan(connection, [part.field], after, part):
            if not set(values).issubset(part.values):
                raise ValueError(f"the SQL index on '{part.field}' has values that no row has")
            seqs += found
        if len(set(seqs)) < len(seqs):
            raise ValueError(f"the SQL index on '{part.field}' has a row twice")
        column = self._columns[part.field]
        backwards = f"SELECT seq FROM {self._rows} WHERE {column} = ? AND seq > ? ORDER BY seq DESC"
        found_backwards = 0
        for value in part.values:
            # An entry that is too large ends a scan early, unless it comes from the other end.
            found_backwards += len(connection.execute(backwards, (value, after)).fetchall())
            self._refuse_lost(connection, part.field, value)
        if found_backwards != len(seqs):
            raise ValueError(f"the SQL index on '{part.field}' has other rows when it is read backwards")
        return seqs

    def _refuse_lost(self, connection: sqlite3.Connection, field: str, value: Any) -> None:
        """Raise where the SQL index on ``field`` may have lost rows that have ``value``."""
        select = f"SELECT seq, {CHECKSUMS}, {self._columns[field]} FROM {self._rows}"
        for before, rows in entries_beside(connection, select, self._columns[field], "seq", value):
            seqs, (keys,) = self._verified(rows, [field])
            if not are_in_order(value, list(keys), list(seqs), before=before):
                raise self.corrupt(f"field '{field}'", ValueError("its SQL index is not in order"))

    def removed_seqs(self, connection: sqlite3.Connection, after_change: int) -> list[int]:
        """The feed of removals beyond ``after_change``."""
        rows = connection.execute(f"SELECT seq FROM {self._removed} WHERE change > ?", (after_change,))
        return [seq for (seq,) in rows]

    def all_pks(self, connection: sqlite3.Connection, seqs: npt.NDArray[np.int64], key_sum: int) -> list[Any]:
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
        seqs: npt.NDArray[np.int64],
        after: int,
        part: Part | None = None,
    ) -> list[Any]:
        """Stored values of ``column`` for the rows ``seqs``, (n,): those of ``all_seqs``, in the same order.

        A column is a scalar field, ``PARTITION_COLUMN`` or ``DYNAMIC_FIELD``.
        """
        where, bound = self._condition(after, part)
        rows = connection.execute(
            f"SELECT {self._columns[column]}, {CHECKSUMS} FROM {self._rows} WHERE {where} ORDER BY seq", bound
        )
        found: list[Any] = []
        # Flat, as a thousand tuples that live at once take longer than the values in them.
        while flat := list(chain.from_iterable(islice(rows, _ROWS_AT_ONCE))):
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
        self, connection: sqlite3.Connection, field: str, after: int, chunk: int, part: Part | None = None
    ) -> Iterator[tuple[list[int], list[bytes | None]]]:
        """Seqs and vectors of the same rows as ``all_seqs`` in the same order, ``chunk`` at a time."""
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

    def fetch(
        self, connection: sqlite3.Connection, seqs: Sequence[int], columns: Sequence[str]
    ) -> dict[int, tuple[Any, ...]]:
        """seq → (seq, pk, *columns) of those of the given rows that exist."""
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
        return found

    def fetch_vectors(
        self, connection: sqlite3.Connection, seqs: Sequence[int], field: str
    ) -> dict[int, bytes | None]:
        """seq → the stored vector, None for a null."""
        found: dict[int, bytes | None] = {}
        for chunk, marks in chunks(seqs):
            rows = connection.execute(
                f"SELECT seq, checksum, value FROM {self._vectors[field]} WHERE seq IN ({marks})", chunk
            ).fetchall()
            found.update(zip(*self._sound(field, rows), strict=True))
        return found

    # ---------------------------------------------------------------------------------------------------

    def _scan(
        self, connection: sqlite3.Connection, columns: Sequence[str], after: int, part: Part | None
    ) -> Iterator[tuple[Sequence[int], list[Sequence[Any]]]]:
        """Seqs of the rows beyond ``after`` in ``part``, ascending, and their values in each of ``columns``."""
        listed = ", ".join(["seq", CHECKSUMS, *(self._columns[name] for name in columns)])
        where, bound = self._condition(after, part)
        rows = connection.execute(f"SELECT {listed} FROM {self._rows} WHERE {where} ORDER BY seq", bound)
        while chunk := rows.fetchmany(_ROWS_AT_ONCE):
            yield self._verified(chunk, columns)

    def _condition(self, after: int, part: Part | None) -> tuple[str, tuple[Any, ...]]:
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
        seqs: Sequence[int] | npt.NDArray[np.int64],
        blobs: Sequence[Any],
        values: dict[str, Sequence[Any]],
    ) -> None:
        changed = self.checksums.changed(seqs, blobs, values)
        if changed:
            column, seq = changed[0]
            fault = ValueError("the value does not match its checksum")
            raise self.corrupt(f"field '{column}', table {self._rows}, seq {seq}", fault)

    def _sound(
        self, field: str, rows: list[tuple[int, bytes | None, bytes | None]]
    ) -> tuple[list[int], list[bytes | None]]:
        """Seqs and vectors of ``rows`` (seq, checksum, vector), all of them what was written."""
        seqs, blobs = [seq for seq, _, _ in rows], [blob for _, _, blob in rows]
        places = damaged(seqs, blobs, [checksum for _, checksum, _ in rows])
        if places:
            fault = ValueError("the vector does not match its checksum")
            raise self.corrupt(f"field '{field}', table {self._vectors[field]}, seq {seqs[places[0]]}", fault)
        return seqs, blobs
