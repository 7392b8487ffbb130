"""Dense vectors in memory: float32 of any width in the file, with the norms that ranking needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ..codec import dense
from ..schema.fields import Field
from .column import BoolArray, allocated
from .growable import Growable
from .validity import Validity
from .vector_form import VectorBuilder, VectorForm

RESIDENT_BYTES: Final = 256 << 20
"""With an index, vectors up to so many bytes are kept in memory all the same: re-ranking reads them there in a
tenth of the time. Beyond, an index may hold finer codes of them instead."""


@dataclass(frozen=True, slots=True)
class DenseColumn:
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

    def at(self, slots: npt.NDArray[np.int64]) -> DenseColumn:
        """The vectors at ``slots`` as a column of their own."""
        return replace(
            self,
            values=self.values[slots],
            norms=self.norms[slots],
            square_norms=self.square_norms[slots],
            inverse_norms=self.inverse_norms[slots],
            valid=None if self.valid is None else self.valid[slots],
        )

    def between(self, first: int, last: int) -> DenseColumn:
        """The vectors from slot ``first`` to before ``last``, where they are."""
        part = slice(first, last)
        return replace(
            self,
            values=self.values[part],
            norms=self.norms[part],
            square_norms=self.square_norms[part],
            inverse_norms=self.inverse_norms[part],
            valid=None if self.valid is None else self.valid[part],
        )


class DenseBuilder(VectorBuilder[DenseColumn]):
    """Dense vectors, with the norms that ranking needs."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._values: Growable[np.float32] = Growable(np.float32, (field.vector_dim,))
        self._norms: Growable[np.float64] = Growable(np.float64)
        self._square_norms: Growable[np.float32] = Growable(np.float32)
        self._inverse_norms: Growable[np.float32] = Growable(np.float32)
        self._largest_norm = 0.0
        self._smallest_norm = math.inf
        self._validity = Validity()

    def reserve(self, count: int) -> None:
        for growable in (self._values, self._norms, self._square_norms, self._inverse_norms):
            growable.reserve(count)

    def append(self, blobs: Sequence[bytes | None], /) -> None:
        self._validity.append(blobs, len(self._values))
        zeros = bytes(dense.width(self._field))
        self.append_vectors(
            dense.from_blobs(self._field, [zeros if blob is None else blob for blob in blobs])
        )

    def append_vectors(self, rows: npt.NDArray[np.float32]) -> None:
        """Append ``rows`` (m, dim), none of them null."""
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

    def view(self) -> DenseColumn:
        return DenseColumn(
            self._values.view(),
            self._norms.view(),
            self._square_norms.view(),
            self._inverse_norms.view(),
            self._largest_norm,
            self._smallest_norm,
            self._validity.view(),
        )


FORM: Final = VectorForm(builder=DenseBuilder, bytes_each=lambda field: 4 * (field.vector_dim + 4))
