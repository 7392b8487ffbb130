"""Query vectors and texts, which a request has as one packed message."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError
from pymilvus.grpc_gen import common_pb2

from milvus_store_lite import MEMBER_TYPES, DataType, PackedList

from ...errors import ParamError
from .sparse import sparse_of

_FLOATS, _SPARSE, _TEXT, _INT8 = 101, 104, 21, 105
_LISTS: Final = 200
"""What a type of lists is more than that of the vectors in them."""

_BYTES: Final = frozenset({100, 102, 103, _INT8})


def queries_of(packed: bytes) -> Any:
    """Query vectors as ``search`` takes them: an array (q, dim), or a list of bytes, dictionaries or texts, or of
    packed lists of vectors."""
    try:
        group = common_pb2.PlaceholderGroup.FromString(packed)
    except DecodeError:
        raise ParamError(message="the query vectors of the request cannot be read") from None
    if len(group.placeholders) != 1:
        raise ParamError(message=f"expected one group of query vectors, got {len(group.placeholders)}")
    (given,) = group.placeholders
    values = list(given.values)
    if not values:
        raise ParamError(message="expected at least one query vector, got none")
    if given.type == _FLOATS:
        return _matrix(values)
    if given.type == _SPARSE:
        return [sparse_of(value) for value in values]
    if given.type == _TEXT:
        return [value.decode("utf-8", "replace") for value in values]
    if given.type in _BYTES:
        return [np.frombuffer(value, np.int8) for value in values] if given.type == _INT8 else values
    if given.type - _LISTS in MEMBER_TYPES:
        return [PackedList(DataType(given.type - _LISTS), value) for value in values]
    raise ParamError(message=f"query vectors of type {given.type} are not supported")


def _matrix(values: list[bytes]) -> Any:
    if len(set(map(len, values))) > 1 or len(values[0]) % 4:
        return [np.frombuffer(value[: len(value) // 4 * 4], "<f4") for value in values]
    return np.frombuffer(b"".join(values), "<f4").reshape(len(values), -1)
