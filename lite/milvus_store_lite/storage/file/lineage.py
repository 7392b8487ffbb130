"""The lineage of a file, which tells its own write-ahead log from any other.

SQLite takes whatever lies beside a file under the name of its log for the log of that file. So each log begins
with a transaction that writes the one row of the table ``lineage`` anew: with what the row was before (``parent``)
and a new random number (``current``). A file and a log belong together if the row in the file, which a checkpoint
that was broken off may have brought up to date or not, is one of the log's, or the parent of its first.

A copy of a closed file must not pass for the file that its next log is based on. So the first writer that finds no
log begins a ``session``: a transaction that changes nothing but the row, and that is folded into the file before
the next transaction. ``identity`` tells copies from their original.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from typing import Final, NamedTuple

from ..integrity.catalog_checksums import damage

TABLE: Final = "lineage"

LINEAGE_TABLE: Final = f"""CREATE TABLE {TABLE} (
    id INTEGER PRIMARY KEY,
    identity BLOB NOT NULL,
    session BLOB NOT NULL,
    parent BLOB NOT NULL,
    current BLOB NOT NULL
)"""
"""The first table of a new file: so no table that is dropped makes SQLite move its page."""

_LENGTH: Final = 16
_ORDER: Final = struct.Struct(">Q")
"""The first bytes of ``session``: how many there were, so that an earlier one is known for it."""

_CELL: Final = b"\x46\x01\x06\x00\x2c\x2c\x2c\x2c"
"""How SQLite begins the row: 70 bytes follow, row 1, a header of 6 bytes, NULL for the key, four blobs of 16.
No other table of ours has rows like that."""

_LEAF_WITH_ONE_CELL: Final = (0x0D, 1)

BEGIN_LOG: Final = f"UPDATE {TABLE} SET parent = current, current = randomblob({_LENGTH})"
"""Says, in a transaction that may be the first of a log, what that log is based on."""

UNKNOWN: Final = bytes(_LENGTH)
"""The parent of the first row of a file."""


class Lineage(NamedTuple):
    """The row."""

    identity: bytes
    session: bytes
    parent: bytes
    current: bytes

    @property
    def order(self) -> int:
        """The number of earlier sessions."""
        return int(_ORDER.unpack_from(self.session)[0])


def add_row(connection: sqlite3.Connection) -> None:
    """Add the row of a new file."""
    connection.execute(
        f"INSERT INTO {TABLE} VALUES (1, ?, ?, ?, ?)",
        (os.urandom(_LENGTH), _session(1), UNKNOWN, os.urandom(_LENGTH)),
    )


def begin_session(connection: sqlite3.Connection) -> None:
    """The same, and begin a session: the log is then based on this file, and on no copy of it."""
    (session,) = connection.execute(f"SELECT session FROM {TABLE}").fetchone()
    (order,) = _ORDER.unpack_from(session)
    connection.execute(
        f"UPDATE {TABLE} SET parent = current, current = ?, session = ?",
        (os.urandom(_LENGTH), _session(order + 1)),
    )


def become_another(connection: sqlite3.Connection) -> None:
    """Give a copy an identity of its own."""
    connection.execute(
        f"UPDATE {TABLE} SET identity = ?, session = ?, parent = ?, current = ?",
        (os.urandom(_LENGTH), _session(1), UNKNOWN, os.urandom(_LENGTH)),
    )


def read(connection: sqlite3.Connection) -> Lineage | None:
    """The row as the transaction sees it; None in a file that is not made yet."""
    if place_of(connection) is None:
        return None
    found = connection.execute(f"SELECT identity, session, parent, current FROM {TABLE}").fetchone()
    if found is None or not all(isinstance(value, bytes) and len(value) == _LENGTH for value in found):
        raise damage("the lineage of the file")
    return Lineage(*found)


def place_of(connection: sqlite3.Connection) -> int | None:
    """The number of the page that has the row, as the transaction sees it; None in a file that is not made yet."""
    found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone()
    return None if found is None else int(found[0])


def in_page(page: bytes) -> Lineage | None:
    """The row, if ``page`` is the one that has it (https://www.sqlite.org/fileformat.html, "B-tree Pages")."""
    if len(page) < 10 or (page[0], int.from_bytes(page[3:5], "big")) != _LEAF_WITH_ONE_CELL:
        return None
    start = int.from_bytes(page[8:10], "big")
    row = page[start : start + len(_CELL) + 4 * _LENGTH]
    if len(row) != len(_CELL) + 4 * _LENGTH or not row.startswith(_CELL):
        return None
    values = row[len(_CELL) :]
    return Lineage(*(values[begin : begin + _LENGTH] for begin in range(0, 4 * _LENGTH, _LENGTH)))


def _session(order: int) -> bytes:
    return _ORDER.pack(order) + os.urandom(_LENGTH - _ORDER.size)
