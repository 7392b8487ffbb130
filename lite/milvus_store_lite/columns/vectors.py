"""Vector fields resident in memory: one immutable column for each family of types, and its builder.

Blobs are stored vectors in the order of seq; None stands for a null vector, or for a row that was deleted
before its vector was read. Such a slot has zeros and is not ``valid``: no search finds it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ..codec import binary, dense
from ..schema.data_types import DataType
from ..schema.model import Field
from .bits import bit_counts
from .column import BoolArray, allocated
from .growable import Growable
from .postings import SparseBuilder, SparseColumn
from .terms import TermBuilder, TermColumn


@dataclass(frozen=True, slots=True)
class VectorColumn:
    """Dense vectors of any width, as float32.

    ``values``: (n, dim) float32. ``norms``: (n,) float64, |x|. ``square_norms``: (n,) float32, |x|².
    ``inverse_norms``: (n,) float32, 1/|x|, 0 for a zero vector. ``largest_norm`` and ``smallest_norm``: bounds of
    |x| over the vectors that are not zero. ``valid``: (n,) bool, False where there is no vector; None when every
    slot has one.
    """

    values: npt.NDArray[np.float32]
    norms: npt.NDArray[np.float64]
    square_norms: npt.NDArray[np.float32]
    inverse_norms: npt.NDArray[np.float32]
    largest_norm: float
    smallest_norm: float
    valid: BoolArray | None

    @property
    def size(self) -> int:
        """Bytes in memory."""
        arrays = (self.values, self.norms, self.square_norms, self.inverse_norms, self.valid)
        return sum(map(allocated, arrays))

    def at(self, slots: npt.NDArray[np.int64]) -> VectorColumn:
        """The vectors at ``slots`` as a column of their own."""
        return replace(
            self,
            values=self.values[slots],
            norms=self.norms[slots],
            square_norms=self.square_norms[slots],
            inverse_norms=self.inverse_norms[slots],
            valid=None if self.valid is None else self.valid[slots],
        )


@dataclass(frozen=True, slots=True)
class BinaryColumn:
    """Binary vectors.

    ``words``: (n, words) uint64. ``counts``: (n,) float32, the bits set in each. ``valid`` as in ``VectorColumn``.
    """

    words: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.float32]
    valid: BoolArray | None

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(map(allocated, (self.words, self.counts, self.valid)))

    def at(self, slots: npt.NDArray[np.int64]) -> BinaryColumn:
        """The vectors at ``slots`` as a column of their own."""
        valid = None if self.valid is None else self.valid[slots]
        return BinaryColumn(self.words[slots], self.counts[slots], valid)


class _Validity:
    """Which slots have a vector; costs nothing as long as all have."""

    def __init__(self) -> None:
        self._flags: Growable[np.bool_] | None = None

    def append(self, blobs: Sequence[bytes | None], before: int) -> None:
        """Note the validity of ``blobs``, which come after ``before`` slots."""
        has_all = None not in blobs
        if self._flags is None:
            if has_all:
                return
            self._flags = Growable(np.bool_)
            self._flags.append(np.ones(before, dtype=np.bool_))
        self._flags.append(np.array([blob is not None for blob in blobs], dtype=np.bool_))

    def view(self) -> BoolArray | None:
        return None if self._flags is None else self._flags.view()


class VectorBuilder:
    """Dense vectors, with the norms that ranking needs."""

    def __init__(self, one: Field) -> None:
        self._one = one
        self._values: Growable[np.float32] = Growable(np.float32, (one.vector_dim,))
        self._norms: Growable[np.float64] = Growable(np.float64)
        self._square_norms: Growable[np.float32] = Growable(np.float32)
        self._inverse_norms: Growable[np.float32] = Growable(np.float32)
        self._largest_norm = 0.0
        self._smallest_norm = math.inf
        self._validity = _Validity()

    def reserve(self, count: int) -> None:
        for growable in (self._values, self._norms, self._square_norms, self._inverse_norms):
            growable.reserve(count)

    def append(self, blobs: Sequence[bytes | None]) -> None:
        self._validity.append(blobs, len(self._values))
        zeros = bytes(dense.width(self._one))
        rows = dense.from_blobs(self._one, [zeros if blob is None else blob for blob in blobs])
        # float64: the square of a large float32 may be out of float32's range.
        squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        norms = np.sqrt(squares)
        with np.errstate(divide="ignore", over="ignore"):
            inverse = np.where(norms > 0, 1.0 / norms, 0.0).astype(np.float32)
            self._square_norms.append(squares.astype(np.float32))
        self._norms.append(norms)
        self._inverse_norms.append(inverse)
        self._values.append(rows)
        self._largest_norm = max(self._largest_norm, norms.max(initial=0.0).item())
        self._smallest_norm = min(self._smallest_norm, norms.min(initial=math.inf, where=norms > 0).item())

    def view(self) -> VectorColumn:
        return VectorColumn(
            self._values.view(),
            self._norms.view(),
            self._square_norms.view(),
            self._inverse_norms.view(),
            self._largest_norm,
            self._smallest_norm,
            self._validity.view(),
        )


class BinaryBuilder:
    """Binary vectors, with the bits set in each."""

    def __init__(self, one: Field) -> None:
        self._one = one
        self._words: Growable[np.uint64] = Growable(np.uint64, (binary.words_of(one),))
        self._counts: Growable[np.float32] = Growable(np.float32)
        self._validity = _Validity()

    def reserve(self, count: int) -> None:
        self._words.reserve(count)
        self._counts.reserve(count)

    def append(self, blobs: Sequence[bytes | None]) -> None:
        self._validity.append(blobs, len(self._words))
        zeros = bytes(self._one.vector_dim // 8)
        words = binary.from_blobs(self._one, [zeros if blob is None else blob for blob in blobs])
        self._words.append(words)
        self._counts.append(bit_counts(words))

    def view(self) -> BinaryColumn:
        return BinaryColumn(self._words.view(), self._counts.view(), self._validity.view())


AnyVectorColumn = VectorColumn | BinaryColumn | SparseColumn | TermColumn
AnyVectorBuilder = VectorBuilder | BinaryBuilder | SparseBuilder | TermBuilder


RESIDENT_BYTES: Final = 256 << 20
"""With an index, vectors up to so many bytes are kept in memory all the same: re-ranking reads them there in a
tenth of the time. Beyond, an index may hold finer codes of them instead."""


def bytes_of_one(one: Field) -> int:
    """Bytes that a vector of ``one``, which is not sparse, takes in its column."""
    if one.dtype is DataType.BINARY_VECTOR:
        return 8 * binary.words_of(one) + 4
    return 4 * (one.vector_dim + 4)


def vector_builder(one: Field) -> AnyVectorBuilder:
    """The builder for a vector field."""
    if one.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return TermBuilder() if one.is_function_output else SparseBuilder()
    return BinaryBuilder(one) if one.dtype is DataType.BINARY_VECTOR else VectorBuilder(one)


def vectors_of(one: Field, blobs: Sequence[bytes | None]) -> AnyVectorColumn:
    """A column of just these vectors."""
    builder = vector_builder(one)
    builder.reserve(len(blobs))
    builder.append(blobs)
    return builder.view()
