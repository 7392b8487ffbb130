"""Sparse vectors: (index, value) pairs as a user gives them, and as they are stored.

A stored vector is its pairs, little-endian uint32 and float32, by ascending index, without zeros: the form in
which Milvus itself carries sparse vectors. scipy is never imported: an object with ``tocsr`` is its matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import DataNotMatchException
from ..schema.fields import Field
from .encoding import reject
from .sparse_rows import SparseRows, starts_of
from .vector_codec import VectorCodec

PAIR: Final = np.dtype([("index", "<u4"), ("value", "<f4")])
"""One stored pair."""

MAX_INDEX: Final = 2**32 - 2
_EXPECTED: Final = (
    "a sparse vector: a dict of index to value, a list of (index, value) pairs or one scipy row"
)


def encode(field: Field, values: Sequence[Any]) -> list[memoryview]:
    """Stored bytes of each vector, as slices of one buffer."""
    return pack(rows(field, values))


def pack(vectors: SparseRows) -> list[memoryview]:
    """Stored bytes of each vector, as slices of one buffer."""
    pairs = np.empty(len(vectors.indices), dtype=PAIR)
    pairs["index"], pairs["value"] = vectors.indices, vectors.values
    buffer = pairs.view(np.uint8).data if len(pairs) else memoryview(b"")
    ends = (vectors.starts * PAIR.itemsize).tolist()
    return [buffer[start:end] for start, end in pairwise(ends)]


def rows(field: Field, values: Sequence[Any]) -> SparseRows:
    """Vectors as a user gives them, checked, sorted and without zeros.

    Raises:
        DataNotMatchException: a value is not a sparse vector; an index is not an integer from 0 to 2^32 - 2, or
            is given twice; a number is negative or not finite as float32.
    """
    if set(map(type, values)) == {dict}:
        starts, indices, numbers = _of_dicts(field, values)
    else:
        parts = [_one_vector(field, row, value) for row, value in enumerate(values)]
        starts = starts_of([len(part) for part, _ in parts])
        indices = np.concatenate([np.empty(0, dtype=np.int64), *(part for part, _ in parts)])
        numbers = np.concatenate([np.empty(0), *(part for _, part in parts)])
    return _checked(field, values, starts, indices, numbers)


def from_blobs(blobs: Sequence[bytes]) -> SparseRows:
    """Stored vectors; raises ValueError for a number of bytes that whole pairs cannot have."""
    lengths = [len(blob) for blob in blobs]
    if any(length % PAIR.itemsize for length in lengths):
        raise ValueError(f"a sparse vector of {max(lengths)} bytes is not a whole number of pairs")
    pairs = np.frombuffer(b"".join(blobs), dtype=PAIR)
    starts = starts_of([length // PAIR.itemsize for length in lengths])
    return SparseRows(starts, pairs["index"].astype(np.uint32), pairs["value"].astype(np.float32))


def to_dict(blob: bytes) -> dict[int, float]:
    """A stored vector as a user sees it."""
    pairs = np.frombuffer(blob, dtype=PAIR)
    return dict(zip(pairs["index"].tolist(), pairs["value"].tolist(), strict=True))


def _of_dicts(
    field: Field, values: Sequence[dict[Any, Any]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Starts, indices and values of dictionaries: a few calls for all of them while their types are plain."""
    starts = starts_of([len(value) for value in values])
    keys = list(chain.from_iterable(values))
    numbers = list(chain.from_iterable(value.values() for value in values))
    if set(map(type, keys)) <= {int} and set(map(type, numbers)) <= {float, int}:
        try:
            return starts, np.array(keys, dtype=np.int64), np.array(numbers, dtype=np.float64)
        except OverflowError:
            pass  # raised again below, where the row is known
    parts = [_of_pairs(field, row, value, value.items()) for row, value in enumerate(values)]
    return (
        starts,
        np.concatenate([np.empty(0, dtype=np.int64), *(indices for indices, _ in parts)]),
        np.concatenate([np.empty(0), *(found for _, found in parts)]),
    )


