"""Reads columns into memory beside the calls: what makes later ones faster, and no answer needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from ..process.background import Background
from ..process.calls import whole
from ..storage.reading import SnapshotMoved
from ..storage.store import CollectionReader
from .loading import Loading

if TYPE_CHECKING:
    import logging

_TURN: Final = 0.05
"""Seconds that a transaction lasts: a fork waits for it, and the log cannot be folded beyond it meanwhile."""

Begin = Callable[[], "AbstractContextManager[CollectionReader | None]"]
"""Begin a read transaction on the collection; None if there is nothing to load in it any more."""


class ColumnLoader:
    """Reads the columns that are scheduled, in one thread, a slice at a time.

    A call that wants Python's lock gets it within a slice. There are no rests between slices: a search whose
    vectors are not in memory yet takes several times as long as one whose vectors are. A column that cannot be
    read is none of the calls' concern: they read what they need from the file, and report what is wrong there.
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
            return self._read(begin, loading, turn)
        except SnapshotMoved:
            return True
        except Exception as error:
            loading.drop()
            _logger().info(f"field '{loading.key.field}' was not read into memory: {error}")
            return False

    @whole
    def _read(self, begin: Begin, loading: Loading, turn: _Turn) -> bool:
        with begin() as reader:
            if reader is None:
                loading.drop()
                return False
            return loading.read_on(reader, turn.is_over)


class _Turn:
    """A turn of the loading thread: slices of work in one transaction."""

    def __init__(self, is_closed: Callable[[], bool]) -> None:
        self._is_closed = is_closed
        self._ends = time.monotonic() + _TURN

    def is_over(self) -> bool:
        """Whether the turn is over; asked after each slice."""
        return self._is_closed() or time.monotonic() > self._ends


def _logger() -> logging.Logger:
    import logging  # a tenth of what importing the package takes

    return logging.getLogger("milvus_store")
