"""Storing a built index beside the calls that write: each part is a transaction of its own.

So other writes wait for one part and not for all. New parts are numbered beyond all that are there, with a gap
before the first, and the last transaction stores the head and removes the old ones. So the parts of a head are
those with the lowest numbers. A process that is killed in between leaves parts beyond them, which the next index
removes. Of two that store one index at a time, the first finds that the last part is not its own, and gives up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from . import index_parts
from .index_parts import IndexHead, Part, StoredIndex

_MOST_PARTS: Final = 1 << 40
"""No file has stored so many, one index after the other."""

Sink = Callable[[bytes], object]
"""Takes the next bytes of an index."""


class Superseded(Exception):
    """What is being stored is not wanted any more: the index was dropped, or another process stores it."""


def store(
    index: IndexHead,
    write: Callable[[Sink], object],
    writing: Callable[[], AbstractContextManager[StoredIndex]],
) -> None:
    """Store an index in place of the one that is stored under its name.

    Args:
        write: hands the index itself, in pieces of any size, to the sink that it is given.
        writing: begins a write transaction.

    Raises:
        Superseded: another process stored it meanwhile, or is about to.
    """
    sink = _PartSink(writing)
    write(sink)
    sink.finish(index)


class _PartSink:
    """Writes the bytes of an index as parts of equal size, with no more than one part in memory."""

    def __init__(self, writing: Callable[[], AbstractContextManager[StoredIndex]]) -> None:
        self._writing = writing
        self._waiting = bytearray()
        self._first = 0
        self._last: Part | None = None

    def __call__(self, data: bytes) -> None:
        self._waiting += data
        size = index_parts.PART_SIZE
        while len(self._waiting) >= size:
            self._write(self._waiting[:size])
            del self._waiting[:size]

    def finish(self, index: IndexHead) -> None:
        if self._waiting:
            self._write(self._waiting)
        assert self._last is not None
        with self._writing() as stored:
            if stored.last_part() != self._last:
                raise Superseded
            stored.finish(index, self._first, self._last.number + 1 - self._first)

    def _write(self, value: bytearray) -> None:
        with self._writing() as stored:
            last = stored.last_part()
            if self._last is None:
                self._first = number = _first_number(stored, last)
            elif last == self._last:
                number = last.number + 1
            else:
                raise Superseded
            part = stored.add_part(number, value)
        self._last = part


def _first_number(stored: StoredIndex, last: Part | None) -> int:
    """Of the parts of a new index; ``last``: what ``last_part`` says.

    It leaves a gap, which keeps these parts apart from those that are there, whatever is missing of them.
    """
    if last is None or last.number >= _MOST_PARTS:
        stored.remove()  # perhaps a head without parts, which would take the new ones for its own
        return 0
    return last.number + 2
