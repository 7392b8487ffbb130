"""Lists of vectors in memory: the vectors of all rows behind each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ..codec import vector_lists
from ..codec.list_rows import places_of
from ..schema.data_types import DataType
from ..schema.fields import Field
from .binary_vectors import BinaryBuilder, BinaryColumn
from .column import allocated
from .dense_vectors import DenseBuilder, DenseColumn
from .growable import Growable
from .vector_form import VectorBuilder, VectorForm

Vectors = TypeVar("Vectors", DenseColumn, BinaryColumn, covariant=True)


@dataclass(frozen=True, slots=True)
class ListColumn(Generic[Vectors]):
    """``starts``: (n + 1,) int64, where each row's vectors begin among ``vectors``. A null has none."""

    starts: npt.NDArray[np.int64]
    vectors: Vectors

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.vectors.size + allocated(self.starts)

    def at(self, slots: npt.NDArray[np.int64]) -> ListColumn[Vectors]:
        """The lists at ``slots`` as a column of their own."""
        places, starts = places_of(self.starts, slots)
        return ListColumn(starts, self.vectors.at(places))

    def between(self, first: int, last: int) -> ListColumn[Vectors]:
        """The lists from slot ``first`` to before ``last``, where they are."""
        starts = self.starts[first : last + 1]
        return ListColumn(starts - starts[0], self.vectors.between(int(starts[0]), int(starts[-1])))


DenseLists = ListColumn[DenseColumn]
BinaryLists = ListColumn[BinaryColumn]


class ListBuilder(VectorBuilder["ListColumn[Any]"]):
    """Collects stored lists of vectors."""

    def __init__(self, field: Field) -> None:
        self._field = field
        is_binary = field.dtype is DataType.BINARY_VECTOR
        self._vectors: DenseBuilder | BinaryBuilder = (
            BinaryBuilder(field) if is_binary else DenseBuilder(field)
        )
        self._starts: Growable[np.int64] = Growable(np.int64)
        self._starts.append(np.zeros(1, dtype=np.int64))
        self._count = 0

    def reserve(self, count: int) -> None:
        """Reserve what is known: how many vectors will come is not."""
        self._starts.reserve(count)

    def append(self, blobs: Sequence[bytes | None], /) -> None:
        lists = vector_lists.from_blobs(self._field, blobs)
        self._vectors.append_vectors(lists.vectors)
        self._starts.append(lists.starts[1:] + self._count)
        self._count += len(lists.vectors)

    def view(self) -> ListColumn[Any]:
        return ListColumn(self._starts.view(), self._vectors.view())


FORM: Final = VectorForm(builder=ListBuilder, bytes_each=None)
