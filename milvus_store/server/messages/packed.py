"""Numbers of a message as arrays. protobuf gives Python a float at a time; on the wire they stand packed.

A message whose one field, number 1, holds floats or doubles is a byte 0x0A, the number of bytes as a varint, and
the numbers in little-endian order (https://protobuf.dev/programming-guides/encoding/#packed).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..protocol import Message


def numbers_in(message: Message, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The numbers of a ``FloatArray`` or ``DoubleArray``, of the type ``dtype`` that they have."""
    count = len(message.data)
    kind = np.dtype(dtype).newbyteorder("<")
    header = _header(count * kind.itemsize)
    packed = message.SerializeToString()
    if count and packed.startswith(header):
        return np.frombuffer(packed, kind, count, len(header))
    return np.array(message.data, dtype=dtype)


def fill_numbers(message: Message, values: npt.NDArray[Any], dtype: npt.DTypeLike) -> None:
    """Let a ``FloatArray`` or ``DoubleArray`` hold ``values``, which are of any real type and shape."""
    packed = np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<")).tobytes()
    if packed:
        message.MergeFromString(_header(len(packed)) + packed)


def _header(size: int) -> bytes:
    """What stands before ``size`` bytes of numbers."""
    header = bytearray(b"\n")
    while size > 0x7F:
        header.append(size & 0x7F | 0x80)
        size >>= 7
    header.append(size)
    return bytes(header)
