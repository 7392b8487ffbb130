"""Reads untrusted bytes step by step: numbers and arrays, none larger than the bytes that are left.

A step asks for a number of bytes and receives them. When it asks for the next ones, it has accepted these."""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from ..storage.index_parts import DamagedIndex

T = TypeVar("T")
Steps = Generator[int, memoryview, T]

LARGEST: Final = 1e16
"""The largest number that an index holds. No indexed vector has larger ones: their products overflow."""

NUMBER: Final = 8
"""Bytes of a size, and of a label."""

_AT_ONCE: Final = 512 << 10
"""Bytes of an array that are checked together, so that they are still in the processor's cache."""


class ByteSteps:
    """Steps through ``size`` bytes. All raise DamagedIndex where the bytes are not what they should be."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._aligned = np.empty(_AT_ONCE, dtype=np.uint8)

    def fields(self, layout: str, /, **expected: Any) -> Steps[tuple[Any, ...]]:
        """Values of struct's ``layout``, which must be those ``expected``; None where any may be."""
        packed = struct.Struct("<" + layout)
        found = packed.unpack((yield self.claim("settings", packed.size)))
        for (name, value), got in zip(expected.items(), found, strict=True):
            if value is not None and got != value:
                raise DamagedIndex(f"{name} is {got!r:.20}, expected {value!r:.20}")
        return found

    def whole(self, name: str, dtype: Any, count: int) -> Steps[npt.NDArray[Any]]:
        """An array of ``count`` numbers, after its length."""
        yield from self.fields("Q", **{f"size of {name}": count})
        return np.frombuffer((yield self.claim(name, np.dtype(dtype).itemsize * count)), dtype=dtype)

    def array(
        self, name: str, dtype: Any, count: int, is_right: Callable[[npt.NDArray[Any]], bool] | None = None
    ) -> Steps[None]:
        """An array of ``count`` numbers, after its length, checked in pieces."""
        yield from self.fields("Q", **{f"size of {name}": count})
        yield from self.content(name, dtype, count, is_right)

    def content(
        self, name: str, dtype: Any, count: int, is_right: Callable[[npt.NDArray[Any]], bool] | None = None
    ) -> Steps[None]:
        left = self.claim(name, np.dtype(dtype).itemsize * count)
        while left:
            piece = yield min(left, _AT_ONCE)
            size = len(piece)
            left -= size
            if is_right is not None:
                # numpy takes three times as long for numbers that do not begin at a multiple of their size.
                self._aligned[:size] = piece
                if not is_right(self._aligned[:size].view(dtype)):
                    raise DamagedIndex(f"its {name} are out of range")

    def claim(self, name: str, size: int) -> int:
        """``size``; raises DamagedIndex if fewer bytes are left."""
        if size > self._left:
            raise DamagedIndex(f"its {name} take {size} bytes, but only {self._left} are left")
        self._left -= size
        return size


def small(numbers: npt.NDArray[Any]) -> bool:
    """Whether none is infinite, too large, or not a number."""
    return bool(numbers.max() <= LARGEST and numbers.min() >= -LARGEST)
