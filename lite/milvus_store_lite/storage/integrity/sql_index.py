"""An SQL index whose misses can be believed: that a value it does not have is truly not there.

An index has no checksums of its own, but each of its entries names a row that has, and how many entries there
must be, and what the numbers of their rows add up to, is known as well. So a miss is made sure of in two steps:

1. Once in a process, with the first miss, all entries are counted and their rows added up: 0.07 µs each. A page
   that is lost, taken twice or out of another table shows there, whatever byte led astray.
2. What remains are entries with a damaged value. Where one is damaged, a search for its true value, or for any
   other that it leads astray, ends beside it, since a binary search has compared with both neighbours of the
   place where it ends. So the two entries on either side tell: they must be what their rows say, and in order.
   Each miss costs 40 µs for that. Once so many were looked at that verifying every entry would have cost as
   much, that is done, and nothing has to be looked at any more: entries that are right and in order are found
   by any search.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

_ENTRIES_PER_LOOK: Final = 50
"""Entries that are verified in the time that looking beside one miss takes."""

Entries = tuple[Sequence[int], Sequence[Any]]
"""The number of the row and the value of some entries, in their order, both as their rows have them."""


class Total(NamedTuple):
    """The expected number of rows, and the sum of their numbers."""

    entries: int
    numbers: int


class SqlIndex:
    """The verified facts about index ``name`` on column ``key`` of ``table``, all three quoted for SQL.

    Args:
        number: the column of the rows' numbers, by which equal values stand.
        kind: the type that the column was declared with, by which SQLite compares.
        total: what the entries must add up to, as a transaction sees it.
        read: the rows that the rest of a statement behind ``FROM`` and its values select, verified.
        walk: all entries in their order, verified; None where misses are few.
        corrupt: the error that says what is wrong.
    """

    def __init__(
        self,
        name: str,
        table: str,
        key: str,
        number: str,
        kind: str,
        *,
        total: Callable[[sqlite3.Connection], Total],
        read: Callable[[sqlite3.Connection, str, tuple[Any, ...]], Entries],
        corrupt: Callable[[str], Exception],
        walk: Callable[[sqlite3.Connection], Iterator[Entries]] | None = None,
    ) -> None:
        self._name, self._table, self._key, self._number, self._kind = name, table, key, number, kind
        self._total, self._read, self._corrupt, self._walk = total, read, corrupt, walk
        self._is_complete = False
        self._is_sound = False
        self._entries = 0
        self._looked_at = 0

    def require_complete(self, connection: sqlite3.Connection) -> None:
        """Make sure, once, that the index has an entry for each row, and no others."""
        if self._is_complete:
            return
        declared = connection.execute(
            "SELECT type FROM pragma_table_info(?) WHERE name = ?",
            (self._table.strip('"'), self._key.strip('"')),
        ).fetchall()
        if declared != [(self._kind,)]:
            raise self._corrupt(f"column {self._key} is not {self._kind}")
        # sum() makes SQLite walk the index that is named, which it does not for a mere count.
        count, numbers = connection.execute(
            f"SELECT count(*), sum({self._number}) FROM {self._table} INDEXED BY {self._name}"
        ).fetchone()
        total = self._total(connection)
        if (count, numbers or 0) != total:
            raise self._corrupt(f"expected {total.entries} entries, found {count} or others")
        self._entries, self._is_complete = count, True

    def refuse_lost(self, connection: sqlite3.Connection, missed: Sequence[Any]) -> None:
        """Make sure that no row was missed that has one of the values ``missed``.

        Raises:
            DatabaseCorruptError: the index is damaged.
        """
        if self._is_sound:
            return
        self.require_complete(connection)
        self._looked_at += len(missed)
        try:
            if self._walk is not None and self._looked_at * _ENTRIES_PER_LOOK > self._entries:
                self._verify_all(self._walk(connection), self._total(connection).entries)
            else:
                for value in missed:
                    self._look_beside(connection, value)
        except TypeError as error:  # an entry leads to a row that has a null, which stands beside nothing
            raise self._out_of_order() from error

    def _verify_all(self, entries: Iterator[Entries], count: int) -> None:
        last: list[Any] = []
        found = 0
        for _, values in entries:
            ascending = last + list(values)
            if ascending != sorted(ascending):
                raise self._out_of_order()
            last = ascending[-1:]
            found += len(values)
        if found != count:
            raise self._corrupt(f"expected {count} entries, found {found}")
        self._is_sound = True

    def _look_beside(self, connection: sqlite3.Connection, value: Any) -> None:
        """Verify the two entries on either side of ``value``."""
        key, number = self._key, self._number
        before = f"WHERE {key} < ? ORDER BY {key} DESC, {number} DESC LIMIT 2"
        entries = _pairs(self._read(connection, before, (value,)))
        if entries != sorted(set(entries), reverse=True) or any(found >= value for found, _ in entries):
            raise self._out_of_order()
        entries = _pairs(
            self._read(connection, f"WHERE {key} > ? ORDER BY {key}, {number} LIMIT 2", (value,))
        )
        if entries != sorted(set(entries)) or any(found <= value for found, _ in entries):
            raise self._out_of_order()

    def _out_of_order(self) -> Exception:
        return self._corrupt("its entries are not in order")


def _pairs(entries: Entries) -> list[tuple[Any, int]]:
    """(value, number) of each entry."""
    numbers, values = entries
    return list(zip(values, numbers, strict=True))
