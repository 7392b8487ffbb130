"""The scalars of rows, read by the numbers of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from .chunks import chunks, ranges
from .integrity.row_checksums import PARTITION_COLUMN, Ints
from .layout import CHECKSUMS, TableLayout
from .reading import Transaction
from .verified import are_sound, verified_rows, verify

ROWS_AT_ONCE: Final = 1_024
"""Values or vectors read and verified at a time, while they are in the processor's cache. Four times as many
vectors take a tenth longer."""


@dataclass(frozen=True, slots=True)
class RowSubset:
    """The rows whose ``field``, one with an SQL index, has one of ``values``."""

    field: str
    values: tuple[Any, ...]


def condition(layout: TableLayout, after: int, subset: RowSubset | None) -> tuple[str, tuple[Any, ...]]:
    """An SQL condition for the rows beyond ``after`` in ``subset``, and the values it binds."""
    if subset is None:
        return "seq > ?", (after,)
    marks = ",".join("?" * len(subset.values))
    return f"seq > ? AND {layout.columns[subset.field]} IN ({marks})", (after, *subset.values)


class RowReader:
    """Reads scalars. Every method raises DatabaseCorruptError for a value that is not what was written.

    A column is a scalar field, ``PARTITION_COLUMN`` or ``DYNAMIC_FIELD``.
    """

    __slots__ = ("_layout", "_transaction")

    def __init__(self, layout: TableLayout, transaction: Transaction) -> None:
        self._layout = layout
        self._transaction = transaction

    def fetch(self, seqs: Sequence[int], columns: Sequence[str]) -> dict[int, tuple[Any, ...]]:
        """seq → (seq, pk, *columns) of rows that must exist."""
        layout, execute = self._layout, self._transaction.connection.execute
        listed = ", ".join(["seq", "pk", *map(layout.columns.__getitem__, columns), CHECKSUMS])
        names = [layout.schema.primary.name, *columns]
        found: dict[int, tuple[Any, ...]] = {}
        for chunk, marks in chunks(seqs):
            rows = execute(f"SELECT {listed} FROM {layout.rows} WHERE seq IN ({marks})", chunk).fetchall()
            if rows:
                of_seq, *values, blobs = zip(*rows, strict=True)
                verify(layout, of_seq, blobs, dict(zip(names, values, strict=True)))
                found.update(zip(of_seq, rows, strict=True))
        if len(found) < len(seqs) and len(found) < len(set(seqs)):
            raise layout.rows_missing(f"table {layout.rows}", len(set(seqs)), len(found))
        return found

    def columns(self, seqs: Sequence[int], columns: Sequence[str]) -> list[list[Any]]:
        """The values of the primary key and of each of ``columns`` in the ascending ``seqs``, which must exist."""
        layout, execute = self._layout, self._transaction.connection.execute
        listed = ", ".join(["seq", CHECKSUMS, "pk", *map(layout.columns.__getitem__, columns)])
        names = [layout.schema.primary.name, *columns]
        found: list[list[Any]] = [[] for _ in names]
        for part, where, bound in ranges(seqs):
            rows = execute(f"SELECT {listed} FROM {layout.rows} WHERE {where} ORDER BY seq", bound).fetchall()
            of_seq, values = verified_rows(layout, rows, names)
            if list(of_seq) != list(part):
                raise layout.rows_missing(f"table {layout.rows}", len(part), len(of_seq))
            for column, further in zip(found, values, strict=True):
                column.extend(further)
        return found

    def partitions_of(self, seqs: Sequence[int]) -> dict[int, int]:
        """The partition id of each of the rows ``seqs``."""
        return {seq: row[2] for seq, row in self.fetch(seqs, [PARTITION_COLUMN]).items()}

    def values(self, column: str, seqs: Ints, after: int = 0, subset: RowSubset | None = None) -> list[Any]:
        """Values of ``column`` in the rows ``seqs``, (n,), all beyond ``after`` of those in ``subset``."""
        found: list[Any] = []
        for values in self.chunks(column, seqs, ROWS_AT_ONCE, after, subset):
            found += values
        return found

    def chunks(
        self, column: str, seqs: Ints, size: int, after: int = 0, subset: RowSubset | None = None
    ) -> Iterator[list[Any]]:
        """The same, ``size`` values at a time."""
        layout, found = self._layout, 0
        if column in layout.integers:
            for integers in self._integers(column, seqs, size, after, subset):
                found += len(integers)
                yield integers
            after = int(seqs[found - 1]) if found else after
        where, bound = condition(layout, after, subset)
        rows = self._transaction.connection.execute(
            f"SELECT {layout.columns[column]}, {CHECKSUMS} FROM {layout.rows} WHERE {where} ORDER BY seq",
            bound,
        )
        # Flat, as a thousand tuples that live at once take longer than the values in them.
        while flat := list(chain.from_iterable(islice(rows, size))):
            values, blobs = flat[::2], flat[1::2]
            # The seqs are not read: checksums of other rows would not fit.
            expected = seqs[found : found + len(values)]
            if len(expected) < len(values):
                raise ValueError(f"{len(seqs)} rows have more values")
            verify(layout, expected, blobs, {column: values})
            found += len(values)
            yield values
        if found < len(seqs):
            raise ValueError(f"{len(seqs)} rows have {found} values")

    def _integers(
        self, column: str, seqs: Ints, size: int, after: int, subset: RowSubset | None
    ) -> Iterator[list[int]]:
        """The same up to the first rows that hold anything but integers with their checksums."""
        layout, found = self._layout, 0
        while found < len(seqs):
            where, bound = condition(layout, after, subset)
            # One text of all numbers is read in half the time of a row for each.
            listed, checksums = self._transaction.connection.execute(
                f"SELECT group_concat(value), CAST(group_concat(checksums, '') AS BLOB) FROM"
                f" (SELECT {layout.columns[column]} AS value, {CHECKSUMS} AS checksums"
                f" FROM {layout.rows} WHERE {where} ORDER BY seq LIMIT {size})",
                bound,
            ).fetchone()
            try:
                values = list(map(int, listed.split(",")))
            except (AttributeError, ValueError):
                return
            expected = seqs[found : found + len(values)]
            if not are_sound(layout, expected, checksums, {column: values}):
                return
            found, after = found + len(values), int(expected[-1])
            yield values

    def longest(self, field: str, seqs: Ints) -> int:
        """Bytes of UTF-8 of the longest value that the rows ``seqs``, all there are, have in a VARCHAR field."""
        return max(
            (len(value.encode()) for value in self.values(field, seqs) if value is not None), default=0
        )

    def all_pks(self, seqs: Ints, key_sum: int) -> list[Any]:
        """Primary keys of ``seqs``, (n,), all rows there are; together they have the checksum ``key_sum``."""
        # Without a condition SQLite reads both off the narrow index on pk, in the order of pks.
        rows = sorted(self._transaction.connection.execute(f"SELECT seq, pk FROM {self._layout.rows}"))
        pks = [pk for _, pk in rows]
        if len(pks) != len(seqs) or self._layout.checksums.key_sum(seqs, pks) != key_sum:
            raise ValueError("the keys do not match the checksum of all keys")
        return pks
