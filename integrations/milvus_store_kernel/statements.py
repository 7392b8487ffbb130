"""Statements of a cell, parsed and not yet executed. ``at`` is a 0-based offset in the cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

Vector: TypeAlias = "tuple[float, ...] | bytes"
T = TypeVar("T")


class Word(str):
    """A name, and its offset in the cell."""

    at: int = 0


class Count(int):
    """A whole number, and its offset in the cell."""

    at: int = 0


class Several(tuple[T, ...]):
    """Several values, and the offset of each in the cell."""

    offsets: tuple[int, ...] = ()


class Row(dict[str, Any]):
    """A row, its offset in the cell, and the offsets of its values."""

    at: int = 0
    offsets: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Option:
    """A value given as ``name=value``; a list of values is a tuple. ``at``: of the name."""

    value: Any
    at: int
    value_at: int = 0


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
    uri_at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CreateTable(OfCollection):
    """A collection of Milvus 0.9, with the options of the legacy client."""

    options: Options


@dataclass(frozen=True, slots=True)
class CreateCollection(OfCollection):
    """A collection of ``MilvusClient``, made from its dimension."""

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
    vectors: Several[Vector]
    options: Options
    ids: Several[int] | None


@dataclass(frozen=True, slots=True)
class InsertRows(OfCollection):
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Search(OfCollection):
    vectors: Several[Vector]
    options: Options


@dataclass(frozen=True, slots=True)
class SelectIds(OfCollection):
    ids: Several[int]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter expression in Milvus's language."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Nearest:
    vectors: Several[Vector]
    field: str | None


@dataclass(frozen=True, slots=True)
class Ordering:
    field: Word
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
    ids: Several[int]


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
