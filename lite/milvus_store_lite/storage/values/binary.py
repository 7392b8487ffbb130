"""Binary vectors: eight dimensions to a byte, as a user gives them and as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...schema import Field
from .failures import fail

Bits = npt.NDArray[np.uint8]


def encode(one: Field, values: Sequence[Any]) -> list[bytes]:
    """Stored bytes of each vector; takes bytes, uint8 arrays and lists of bytes' values."""
    return [_one_vector(one, place, value) for place, value in enumerate(values)]


def matrix(one: Field, values: Sequence[Any]) -> Bits:
    """The vectors as a (n, dim / 8) uint8 matrix."""
    return from_blobs(one, encode(one, values))


def from_blobs(one: Field, blobs: Sequence[bytes]) -> Bits:
    """Stored vectors as a (n, dim / 8) uint8 matrix."""
    return np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(len(blobs), one.vector_dim // 8)


def _one_vector(one: Field, place: int, value: Any) -> bytes:
    width = one.vector_dim // 8
    if isinstance(value, np.ndarray):
        packed = value.tobytes() if value.dtype == np.uint8 and value.ndim == 1 else b""
    elif isinstance(value, (bytes, bytearray, memoryview)):
        packed = bytes(value)
    else:
        try:
            packed = bytes(value) if isinstance(value, (list, tuple)) else b""
        except (TypeError, ValueError):
            packed = b""
    if len(packed) != width:
        fail(one, place, value, f"{width} bytes, one for every 8 dimensions")
    return packed
