"""Vector fields of every type: stored bytes from a user's values, query vectors, and back.

One module for each family of types does the work; this one says which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import DataNotMatchException, ParamError
from ..schema.data_types import DataType
from ..schema.model import Field
from . import binary, dense, sparse
from .columns import Values
from .nulls import Encode, encode_with_nulls

Blob = bytes | memoryview | None
"""A stored vector; None is null."""

Matrix = Callable[[Field, Sequence[Any]], Any]


_ENCODERS: Final[dict[DataType, Encode]] = {
    DataType.BINARY_VECTOR: binary.encode,
    DataType.SPARSE_FLOAT_VECTOR: sparse.encode,
}
_MATRICES: Final[dict[DataType, Matrix]] = {
    DataType.BINARY_VECTOR: binary.matrix,
    DataType.SPARSE_FLOAT_VECTOR: sparse.rows,
}
_DECODERS: Final[dict[DataType, Callable[[bytes], Any]]] = {
    DataType.FLOAT_VECTOR: dense.to_list,
    DataType.SPARSE_FLOAT_VECTOR: sparse.to_dict,
}
"""Where a type is not named, it goes with the dense vectors, and users see its bytes."""


def width(one: Field) -> int | None:
    """Bytes of a stored vector of field ``one``; None if it is sparse, and they differ."""
    if one.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return None
    return one.vector_dim // 8 if one.dtype is DataType.BINARY_VECTOR else dense.width(one)


def encode_vectors(one: Field, values: Values) -> list[Blob]:
    """The stored bytes of each vector.

    Raises:
        DataNotMatchException: a vector of another dimension or kind, or with NaN or infinity; a sparse one
            with a negative value.
    """
    return encode_with_nulls(one, values, _ENCODERS.get(one.dtype, dense.encode))


def encode_queries(one: Field, queries: Sequence[Any]) -> Any:
    """Query vectors for field ``one`` in the form its column has: the rows of a matrix, or ``SparseRows``.

    Raises:
        ParamError: one does not fit the field; the message says which.
    """
    matrix: Matrix = _MATRICES.get(one.dtype, dense.matrix)
    try:
        return matrix(one, queries)
    except DataNotMatchException as error:
        raise ParamError(message=error.message.replace("row ", "query vector ", 1)) from None


def stored_queries(one: Field, blobs: Sequence[bytes | None]) -> Any:
    """Stored vectors of field ``one``, none of them null, as query vectors."""
    present = [blob for blob in blobs if blob is not None]
    assert len(present) == len(blobs), "a null is no query"
    if one.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return sparse.from_blobs(present)
    family = binary if one.dtype is DataType.BINARY_VECTOR else dense
    return family.from_blobs(one, present)


def decode_vector(one: Field, *, wrapped: bool = False) -> Callable[[bytes | None], Any]:
    """What turns a stored vector into the one a user sees: a list, a dict if sparse, other types as bytes.

    ``wrapped``: the bytes stand in a list.
    """
    decode: Callable[[bytes], Any] = _DECODERS.get(one.dtype, _in_list if wrapped else bytes)
    return lambda blob: None if blob is None else decode(blob)


def float_matrix(one: Field, blobs: Sequence[bytes | None]) -> npt.NDArray[np.float32] | None:
    """Stored vectors as (n, dim) float32, None where one is null, or users do not see them as floats."""
    present = [blob for blob in blobs if blob is not None]
    if one.dtype is not DataType.FLOAT_VECTOR or len(present) < len(blobs):
        return None
    return dense.from_blobs(one, present)


def _in_list(blob: bytes) -> list[bytes]:
    return [blob]
