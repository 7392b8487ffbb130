"""A read transaction that outlives the call which began it: an iterator's.

It belongs to no thread. Between calls a fork does not wait for it. It holds SQLite's locks all the time, so a
child that is forked then gets an error when it uses the file.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import TypeVar
from weakref import ref

from ..errors import MilvusException
from ..process.calls import whole
from ..process.forks import GATE
from .faults import FAULTS
from .leases import Lease
from .pool import Pool

Read = TypeVar("Read")


class CursorTransaction:
    """Keeps the transaction of ``lease`` open until ``close()``, or until the garbage collection takes this."""

    def __init__(self, lease: Lease) -> None:
        self._process = os.getpid()
        self._lease = lease
        # Weakly: a finalizer that an exception strikes as it begins keeps what it was given for good.
        self._held = ref(lease), ref(lease.pool), self._process
        self._forgotten = weakref.finalize(self, _end, *self._held)
        lease.suspend()

    def read(self, read: Callable[[], Read]) -> Read:
        """What ``read`` finds in the transaction.

        Raises:
            MilvusException: the transaction has ended, or belongs to the parent of this process.
            DatabaseReplacedError: the file is not the one that was opened.
        """
        if self._lease.has_ended:
            raise MilvusException(message="the iterator is closed: begin a new one")
        if self._process != os.getpid():
            raise MilvusException(
                message="the iterator belongs to the parent process: begin one in this process"
            )
        GATE.begin()
        try:
            self._lease.look()
            return read()
        except FAULTS as error:
            self._lease.end(error)
            raise self._lease.translated(error) from error
        except BaseException as error:
            self._lease.spoil(error)
            raise
        finally:
            GATE.leave()

    def close(self) -> None:
        """End the transaction; nothing happens if it has ended."""
        _end(*self._held)
        self._forgotten.detach()


@whole
def _end(lease: ref[Lease], pool: ref[Pool], process: int) -> None:
    if process != os.getpid():
        return  # the gate keeps the pool of its parent, and its connections
    is_inside = GATE.enter(waiting=False)  # a fork in between has left it alone
    try:
        if (held := lease()) is not None:
            held.end()
        elif (lender := pool()) is not None:
            lender.close_lost()  # the lease was garbage as well, as in a cycle
    finally:
        if is_inside:
            GATE.leave()
