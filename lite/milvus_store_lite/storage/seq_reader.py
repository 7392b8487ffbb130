"""The seqs of a collection's rows: all of them, and those added and removed between two positions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..errors import DatabaseCorruptError
from .integrity.row_checksums import PARTITION_COLUMN, Ints
from .layout import TableLayout
from .positions import Position, sum_of_seqs
from .reading import Transaction
from .row_reader import RowReader


class SeqReader:
    """Reads seqs at ``position``, as (n,) int64, ascending.

    Every method raises DatabaseCorruptError if the seqs are not those that were written.
    """

    __slots__ = ("_layout", "_position", "_transaction")

    def __init__(self, layout: TableLayout, transaction: Transaction, position: Position) -> None:
        self._layout = layout
        self._transaction = transaction
        self._position = position

    def live(self) -> Ints:
        """All rows."""
        seqs, position = self._beyond(0), self._position
        if (len(seqs), int(seqs.sum())) != (position.live, position.seq_sum):
            raise self._bad_numbers(
                ValueError(f"{position.live} rows were written, {len(seqs)} or others were found")
            )
        return seqs

    def in_partition(self, partition: int) -> list[int]:
        """The rows in a partition. A scan: an SQL index would slow every insert down for it."""
        seqs = self.live()
        stored = RowReader(self._layout, self._transaction).values(PARTITION_COLUMN, seqs)
        found: list[int] = seqs[np.array(stored, dtype=np.int64) == partition].tolist()
        return found

    def added(self, known: Position, removed: Ints) -> Ints:
        """The rows added since ``known`` that still exist.

        Args:
            removed: the rows removed since then, as ``removed`` returns them.
        """
        last_seq = self._position.last_seq
        if last_seq == known.last_seq:
            return np.empty(0, dtype=np.int64)
        seqs = self._beyond(known.last_seq)
        gone = removed[removed > known.last_seq]
        count = last_seq - known.last_seq - len(gone)
        total = sum_of_seqs(known.last_seq, last_seq) - int(gone.sum())
        if (len(seqs), int(seqs.sum())) != (count, total):
            raise self._bad_numbers(ValueError(f"{count} rows were added, {len(seqs)} or others were found"))
        return seqs

    def removed(self, known: Position) -> Ints | None:
        """The rows removed since ``known``, even those that were added after it, in no order.

        None if the feed of removals no longer reaches back so far.
        """
        position, table = self._position, self._layout.removed
        count = position.last_change - known.last_change
        rows: Iterable[tuple[int]] = ()
        if count:
            rows = self._transaction.connection.execute(
                f"SELECT seq FROM {table} WHERE change > ?", (known.last_change,)
            )
        seqs = [seq for (seq,) in rows]
        if len(seqs) < count:
            return None
        came = sum_of_seqs(known.last_seq, position.last_seq)
        if len(seqs) > count or sum(seqs) != known.seq_sum + came - position.seq_sum:
            raise self._layout.corrupt(f"table {table}", ValueError("it has other rows than were removed"))
        return np.array(seqs, dtype=np.int64)

    def _beyond(self, after: int) -> Ints:
        """Seqs of the rows beyond ``after``, as the file has them."""
        connection, rows = self._transaction.connection, self._layout.rows
        # Without a condition SQLite counts and reads the narrowest b-tree: an index.
        source, bound = (rows, ()) if after == 0 else (f"{rows} WHERE seq > ?1", (after,))
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

    def _bad_numbers(self, cause: Exception) -> DatabaseCorruptError:
        return self._layout.corrupt("the numbers of its rows", cause)
