"""A connection for the length of a ``with`` block, with or without a transaction or the turn to write.

A lease gives everything back at the end of the block. If an exception kept it from doing so, ``calls`` makes it do
so later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol

from ..errors import DatabaseCorruptError, DatabaseLockedError, MilvusException
from ..process.calls import THIS_THREAD, ThreadCalls
from ..process.forks import GATE
from .faults import FAULTS
from .pool import Pool, Pooled
from .reading import SnapshotMoved
from .writers import begin_writing, end_writing


class Lender(Protocol):
    """The owner of the connections."""

    pool: Pool
    is_closed: bool

    def connect(self) -> sqlite3.Connection: ...
    def close_idle(self) -> None: ...
    def refuse(self) -> None: ...
    def look(self) -> None: ...
    def prepare_write(self, connection: sqlite3.Connection, /) -> None: ...
    def begin_log(self, connection: sqlite3.Connection, /) -> None: ...
    def translated(self, error: sqlite3.Error | UnicodeDecodeError, /) -> MilvusException: ...


class Turn(Protocol):
    """A ``threading.RLock``, which only the thread that holds it can release."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...


class Lease:
    """A connection of ``lender``.

    Args:
        begin: the statement that begins its transaction, if it has one.
        is_looked_at: whether this call has just checked the file, or the lender does so for this lease.
    """

    __slots__ = (
        "__weakref__",
        "_begin",
        "_calls",
        "_is_inside",
        "_is_looked_at",
        "_is_spoilt",
        "_lender",
        "_pooled",
        "has_ended",
    )

    def __init__(self, lender: Lender, begin: str | None = None, *, is_looked_at: bool = False) -> None:
        self._lender = lender
        self._begin = begin
        self._is_looked_at = is_looked_at
        self._calls: ThreadCalls | None = None  # those of the thread that has it
        self._pooled: Pooled | None = None
        self._is_inside = False
        self._is_spoilt = False
        self.has_ended = False

    @property
    def pool(self) -> Pool:
        """The pool that the connection is from."""
        return self._lender.pool

    def __enter__(self) -> sqlite3.Connection:
        calls = self._calls = THIS_THREAD.calls
        calls.taken.append(self)
        try:
            self._wait()
            lender = self._lender
            if lender.is_closed:
                lender.refuse()
            self._is_inside = GATE.enter()
            if not self._is_looked_at:
                lender.look()
            self._pooled = pooled = lender.pool.take(self, lender.connect)
            connection = pooled.connection
            assert connection is not None
            self._start(connection)
            return connection
        except BaseException as error:
            self.end(error)
            if isinstance(error, FAULTS):
                raise self._lender.translated(error) from error
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.has_ended or (error is None and self._calls is None):
            return  # an exception ended it, or ``suspend``
        try:
            self._finish(error)
        except FAULTS as fault:
            self.end(fault)
            raise self._lender.translated(fault) from error or fault
        except MilvusException as refusal:
            self.end(refusal)
            raise
        self.end(error)
        if isinstance(error, FAULTS):
            raise self._lender.translated(error) from error

    def suspend(self) -> None:
        """Keep the connection beyond the block and the call, for later calls of any thread; ``end`` it then."""
        calls = self._calls
        assert calls is not None
        self._calls, self._is_inside = None, False
        calls.taken.remove(self)
        calls.inside -= 1

    def spoil(self, error: BaseException) -> None:
        """Note that ``error`` came up while the connection was used."""
        self._is_spoilt = self._is_spoilt or not _is_refusal(error)

    def end(self, error: BaseException | None = None) -> None:
        """Give everything back, undoing what is not committed. ``error``: what ended the block, if anything."""
        if self.has_ended:
            return
        self._give_back(is_fit=error is None or _is_refusal(error))
        self.has_ended = True
        calls, self._calls = self._calls, None
        if calls is not None:
            calls.taken.remove(self)
            if self._is_inside:
                self._is_inside = False
                calls.inside -= 1

    def abandon(self) -> None:
        """Give everything back, except the count at the gate, which the caller corrects."""
        self._give_back(is_fit=False)
        self.has_ended = True
        self._calls = None

    def translated(self, error: sqlite3.Error | UnicodeDecodeError) -> MilvusException:
        """``error`` as one of this package."""
        return self._lender.translated(error)

    def look(self) -> None:
        """Check that the file is still the one that was opened."""
        self._lender.look()

    # ---------------------------------------------------------------------------------------------------

    def _start(self, connection: sqlite3.Connection) -> None:
        if self._begin is not None:
            connection.execute(self._begin)

    @property
    def _connection(self) -> sqlite3.Connection | None:
        return None if self._pooled is None else self._pooled.connection

    def _wait(self) -> None:
        """Wait for the turn, which one call has at a time.

        Raises:
            DatabaseLockedError: this thread is in the middle of another call.
        """
        if self._begin is not None and not self._is_looked_at:
            THIS_THREAD.calls.refuse_another()

    def _finish(self, error: BaseException | None) -> None:
        """End the transaction, if SQLite has not done so after an error."""
        connection = self._connection
        if connection is not None and connection.in_transaction:
            connection.execute("COMMIT")

    def _give_back(self, *, is_fit: bool) -> None:
        lender = self._lender
        for pooled in (self._pooled,) if self._pooled is not None else lender.pool.of(self):
            if not pooled.is_of(self):
                continue
            connection, is_idle = pooled.connection, False
            try:
                if connection is not None:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    is_idle = True
            except sqlite3.Error:
                pass
            if is_fit and is_idle and not self._is_spoilt:
                pooled.taker = None
            else:
                lender.pool.discard(pooled)
        if lender.is_closed:
            lender.close_idle()


