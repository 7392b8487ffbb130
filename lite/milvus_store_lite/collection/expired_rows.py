"""Removes rows that have expired: no call returns them, but they take room and slow searches down."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from ..columns.view import View
from ..indexes.field_index import logger
from ..process.background import Background
from ..process.calls import whole
from ..search.living import expired_seqs
from ..storage.reading import SnapshotMoved
from .session import Session

ROWS_AT_ONCE: Final = 2_000
"""Rows that one transaction removes. Writers wait for it: a row of 384 dimensions took 42 µs on two busy cores, so
so many took 0.08 s, where 20,000 at once took 0.85 s and were no faster."""

PAUSE: Final = 1.0
"""Seconds between a call that meets expired rows and their removal: rows that expire one after the other are
removed together, and a removal waits for the disk like any other write."""

Writing = Callable[[int], AbstractContextManager["Session | None"]]
"""Begins a write transaction on the collection with an id; gives None where there is none."""


class ExpiredRowsRemover:
    """Removes the expired rows of the collections of a file, one after the other, beside the calls."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._background = Background("milvus-store-expired-rows", self._work, lambda due: due + PAUSE)

    def schedule(self, collection: int) -> None:
        """Remove the expired rows of ``collection`` soon."""
        self._background.schedule(collection)

    def close(self, *, waiting: bool = True) -> None:
        """Remove no more; ``waiting``: until a removal under way has ended."""
        self._background.close(waiting=waiting)

    @whole
    def remove(self, collection: int) -> bool:
        """Remove expired rows of ``collection``; returns whether there are more."""
        with self._writing(collection) as session:
            if session is None or (expiry := session.reader.expiry) is None:
                return False
            view = View.of(session.state.snapshot_caches.whole, session.reader)
            seqs = expired_seqs(view, expiry, ROWS_AT_ONCE)
            if not seqs:
                return False
            writer = session.writer()
            writer.remove(seqs)
            writer.save_position()
            is_done = len(seqs) < ROWS_AT_ONCE
            if is_done and expiry.lifetime.field is None:
                session.reader.forget_times(expiry.insertion)
            session.state.indexes.wrote(writer.position)
            return not is_done

    def _work(self, collection: int) -> bool:
        try:
            self._remove_all(collection)
        except SnapshotMoved:
            return True
        except Exception:
            # No call returns these rows in any case; the next that meets them tries again.
            logger().exception(f"removing the expired rows of collection {collection} failed")
        return False

    def _remove_all(self, collection: int) -> None:
        """Remove all that have expired, and leave half of the time to others who write."""
        are_left = True
        while are_left and not self._background.is_closed:
            began = time.monotonic()
            are_left = self.remove(collection)
            time.sleep(time.monotonic() - began if are_left else 0)
