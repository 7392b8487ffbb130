"""A column on its way into memory while calls go on without it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from typing import Final

from ..storage.row_reader import RowSubset
from ..storage.store import CollectionReader
from .filling import Builder, fill
from .snapshot import Key, Origin, Snapshot
from .vector_form import VectorBuilder

_SLICE_BYTES: Final = 192 << 10
_SLICE_ROWS: Final = (16, 512)
"""What is read at a time, and how many rows that is at least and at most: 128 vectors of 384 dimensions take a
millisecond, for which calls may have to wait for Python's lock."""

_RETRY: Final = 60.0
"""Seconds after which a column that could not be read, or for which memory was too short, is tried again."""


ReadOn = Callable[["Loading", CollectionReader, Callable[[], bool]], bool]
"""Reads more of a column, until it hears after a slice that its turn is over; whether something is left to do."""


class Loading:
    """The column ``key`` of a cache: its first slots are in a builder, which only the loading thread sees.

    It outlives transactions, so that none lasts long. Slots of one origin stay the same rows; after another
    origin's snapshot it begins anew.

    Args:
        size: bytes that the column takes in the end, without the slack.
        slack: the room for more rows, for each that is there.
        subset: the rows that the cache has, None for all.
        read_on: of the cache, which sees where its snapshot is by then.
    """

    def __init__(
        self,
        key: Key,
        make: Callable[[], Builder],
        size: int,
        slack: float,
        subset: RowSubset | None,
        read_on: ReadOn,
    ) -> None:
        self.key = key
        self.size = size
        self.is_dropped = False
        self.builder = make()
        self._make = make
        self._slack = slack
        self._subset = subset
        self._read_on = read_on
        self._process = os.getpid()
        self._origin: Origin | None = None
        self._filled = 0
        self._last_turn = time.monotonic()

    @property
    def may_be_replaced(self) -> bool:
        """Whether another try may begin: this one failed a while ago, was never begun because an exception came in
        between, or belongs to the process that forked this one."""
        return self._process != os.getpid() or time.monotonic() > self._last_turn + _RETRY

    def read_on(self, reader: CollectionReader, is_over: Callable[[], bool]) -> bool:
        """Read more of the column into its cache; whether something is left to do."""
        return self._read_on(self, reader, is_over)

    def left(self, snapshot: Snapshot) -> int:
        """The slots of ``snapshot`` that are missing, as a turn begins."""
        self._last_turn = time.monotonic()
        if self._origin is not snapshot.origin:
            self._origin, self._filled, self.builder = snapshot.origin, 0, self._make()
            if isinstance(self.builder, VectorBuilder):
                count = len(snapshot.seqs)
                self.builder.reserve(count + int(self._slack * count))
        return len(snapshot.seqs) - self._filled

    def slices(self, snapshot: Snapshot, reader: CollectionReader) -> Generator[None, None, None]:
        """Read the missing slots of ``snapshot``, which ``reader`` sees, one slice after another."""
        first = self._filled
        after = int(snapshot.seqs[first - 1]) if first else 0
        alive = None if snapshot.alive is None else snapshot.alive[first:]
        least, most = _SLICE_ROWS
        rows = max(least, min(most, _SLICE_BYTES * len(snapshot.seqs) // max(1, self.size)))
        seqs = snapshot.seqs[first:]
        for count in fill(
            self.builder, self.key, reader, after, seqs, alive, self._subset, rows, is_beside=True
        ):
            self._filled = first + count
            yield

    def drop(self) -> None:
        """End without the column: memory is short, or it could not be read."""
        self.is_dropped = True
        self.builder = self._make()
        self._last_turn = time.monotonic()
