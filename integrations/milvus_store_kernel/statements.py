"""What can be said in a cell, read and not yet done. ``at`` is where in the cell a thing begins, 0-based."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Vector: TypeAlias = "tuple[float, ...] | bytes"


@dataclass(frozen=True, slots=True)
class Option:
    """A value given as ``name=value``; a list of values is a tuple."""

    value: Any
    at: int


Options: TypeAlias = Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class Statement:
    at: int


@dataclass(frozen=True, slots=True)
class OfCollection(Statement):
    """A statement about one collection."""

    collection: str


@dataclass(frozen=True, slots=True)
class Connect(Statement):
    uri: str


@dataclass(frozen=True, slots=True)
class CreateTable(OfCollection):
    """A collection of 0.9, whose options are those of the legacy client."""

    options: Options


@dataclass(frozen=True, slots=True)
class CreateCollection(OfCollection):
    """A collection of today, made from its dimension."""

    options: Options


@dataclass(frozen=True, slots=True)
class DropTable(OfCollection):
    pass


@dataclass(frozen=True, slots=True)
class ListTables(Statement):
    pass


@dataclass(frozen=True, slots=True)
class CreatePartition(OfCollection):
    options: Options


@dataclass(frozen=True, slots=True)
class DropPartition(OfCollection):
    options: Options


@dataclass(frozen=True, slots=True)
class ListPartitions(OfCollection):
    pass


@dataclass(frozen=True, slots=True)
class CreateIndex(OfCollection):
    options: Options


@dataclass(frozen=True, slots=True)
class DropIndex(OfCollection):
    pass


@dataclass(frozen=True, slots=True)
class Flush(Statement):
    collections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compact(OfCollection):
    pass


@dataclass(frozen=True, slots=True)
class Insert(OfCollection):
    vectors: tuple[Vector, ...]
    options: Options
    ids: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class InsertRows(OfCollection):
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Search(OfCollection):
    vectors: tuple[Vector, ...]
    options: Options


@dataclass(frozen=True, slots=True)
class SelectIds(OfCollection):
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter expression in Milvus's language."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Nearest:
    vectors: tuple[Vector, ...]
    field: str | None


@dataclass(frozen=True, slots=True)
class Ordering:
    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class SelectRows(OfCollection):
    """``fields`` holds names, or ``*`` or ``count(*)`` alone."""

    fields: tuple[str, ...]
    nearest: Nearest | None = None
    filter: Filter | None = None
    order: tuple[Ordering, ...] = field(default=())
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class DeleteIds(OfCollection):
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeleteRows(OfCollection):
    filter: Filter


@dataclass(frozen=True, slots=True)
class Describe(OfCollection):
    pass


@dataclass(frozen=True, slots=True)
class Statistics(OfCollection):
    pass


@dataclass(frozen=True, slots=True)
class Help(Statement):
    topic: str | None