class WriteLease(Lease):
    """A connection for the one call of this process that may write, which waits for its turn.

    Args:
        begin: None to write without a transaction.
        turn: the lock whose holder has the turn.
        timeout: seconds to wait for it.
        path: of the file, without symbolic links.
        tidy: called after the transaction, before others get their turn.
    """

    __slots__ = ("_path", "_tidy", "_timeout", "_turn")

    def __init__(
        self,
        lender: Lender,
        begin: str | None,
        turn: Turn,
        timeout: float,
        path: str,
        tidy: Callable[[sqlite3.Connection], object],
    ) -> None:
        super().__init__(lender, begin, is_looked_at=True)
        self._turn = turn
        self._timeout = timeout
        self._path = path
        self._tidy = tidy

    def __enter__(self) -> sqlite3.Connection:
        connection = super().__enter__()
        begin_writing(self, self._path)
        return connection

    def _start(self, connection: sqlite3.Connection) -> None:
        self._lender.prepare_write(connection)
        super()._start(connection)
        if self._begin is not None:
            self._lender.begin_log(connection)

    def _wait(self) -> None:
        THIS_THREAD.calls.refuse_another()
        if not self._turn.acquire(timeout=self._timeout):
            raise self._locked(
                f"another thread of this process has been writing for longer than {self._timeout:g} s"
            )

    def _finish(self, error: BaseException | None) -> None:
        connection = self._connection
        if connection is None or error is not None or not connection.in_transaction:
            return
        self._lender.look()
        connection.execute("COMMIT")
        with suppress(sqlite3.Error):  # The write is durable; the next call reports what is wrong now.
            self._tidy(connection)

    def _give_back(self, *, is_fit: bool) -> None:
        super()._give_back(is_fit=is_fit)
        end_writing(self)
        with suppress(RuntimeError):  # this thread does not hold it: it waited in vain, or has released it
            self._turn.release()

    def _locked(self, reason: str) -> DatabaseLockedError:
        return DatabaseLockedError(message=f"{self._path}: {reason}")


def _is_refusal(error: BaseException) -> bool:
    """Whether ``error`` was raised on purpose, where no statement was under way.

    After others one may be, whose cursor lives as long as the error's traceback: the next transaction on its
    connection would go on seeing the state of the file that the statement sees.
    """
    if isinstance(error, SnapshotMoved):
        return True
    return isinstance(error, MilvusException) and not isinstance(error, DatabaseCorruptError)
