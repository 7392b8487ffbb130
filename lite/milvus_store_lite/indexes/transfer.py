"""A faiss index as a stream of bytes: what is written or read is never in memory twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..process.openmp import faiss


def write(handle: Any, sink: Callable[[bytes], object]) -> None:
    """Give the bytes of the faiss index ``handle`` to ``sink``, in pieces of any size."""

    def take(data: bytes) -> int:
        sink(data)
        return len(data)

    faiss.write_index(handle, faiss.PyCallbackIOWriter(take))


def read(pieces: Iterator[bytes]) -> Any:
    """The faiss index whose bytes are ``pieces``, which are read to their end.

    Raises:
        RuntimeError: they are no index, or too few.
    """
    piece, start = memoryview(b""), 0

    def give(size: int) -> bytes:
        nonlocal piece, start
        while start == len(piece):
            following = next(pieces, None)
            if following is None:
                return b""
            piece, start = memoryview(following), 0
        given = piece[start : start + size]
        start += len(given)
        return bytes(given)

    handle = faiss.read_index(faiss.PyCallbackIOReader(give))
    if start < len(piece) or next(pieces, None) is not None:
        raise RuntimeError("there is more than the index has")
    return handle
