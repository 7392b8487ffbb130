"""Read transactions: begun at once, or at their first use.

A search whose snapshot, vectors and keys are all in memory needs no transaction, only the certainty that
nothing has changed; SQLite gives that for a fifth of the price (``PRAGMA data_version``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol


class Transaction(Protocol):
    """A state of the file, to be read through ``connection``; a write transaction changes it there."""

    @property
    def connection(self) -> sqlite3.Connection: ...


class SnapshotMoved(Exception):
    """Another client wrote between the look and the reading, or another thread is ahead: look again."""


class OpenTransaction:
    """A transaction that has begun."""

    __slots__ = ("connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection


class LazyTransaction:
    """A transaction that begins at the first use of its connection, if ever. Used by one thread.

    Args:
        begin: begins it.
        is_unchanged: whether the transaction that has begun sees the state that the caller has seen before.
    """

    __slots__ = ("_begin", "_connection", "_is_unchanged", "_open")

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[sqlite3.Connection]],
        is_unchanged: Callable[[OpenTransaction], bool],
    ) -> None:
        self._begin = begin
        self._is_unchanged = is_unchanged
        self._open: AbstractContextManager[sqlite3.Connection] | None = None
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """Raises ``SnapshotMoved`` when the state seen before has changed."""
        if self._connection is None:
            self._open = self._begin()
            connection = self._open.__enter__()
            # The cheapest thing to read: from here on the transaction sees one state.
            connection.execute("PRAGMA schema_version").fetchone()
            if not self._is_unchanged(OpenTransaction(connection)):
                raise SnapshotMoved
            self._connection = connection
        return self._connection

    def __enter__(self) -> LazyTransaction:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._open is not None:
            self._open.__exit__(kind, error, trace)
