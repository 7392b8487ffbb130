"""Adding vectors to an index while the next ones are read."""

from __future__ import annotations

import threading
import weakref
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from ..process.threads import started

if TYPE_CHECKING:
    from .ann import AnnIndex

Floats = npt.NDArray[np.float32]

_CHECK_SECONDS: Final = 1.0
"""How often a waiting build checks that the adding thread lives: a lack of memory may end that thread."""


class Adder:
    """Adds chunks to an index in their order, in a thread of its own, while the caller reads the next ones.

    All are in at the end of the ``with`` block. Unlike the threads of an executor, this one may begin work while
    the interpreter shuts down: only then is a build told to stop. Where no thread can be started, the caller's
    adds.
    """

    def __init__(self, ann: AnnIndex) -> None:
        self._ann = ann
        self._waiting: SimpleQueue[Floats | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()  # one for each chunk that may be queued
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._work,
            args=(ann, self._waiting, self._room, self._errors),
            name="milvus-store-adder",
            daemon=True,
        )
        self._has_thread = False
        # Where an exception skips ``__exit__``.
        weakref.finalize(self, self._waiting.put, None).atexit = False

    def add(self, vectors: Floats) -> None:
        """Add ``vectors`` (m, dim), prepared. Raises the error of an earlier chunk, if there was one."""
        if not self._has_thread:
            self._ann.add(vectors)
            return
        self._wait_for_room()
        self._waiting.put(vectors)
        if self._errors:
            raise self._errors[0]

    def _wait_for_room(self) -> None:
        while True:
            try:
                self._room.get(timeout=_CHECK_SECONDS)
                return
            except Empty:
                if not self._thread.is_alive():
                    raise MemoryError("the thread that adds vectors has ended") from None

    def __enter__(self) -> Adder:
        self._room.put(None)
        self._has_thread = started(self._thread)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._waiting.put(None)
        if self._has_thread:
            self._thread.join()
            if kind is None and self._errors:
                raise self._errors[0]
            if kind is None and not self._waiting.empty():
                raise MemoryError("the thread that adds vectors has ended")

    @staticmethod
    def _work(
        ann: AnnIndex,
        waiting: SimpleQueue[Floats | None],
        room: SimpleQueue[None],
        errors: list[BaseException],
    ) -> None:
        while (vectors := waiting.get()) is not None:
            room.put(None)
            if not errors:
                try:
                    ann.add(vectors)
                except BaseException as error:
                    errors.append(error)
