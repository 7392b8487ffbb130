"""Vector fields of every family: stored bytes from a user's values, query vectors, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import DataNotMatchException, ParamError
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.vector_families import VectorFamily
from . import binary, dense, sparse, vector_lists
from .columns import Values
from .encoding import encode_with_nulls
from .list_rows import VectorLists
from .sparse_rows import SparseRows
from .vector_codec import QueryVectors, VectorCodec

Blob = bytes | memoryview | None
"""A stored vector; None is null."""

CODECS: Final[dict[VectorFamily, VectorCodec[Any]]] = {
    VectorFamily.DENSE: dense.CODEC,
    VectorFamily.BINARY: binary.CODEC,
    VectorFamily.SPARSE: sparse.CODEC,
    VectorFamily.TEXT: sparse.CODEC,
    VectorFamily.LIST: vector_lists.CODEC,
    VectorFamily.BINARY_LIST: vector_lists.CODEC,
}
"""The codec of each family."""


def codec_of(field: Field) -> VectorCodec[Any]:
    """The codec of the family of a vector field."""
    return CODECS[field.vector_family]


def encode_vectors(field: Field, values: Values) -> Sequence[Blob]:
    """The stored bytes of each vector, ``PackedVectors`` where they are dense and none is null.

    Raises:
        DataNotMatchException: a vector has another dimension or kind, or holds NaN or an infinity; a sparse
            vector has a negative value.
    """
    return encode_with_nulls(field, values, codec_of(field).encode)


def encode_queries(field: Field, queries: Sequence[Any]) -> QueryVectors:
    """Query vectors for ``field``.

    Raises:
        ParamError: a query does not fit the field; the message says which.
    """
    try:
        found: QueryVectors = CODECS[field.vector_family].queries(field, queries)
    except DataNotMatchException as error:
        raise ParamError(message=error.about("query vector")) from None
    return found


def stored_queries(field: Field, blobs: Sequence[bytes | None]) -> QueryVectors:
    """Stored vectors of ``field``, none of them null, as query vectors."""
    present = [blob for blob in blobs if blob is not None]
    assert len(present) == len(blobs), "a null is not a query"
    found: QueryVectors = codec_of(field).from_blobs(field, present)
    return found


def decode_vector(field: Field, *, wrapped: bool = False) -> Callable[[bytes | None], Any]:
    """The function from a stored vector to what a user sees: a list, a dict if sparse, bytes for other types.

    ``wrapped``: the bytes stand in a list.
    """
    decode: Callable[[bytes], Any] = codec_of(field).decoder(field) or (_in_list if wrapped else bytes)
    return lambda blob: None if blob is None else decode(blob)


def as_numbers(field: Field, blob: bytes) -> list[Any] | dict[int, float]:
    """A stored vector as numbers for JSON: of a list of vectors a list each, of a sparse one a number by index, of
    a binary one its bytes.

    Raises:
        ValueError: it has a number of bytes that no vector of the field has.
    """
    codec = codec_of(field)
    if codec.width(field) not in (None, len(blob)):
        raise ValueError(f"expected {codec.width(field)} bytes, got {len(blob)}")
    if field.vector_family is VectorFamily.BINARY:
        return list(blob)
    found = codec.from_blobs(field, [blob])
    if isinstance(found, SparseRows):
        return dict(zip(found.indices.tolist(), found.values.tolist(), strict=True))
    numbers: list[Any] = found.vectors.tolist() if isinstance(found, VectorLists) else found[0].tolist()
    return numbers


def float_matrix(field: Field, blobs: Sequence[bytes | None]) -> npt.NDArray[np.float32] | None:
    """Stored vectors as (n, dim) float32; None if one is null, or if users do not see them as floats."""
    present = [blob for blob in blobs if blob is not None]
    if field.dtype is not DataType.FLOAT_VECTOR or len(present) < len(blobs):
        return None
    return dense.from_blobs(field, present)


def _in_list(blob: bytes) -> list[bytes]:
    return [blob]
