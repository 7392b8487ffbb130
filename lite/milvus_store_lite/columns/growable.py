"""An array that grows at its end while older views of it stay what they were.

Only one writer appends at a time; readers hold views and never look at the array itself.
"""

from __future__ import annotations

import math
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)

_CACHE_LINE: Final = 64
"""Bytes. Rows that begin with a cache line are read a quarter faster than those that numpy places 16 bytes after
one (5,000 of 100,000 rows of 384 float32, by faiss with AVX-512)."""

_WORTH_ALIGNING: Final = 64 << 10
"""Bytes. A search that reads few rows from the file makes an array of them, in the processor's cache."""


class Growable(Generic[Scalar]):
    """Rows of one numpy type and shape, with spare capacity behind them.

    Appending writes only behind the rows that views show; when the capacity is used up the rows move to an
    array twice as large and older views keep the old one. Appending n rows one by one costs O(n) in all.
    """

    def __init__(self, dtype: npt.DTypeLike, width: tuple[int, ...] = ()) -> None:
        self._array: npt.NDArray[Any] = np.empty((0, *width), dtype=dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def reserve(self, extra: int) -> None:
        """Make room for ``extra`` more rows, exactly when empty, by doubling otherwise."""
        needed = self._count + extra
        if needed <= len(self._array):
            return
        capacity = max(needed, 2 * len(self._array))
        larger = _aligned((capacity, *self._array.shape[1:]), self._array.dtype)
        larger[: self._count] = self._array[: self._count]
        self._array = larger

    def append(self, rows: npt.NDArray[Any]) -> None:
        self.reserve(len(rows))
        self._array[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def view(self) -> npt.NDArray[Scalar]:
        """The rows so far, read-only; rows appended later do not show in it."""
        view = self._array[: self._count]
        view.flags.writeable = False
        return view


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array like that of ``np.empty``; one that pays to align begins with a cache line."""
    size = math.prod(shape) * dtype.itemsize
    if size < _WORTH_ALIGNING or dtype.hasobject:
        return np.empty(shape, dtype=dtype)  # numpy refuses to see bytes as references
    memory = np.empty(size + _CACHE_LINE, dtype=np.uint8)
    begin = -memory.ctypes.data % _CACHE_LINE
    return memory[begin : begin + size].view(dtype).reshape(shape)
