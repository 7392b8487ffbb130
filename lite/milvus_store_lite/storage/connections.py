"""Connections to one file: a pool of readers and one writer at a time.

Reading and writing happen inside ``reading()`` and ``writing()``, each one transaction. It knows nothing of
what is read or written.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import ConnectionNotExistException
from .faults import translate
from .file import Durability, connect, initialise, recognise

_INHERITED: list[sqlite3.Connection] = []
"""Connections of a parent process. A forked child neither uses nor closes them: it keeps them alive here."""


class Connections:
    """All connections of this process to the file at ``path``. Threads share it."""

    def __init__(self, path: str, durability: Durability = "full", timeout: float = 30.0) -> None:
        self.path = path
        self._durability = durability
        self._timeout = timeout
        self._closed = False
        self._reset()
        is_ours = recognise(path)
        try:
            connection = self._connect()
            if not is_ours:
                initialise(connection)
            connection.execute("SELECT count(*) FROM collections").fetchone()
        except sqlite3.Error as error:
            raise translate(error, path, timeout) from error
        self._idle.append(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one unchanging state of the file for the length of the block."""
        connection = self._acquire()
        try:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise translate(error, self.path, self._timeout) from error
        finally:
            self._release(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that alone may write; what the block did is durable when it ends, or undone."""
        with self._write_lock:
            connection = self._acquire()
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # SQLite has rolled back by itself after some errors (a full disk), not after others.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise translate(error, self.path, self._timeout) from error
            finally:
                self._release(connection)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file as far as readers allow; waits for nobody."""
        connection = self._acquire()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            raise translate(error, self.path, self._timeout) from error
        finally:
            self._release(connection)

    def close(self) -> None:
        """Close every connection. The last one to close a file folds the WAL into it and removes it."""
        self._closed = True
        if self._pid != os.getpid():
            return
        with self._write_lock:
            while self._idle:
                with suppress(sqlite3.Error):
                    self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection:
        return connect(self.path, self._durability, self._timeout)

    def _acquire(self) -> sqlite3.Connection:
        if self._closed:
            raise ConnectionNotExistException(message=f"the database {self.path} is closed")
        if self._pid != os.getpid():
            _INHERITED.extend(self._idle)
            self._reset()
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _release(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._idle: deque[sqlite3.Connection] = deque()
        self._write_lock = threading.RLock()
