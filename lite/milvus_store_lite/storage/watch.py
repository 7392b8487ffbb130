"""A watch on a file: whether anything was committed to it since the last look."""

from __future__ import annotations

import sqlite3
from itertools import count
from typing import Any, Final

from .wal_index import header_of

_DATA_VERSION: Final = "PRAGMA data_version"

_numbers = count()


class Watch:
    """Looks through ``connection``, of which it is the only user, to the database at ``path``."""

    __slots__ = ("_header", "_number", "connection")

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self._number = next(_numbers)
        self._data_version()  # with this first look, SQLite has its index of the log in memory
        self._header = header_of(path) or self._data_version

    def state(self) -> object:
        """What differs after each commit of whatever thread or process, and from what other watches say.

        It stays equal while nothing is committed, but may differ then, too.
        """
        return self._number, self._header()

    def _data_version(self) -> Any:
        return self.connection.execute(_DATA_VERSION).fetchone()
