"""Sparse vectors in messages: pairs of an index (uint32) and a value (float32), little-endian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ...errors import ParamError

_PAIR: Final = np.dtype([("index", "<u4"), ("value", "<f4")])


def sparse_of(packed: bytes) -> dict[int, float]:
    """The vector as index → value."""
    if len(packed) % _PAIR.itemsize:
        raise ParamError(
            message=f"a sparse vector must have 8 bytes for each of its values, got {len(packed)} bytes"
        )
    pairs = np.frombuffer(packed, _PAIR)
    return dict(zip(pairs["index"].tolist(), pairs["value"].tolist(), strict=True))


def packed_sparse(vector: Mapping[int, float]) -> bytes:
    """The bytes of a vector, its indices ascending."""
    indices = np.fromiter(vector.keys(), np.int64, len(vector))
    order = np.argsort(indices)
    pairs = np.empty(len(vector), _PAIR)
    pairs["index"] = indices[order]
    pairs["value"] = np.fromiter(vector.values(), np.float64, len(vector))[order]
    return pairs.tobytes()
