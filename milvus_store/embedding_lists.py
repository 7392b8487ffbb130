"""Queries of several vectors, for metrics that compare lists: MAX_SIM and its like. As in pymilvus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from milvus_store_lite import DataType, ParamError

_TYPES: Final[dict[DataType, type[np.generic]]] = {
    DataType.FLOAT_VECTOR: np.float32,
    DataType.FLOAT16_VECTOR: np.float16,
    DataType.BFLOAT16_VECTOR: np.uint16,
    DataType.INT8_VECTOR: np.int8,
    DataType.BINARY_VECTOR: np.uint8,
}


class EmbeddingList:
    """The vectors of one query, such as those of its words. pymilvus's class of this name works as well.

    Args:
        embeddings: vectors to begin with, as a (n, dim) array, one vector, or a list of vectors.
        dim: their dimension, else that of the first.
        dtype: their type, of numpy or a ``DataType``, else that of the first, float32 for Python's numbers.

    >>> query = EmbeddingList([[1.0, 0.0], [0.0, 1.0]])
    >>> query.add([0.5, 0.5]).shape
    (3, 2)
    """

    def __init__(
        self,
        embeddings: Sequence[Any] | npt.NDArray[Any] | None = None,
        dim: int | None = None,
        dtype: npt.DTypeLike | DataType | None = None,
    ) -> None:
        self._vectors: list[npt.NDArray[Any]] = []
        self._dim = dim
        self._dtype: np.dtype[Any] | None = None
        if isinstance(dtype, DataType):
            self._dtype = np.dtype(_type_of(dtype))
        elif dtype is not None:
            self._dtype = np.dtype(dtype)
        if embeddings is None:
            return
        if isinstance(embeddings, np.ndarray) and embeddings.ndim == 1:
            self.add(embeddings)
        else:
            self.add_batch(embeddings)

    def add(self, embedding: Any) -> EmbeddingList:
        """Add one vector. Returns the list itself."""
        if isinstance(embedding, bytes):
            vector: npt.NDArray[Any] = np.frombuffer(embedding, dtype=self._dtype or np.uint8)
        else:
            vector = np.asarray(embedding)
        if vector.ndim != 1:
            raise ParamError(message=f"expected a vector, got an array of shape {vector.shape}")
        expected = self.dim or len(vector)
        if len(vector) != expected:
            raise ParamError(
                message=f"expected a vector of dimension {expected}, got dimension {len(vector)}"
            )
        if self._dtype is None:
            self._dtype = np.dtype(np.float32) if vector.dtype == np.float64 else vector.dtype
        self._vectors.append(vector.astype(self._dtype, copy=False))
        return self

    def add_batch(self, embeddings: Sequence[Any] | npt.NDArray[Any]) -> EmbeddingList:
        """Add several vectors. Returns the list itself."""
        for embedding in embeddings:
            self.add(embedding)
        return self

    def to_flat_array(self) -> npt.NDArray[Any]:
        """All vectors behind each other."""
        return self.to_numpy().reshape(-1)

    def to_numpy(self) -> npt.NDArray[Any]:
        """The vectors, (n, dim)."""
        if not self._vectors:
            raise ParamError(message="the EmbeddingList is empty: expected at least one vector")
        return np.stack(self._vectors)

    def clear(self) -> EmbeddingList:
        """Remove all vectors. Returns the list itself."""
        self._vectors.clear()
        return self

    def __len__(self) -> int:
        return len(self._vectors)

    def __getitem__(self, index: int) -> npt.NDArray[Any]:
        return self._vectors[index]

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        return iter(self._vectors)

    @property
    def dim(self) -> int:
        """The dimension of the vectors, 0 if it is not known yet."""
        return len(self._vectors[0]) if self._vectors else self._dim or 0

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The type of the numbers, None if it is not known yet."""
        return self._dtype

    @property
    def shape(self) -> tuple[int, int]:
        """How many vectors there are, and their dimension."""
        return len(self), self.dim

    @property
    def total_dim(self) -> int:
        """The numbers of all vectors together."""
        return len(self) * self.dim

    @property
    def is_empty(self) -> bool:
        return not self._vectors

    @property
    def nbytes(self) -> int:
        """The bytes of all vectors together."""
        return sum(vector.nbytes for vector in self._vectors)

    def __repr__(self) -> str:
        return f"EmbeddingList(count={len(self)}, dim={self.dim}, dtype={self.dtype})"


def _type_of(dtype: DataType) -> type[np.generic]:
    """numpy's type for the numbers of vectors of this type."""
    if dtype not in _TYPES:
        possible = ", ".join(known.name for known in _TYPES)
        raise ParamError(message=f"dtype must be one of numpy's or {possible}, got {dtype.name}")
    return _TYPES[dtype]
