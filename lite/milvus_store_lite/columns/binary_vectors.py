"""Binary vectors in memory: rows of 64-bit words, with the bits set in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..codec import binary
from ..schema.fields import Field
from .bits import bit_counts
from .column import BoolArray, allocated
from .growable import Growable
from .validity import Validity
from .vector_form import VectorBuilder, VectorForm


@dataclass(frozen=True, slots=True)
class BinaryColumn:
    """Binary vectors.

    ``words``: (n, words) uint64. ``counts``: (n,) float32, the bits set in each. ``valid``: (n,) bool, False where
    there is no vector; None when every slot has one.
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

    def between(self, first: int, last: int) -> BinaryColumn:
        """The vectors from slot ``first`` to before ``last``, where they are."""
        part = slice(first, last)
        valid = None if self.valid is None else self.valid[part]
        return BinaryColumn(self.words[part], self.counts[part], valid)


class BinaryBuilder(VectorBuilder[BinaryColumn]):
    """Binary vectors, with the bits set in each."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._words: Growable[np.uint64] = Growable(np.uint64, (binary.words_of(field),))
        self._counts: Growable[np.float32] = Growable(np.float32)
        self._validity = Validity()

    def reserve(self, count: int) -> None:
        self._words.reserve(count)
        self._counts.reserve(count)

    def append(self, blobs: Sequence[bytes | None], /) -> None:
        self._validity.append(blobs, len(self._words))
        zeros = bytes(self._field.vector_dim // 8)
        self.append_vectors(
            binary.from_blobs(self._field, [zeros if blob is None else blob for blob in blobs])
        )

    def append_vectors(self, words: npt.NDArray[np.uint64]) -> None:
        """Append ``words`` (m, words), none of them null."""
        self._words.append(words)
        self._counts.append(bit_counts(words))

    def view(self) -> BinaryColumn:
        return BinaryColumn(self._words.view(), self._counts.view(), self._validity.view())


FORM: Final = VectorForm(builder=BinaryBuilder, bytes_each=lambda field: 8 * binary.words_of(field) + 4)
