"""Reads a table with damaged pages: all rows that SQLite can still reach, in order.

SQLite ends a statement at the first page that it cannot read. So the scan reads the rest again, in halves of its
range of numbers, until single numbers remain that cannot be read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from ..storage.faults import FAULTS, message_of

UNREADABLE_ROWS: Final = (*FAULTS, MemoryError, OverflowError)
"""Errors of SQLite and its module for damaged rows: a damaged length may ask for any amount of memory."""

MOST_FAULTS: Final = 1_000_000
"""The most statements that may fail on one table, some 20 s: damaged pages may lead to many others."""


class Scan:
    """Reads ``columns`` of ``table``, both quoted for SQL, by ``number``, its integer primary key.

    Args:
        note: receives a sentence about numbers that cannot be read.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: str,
        number: str,
        columns: Sequence[str],
        note: Callable[[str], object],
    ) -> None:
        self._connection = connection
        self._table = table
        # NOT INDEXED: an SQL index has no checksums, and may itself be damaged.
        self._select = (
            f"SELECT {', '.join([number, *columns])} FROM {table} NOT INDEXED"
            f" WHERE {number} BETWEEN ? AND ? ORDER BY {number}"
        )
        self._note = note

    def rows(self, first: int, last: int) -> Iterator[tuple[Any, ...]]:
        """(number, *columns) of the rows from ``first`` to ``last`` that can be read, numbers ascending."""
        faults = 0
        hole: tuple[int, int, str] | None = None
        pending = [(first, last)] if first <= last else []
        while pending:
            low, high = pending.pop()
            at = low
            try:
                for row in self._connection.execute(self._select, (low, high)):
                    if not at <= row[0] <= high:
                        raise sqlite3.DatabaseError("rows are not in the order of their numbers")
                    at = row[0] + 1
                    yield row
                continue
            except UNREADABLE_ROWS as error:
                text = str(error) if isinstance(error, (MemoryError, OverflowError)) else message_of(error)
            faults += 1
            if faults > MOST_FAULTS:
                self._note(f"table {self._table}: too much is damaged; rows beyond {at} were not looked for")
                return
            if at < high:
                middle = (at + high) // 2
                pending += [(middle + 1, high), (at, middle)]
            elif at == high and low < high:
                pending.append((high, high))
            elif at == high:
                if hole is not None and hole[1] == at - 1:
                    hole = (hole[0], at, hole[2])
                else:
                    self._tell(hole)
                    hole = (at, at, text)
        self._tell(hole)

    def _tell(self, hole: tuple[int, int, str] | None) -> None:
        if hole is not None:
            low, high, text = hole
            numbers = f"number {low}" if low == high else f"numbers {low} to {high}"
            self._note(f"table {self._table}: what it has of {numbers} cannot be read (SQLite: {text})")


def largest(connection: sqlite3.Connection, table: str, number: str, default: int) -> int:
    """The largest ``number`` in ``table``; ``default`` where SQLite cannot tell, or the table is empty."""
    try:
        found = connection.execute(f"SELECT max({number}) FROM {table}").fetchone()[0]
    except UNREADABLE_ROWS:
        return default
    return found if isinstance(found, int) else default


def readable(
    connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """The rows of a statement up to the first that cannot be read."""
    found: list[tuple[Any, ...]] = []
    with suppress(*UNREADABLE_ROWS):
        found.extend(connection.execute(statement, values))
    return found
