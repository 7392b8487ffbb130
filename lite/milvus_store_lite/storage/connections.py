"""Connections to one file: a pool of readers and one writer at a time.

``reading()`` and ``writing()`` are one transaction each. This module knows nothing of what calls read or write.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Final

from ..errors import (
    ConnectionNotExistException,
    DatabaseReplacedError,
    DatabaseWriteError,
    MilvusException,
)
from ..process.children import PerProcess
from ..process.forks import GATE
from ..process.progress import OnProgress, Reports, heard
from .faults import FAULTS, translate
from .file.backup import copy_to, fill, target_of
from .file.filesystem import warn_of_network
from .file.identity import Identity
from .file.lineage import BEGIN_LOG
from .file.log import LogBound, fold, start_session
from .file.open_files import OPENING
from .file.opening import Durability, connect, connect_read_only, initialise, is_made, recognise, use_wal
from .file.place import Place
from .file.watch import Watch
from .leases import Lease, WriteLease
from .migrations import FORMATS, Formats
from .pool import Pool
from .writers import holder

_SHRINK_SHARE: Final = 0.25
_SHRINK_PAGES: Final = 1_000
"""After a write, when more than this share of the file is free, so many pages (16 MiB) are given back: a call
never waits long for it, and a file that was emptied has shrunk after a few more calls."""

LONGEST_WAIT: Final = 2_147_483.0
"""Seconds, 24 days: SQLite counts milliseconds in 31 bits."""

_CLOSING_PAUSE: Final = 0.008
"""Seconds at most. If another process keeps the file open, closing takes some 5 ms longer in vain."""


class Connections:
    """All connections of this process to the file at ``path``. Threads share it.

    Args:
        formats: the formats that the file may have; it is migrated to the newest.
    """

    def __init__(
        self,
        path: str,
        durability: Durability = "full",
        timeout: float = 30.0,
        *,
        read_only: bool = False,
        formats: Formats = FORMATS,
    ) -> None:
        self._place = Place(path, read_only=read_only)
        self.path = path
        self._durability = durability
        self._timeout = timeout = min(timeout, LONGEST_WAIT)
        self._log_bound = LogBound(self._place.path, timeout)
        self._is_new = False
        self._read_only = read_only
        self._formats = formats
        self.is_closed = False
        self.pool = Pool(self._place)
        self._watch: Watch | None = None
        # Reentrant: the garbage collection may close a client while its thread holds the lock.
        self._watch_lock = PerProcess(threading.RLock)
        self.write_turn = PerProcess(threading.RLock)
        self._notice_others()
        with OPENING.own:
            if not self._place.is_open_here() and not recognise(path, formats) and read_only:
                raise DatabaseWriteError(
                    message=f"{path} does not exist, and a read-only client makes nothing"
                )
            GATE.add(self)
        warn_of_network(path)
        try:
            with self._connection() as connection:
                self._prepare(connection)
                is_older = formats.is_older(connection)
            if is_older:
                with self.writing() as connection:
                    formats.migrate(connection)
        except BaseException:
            self.close(waiting=False)
            raise

    def reading(self, *, is_looked_at: bool = False) -> Lease:
        """A connection that sees one unchanging state of the file for the length of the block.

        Args:
            is_looked_at: whether this call has just checked the file by ``look``.
        """
        return Lease(self, "BEGIN", is_looked_at=is_looked_at)

    def state(self) -> object:
        """A value that changes with each commit of any thread or process, and only then.

        The caller is inside the gate, and checks itself that the file is still the one that was opened.
        """
        try:
            with self._watch_lock.own:
                if self._watch is not None:
                    return self._watch.state()
        except FAULTS as error:
            raise self.translated(error) from error
        with self._connection(), self._watch_lock.own:
            if self._watch is None:
                watching = self.pool.open(self, self.connect)
                try:
                    assert watching.connection is not None
                    self._watch = Watch(watching.connection, self._place.log_index())
                except BaseException:
                    self.pool.discard(watching)
                    raise
            return self._watch.state()

    def writing(self) -> Lease:
        """A connection that alone may write; what the block did is durable when it ends, or undone.

        Raises:
            DatabaseLockedError: another thread or process has been writing for longer than the timeout.
            DatabaseWriteError: the file cannot be written.
            DatabaseReplacedError: the file is not the one that was opened.
        """
        return self._alone("BEGIN IMMEDIATE")

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file as far as readers allow, without waiting for them."""
        with self._connection() as connection:
            fold(connection)

    def shrink(self, progress: OnProgress | None = None) -> None:
        """Give every free page back to the file system, unless another process is writing."""
        heard(self._shrink, progress)

    def backup(self, given: object, progress: OnProgress | None = None) -> None:
        """Copy the present state of the file to the new file ``given``, while others may write."""
        target = target_of(given, self._place)
        with self._connection() as connection, self._translated(target):
            copy_to(target, connection, progress)

    def fill(self, part: str, progress: OnProgress | None = None) -> None:
        """Copy the present state of the file to the empty file ``part``, as a database of its own."""
        with self._connection() as connection, self._translated(part):
            fill(part, connection, progress)

    def close(self, *, waiting: bool = True) -> None:
        """Close every connection. The last one to close a file folds the WAL into it and removes it.

        Args:
            waiting: whether to wait for a write or a fork that is under way. Without it, each call closes its
                connection when it ends, and a fork all that are idle.
        """
        self.is_closed = True
        with self.write_turn.own if waiting else nullcontext():
            # A fork in the middle of closing would leave SQLite's bookkeeping of it in the child.
            if not GATE.is_usable:
                return
            if not GATE.enter(waiting=waiting):
                GATE.hand_over(self)
                return
            try:
                with suppress(MilvusException):
                    self.look()
                self.close_idle()
                if waiting:
                    self._close_alone()
            finally:
                GATE.leave()

    # What a lease asks for.

    def connect(self) -> sqlite3.Connection:
        if self._read_only:
            return connect_read_only(self._place.path, self._timeout)
        return connect(self._place.path, self._durability, self._timeout)

    def look(self) -> None:
        """Check that the file is still the one that was opened. The caller is inside the gate.

        Raises:
            DatabaseReplacedError: another file is there.
        """
        try:
            self._place.look()
        except DatabaseReplacedError:
            self._fold_when_moved()
            raise

    def prepare_write(self, connection: sqlite3.Connection) -> None:
        """Prepare for a write, perhaps the first since the log was removed.

        Raises:
            DatabaseReplacedError: the file is not the one that was opened.
        """
        try:
            size = self._place.look_closely(writing=True)
        except DatabaseReplacedError:
            self._fold_when_moved()
            raise
        if size == 0 and not self._is_new:
            start_session(connection, self._place.look_closely)
        self._is_new = False
        if self._watch is None:
            self.state()  # it tells when a log begins

    def begin_log(self, connection: sqlite3.Connection) -> None:
        """Note that a write has begun, perhaps the first of a log."""
        with self._watch_lock.own:
            may_begin = self._watch is None or self._watch.may_begin_log()
        if may_begin:
            connection.execute(BEGIN_LOG)

    @property
    def real_path(self) -> str:
        """The absolute path of the file, without links."""
        return self._place.path

    @property
    def identity(self) -> Identity | None:
        """The identity of the file."""
        return self._place.identity

    def refuse(self) -> None:
        """Raise the error of a call after ``close``."""
        raise ConnectionNotExistException(message=f"the database {self.path} is closed")

    def translated(
        self, error: sqlite3.Error | UnicodeDecodeError, path: str | None = None
    ) -> MilvusException:
        """``error`` as one of this package, about ``path``.

        Of a file that was replaced as SQLite opened it, SQLite may say anything.
        """
        try:
            self._place.look()
        except DatabaseReplacedError as replaced:
            return replaced
        return translate(error, path or self.path, self._timeout, holder(self._place.path))

    # What a fork asks for.

    @property
    def is_open(self) -> bool:
        return self.pool.is_open

    def close_idle(self) -> None:
        if not GATE.is_usable:
            return
        with self._watch_lock.own:
            self._watch = None
            self.pool.close_free(self)  # and the connection of the watch

    # ---------------------------------------------------------------------------------------------------

    def _notice_others(self) -> None:
        """Let those of this process that still have the former file at the path open see that it was replaced.

        Without ``OPENING``: they may fold their log, under a lock with which they open connections.
        """
        for other in GATE.members:
            if isinstance(other, Connections) and other.is_open and other._place.path == self._place.path:
                with suppress(MilvusException):
                    other.look()

    def _fold_when_moved(self) -> None:
        """Fold the log into a file that was moved: the log does not move with it."""
        with self._watch_lock.own, suppress(sqlite3.Error):
            if self._watch is not None:
                self._place.fold_when_moved(self._watch.connection)

    def _close_alone(self) -> None:
        """Close once more a moment later, if the log is still there and this process has no other client.

        When two processes close at once, SQLite takes neither for the last one, and both leave the log.
        """
        path = self._place.path
        with OPENING.own:
            if self._place.is_open_here() or not all(map(os.path.exists, (path, f"{path}-wal"))):
                return
        time.sleep(os.urandom(1)[0] / 255 * _CLOSING_PAUSE)
        with suppress(sqlite3.Error, MilvusException):
            connection = self.pool.open(self, self.connect).connection
            assert connection is not None
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("SELECT count(*) FROM collections").fetchone()
        self.close_idle()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the file unless another process makes it first."""
        made = is_made(connection, self.path, self._formats)
        if self._read_only:
            if not made:
                raise DatabaseWriteError(
                    message=f"{self.path} is empty, and a read-only client makes nothing"
                )
            self._formats.refuse_older(connection, self.path)
            return
        if not made:
            self._is_new = initialise(connection, self._place.path, self._formats)
        use_wal(connection, self._timeout)
        self._place.confirm(connection)

    def _shrink(self, reports: Reports) -> None:
        with self._alone(None) as connection:
            total = left = _free(connection)
            reports.tell("freeing pages", 0, total, "pages")
            while left > 0:
                # Some at a time: whoever listens hears of it, and the log stays short.
                self._free_pages(connection, share=0.0, most=_SHRINK_PAGES)
                before, left = left, _free(connection)
                if left >= before:
                    return  # another process is writing
                reports.tell("freeing pages", total - left, total, "pages")

    def _free_pages(self, connection: sqlite3.Connection, share: float, most: int) -> None:
        """Free pages if they are more than ``share`` of the file, at most ``most`` of them; waits for no lock."""
        free = _free(connection)
        if free == 0:
            return
        (total,) = connection.execute("PRAGMA page_count").fetchone()
        if free <= share * total:
            return
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            # executescript, since the pragma frees one page a step and execute() takes one step only.
            connection.executescript(
                f"BEGIN IMMEDIATE; {BEGIN_LOG}; PRAGMA incremental_vacuum({min(free, most)}); COMMIT"
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

    def _alone(self, begin: str | None) -> Lease:
        """A connection for the one thread of this process that may write."""
        if self._read_only:
            raise DatabaseWriteError(message=f"{self.path} was opened read-only: open it anew to write")
        return WriteLease(self, begin, self.write_turn.own, self._timeout, self._place.path, self._tidy)

    def _connection(self) -> Lease:
        """A connection in no transaction, for the length of the block."""
        return Lease(self)

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """After a write: give some free pages back where there are many, and keep the log from growing."""
        self._free_pages(connection, _SHRINK_SHARE, _SHRINK_PAGES)
        self._log_bound.keep(connection)


def _free(connection: sqlite3.Connection) -> int:
    """How many pages of the file are free."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(free)
