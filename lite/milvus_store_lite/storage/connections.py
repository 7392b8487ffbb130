"""Connections to one file: a pool of readers and one writer at a time.

Reading and writing happen inside ``reading()`` and ``writing()``, each one transaction. It knows nothing of
what is read or written.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from types import TracebackType
from typing import Final

from ..errors import (
    ConnectionNotExistException,
    DatabaseLockedError,
    DatabaseReplacedError,
    DatabaseWriteError,
    MilvusException,
)
from .backup import copy_to, target_of
from .faults import FAULTS, translate
from .file import Durability, connect, connect_read_only, initialise, is_made, recognise, use_wal
from .filesystem import warn_of_network
from .forks import GATE
from .identity import Identity
from .lineage import BEGIN_LOG
from .log import LogBound, fold, start_session
from .migrations import migrate, refuse_older
from .place import Place
from .transactions import transaction
from .watch import Watch
from .writers import holder, writing_to

_SHRINK_SHARE: Final = 0.25
_SHRINK_PAGES: Final = 1_000
"""After a write, when more than this share of the file is free, so many pages (16 MiB) are given back: a call
never waits long for it, and a file that was emptied has shrunk after a few more calls."""

LONGEST_WAIT: Final = 2_147_483.0
"""Seconds, 24 days: SQLite counts milliseconds in 31 bits."""

_CLOSING_PAUSE: Final = 0.008
"""Seconds at most. Where others go on using the file, closing takes some 5 ms longer for nothing."""


class Connections:
    """All connections of this process to the file at ``path``. Threads share it."""

    def __init__(
        self, path: str, durability: Durability = "full", timeout: float = 30.0, *, read_only: bool = False
    ) -> None:
        self._place = Place(path, read_only=read_only)
        self.path = path
        self._durability = durability
        self._timeout = timeout = min(timeout, LONGEST_WAIT)
        self._log_bound = LogBound(self._place.path, timeout)
        self._is_new = False
        self._read_only = read_only
        self._closed = False
        self._count = 0  # of connections that are open, idle or not; changed with GATE.opening
        self._idle: deque[sqlite3.Connection] = deque()
        self._watch: Watch | None = None
        self._watch_lock = threading.Lock()
        self._write_lock = threading.RLock()
        with GATE.opening:
            self._notice_others()
            if not self._place.is_open_here() and not recognise(path) and read_only:
                raise DatabaseWriteError(
                    message=f"{path} does not exist, and a read-only client makes nothing"
                )
            GATE.add(self)
        warn_of_network(path)
        try:
            with self._translated(), self._connection() as connection:
                self._prepare(connection)
        except BaseException:
            self.close(waiting=False)
            raise

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection that sees one unchanging state of the file for the length of the block."""
        return _ReadTransaction(self)

    def state(self) -> object:
        """What differs after each commit of whatever thread or process, and else stays equal.

        The caller is inside the gate.

        Raises:
            DatabaseReplacedError: the file is not the one that was opened.
        """
        self.look()
        try:
            with self._watch_lock:
                if self._watch is not None:
                    return self._watch.state()
        except FAULTS as error:
            raise self.translated(error) from error
        with self._translated(), self._connection(), self._watch_lock:
            if self._watch is None:
                connection = self._connect()
                try:
                    self._watch = Watch(connection, self._place.path)
                except BaseException:
                    self._end(connection)
                    raise
            return self._watch.state()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that alone may write; what the block did is durable when it ends, or undone.

        Raises:
            DatabaseLockedError: another thread or process has been writing for longer than the timeout.
            DatabaseWriteError: the file cannot be written.
            DatabaseReplacedError: the file is not the one that was opened.
        """
        with self._alone(), self._translated(), self._connection() as connection:
            self._begin_session(connection)
            with ExitStack() as noted, transaction(connection, "IMMEDIATE"):
                noted.enter_context(writing_to(self._place.path))
                if self._may_begin_log():
                    connection.execute(BEGIN_LOG)
                yield connection
                self.look()
            with suppress(sqlite3.Error):  # The write is done; what is wrong now is for the next call to say.
                self._free_pages(connection, _SHRINK_SHARE, _SHRINK_PAGES)
                self._log_bound.keep(connection)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file as far as readers allow; waits for nobody."""
        with self._translated(), self._connection() as connection:
            fold(connection)

    def shrink(self) -> None:
        """Give every free page back to the file system, unless another process is writing just now."""
        with self._alone(), self._translated(), self._connection() as connection:
            self._free_pages(connection, share=0.0)

    def backup(self, given: object) -> None:
        """Copy the file as it is now to the new file ``given``; others may write meanwhile."""
        target = target_of(given, self._place)
        with self._connection() as connection, self._translated(target):
            copy_to(target, connection)

    def look(self) -> None:
        """See that the file is still the one that was opened. The caller is inside the gate.

        Raises:
            DatabaseReplacedError: it is not.
        """
        try:
            self._place.look()
        except DatabaseReplacedError:
            self._fold_when_moved()
            raise

    @property
    def identity(self) -> Identity | None:
        """Which file it is."""
        return self._place.identity

    def close(self, *, waiting: bool = True) -> None:
        """Close every connection. The last one to close a file folds the WAL into it and removes it.

        Args:
            waiting: for a write or a fork that is under way. Without it, a call closes its connection when it
                ends, as all do that end later, and a fork closes the idle ones.
        """
        self._closed = True
        with self._write_lock if waiting else nullcontext():
            # A fork in the middle of closing would leave the child SQLite's account of it.
            if GATE.is_usable and GATE.enter(waiting=waiting):
                try:
                    with suppress(MilvusException):
                        self.look()
                    self.close_idle()
                    if waiting:
                        self._close_alone()
                finally:
                    GATE.leave()

    # What one call begins and ends with.

    def take(self) -> sqlite3.Connection:
        """An idle connection, or a new one; ``give_back`` it when done."""
        if self._closed:
            raise ConnectionNotExistException(message=f"the database {self.path} is closed")
        GATE.enter()
        try:
            self.look()
            with suppress(IndexError):
                return self._idle.pop()
            return self._connect()
        except BaseException:
            GATE.leave()
            raise

    def give_back(self, connection: sqlite3.Connection) -> None:
        try:
            self._idle.append(connection)
            if self._closed:
                self.close_idle()
        finally:
            GATE.leave()

    def translated(
        self, error: sqlite3.Error | UnicodeDecodeError, path: str | None = None
    ) -> MilvusException:
        """``error`` as one of this package, about ``path``."""
        return translate(error, path or self.path, self._timeout, holder(self._place.path))

    # What a fork asks for.

    @property
    def is_open(self) -> bool:
        return self._count > 0

    def close_idle(self) -> None:
        if not GATE.is_usable:
            return
        with self._watch_lock:
            if self._watch is not None:
                self._idle.append(self._watch.connection)
                self._watch = None
        while self._idle:
            with suppress(IndexError):  # another thread closes, too
                self._end(self._idle.pop())

    def renew_locks(self) -> None:
        self._write_lock = threading.RLock()
        self._watch_lock = threading.Lock()

    # ---------------------------------------------------------------------------------------------------

    def _may_begin_log(self) -> bool:
        """Whether the write that is under way may be the first of a log."""
        with self._watch_lock:
            return self._watch is None or self._watch.may_begin_log()

    def _notice_others(self) -> None:
        """Let who has the file open that was at the path before see that it is another one now."""
        for other in GATE.members:
            if isinstance(other, Connections) and other.is_open and other._place.path == self._place.path:
                with suppress(MilvusException):
                    other.look()

    def _fold_when_moved(self) -> None:
        """The log does not go with a file that is moved: what it holds belongs into the file."""
        with self._watch_lock, suppress(IndexError, sqlite3.Error):
            connection = self._idle.popleft() if self._watch is None else self._watch.connection
            try:
                self._place.fold_when_moved(connection)
            finally:
                if self._watch is None:
                    self._idle.append(connection)

    def _begin_session(self, connection: sqlite3.Connection) -> None:
        if self._place.look_closely(writing=True) == 0 and not self._is_new:
            start_session(connection, self._place.look_closely)
        self._is_new = False
        if self._watch is None:
            self.state()  # it tells when a log begins

    def _close_alone(self) -> None:
        """Close once more, at some other moment, while the log is there and no other client of this process is.

        Of two processes that close at once, SQLite takes neither for the last one, and both leave the log.
        """
        path = self._place.path
        with GATE.opening:
            if self._place.is_open_here() or not all(map(os.path.exists, (path, f"{path}-wal"))):
                return
        time.sleep(os.urandom(1)[0] / 255 * _CLOSING_PAUSE)
        with suppress(sqlite3.Error, MilvusException):
            connection = self._connect()
            self._idle.append(connection)
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
            self._is_new = initialise(connection, self._place.path)
        use_wal(connection, self._timeout)
        if migrate(connection):
            fold(connection)
        self._place.confirm(connection)

    def _free_pages(self, connection: sqlite3.Connection, share: float, most: int | None = None) -> None:
        """Free pages if they are more than ``share`` of the file, ``most`` of them; waits for nobody."""
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (total,) = connection.execute("PRAGMA page_count").fetchone()
        if free == 0 or free <= share * total:
            return
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            # executescript, since the pragma frees one page a step and execute() takes one step only.
            connection.executescript(
                f"BEGIN IMMEDIATE; {BEGIN_LOG}; PRAGMA incremental_vacuum({min(free, most or free)}); COMMIT"
            )
        except sqlite3.OperationalError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
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

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The one thread of this process that may write."""
        if self._read_only:
            raise DatabaseWriteError(message=f"{self.path} was opened read-only: open it anew to write")
        lock = self._write_lock
        if not lock.acquire(timeout=self._timeout):
            raise DatabaseLockedError(
                message=f"{self.path}: another thread of this process has been writing for longer than "
                f"{self._timeout:g} s"
            )
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """An idle connection, or a new one, for the length of the block."""
        connection = self.take()
        try:
            yield connection
        finally:
            self.give_back(connection)

    def _connect(self) -> sqlite3.Connection:
        self._add_to_count(1)  # first: while a connection is made, it may have locks
        try:
            path = self._place.path
            if self._read_only:
                connection = connect_read_only(path, self._timeout)
            else:
                connection = connect(path, self._durability, self._timeout)
            try:
                self._place.confirm(connection)
            except BaseException:
                self._place.release(connection)
                raise
            self._place.count_confirmed(1)
            return connection
        except BaseException:
            self._add_to_count(-1)
            raise

    def _end(self, connection: sqlite3.Connection) -> None:
        self._place.count_confirmed(-1)
        with suppress(sqlite3.Error):
            self._place.release(connection)
        self._add_to_count(-1)

    def _add_to_count(self, change: int) -> None:
        with GATE.opening:
            if change > 0:
                self._place.enter()
            self._count += change
            if change < 0:
                self._place.leave()


class _ReadTransaction:
    """What ``reading`` of ``connections`` gives. Generators would double what a transaction takes."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def __enter__(self) -> sqlite3.Connection:
        connections = self._connections
        try:
            self._connection = connections.take()
            try:
                self._connection.execute("BEGIN")
            except BaseException:
                connections.give_back(self._connection)
                raise
        except FAULTS as error:
            raise connections.translated(error) from error
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connections, connection = self._connections, self._connection
        try:
            # After some errors SQLite has ended the transaction by itself.
            if connection.in_transaction:
                connection.execute("COMMIT")
        except FAULTS as fault:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise connections.translated(fault) from error or fault
        finally:
            connections.give_back(connection)
        if isinstance(error, FAULTS):
            raise connections.translated(error) from error
