"""What an import reads: records of a file or a table, a batch at a time, each with its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from milvus_store_lite import DataType

from ..data import Given
from ..schema import CollectionSchema


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be taken. ``number``: that of its line or row, from 1."""

    number: int
    reason: str
    record: Any


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """``rows``: the readable records; ``numbers``: those that they have in the file; ``reached``: how many records
    were read from the beginning on, the position after the batch."""

    rows: Given
    numbers: Sequence[int]
    reached: int
    refused: Sequence[Refused] = ()


class Records(Protocol):
    label: str

    @property
    def are_texts(self) -> bool:
        """Whether all values are texts that may stand for others, as in CSV."""
        ...

    @property
    def texts_are_json(self) -> bool:
        """Whether a text in a JSON field is JSON, and not a string."""
        ...

    @property
    def count(self) -> int | None:
        """How many there are, None where that is not known before they are read."""
        ...

    @property
    def schema(self) -> CollectionSchema | None:
        """The schema that the file names, None where it names none."""
        ...

    @property
    def metrics(self) -> Mapping[str, str]:
        """The metrics of dense and binary vectors that the source says, as far as it does."""
        ...

    @property
    def primary_key(self) -> str | None:
        """The column that the source has for its key, None where it says none."""
        ...

    def types(self) -> Mapping[str, DataType]:
        """The types of columns that the file itself says, as far as it does."""
        ...

    def sample(self, count: int) -> Sequence[Mapping[str, Any]]:
        """The first records, as dictionaries."""
        ...

    def batches(self, after: int, rows: int) -> Iterator[RecordBatch]:
        """The records beyond the first ``after``."""
        ...

    def close(self) -> None: ...
