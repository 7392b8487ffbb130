"""Vector fields of every type: stored bytes from a user's values, query vectors, and back.

One module for each family of types does the work; this one says which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...data_types import DataType
from ...errors import DataNotMatchException, ParamError
from ...schema import Field
from . import binary, dense
from .nulls import encode_with_nulls

Blob = bytes | memoryview | None
"""A stored vector; None is null."""


def encode_vectors(one: Field, values: Sequence[Any]) -> list[Blob]:
    """The stored bytes of each vector.

    Raises:
        DataNotMatchException: a vector of another dimension or kind, or with NaN or infinity.
    """
    encode = binary.encode if one.dtype is DataType.BINARY_VECTOR else dense.encode
    return encode_with_nulls(one, values, encode)


def encode_queries(one: Field, queries: Sequence[Any]) -> Any:
    """Query vectors for field ``one`` as a matrix of the form its column has; ParamError names the query."""
    matrix = binary.matrix if one.dtype is DataType.BINARY_VECTOR else dense.matrix
    try:
        return matrix(one, queries)
    except DataNotMatchException as error:
        raise ParamError(message=error.message.replace("row ", "query vector ", 1)) from None


def decode_vector(one: Field) -> Callable[[bytes | None], Any]:
    """What turns a stored vector into the one a user sees: floats in a list, other types as their bytes."""
    decode = dense.to_list if one.dtype is DataType.FLOAT_VECTOR else bytes
    return lambda blob: None if blob is None else decode(blob)
