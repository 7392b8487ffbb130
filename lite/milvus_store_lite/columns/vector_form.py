"""The form of a family of vectors in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..schema.fields import Field

Column = TypeVar("Column", covariant=True)


class VectorBuilder(ABC, Generic[Column]):
    """Collects stored vectors, and shows what it has as a column that never changes.

    Blobs come in the order of seq. None stands for a null vector, or for a row that was deleted before its vector
    was read: no search finds such a slot.
    """

    @abstractmethod
    def reserve(self, count: int) -> None:
        """Take memory for so many vectors at once, where growing would take it twice."""

    @abstractmethod
    def append(self, blobs: Sequence[bytes | None], /) -> None: ...

    @abstractmethod
    def view(self) -> Column: ...


@dataclass(frozen=True, slots=True)
class VectorForm(Generic[Column]):
    """``builder``: makes a field's builder. ``bytes_each``: the bytes that a vector of a field takes in
    its column; None if they differ, and are about those in the file."""

    builder: Callable[[Field], VectorBuilder[Column]]
    bytes_each: Callable[[Field], int] | None