def _one_vector(field: Field, row: int, value: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Indices and values of one vector of any kind, not yet checked against their ranges."""
    if hasattr(value, "tocsr"):  # scipy's dok_matrix is a dict as well
        return _of_scipy(field, row, value)
    if isinstance(value, Mapping):
        return _of_pairs(field, row, value, value.items())
    if not isinstance(value, (list, tuple)):
        reject(field, row, value, _EXPECTED)
    return _of_pairs(field, row, value, value)


def _of_scipy(field: Field, row: int, value: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    if value.ndim > 1 and value.shape[0] != 1:
        reject(field, row, value.shape, f"one row, shape (1, n), in a scipy matrix of {value.dtype}")
    if value.dtype.kind not in "fiu":
        reject(field, row, value.dtype, "a scipy row of real numbers")
    compressed = value.tocsr()
    if not compressed.has_canonical_format:
        compressed = compressed.copy()
        compressed.sum_duplicates()
    return compressed.indices.astype(np.int64), compressed.data.astype(np.float64)


def _of_pairs(
    field: Field, row: int, value: Any, pairs: Iterable[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    indices, numbers = [], []
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            reject(field, row, value, _EXPECTED)
        index, number = map(_plain, pair)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index <= MAX_INDEX:
            reject(field, row, pair[0], f"an index that is an integer from 0 to {MAX_INDEX}")
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            reject(field, row, pair[1], "a number as value")
        indices.append(index)
        try:
            numbers.append(float(number))
        except OverflowError:
            numbers.append(np.inf)
    return np.array(indices, dtype=np.int64), np.array(numbers, dtype=np.float64)


def _plain(value: Any) -> Any:
    """Numbers of numpy, and numbers as text, which pymilvus takes as well, as Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, str):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return value


def _checked(
    field: Field,
    values: Sequence[Any],
    starts: npt.NDArray[np.int64],
    indices: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.float64],
) -> SparseRows:
    with np.errstate(over="ignore"):
        narrow = numbers.astype(np.float32)
    fits = (narrow >= 0) & np.isfinite(narrow) & (indices >= 0) & (indices <= MAX_INDEX)
    if not fits.all():
        at = int(np.argmin(fits))
        row = int(np.searchsorted(starts, at, side="right")) - 1
        if not 0 <= indices[at] <= MAX_INDEX:
            reject(field, row, int(indices[at]), f"an index that is an integer from 0 to {MAX_INDEX}")
        raise DataNotMatchException(
            message=f"row {row}: field '{field.name}' ({field.describe()}): expected values that are finite as "
            f"float32 and not negative (no NaN, no infinity), got {float(numbers[at])!r} at index "
            f"{int(indices[at])}"
        )
    rows_of_pairs = np.repeat(np.arange(len(values), dtype=np.uint64), np.diff(starts))
    keys = (rows_of_pairs << np.uint64(32)) | indices.astype(np.uint64)
    if (keys[1:] <= keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys, narrow = keys[order], narrow[order]
        doubled = np.flatnonzero(keys[1:] == keys[:-1])
        if len(doubled):
            row, index = int(keys[doubled[0]]) >> 32, int(keys[doubled[0]]) & 0xFFFFFFFF
            reject(field, row, values[row], f"each index once, not {index} twice")
    if not narrow.all():
        kept = narrow != 0
        keys, narrow = keys[kept], narrow[kept]
        starts = starts_of(
            np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(values)).tolist()
        )
    return SparseRows(starts, keys.astype(np.uint32), narrow)


def _are_good(field: Field, blobs: Sequence[bytes]) -> npt.NDArray[np.bool_]:
    """(n,) bool: whether each stored vector has the canonical form, in which vectors are written."""
    found = from_blobs(blobs)
    owners = np.repeat(np.arange(len(found)), np.diff(found.starts))
    falls = (np.diff(found.indices.astype(np.int64)) <= 0) & (np.diff(owners) == 0)
    is_bad = ~((found.values > 0) & np.isfinite(found.values))
    is_bad[1:] |= falls
    good: npt.NDArray[np.bool_] = np.bincount(owners[is_bad], minlength=len(found)) == 0
    return good


CODEC: Final = VectorCodec(
    encode=encode,
    queries=rows,
    from_blobs=lambda _, blobs: from_blobs(blobs),
    decoder=lambda _: to_dict,
    width=lambda _: None,
    are_good=_are_good,
    expected="ascending indices, positive and finite values",
    unit=lambda _: PAIR.itemsize,
)
