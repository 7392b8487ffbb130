"""The results of calls beside the ``Status``: search results as a 2-D array, and descriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, overload

from .enums import IndexType, MetricType

_SHOWN_WHOLE: Final = 5
_SHOWN_OF_MORE: Final = 3


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One hit: the id of a vector and its distance from the query."""

    id: int
    distance: float

    def __str__(self) -> str:
        return f"Result(id={self.id}, distance={self.distance})"


class RowQueryResult(Sequence[QueryResult]):
    """The hits of one query vector, nearest first."""

    def __init__(self, ids: list[int], distances: list[float]) -> None:
        self._ids = ids
        self._distances = distances

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, item: int) -> QueryResult: ...

    @overload
    def __getitem__(self, item: slice) -> list[QueryResult]: ...

    def __getitem__(self, item: int | slice) -> QueryResult | list[QueryResult]:
        if isinstance(item, slice):
            return list(map(QueryResult, self._ids[item], self._distances[item]))
        return QueryResult(self._ids[item], self._distances[item])

    def __iter__(self) -> Iterator[QueryResult]:
        return map(QueryResult, self._ids, self._distances)

    def __repr__(self) -> str:
        return f"[{_shortened([f'(id:{hit.id}, distance:{hit.distance})' for hit in self], ', ')}]"


class TopKQueryResult(Sequence[RowQueryResult]):
    """The hits of every query vector.

    ``id_array`` and ``distance_array`` are lists of lists. ``shape`` is (queries, ``top_k``), even if there are
    fewer vectors than ``top_k``. ``raw`` is the result of ``MilvusClient``.
    """

    def __init__(self, ids: list[list[int]], distances: list[list[float]], top_k: int, raw: Any) -> None:
        self.id_array = ids
        self.distance_array = distances
        self.shape = (len(ids), top_k)
        self.raw = raw

    def __len__(self) -> int:
        return len(self.id_array)

    @overload
    def __getitem__(self, item: int) -> RowQueryResult: ...

    @overload
    def __getitem__(self, item: slice) -> list[RowQueryResult]: ...

    def __getitem__(self, item: int | slice) -> RowQueryResult | list[RowQueryResult]:
        if isinstance(item, slice):
            return list(map(RowQueryResult, self.id_array[item], self.distance_array[item]))
        return RowQueryResult(self.id_array[item], self.distance_array[item])

    def __iter__(self) -> Iterator[RowQueryResult]:
        return map(RowQueryResult, self.id_array, self.distance_array)

    def __repr__(self) -> str:
        shown = _shortened([repr(row) for row in self], ",\n")
        return f"[\n{shown}\n]"


def _shortened(parts: list[str], separator: str) -> str:
    """``parts`` joined, without the middle ones if there are more than five."""
    if len(parts) > _SHOWN_WHOLE:
        parts = [*parts[:_SHOWN_OF_MORE], "...", parts[-1]]
    return separator.join(parts)


@dataclass(frozen=True, slots=True)
class CollectionSchema:
    """The description of a collection; ``index_file_size`` in MiB."""

    collection_name: str
    dimension: int
    index_file_size: int
    metric_type: MetricType


@dataclass(frozen=True, slots=True)
class IndexParam:
    """The index of a collection."""

    collection_name: str
    index_type: IndexType
    params: dict[str, Any]

    def __str__(self) -> str:
        shown = f"index_type={self.index_type!r}, params={self.params!r}"
        return f"(collection_name={self.collection_name!r}, {shown})"

    def __repr__(self) -> str:
        return f"IndexParam{self}"


@dataclass(frozen=True, slots=True)
class PartitionParam:
    """A partition of a collection."""

    collection_name: str
    tag: str

    def __repr__(self) -> str:
        return f"(collection_name={self.collection_name!r}, tag={self.tag!r})"
