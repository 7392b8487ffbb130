"""What a transfer reads from and writes to: a *source* and a *target*, each kind of store in a module of its own.

Rows travel as the engine's ``Columns``, a batch at a time. A source says after each batch where to go on, in a
form that fits into JSON, so that a transfer that was broken off goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from milvus_store_lite import Columns

from ..filters import Expression
from .definitions import CollectionDefinition

Position = Any
"""Where a source goes on, of a kind that JSON has; None at the beginning."""


Packed = Any
"""Rows in the form in which a target takes them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows, and the position after them."""

    columns: Columns
    position: Position


@dataclass(frozen=True, slots=True)
class Fitted:
    """``refusals``: why a target cannot hold the rows, ``changes``: what else will not be as in the source."""

    definition: CollectionDefinition
    refusals: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a collection.

    ``partition``: the one whose rows are wanted, None for all. ``filter``: which of them, None for every row; it
    has the values of its templates. ``fields``: what of them beside the primary key, empty for everything.
    """

    partition: str | None = None
    filter: Expression | None = None
    fields: tuple[str, ...] = ()


class Source(Protocol):
    label: str
    """What users call it."""

    def names(self) -> list[str]:
        """The names of the collections."""
        ...

    def definition(self, name: str) -> CollectionDefinition: ...

    def count(self, name: str) -> int:
        """How many rows the collection has."""
        ...

    def count_of(self, definition: CollectionDefinition, wanted: Wanted) -> int:
        """How many rows are wanted."""
        ...

    def snapshots(self, name: str) -> list[str]:
        """The names of the snapshots of a collection, which are not copied."""
        ...

    def state(self, name: str) -> Any:
        """What is equal as long as positions are good for the same rows."""
        ...

    def require_readable(self, definition: CollectionDefinition) -> None:
        """
        Raises:
            CollectionNotLoadedException: the store shows no rows of it now.
        """
        ...

    def batches(
        self, definition: CollectionDefinition, wanted: Wanted, after: Position, rows: int
    ) -> Iterator[Batch]:
        """The rows that are wanted beyond a position; at most ``rows`` of them in a batch."""
        ...

    def nearest(self, definition: CollectionDefinition, field: str, vector: Any) -> list[float] | None:
        """The distances of the rows nearest to a vector; None where the store does not search."""
        ...

    def close(self) -> None: ...


class Target(Protocol):
    label: str

    def definition(self, name: str) -> CollectionDefinition: ...

    def fitted(self, definition: CollectionDefinition) -> Fitted:
        """The collection as the store can hold it. It is asked, and nothing is changed."""
        ...

    def takes_pks(self) -> bool:
        """Whether rows that it numbers may have keys, where a property of the collection allows that."""
        ...

    def has(self, name: str) -> bool: ...

    def drop(self, name: str) -> None: ...

    def create(self, definition: CollectionDefinition) -> None:
        """Make the collection and its partitions, without indexes and aliases."""
        ...

    def packed(self, definition: CollectionDefinition, columns: Columns) -> Packed:
        """Rows as ``write`` takes them, which another thread may make while those before them are written."""
        ...

    def write(
        self, definition: CollectionDefinition, partition: str | None, packed: Packed, *, again: bool
    ) -> None:
        """Add rows.

        Args:
            again: whether they may be there already, and are to be replaced then.
        """
        ...

    def finish(self, definition: CollectionDefinition) -> None:
        """Make indexes and aliases, and let the rows be seen."""
        ...

    def count(self, name: str) -> int: ...

    def rows(self, definition: CollectionDefinition, keys: Sequence[Any]) -> Columns | None:
        """The rows with these keys that exist; None where the store shows none."""
        ...

    def settle(self, definition: CollectionDefinition) -> None:
        """Leave the collection with the properties of the source, and loaded or released as it is there."""
        ...

    def nearest(self, definition: CollectionDefinition, field: str, vector: Any) -> list[float] | None: ...

    def close(self) -> None: ...
