"""Stored vectors of one width in one buffer, as a sequence of them.

A list of as many ``memoryview`` takes as long to make as their checksums do, and burdens the garbage collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class PackedVectors(Sequence[memoryview]):
    """The vectors of ``width`` bytes that stand behind each other in ``buffer``."""

    __slots__ = ("buffer", "width")

    def __init__(self, buffer: memoryview, width: int) -> None:
        self.buffer = buffer
        self.width = width

    def __len__(self) -> int:
        return len(self.buffer) // self.width

    @overload
    def __getitem__(self, row: int) -> memoryview: ...
    @overload
    def __getitem__(self, row: slice) -> PackedVectors: ...
    def __getitem__(self, row: int | slice) -> memoryview | PackedVectors:
        """One vector, or those of a slice without a step."""
        width = self.width
        if isinstance(row, slice):
            start, stop, step = row.indices(len(self))
            assert step == 1, "vectors with others between them are not packed"
            return PackedVectors(self.buffer[start * width : stop * width], width)
        start = range(len(self))[row] * width
        return self.buffer[start : start + width]

    def __iter__(self) -> Iterator[memoryview]:
        buffer, width = self.buffer, self.width
        return (buffer[start : start + width] for start in range(0, len(buffer), width))
