"""A watch on a file: whether anything was committed to it since the last look."""

from __future__ import annotations

import sqlite3
from itertools import count
from typing import Final

from .wal_index import WalIndex

_DATA_VERSION: Final = "PRAGMA data_version"

_numbers = count()


class Watch:
    """Watches through ``connection``, whose only user it is.

    Args:
        index: that of the log of the database, where it can be read.
    """

    __slots__ = ("_index", "_number", "connection")

    def __init__(self, connection: sqlite3.Connection, index: WalIndex | None) -> None:
        self.connection = connection
        self._number = next(_numbers)
        self._index = index

    def state(self) -> object:
        """A value that changes with each commit of any thread or process; watches never share one.

        Without a commit it mostly stays equal, but may change, too.
        """
        index = self._index
        if index is not None and (header := index.header()) is not None:
            return self._number, header
        return self._number, self.connection.execute(_DATA_VERSION).fetchone()

    def may_begin_log(self) -> bool:
        """Whether the next write may begin the log anew, as far as it is known. The caller has the write lock."""
        return self._index is None or self._index.is_folded()
