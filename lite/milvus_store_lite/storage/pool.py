"""The connections of a pool, and their takers. An exception at any moment in a call loses no connection.

A connection is on the list from before it is opened until after it is closed. It is free as soon as its taker is
gone, whether the taker gave it back or not: nothing depends on a step that an exception might skip.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from weakref import ref

from ..process.children import PerProcess
from .file.open_files import OPENING
from .file.place import Place


class Pooled:
    """A connection, None until it is opened, and its taker. A connection without a living ``taker`` is free."""

    __slots__ = ("connection", "taker")

    def __init__(self, taker: ref[object]) -> None:
        self.connection: sqlite3.Connection | None = None
        self.taker: ref[object] | None = taker

    @property
    def is_free(self) -> bool:
        return self.taker is None or self.taker() is None

    @property
    def is_lost(self) -> bool:
        """Whether its taker is gone without having given it back. A transaction may be open on it."""
        return self.taker is not None and self.taker() is None

    def is_of(self, taker: object) -> bool:
        return self.taker is not None and self.taker() is taker


Connect = Callable[[], sqlite3.Connection]
"""Opens a connection."""


class Pool:
    """Connections to one file, to be taken and given back by calls in any thread."""

    def __init__(self, place: Place) -> None:
        self._place = place
        # Changed with OPENING.own, and by the garbage collection at any step: so a copy of it is gone through.
        self._all: list[Pooled] = []
        # Reentrant: the garbage collection may close a client while its thread takes a connection.
        self._lock = PerProcess(threading.RLock)

    @property
    def is_open(self) -> bool:
        """Whether a connection is open, free or not, or about to be."""
        return bool(self._all)

    def take(self, taker: object, connect: Connect) -> Pooled:
        """A connection for ``taker`` alone, outside any transaction: a free one, or a new one."""
        mine = ref(taker)
        free, is_lost = None, False
        with self._lock.own:
            for pooled in list(self._all):
                last = pooled.taker
                if last is None:
                    free = free or pooled
                elif last() is None:
                    # First of all: a transaction on it keeps the log of the file from beginning anew.
                    free, is_lost = pooled, True
                    break
            if free is not None:
                free.taker = mine
        if free is None:
            return self.open(taker, connect)
        if is_lost or free.connection is None or free.connection.in_transaction:
            # An exception ended the call of its last taker, whose statement may still run.
            self.discard(free)
            return self.open(taker, connect)
        return free

    def open(self, taker: object, connect: Connect) -> Pooled:
        """A new connection, for ``taker``."""
        pooled = Pooled(ref(taker))
        with OPENING.own:
            self._all.append(pooled)  # first: while a connection is made, it may have locks
        try:
            with OPENING.own:
                self._place.enter(pooled)
            pooled.connection = connect()
            self._place.confirm(pooled.connection, pooled)
        except BaseException:
            self.discard(pooled)
            raise
        return pooled

    def discard(self, pooled: Pooled) -> None:
        """Close a connection, and forget it; nothing happens if that is done."""
        if pooled.connection is not None:
            with suppress(sqlite3.Error):
                self._place.release(pooled.connection, pooled)
        with OPENING.own, suppress(ValueError):
            self._place.leave(pooled)
            self._all.remove(pooled)

    def of(self, taker: object) -> list[Pooled]:
        """The connections of ``taker``."""
        return [pooled for pooled in list(self._all) if pooled.is_of(taker)]

    def close_lost(self) -> None:
        """Close the connections whose takers are gone without having given them back."""
        closer = _Closer()
        with self._lock.own:
            lost = [pooled for pooled in list(self._all) if pooled.is_lost]
            for pooled in lost:
                pooled.taker = ref(closer)
        for pooled in lost:
            self.discard(pooled)

    def close_free(self, closer: object) -> None:
        """Close the free connections, and those of ``closer``."""
        with self._lock.own:
            closing = [pooled for pooled in list(self._all) if pooled.is_free or pooled.is_of(closer)]
            for pooled in closing:
                pooled.taker = ref(closer)
        for pooled in closing:
            self.discard(pooled)


class _Closer:
    """Takes connections in order to close them. Those that it did not come to are lost again when it is gone."""
