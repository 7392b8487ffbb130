"""Connections to one file: a pool of readers and one writer at a time.

Reading and writing happen inside ``reading()`` and ``writing()``, each one transaction. It knows nothing of
what is read or written.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Final

from ..errors import ConnectionNotExistException, DatabaseWriteError, MilvusException
from .faults import FAULTS, translate
from .file import Durability, connect, connect_read_only, initialise, is_made, recognise, use_wal
from .filesystem import warn_of_network
from .forks import GATE
from .leases import Lease, WriteLease
from .migrations import migrate, refuse_older
from .pool import Pool
from .watch import Watch
from .writers import holder

_SHRINK_SHARE: Final = 0.25
_SHRINK_PAGES: Final = 1_000
"""After a write, when more than this share of the file is free, so many pages (16 MiB) are given back: a call
never waits long for it, and a file that was emptied has shrunk after a few more calls."""

_CLOSING_PAUSE: Final = 0.008
"""Seconds at most. Where others go on using the file, closing takes some 5 ms longer for nothing."""


class Connections:
    """All connections of this process to the file at ``path``. Threads share it."""

    def __init__(
        self, path: str, durability: Durability = "full", timeout: float = 30.0, *, read_only: bool = False
    ) -> None:
        self.path = path
        self._real_path = os.path.realpath(path)
        self._durability = durability
        self._timeout = timeout
        self._read_only = read_only
        self.is_closed = False
        self.pool = Pool()
        self._watch: Watch | None = None
        self._watch_lock = (
            threading.RLock()
        )  # the garbage collection may close a client where its thread looks
        self._write_lock = threading.RLock()
        with GATE.opening:
            if not self._is_open_already() and not recognise(path) and read_only:
                raise DatabaseWriteError(
                    message=f"{path} does not exist, and a read-only client makes nothing"
                )
            GATE.add(self)
        warn_of_network(path)
        try:
            with self._connection() as connection:
                self._prepare(connection)
        except BaseException:
            self.close(waiting=False)
            raise

    def reading(self) -> Lease:
        """A connection that sees one unchanging state of the file for the length of the block."""
        return Lease(self, "BEGIN")

    def state(self) -> object:
        """What differs after each commit of whatever thread or process, and else stays equal.

        The caller is inside the gate.
        """
        try:
            with self._watch_lock:
                if self._watch is not None:
                    return self._watch.state()
        except FAULTS as error:
            raise self.translated(error) from error
        with self._connection(), self._watch_lock:
            if self._watch is None:
                watching = self.pool.open(self, self.connect)
                try:
                    assert watching.connection is not None
                    self._watch = Watch(watching.connection, self.path)
                except BaseException:
                    self.pool.discard(watching)
                    raise
            return self._watch.state()

    def writing(self) -> Lease:
        """A connection that alone may write; what the block did is durable when it ends, or undone.

        Raises:
            DatabaseLockedError: another thread or process has been writing for longer than the timeout.
            DatabaseWriteError: the file cannot be written.
        """
        return self._alone("BEGIN IMMEDIATE")

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file as far as readers allow; waits for nobody."""
        with self._connection() as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def shrink(self) -> None:
        """Give every free page back to the file system, unless another process is writing just now."""
        with self._alone(None) as connection:
            self._free_pages(connection, share=0.0)

    def backup(self, target: str) -> None:
        """Copy the file as it is now to ``target``, which must not exist; others may write meanwhile."""
        if os.path.exists(target):
            raise DatabaseWriteError(message=f"cannot back up to {target}: it exists already")
        unfinished = target + ".part"
        try:
            with self._connection() as connection, self._translated(target):
                copy = sqlite3.connect(unfinished)
                try:
                    # All pages in one step: they are of one state, and writers go on in the WAL.
                    connection.backup(copy, pages=-1)
                finally:
                    copy.close()
            os.replace(unfinished, target)
        except BaseException:
            with suppress(FileNotFoundError):
                os.remove(unfinished)
            raise

    def close(self, *, waiting: bool = True) -> None:
        """Close every connection. The last one to close a file folds the WAL into it and removes it.

        Args:
            waiting: for a write or a fork that is under way. Without it, a call closes its connection when it
                ends, as all do that end later, and a fork closes the idle ones.
        """
        self.is_closed = True
        with self._write_lock if waiting else nullcontext():
            # A fork in the middle of closing would leave the child SQLite's account of it.
            if GATE.is_usable and GATE.enter(waiting=waiting):
                try:
                    self.close_idle()
                    if waiting:
                        self._close_alone()
                finally:
                    GATE.leave()

    # What a lease asks for.

    def connect(self) -> sqlite3.Connection:
        if self._read_only:
            return connect_read_only(self.path, self._timeout)
        return connect(self.path, self._durability, self._timeout)

    def refuse(self) -> None:
        """Say that this is closed."""
        raise ConnectionNotExistException(message=f"the database {self.path} is closed")

    def translated(
        self, error: sqlite3.Error | UnicodeDecodeError, path: str | None = None
    ) -> MilvusException:
        """``error`` as one of this package, about ``path``."""
        return translate(error, path or self.path, self._timeout, holder(self._real_path))

    # What a fork asks for.

    @property
    def is_open(self) -> bool:
        return self.pool.is_open

    def close_idle(self) -> None:
        if not GATE.is_usable:
            return
        with self._watch_lock:
            self._watch = None
            self.pool.close_free(self)  # and the connection of the watch

    def renew_locks(self) -> None:
        self._write_lock = threading.RLock()
        self._watch_lock = threading.RLock()
        self.pool.renew_locks()

    # ---------------------------------------------------------------------------------------------------

    def _is_open_already(self) -> bool:
        """Whether this process has the file open: then it is known, and must not be opened but by SQLite.

        To close it would drop all locks that this process has on it, and another process would take itself for the
        last one and remove the log (https://www.sqlite.org/howtocorrupt.html, "Posix advisory locks canceled by a
        separate thread doing close()").
        """
        others = (one for one in GATE.members if isinstance(one, Connections))
        return any(one._real_path == self._real_path and one.is_open for one in others)

    def _close_alone(self) -> None:
        """Close once more, at some other moment, while the log is there and no other client of this process is.

        Of two processes that close at once, SQLite takes neither for the last one, and both leave the log.
        """
        if self._is_open_already() or not all(map(os.path.exists, (self.path, f"{self.path}-wal"))):
            return
        time.sleep(os.urandom(1)[0] / 255 * _CLOSING_PAUSE)
        with suppress(sqlite3.Error):
            connection = self.pool.open(self, self.connect).connection
            assert connection is not None
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("SELECT count(*) FROM collections").fetchone()
        self.close_idle()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """See that the file is made, whoever makes it."""
        made = is_made(connection, self.path)
        if self._read_only:
            if not made:
                raise DatabaseWriteError(
                    message=f"{self.path} is empty, and a read-only client makes nothing"
                )
            refuse_older(connection, self.path)
            return
        if not made:
            initialise(connection)
        use_wal(connection, self._timeout)
        migrate(connection)

    def _free_pages(self, connection: sqlite3.Connection, share: float, most: int | None = None) -> None:
        """Free pages if they are more than ``share`` of the file, ``most`` of them; waits for nobody."""
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (total,) = connection.execute("PRAGMA page_count").fetchone()
        if free == 0 or free <= share * total:
            return
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            # executescript, since the pragma frees one page a step and execute() takes one step only.
            connection.executescript(f"PRAGMA incremental_vacuum({min(free, most or free)})")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        finally:
            connection.execute(f"PRAGMA busy_timeout = {round(self._timeout * 1000)}")

    @contextmanager
    def _translated(self, path: str | None = None) -> Iterator[None]:
        """SQLite's errors inside the block leave it as errors of this package, about ``path``."""
        try:
            yield
        except FAULTS as error:
            raise self.translated(error, path) from error

    def _alone(self, begin: str | None) -> Lease:
        """A connection for the one thread of this process that may write."""
        if self._read_only:
            raise DatabaseWriteError(message=f"{self.path} was opened read-only: open it anew to write")
        return WriteLease(self, begin, self._write_lock, self._timeout, self._real_path, self._tidy)

    def _connection(self) -> Lease:
        """A connection in no transaction, for the length of the block."""
        return Lease(self)

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """After a write: give some free pages back where there are many."""
        self._free_pages(connection, _SHRINK_SHARE, _SHRINK_PAGES)
