"""Lists of dense vectors, those of one member of the structs in an array: stored behind each other.

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
from ..schema.model import Field
from . import dense
from .dense import Matrix
from .encoding import reject
from .list_rows import VectorLists
from .sparse_rows import starts_of
from .structs import member_values
from .vector_codec import VectorCodec


class PackedList(NamedTuple):
    """A query of several vectors as a protocol sends them: of this type, packed behind each other."""

    dtype: DataType
    packed: bytes


def encode(field: Field, arrays: Sequence[Sequence[dict[str, Any]]]) -> list[memoryview]:
    """The stored vectors of each array, whose structs have been checked."""
    assert field.within is not None
    packed = member_values(field.within, field.member, arrays, dense.encode)
    ends = (starts_of(list(map(len, arrays))) * packed.width).tolist()
    return [packed.buffer[start:end] for start, end in pairwise(ends)]


def queries(field: Field, given: Sequence[Any]) -> VectorLists:
    """Lists of embeddings, pymilvus's, ours or packed, as queries.

    Raises:
        DataNotMatchException: one of them is none, is empty, or its vectors do not fit the field.
    """
    found = [_query(field, row, value) for row, value in enumerate(given)]
    return VectorLists(starts_of(list(map(len, found))), np.concatenate(found))


def from_blobs(field: Field, blobs: Sequence[bytes | None]) -> VectorLists:
    """Stored lists, none for a null; raises ValueError for a wrong number of bytes."""
    present = [b"" if blob is None else blob for blob in blobs]
    width = dense.width(field)
    lengths = [len(blob) // width for blob in present]
    found = dense.from_blobs(field, present, count=sum(lengths))
    if any(len(blob) % width for blob in present):
        raise ValueError(f"a list of vectors is no multiple of {width} bytes")
    return VectorLists(starts_of(lengths), found)


def decoder(field: Field) -> Callable[[bytes], list[Any]]:
    """The function from a stored list to its vectors as a user sees them: lists of the numbers that are stored."""
    width = dense.width(field)

    def decode(blob: bytes) -> list[Any]:
        return [_shown(field, blob[start : start + width]) for start in range(0, len(blob), width)]

    return decode


def _shown(field: Field, blob: bytes) -> list[Any]:
    numbers = dense.stored_numbers(field, blob)
    return numbers.tolist() if field.dtype is DataType.FLOAT_VECTOR else list(numbers)


def _query(field: Field, row: int, value: Any) -> Matrix:
    if isinstance(value, PackedList):
        vectors = _unpacked(field, row, value)
    elif hasattr(value, "to_flat_array") and hasattr(value, "to_numpy"):  # an EmbeddingList, whoever's it is
        vectors = value.to_numpy() if len(value) else np.empty((0, field.vector_dim), np.float32)
    else:
        reject(field, row, value, "an EmbeddingList, since the metric compares lists")
    if len(vectors) == 0:
        reject(field, row, value, "an EmbeddingList of at least one vector")
    try:
        return dense.matrix(field, vectors)  # type: ignore[arg-type]  # an array is a sequence of rows
    except DataNotMatchException as error:
        raise error.in_rows([row] * len(vectors)) from None


def _unpacked(field: Field, row: int, given: PackedList) -> npt.NDArray[Any]:
    if given.dtype is field.dtype:
        width = dense.width(field)
        if len(given.packed) % width:
            reject(field, row, f"{len(given.packed)} bytes", f"vectors of {width} bytes")
        return dense.from_blobs(field, [given.packed], count=len(given.packed) // width)
    if given.dtype is not DataType.FLOAT_VECTOR or len(given.packed) % (4 * field.vector_dim):
        reject(field, row, f"{len(given.packed)} bytes of {given.dtype.name}", "vectors of the field's type")
    return np.frombuffer(given.packed, dtype="<f4").reshape(-1, field.vector_dim)


def _are_good(field: Field, blobs: Sequence[bytes]) -> npt.NDArray[np.bool_]:
    """(n,) bool: whether each stored list has finite numbers only."""
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
    unit=dense.width,
)
