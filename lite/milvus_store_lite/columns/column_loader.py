"""Reads columns into memory beside the calls: what makes later ones faster, and no answer needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from ..process.background import Background
from ..process.calls import calls_under_way, whole
from ..storage.reading import SnapshotMoved
from ..storage.store import CollectionReader
from .loading import Loading

if TYPE_CHECKING:
    import logging

_TURN: Final = 0.05
"""Seconds that a transaction lasts: a fork waits for it, and the log cannot be folded beyond it meanwhile."""

_LONGEST_REST: Final = 0.002
"""Seconds. On a busy machine a slice takes longer than its work."""

Begin = Callable[[], "AbstractContextManager[CollectionReader | None]"]
"""Begin a read transaction on the collection; None if there is nothing to load in it any more."""


class ColumnLoader:
    """Reads the columns that are scheduled, in one thread, and rests as long as it works while there are calls.

    A call that wants Python's lock gets it within a slice. A column that cannot be read is none of the calls'
    concern: they read what they need from the file, and report what is wrong there.
    """

    def __init__(self) -> None:
        self._background = Background("milvus-store-columns", self._work)

    def schedule(self, begin: Begin, loading: Loading) -> None:
        """Read ``loading`` soon."""
        self._background.schedule((begin, loading))

    def close(self, *, waiting: bool = True) -> None:
        """Stop, leaving what is half read.

        Args:
            waiting: until the thread has ended. Without it, it ends after the slice that is under way.
        """
        self._background.close(waiting=waiting)

    def _work(self, task: tuple[Begin, Loading]) -> bool:
        begin, loading = task
        turn = _Turn(lambda: self._background.is_closed)
        try:
            wants_more = self._read(begin, loading, turn)
        except SnapshotMoved:
            wants_more = True
        except Exception as error:
            loading.drop()
            _logger().info(f"field '{loading.key.field}' was not read into memory: {error}")
            return False
        turn.rest()
        return wants_more

    @whole
    def _read(self, begin: Begin, loading: Loading, turn: _Turn) -> bool:
        with begin() as reader:
            if reader is None:
                loading.drop()
                return False
            return loading.read_on(reader, turn.is_over)


class _Turn:
    """A turn of the loading thread: slices of work, each followed by a rest while there are calls."""

    def __init__(self, is_closed: Callable[[], bool]) -> None:
        self._is_closed = is_closed
        self._began = self._slice_began = time.monotonic()

    def is_over(self) -> bool:
        """Rest after a slice; whether the turn is over then."""
        if self._is_closed() or time.monotonic() > self._began + _TURN:
            return True
        self.rest()
        return False

    def rest(self) -> None:
        if calls_under_way() > 1:  # this one is one of them
            time.sleep(min(time.monotonic() - self._slice_began, _LONGEST_REST))
        self._slice_began = time.monotonic()


def _logger() -> logging.Logger:
    import logging  # a tenth of what importing the package takes

    return logging.getLogger("milvus_store")
