"""Binary vectors: eight dimensions to a byte, as a user gives them and as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..schema.model import Field
from .failures import fail
from .wrapping import unwrapped

Words = npt.NDArray[np.uint64]
"""Vectors as rows of 64-bit words, the last one filled up with zero bits; which bit is which does not matter."""


def words_of(one: Field) -> int:
    """Words of one vector."""
    return -(-one.vector_dim // 64)


def encode(one: Field, values: Sequence[Any]) -> list[bytes]:
    """Stored bytes of each vector; takes bytes, uint8 arrays and lists of bytes' values."""
    return [_one_vector(one, place, value) for place, value in enumerate(values)]


def matrix(one: Field, values: Sequence[Any]) -> Words:
    """The vectors as a (n, words) matrix."""
    return from_blobs(one, encode(one, values))


def from_blobs(one: Field, blobs: Sequence[bytes]) -> Words:
    """Stored vectors as a (n, words) matrix; raises ValueError for a wrong number of bytes."""
    packed = np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(len(blobs), one.vector_dim // 8)
    missing = 8 * words_of(one) - packed.shape[1]
    if missing:
        packed = np.pad(packed, ((0, 0), (0, missing)))
    return packed.view(np.uint64)


def _one_vector(one: Field, place: int, value: Any) -> bytes:
    width = one.vector_dim // 8
    value = unwrapped(value)
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
