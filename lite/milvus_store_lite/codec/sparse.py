"""Sparse vectors: (index, value) pairs as a user gives them, and as they are stored.

A stored vector is its pairs, little-endian uint32 and float32, by ascending index, without zeros: the form in
which Milvus itself carries sparse vectors. scipy is never imported: what has ``tocsr`` is one of its matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import DataNotMatchException
from ..schema.model import Field
from .failures import fail

PAIR: Final = np.dtype([("index", "<u4"), ("value", "<f4")])
"""One stored pair."""

MAX_INDEX: Final = 2**32 - 2
_EXPECTED: Final = (
    "a sparse vector: a dict of index to value, a list of (index, value) pairs or one scipy row"
)


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Sparse vectors one after another.

    ``starts``: (n + 1,) int64, where each begins in ``indices`` (p,) uint32 and ``values`` (p,) float32.
    Within a vector indices ascend and values are positive.
    """

    starts: npt.NDArray[np.int64]
    indices: npt.NDArray[np.uint32]
    values: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, places: slice | npt.NDArray[np.int64]) -> SparseRows:
        """The vectors at ``places``, as a matrix gives its rows."""
        chosen = np.arange(len(self))[places]
        lengths = np.diff(self.starts)[chosen]
        starts = _starts(lengths.tolist())
        pairs = np.repeat(self.starts[chosen] - starts[:-1], lengths) + np.arange(starts[-1])
        return SparseRows(starts, self.indices[pairs], self.values[pairs])

    def row(self, place: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Indices and values of one vector."""
        pairs = slice(self.starts[place], self.starts[place + 1])
        return self.indices[pairs], self.values[pairs]

    def only(self, kept: npt.NDArray[np.bool_]) -> SparseRows:
        """The same vectors with only the pairs that ``kept`` (p,) marks."""
        before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept)])
        return SparseRows(before[self.starts], self.indices[kept], self.values[kept])


def encode(one: Field, values: Sequence[Any]) -> list[memoryview]:
    """Stored bytes of each vector, as slices of one buffer."""
    return pack(rows(one, values))


def pack(vectors: SparseRows) -> list[memoryview]:
    """Stored bytes of each vector, as slices of one buffer."""
    pairs = np.empty(len(vectors.indices), dtype=PAIR)
    pairs["index"], pairs["value"] = vectors.indices, vectors.values
    buffer = pairs.view(np.uint8).data if len(pairs) else memoryview(b"")
    ends = (vectors.starts * PAIR.itemsize).tolist()
    return [buffer[start:end] for start, end in pairwise(ends)]


def rows(one: Field, values: Sequence[Any]) -> SparseRows:
    """Vectors as a user gives them, checked, sorted and without zeros.

    Raises:
        DataNotMatchException: something that is no sparse vector; an index that is no integer from 0 to
            2^32 - 2, or is given twice; a value that is negative or not finite as float32.
    """
    if set(map(type, values)) == {dict}:
        starts, indices, numbers = _of_dicts(one, values)
    else:
        parts = [_one_vector(one, place, value) for place, value in enumerate(values)]
        starts = _starts([len(part) for part, _ in parts])
        indices = np.concatenate([np.empty(0, dtype=np.int64), *(part for part, _ in parts)])
        numbers = np.concatenate([np.empty(0), *(part for _, part in parts)])
    return _checked(one, values, starts, indices, numbers)


def from_blobs(blobs: Sequence[bytes]) -> SparseRows:
    """Stored vectors; raises ValueError for bytes that are no whole pairs."""
    lengths = [len(blob) for blob in blobs]
    if any(length % PAIR.itemsize for length in lengths):
        raise ValueError(f"a sparse vector of {max(lengths)} bytes is no whole number of pairs")
    pairs = np.frombuffer(b"".join(blobs), dtype=PAIR)
    starts = _starts([length // PAIR.itemsize for length in lengths])
    return SparseRows(starts, pairs["index"].astype(np.uint32), pairs["value"].astype(np.float32))


def to_dict(blob: bytes) -> dict[int, float]:
    """A stored vector as a user sees it."""
    pairs = np.frombuffer(blob, dtype=PAIR)
    return dict(zip(pairs["index"].tolist(), pairs["value"].tolist(), strict=True))


def _starts(lengths: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])


def _of_dicts(
    one: Field, values: Sequence[dict[Any, Any]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Starts, indices and values of dictionaries: a few calls for all of them while their types are plain."""
    starts = _starts([len(value) for value in values])
    keys = list(chain.from_iterable(values))
    numbers = list(chain.from_iterable(value.values() for value in values))
    if set(map(type, keys)) <= {int} and set(map(type, numbers)) <= {float, int}:
        try:
            return starts, np.array(keys, dtype=np.int64), np.array(numbers, dtype=np.float64)
        except OverflowError:
            pass  # found again below, where the row is known
    parts = [_of_pairs(one, place, value, value.items()) for place, value in enumerate(values)]
    return (
        starts,
        np.concatenate([np.empty(0, dtype=np.int64), *(indices for indices, _ in parts)]),
        np.concatenate([np.empty(0), *(found for _, found in parts)]),
    )


def _one_vector(one: Field, place: int, value: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Indices and values of one vector of any kind, not yet checked against their ranges."""
    if hasattr(value, "tocsr"):  # scipy's dok_matrix is a dict as well
        return _of_scipy(one, place, value)
    if isinstance(value, Mapping):
        return _of_pairs(one, place, value, value.items())
    if not isinstance(value, (list, tuple)):
        fail(one, place, value, _EXPECTED)
    return _of_pairs(one, place, value, value)


def _of_scipy(one: Field, place: int, value: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    if value.ndim > 1 and value.shape[0] != 1:
        fail(one, place, value.shape, f"one row, shape (1, n), in a scipy matrix of {value.dtype}")
    if value.dtype.kind not in "fiu":
        fail(one, place, value.dtype, "a scipy row of real numbers")
    compressed = value.tocsr()
    if not compressed.has_canonical_format:
        compressed = compressed.copy()
        compressed.sum_duplicates()
    return compressed.indices.astype(np.int64), compressed.data.astype(np.float64)


def _of_pairs(
    one: Field, place: int, value: Any, pairs: Iterable[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    indices, numbers = [], []
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            fail(one, place, value, _EXPECTED)
        index, number = map(_plain, pair)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index <= MAX_INDEX:
            fail(one, place, pair[0], f"an index that is an integer from 0 to {MAX_INDEX}")
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            fail(one, place, pair[1], "a number as value")
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
    one: Field,
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
        place = int(np.searchsorted(starts, at, side="right")) - 1
        if not 0 <= indices[at] <= MAX_INDEX:
            fail(one, place, int(indices[at]), f"an index that is an integer from 0 to {MAX_INDEX}")
        raise DataNotMatchException(
            message=f"row {place}: field '{one.name}' ({one.describe()}): expected values that are finite as "
            f"float32 and not negative (no NaN, no infinity), got {float(numbers[at])!r} at index "
            f"{int(indices[at])}"
        )
    places = np.repeat(np.arange(len(values), dtype=np.uint64), np.diff(starts))
    keys = (places << np.uint64(32)) | indices.astype(np.uint64)
    if (keys[1:] <= keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys, narrow = keys[order], narrow[order]
        doubled = np.flatnonzero(keys[1:] == keys[:-1])
        if len(doubled):
            place, index = int(keys[doubled[0]]) >> 32, int(keys[doubled[0]]) & 0xFFFFFFFF
            fail(one, place, values[place], f"each index once, not {index} twice")
    if not narrow.all():
        kept = narrow != 0
        keys, narrow = keys[kept], narrow[kept]
        starts = _starts(
            np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(values)).tolist()
        )
    return SparseRows(starts, keys.astype(np.uint32), narrow)
