"""A write-ahead log in the file system, read before SQLite uses it as the log of a file.

The layout and the checksums are those of https://www.sqlite.org/fileformat.html, "The Write-Ahead Log". SQLite
locks nothing in this file, so that it may be opened and closed at any time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from .lineage import Lineage, in_page

_HEADER: Final = struct.Struct(">IIII8sII")
_FRAME: Final = struct.Struct(">II8sII")
_MAGIC: Final = 0x377F0682  # with the lowest bit, checksums are of big-endian words
_FRAMES_AT_ONCE: Final = 64
_MASK: Final = 0xFFFFFFFF


class Row(NamedTuple):
    """The row of the lineage as a log has it, and the number of its page."""

    page: int
    lineage: Lineage


@dataclass(frozen=True, slots=True)
class Log:
    """The part of a log that SQLite would use: its committed frames.

    ``rows`` are those of the lineage, the oldest first.
    """

    frames: int
    page_size: int
    rows: tuple[Row, ...]


def read_log(path: str) -> Log:
    """The log at ``path``; without frames if SQLite would find nothing in it.

    Raises:
        OSError: it cannot be read.
    """
    committed = 0
    size = 0
    rows: list[Row] = []
    pending: list[Row] = []
    with open(path, "rb") as file:
        for number, (page, content, is_commit) in enumerate(_frames(file), 1):
            size = len(content)
            found = in_page(content)
            if found is not None:
                pending.append(Row(page, found))
            if is_commit:
                committed = number
                rows += pending
                pending = []
    return Log(committed, size, tuple(rows))


def first_row(path: str) -> Row | None:
    """The first row of the lineage in a log that may be growing; nothing is verified."""
    with open(path, "rb") as file:
        header = _Header.read(file)
        if header is None:
            return None
        while True:
            frame = file.read(_FRAME.size + header.page_size)
            if len(frame) < _FRAME.size + header.page_size:
                return None
            page, _, salt, _, _ = _FRAME.unpack_from(frame)
            if salt != header.salt:
                return None
            found = in_page(frame[_FRAME.size :])
            if found is not None:
                return Row(page, found)


class _Header(NamedTuple):
    page_size: int
    salt: bytes
    sums: tuple[int, int]
    words: Any
    """The type of the words that checksums are made of."""

    @classmethod
    def read(cls, file: BinaryIO) -> _Header | None:
        """The header of a log; None if SQLite would not accept it."""
        content = file.read(_HEADER.size)
        if len(content) < _HEADER.size:
            return None
        magic, _, page_size, _, salt, *sums = _HEADER.unpack(content)
        if magic & ~1 != _MAGIC or not 512 <= page_size <= 65_536 or page_size & (page_size - 1):
            return None
        words = np.dtype(">u4" if magic & 1 else "<u4")
        if _summed((0, 0), np.frombuffer(content[:24], words).reshape(1, -1))[0] != tuple(sums):
            return None
        return cls(page_size, salt, (sums[0], sums[1]), words)


def _frames(file: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """(page, its content, whether a transaction ends there) of each frame, up to the first that is not sound."""
    header = _Header.read(file)
    if header is None:
        return
    sums, length = header.sums, _FRAME.size + header.page_size
    while content := file.read(length * _FRAMES_AT_ONCE):
        count = len(content) // length
        if count == 0:
            return
        table = np.frombuffer(content, np.uint8, count * length).reshape(count, length)
        # The checksum is of the first two words of the frame's header, and of the page.
        summed = np.concatenate([table[:, :8], table[:, _FRAME.size :]], axis=1)
        found = _summed(sums, summed.view(header.words))
        for number in range(count):
            page, pages, salt, *expected = _FRAME.unpack_from(content, number * length)
            sums = found[number]
            if salt != header.salt or sums != tuple(expected) or page == 0:
                return
            start = number * length + _FRAME.size
            yield page, content[start : start + header.page_size], pages > 0


def _summed(sums: tuple[int, int], words: Any) -> list[tuple[int, int]]:
    """The checksum after each row of ``words``: (frames, words) uint32, in whatever byte order.

    For each two words x, y it does s += x + t; t += y + s. That is linear, so that each word has a weight.
    """
    count = words.shape[1] // 2
    weights, (a, b, c, d) = _weights(count)
    added = (words.astype(np.uint32) @ weights).tolist()
    s, t = sums
    after = []
    for more_s, more_t in added:
        s, t = (a * s + b * t + more_s) & _MASK, (c * s + d * t + more_t) & _MASK
        after.append((s, t))
    return after


@lru_cache(maxsize=4)
def _weights(count: int) -> tuple[Any, tuple[int, int, int, int]]:
    """Of ``count`` pairs of words: what each adds to both sums, (2 · count, 2) uint32, and what these become."""
    weights = np.empty((2 * count, 2), dtype=np.uint32)
    a, b, c, d = 1, 0, 0, 1
    for index in range(count - 1, -1, -1):
        weights[2 * index] = (a + b) & _MASK, (c + d) & _MASK
        weights[2 * index + 1] = b, d
        a, b, c, d = (a + b) & _MASK, (a + 2 * b) & _MASK, (c + d) & _MASK, (c + 2 * d) & _MASK
    return weights, (a, b, c, d)
