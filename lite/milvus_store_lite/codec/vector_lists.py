"""Lists of dense or binary vectors, those of one member of the structs in an array: stored behind each other.

The rest of the structs is stored as JSON, see ``structs``. Each struct has a vector, so the lengths agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataNotMatchException
from ..schema.data_types import DataType
from ..schema.fields import Field
from . import binary, dense
from .dense import Matrix
from .encoding import reject
from .list_rows import VectorLists
from .packed_vectors import PackedVectors
from .sparse_rows import starts_of
from .structs import member_values
from .vector_codec import VectorCodec


class PackedList(NamedTuple):
    """A query of several vectors as a protocol sends them: of this type, packed behind each other."""

    dtype: DataType
    packed: bytes


def encode(field: Field, arrays: Sequence[Sequence[dict[str, Any]]]) -> list[bytes]:
    """The stored vectors of each array, whose structs have been checked."""
    assert field.within is not None
    packed = member_values(field.within, field.member, arrays, _encode_elements)
    ends = starts_of(list(map(len, arrays))).tolist()
    if isinstance(packed, PackedVectors):
        return [packed[start:end].buffer for start, end in pairwise(ends)]  # type: ignore[misc]  # as a blob
    return [b"".join(packed[start:end]) for start, end in pairwise(ends)]


def _encode_elements(member: Field, values: Sequence[Any]) -> Sequence[Any]:
    """The stored bytes of each vector of the type of ``member``."""
    if member.dtype is DataType.BFLOAT16_VECTOR:
        values = [_bits_as_bytes(value) for value in values]
    return _elements(member).encode(member, values)


def _bits_as_bytes(value: Any) -> Any:
    """A vector of bfloat16 whose bits stand in uint16, as users see them, as bytes; any other value as it is."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, (np.ndarray, np.generic)) or first.dtype != np.uint16:
        return value
    return np.asarray(value).tobytes()


def queries(field: Field, given: Sequence[Any]) -> VectorLists:
    """Lists of embeddings, pymilvus's, ours or packed, as queries.

    Raises:
        DataNotMatchException: one of them is none, is empty, or its vectors do not fit the field.
    """
    found = [_query(field, row, value) for row, value in enumerate(given)]
    return VectorLists(starts_of(list(map(len, found))), np.concatenate(found))


def from_blobs(field: Field, blobs: Sequence[bytes | None]) -> VectorLists:
    """Stored lists, none for a null; raises ValueError for a wrong number of bytes."""
    width = width_of(field)
    present = [b"" if blob is None else blob for blob in blobs]
    if any(len(blob) % width for blob in present):
        raise ValueError(f"a list of vectors is no multiple of {width} bytes")
    from_bytes = binary.from_bytes if field.dtype is DataType.BINARY_VECTOR else dense.from_bytes
    return VectorLists(
        starts_of([len(blob) // width for blob in present]), from_bytes(field, b"".join(present))
    )


def width_of(field: Field) -> int:
    """Bytes of one vector in the stored lists of ``field``."""
    width = _elements(field).width(field)
    assert width is not None, field
    return width


def decoder(field: Field) -> Callable[[bytes], list[Any]]:
    """The function from a stored list to its vectors as a user sees them: lists of the numbers that are stored, or
    of the bytes of a binary vector."""
    width = width_of(field)

    def decode(blob: bytes) -> list[Any]:
        return [_shown(field, blob[start : start + width]) for start in range(0, len(blob), width)]

    return decode


def _elements(field: Field) -> VectorCodec[Any]:
    """The codec of the vectors in the lists of ``field``."""
    return binary.CODEC if field.dtype is DataType.BINARY_VECTOR else dense.CODEC


def _shown(field: Field, blob: bytes) -> list[Any]:
    if field.dtype is DataType.BINARY_VECTOR:
        return [blob]
    numbers = dense.stored_numbers(field, blob)
    return numbers.tolist() if field.dtype is DataType.FLOAT_VECTOR else list(numbers)


def _query(field: Field, row: int, value: Any) -> Matrix:
    if isinstance(value, PackedList):
        vectors: Any = _unpacked(field, row, value)
    elif hasattr(value, "to_flat_array") and hasattr(value, "to_numpy"):  # an EmbeddingList, whoever's it is
        vectors = value.to_numpy() if len(value) else np.empty(0)
    else:
        reject(field, row, value, "an EmbeddingList, since the metric compares lists")
    if len(vectors) == 0:
        reject(field, row, value, "an EmbeddingList of at least one vector")
    try:
        if field.dtype is DataType.BFLOAT16_VECTOR:
            vectors = [_bits_as_bytes(vector) for vector in vectors]
        found: Matrix = _elements(field).queries(field, vectors)
        return found
    except DataNotMatchException as error:
        raise error.in_rows([row] * len(vectors)) from None


def _unpacked(field: Field, row: int, given: PackedList) -> npt.NDArray[Any]:
    """The vectors as the field's codec takes them."""
    is_own = given.dtype is field.dtype
    width = width_of(field) if is_own else 4 * field.vector_dim
    is_convertible = given.dtype is DataType.FLOAT_VECTOR and field.dtype is not DataType.BINARY_VECTOR
    if not (is_own or is_convertible) or len(given.packed) % width:
        reject(field, row, f"{len(given.packed)} bytes of {given.dtype.name}", "vectors of the field's type")
    if field.dtype is DataType.BINARY_VECTOR:
        return np.frombuffer(given.packed, np.uint8).reshape(-1, width)
    if is_own:
        return dense.from_bytes(field, given.packed)
    return np.frombuffer(given.packed, dtype="<f4").reshape(-1, field.vector_dim)


def _are_good(field: Field, blobs: Sequence[bytes]) -> npt.NDArray[np.bool_]:
    """(n,) bool: whether each stored list has finite numbers only."""
    if field.dtype is DataType.BINARY_VECTOR:
        return np.ones(len(blobs), dtype=np.bool_)
    found = from_blobs(field, blobs)
    is_bad = ~np.isfinite(found.vectors).all(axis=1)
    owners = np.repeat(np.arange(len(found)), np.diff(found.starts))
    good: npt.NDArray[np.bool_] = np.bincount(owners[is_bad], minlength=len(found)) == 0
    return good


CODEC: Final = VectorCodec(
    encode=encode,
    queries=queries,
    from_blobs=from_blobs,
    decoder=decoder,
    width=lambda _: None,
    are_good=_are_good,
    expected=dense.CODEC.expected,
    unit=width_of,
)
