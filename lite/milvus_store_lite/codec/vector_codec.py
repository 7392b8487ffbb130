"""The codec of a family of vectors, between a user's values and stored bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ..schema.fields import Field
from .encoding import Encode
from .list_rows import VectorLists
from .sparse_rows import SparseRows

QueryVectors = npt.NDArray[np.float32] | npt.NDArray[np.uint64] | SparseRows | VectorLists
"""Query vectors, one in each row: dense (q, dim), binary (q, words), or sparse ones, also of terms; or lists of
vectors."""

Q = TypeVar("Q", bound=QueryVectors)


@dataclass(frozen=True, slots=True)
class VectorCodec(Generic[Q]):
    """How the vectors of a family are stored; its queries are ``Q``.

    ``encode``: the stored bytes of users' vectors, checked. ``queries``: users' vectors as queries, checked.
    ``from_blobs``: stored vectors as queries; raises ValueError for a wrong number of bytes.
    ``decoder``: for a field, the function from stored bytes to what a user sees; None if a user sees the bytes.
    ``width``: the bytes of a stored vector of a field; None if they differ, each a multiple of ``unit(field)``.
    ``are_good``: (n,) bool, whether each stored vector has allowed numbers; ``expected`` describes these.
    """

    encode: Encode
    queries: Callable[[Field, Sequence[Any]], Q]
    from_blobs: Callable[[Field, Sequence[bytes]], Q]
    decoder: Callable[[Field], Callable[[bytes], Any] | None]
    width: Callable[[Field], int | None]
    are_good: Callable[[Field, Sequence[bytes]], npt.NDArray[np.bool_]]
    expected: str
    unit: Callable[[Field], int] = lambda _: 1


def unwrapped(value: Any) -> Any:
    """The bytes in a list that holds nothing else, as a query shows them; any other value as it is."""
    if isinstance(value, (list, tuple)) and len(value) == 1 and isinstance(value[0], (bytes, bytearray)):
        return value[0]
    return value
