"""A read transaction that outlives the call which began it: an iterator's.

It belongs to no thread. Between calls a fork does not wait for it; but SQLite's locks are held meanwhile, so a
child that is forked then is told that it cannot use the file.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from ..errors import MilvusException
from .faults import FAULTS
from .forks import GATE


class HeldTransaction:
    """The transaction that closing ``opened`` ends. It ends at ``close()``, or when nobody knows it any more.

    Args:
        look: raises if the file is not the one that it reads.
    """

    def __init__(self, opened: ExitStack, look: Callable[[], None]) -> None:
        self._look = look
        self._process = os.getpid()
        self._opened = opened
        GATE.lay_down()
        self._end = weakref.finalize(self, _end, opened.close, self._process)

    @contextmanager
    def using(self) -> Iterator[None]:
        """Read in the transaction, for the length of the block.

        Raises:
            MilvusException: it has ended, or belongs to the process that this one was forked from.
            DatabaseReplacedError: the file is not the one that was opened.
        """
        if not self._end.alive:
            raise MilvusException(message="the iterator is closed: begin a new one")
        if self._process != os.getpid():
            raise MilvusException(
                message="the iterator belongs to the parent process: begin one in this process"
            )
        GATE.take_up()
        try:
            self._look()
            yield
        except FAULTS:
            # What SQLite says leaves as an error of this package, by the way the transaction was opened.
            self._end.detach()
            self._opened.__exit__(*sys.exc_info())
            raise
        except BaseException:
            GATE.lay_down()
            raise
        GATE.lay_down()

    def close(self) -> None:
        """End the transaction; nothing happens if it has ended."""
        self._end()


def _end(close: Callable[[], None], process: int) -> None:
    if process == os.getpid():
        GATE.take_up(waiting=False)
        close()
    else:
        GATE.keep(close)
