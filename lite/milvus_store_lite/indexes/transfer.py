"""A faiss index as a stream of bytes, so that it is never in memory twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..process.openmp import faiss
from ..storage.index_parts import DamagedIndex
from .byte_steps import Steps
from .layout import Layout


def write(handle: Any, sink: Callable[[bytes], object]) -> None:
    """Give the bytes of the faiss index ``handle`` to ``sink``, in pieces of any size."""

    def take(data: bytes) -> int:
        sink(data)
        return len(data)

    faiss.write_index(handle, faiss.PyCallbackIOWriter(take))


def read(pieces: Iterator[bytes], size: int, like: Any, rows: int) -> Any:
    """The faiss index of ``rows`` labels whose bytes, ``size`` of them, are ``pieces``.

    Args:
        like: an empty index of the same definition.

    Raises:
        DamagedIndex: they are the bytes of another index, or of none.
    """
    accepted = _accepted(Layout(like, rows, size).steps(), _Source(pieces))
    piece, start = memoryview(b""), 0

    def give(size: int) -> bytes:
        nonlocal piece, start
        while start == len(piece):
            following = next(accepted, None)
            if following is None:
                return b""
            piece, start = following, 0
        given = piece[start : start + size]
        start += len(given)
        return bytes(given)

    try:
        handle = faiss.read_index(faiss.PyCallbackIOReader(give))
    except (RuntimeError, AssertionError) as error:
        raise DamagedIndex(f"faiss: {error}") from error
    if start < len(piece) or next(accepted, None) is not None or next(pieces, None) is not None:
        raise DamagedIndex("bytes are left over after the index")
    return handle


def _accepted(steps: Steps[None], source: _Source) -> Iterator[memoryview]:
    """The bytes that ``steps`` ask for and accept, in pieces."""
    try:
        asked = next(steps)
        while True:
            piece = source.take(asked)
            asked = steps.send(piece)
            yield piece
    except StopIteration:
        yield piece
        if source.has_more:
            raise DamagedIndex("bytes are left over after the index") from None


class _Source:
    """The bytes of ``pieces`` in any portions."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece, self._start = memoryview(b""), 0

    @property
    def has_more(self) -> bool:
        """Whether the current piece has bytes left."""
        return self._start < len(self._piece)

    def take(self, size: int) -> memoryview:
        """The next ``size`` bytes."""
        if size <= len(self._piece) - self._start:
            return self._next(size)
        taken = bytearray()
        while len(taken) < size:
            if self._start == len(self._piece):
                following = next(self._pieces, None)
                if following is None:
                    raise DamagedIndex("it ends too early")
                self._piece, self._start = memoryview(following), 0
            taken += self._next(min(size - len(taken), len(self._piece) - self._start))
        return memoryview(taken)

    def _next(self, size: int) -> memoryview:
        taken = self._piece[self._start : self._start + size]
        self._start += size
        return taken
