"""When rows were inserted: a log with an entry for each second in which a collection got rows.

An entry says from which seq on rows have a time. Since seqs only rise, so do times, and the rows that are older
than a moment are those up to one seq. Times are whole seconds, rounded up, and never go back, whatever the clock
does: a row lives as long as it should, and less than a second longer. An entry names the time of the one before,
and the position of the collection has that of the last, so that a damaged or lost entry is noticed.
"""

from __future__ import annotations

import math
import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from xxhash import xxh3_64_digest

from ..errors import DatabaseCorruptError
from .positions import Position

CREATE_COLUMNS: Final = (
    "(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, before INTEGER NOT NULL, checksum BLOB NOT NULL)"
)


class Entry(NamedTuple):
    """From row ``seq`` on rows were inserted ``at`` this second; the entry before has the second ``before``."""

    seq: int
    at: int
    before: int

    def checksum(self, salt: int) -> bytes:
        return xxh3_64_digest(repr(tuple(self)).encode(), salt)


class InsertTimes:
    """The log in ``table``, its name quoted for SQL, and what this process has read of it."""

    __slots__ = ("_read", "_salt", "table")

    def __init__(self, table: str, salt: int) -> None:
        self.table = table
        self._salt = salt
        self._read: tuple[list[int], list[int]] = [], []
        """The seqs and the times of entries, ascending; replaced as a whole, so that threads may share it."""

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"CREATE TABLE {self.table} {CREATE_COLUMNS}")

    def note(self, connection: sqlite3.Connection, position: Position, now: float) -> Position:
        """Note that the rows beyond ``position`` are inserted ``now``; returns it with their time."""
        at = math.ceil(now)
        if at <= position.inserted_at:
            return position
        self.write(connection, [Entry(position.last_seq + 1, at, position.inserted_at)])
        return position._replace(inserted_at=at)

    def write(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        connection.executemany(
            f"INSERT OR REPLACE INTO {self.table} (seq, at, before, checksum) VALUES (?, ?, ?, ?)",
            [(*entry, entry.checksum(self._salt)) for entry in entries],
        )

    def last_older(self, connection: sqlite3.Connection, position: Position, moment: float) -> int:
        """The seq up to which rows were inserted at ``moment`` or before; 0 if none was.

        Raises:
            DatabaseCorruptError: an entry is not what was written, or is missing.
        """
        seqs, times = self._caught_up(connection, position)
        older = bisect_right(times, moment)
        if older == len(times):
            return position.last_seq
        return seqs[older] - 1 if older else 0

    def forget(self, connection: sqlite3.Connection, moment: float) -> None:
        """Remove the entries before the last one of ``moment`` or before, whose rows are gone."""
        connection.execute(
            f"DELETE FROM {self.table} WHERE seq < (SELECT max(seq) FROM {self.table} WHERE at <= ?)",
            (moment,),
        )

    def entries(self, connection: sqlite3.Connection, after: int = 0) -> list[Entry]:
        """The entries of rows beyond seq ``after``.

        Raises:
            DatabaseCorruptError: one is not what was written, or one between them is missing.
        """
        found = connection.execute(
            f"SELECT seq, at, before, checksum FROM {self.table} WHERE seq > ? ORDER BY seq", (after,)
        ).fetchall()
        entries: list[Entry] = []
        for *values, checksum in found:
            entry = Entry(*values)
            if entry.checksum(self._salt) != checksum or (entries and entries[-1].at != entry.before):
                raise self._damage(f"at row {entry.seq}")
            entries.append(entry)
        return entries

    def _caught_up(self, connection: sqlite3.Connection, position: Position) -> tuple[list[int], list[int]]:
        """The entries as ``position`` has them; some of later rows may be among them, which change nothing."""
        seqs, times = known = self._read
        last = times[-1] if times else 0
        if last >= position.inserted_at:
            return known
        entries = self.entries(connection, seqs[-1] if seqs else 0)
        if not entries or entries[-1].at != position.inserted_at or (times and entries[0].before != last):
            raise self._damage("its end or the part that follows what was read before is missing")
        known = [*seqs, *(entry.seq for entry in entries)], [*times, *(entry.at for entry in entries)]
        self._read = known
        return known

    def _damage(self, where: str) -> DatabaseCorruptError:
        return DatabaseCorruptError(
            message=f"the times of insertion in table {self.table} are damaged: {where}; "
            "'milvus-store check' lists all damage"
        )
