"""The write-ahead log of a file that is open: how it begins, and how long it may become.

SQLite folds it into the file by itself once it has 1,000 pages, but begins it anew only in a moment when no
reader uses it. Where readers overlap there is no such moment, so that a log beyond ``BOUND`` makes new readers
turn to the file and waits for the others.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ..transactions import transaction
from .lineage import begin_session

BOUND: Final = 64 << 20
"""Bytes: four times the size at which SQLite folds the log."""

STEP: Final = 16 << 20
"""Bytes that a log kept by a reader grows before the next attempt to begin it anew."""

PATIENCE: Final = 0.2
"""Seconds that a write may wait for readers in such an attempt."""


def start_session(connection: sqlite3.Connection, size: Callable[[], int]) -> None:
    """Begin a session if there is still no log, so that the log belongs to no earlier copy of the file.

    The session is in the file before anything else is in the log, unless a reader delays that.
    """
    with transaction(connection, "IMMEDIATE"):
        if size() > 0:
            return
        begin_session(connection)
    fold(connection)


def fold(connection: sqlite3.Connection) -> None:
    """Fold the log into the file as far as readers allow, without waiting for them."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


class LogBound:
    """Keeps the log of one file from growing. The writer calls it after a write, and no other thread does."""

    def __init__(self, path: str, timeout: float) -> None:
        self._log = path + "-wal"
        self._timeout = timeout
        self._next = BOUND

    def keep(self, connection: sqlite3.Connection) -> None:
        """Begin the log anew if it is too long and no reader keeps it for longer than a moment."""
        try:
            size = os.stat(self._log).st_size
        except OSError:
            return
        if size <= BOUND:
            self._next = BOUND
        elif size >= self._next:
            is_kept = _is_kept_for_long(connection) or not self._begin_anew(connection)
            self._next = size + STEP if is_kept else BOUND

    def _begin_anew(self, connection: sqlite3.Connection) -> bool:
        connection.execute(f"PRAGMA busy_timeout = {round(min(PATIENCE, self._timeout) * 1000)}")
        try:
            (is_kept, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            with suppress(sqlite3.Error):
                connection.execute(f"PRAGMA busy_timeout = {round(self._timeout * 1000)}")
        return not is_kept


def _is_kept_for_long(connection: sqlite3.Connection) -> bool:
    """Whether somebody reads a state older than the last ``STEP``, as an iterator does, or folds the log:
    waiting a moment for them is in vain."""
    _, pages, folded = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if folded < 0:
        return True
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    return bool((pages - folded) * page_size > STEP)
