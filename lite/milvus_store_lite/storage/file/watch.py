"""A watch on a file: whether anything was committed to it since the last look."""

from __future__ import annotations

import sqlite3
from itertools import count
from typing import Any, Final

from .wal_index import index_of

_DATA_VERSION: Final = "PRAGMA data_version"

_numbers = count()


class Watch:
    """Looks through ``connection``, of which it is the only user, to the database at ``path``."""

    __slots__ = ("_header", "_index", "_number", "connection")

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self._number = next(_numbers)
        self._data_version()  # with this first look, SQLite has its index of the log in memory
        self._index = index_of(path)
        self._header = self._data_version if self._index is None else self._index.header

    def state(self) -> object:
        """What differs after each commit of whatever thread or process, and from what other watches say.

        It stays equal while nothing is committed, but may differ then, too.
        """
        return self._number, self._header()

    def may_begin_log(self) -> bool:
        """Whether the next write may begin the log anew, as far as it is known. The caller has the write lock."""
        return self._index is None or self._index.is_folded()

    def _data_version(self) -> Any:
        return self.connection.execute(_DATA_VERSION).fetchone()
