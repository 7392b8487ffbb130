"""Binary vectors: eight dimensions to a byte, as a user gives them and as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..schema.fields import Field
from .encoding import reject
from .vector_codec import VectorCodec, unwrapped

Packed = npt.NDArray[np.uint8]
"""Vectors as rows of bytes, as they are stored."""

Words = npt.NDArray[np.uint64]
"""Vectors as rows of 64-bit words, the last word padded with zero bits; the order of the bits does not matter."""


def width(field: Field) -> int:
    """Bytes of one stored vector."""
    return field.vector_dim // 8


def words_of(field: Field) -> int:
    """Words of one vector."""
    return -(-field.vector_dim // 64)


def encode(field: Field, values: Sequence[Any]) -> list[bytes]:
    """Stored bytes of each vector; takes a (n, dim / 8) uint8 matrix, or bytes, uint8 arrays and lists of bytes'
    values."""
    packed = _packed_matrix(field, values)
    if packed is None:
        return [_one_vector(field, row, value) for row, value in enumerate(values)]
    # numpy turns opaque rows into bytes by itself, four times as fast as slices of the buffer are made.
    blobs: list[bytes] = packed.view(np.dtype((np.void, width(field)))).ravel().tolist()
    return blobs


def matrix(field: Field, values: Sequence[Any]) -> Words:
    """The vectors as a (n, words) matrix."""
    packed = _packed_matrix(field, values)
    return from_blobs(field, encode(field, values)) if packed is None else _as_words(field, packed)


def from_blobs(field: Field, blobs: Sequence[bytes]) -> Words:
    """Stored vectors as a (n, words) matrix; raises ValueError for a wrong number of bytes."""
    return _as_words(field, np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(len(blobs), width(field)))


def from_bytes(field: Field, packed: bytes) -> Words:
    """The same for vectors that stand behind each other."""
    return _as_words(field, np.frombuffer(packed, dtype=np.uint8).reshape(-1, width(field)))


def _packed_matrix(field: Field, values: Sequence[Any]) -> Packed | None:
    """``values`` as they are if they are the (n, dim / 8) uint8 matrix of a column, else None."""
    if not isinstance(values, np.ndarray) or values.dtype != np.uint8 or values.ndim != 2:
        return None
    return np.ascontiguousarray(values) if values.shape[1] == width(field) else None


def _as_words(field: Field, packed: Packed) -> Words:
    """(n, words) from (n, dim / 8) uint8."""
    missing = 8 * words_of(field) - packed.shape[1]
    if missing:
        packed = np.pad(packed, ((0, 0), (0, missing)))
    return packed.view(np.uint64)


def _one_vector(field: Field, row: int, value: Any) -> bytes:
    expected = width(field)
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
    if len(packed) != expected:
        reject(field, row, value, f"{expected} bytes, one for every 8 dimensions")
    return packed


CODEC: Final = VectorCodec(
    encode=encode,
    queries=matrix,
    from_blobs=from_blobs,
    decoder=lambda _: None,
    width=width,
    are_good=lambda _, blobs: np.ones(len(blobs), dtype=np.bool_),
    expected="bits",
)
