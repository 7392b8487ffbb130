"""What a family of vectors does in a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ..codec import QueryVectors, encode_queries
from ..indexes.field_index import FieldIndex
from ..schema.fields import Field
from ..storage.store import CollectionReader
from .metrics import Metric
from .rankings import Ranking
from .selection import Selection

Nearest = Callable[[Selection, QueryVectors, int], list[Ranking]]
"""``nearest(selection, queries, limit)``: the ``limit`` nearest rows for each of the queries."""

Q = TypeVar("Q", bound=QueryVectors, contravariant=True)


class FindNearest(Protocol[Q]):
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by vector field ``field``.

    Args:
        params: the parameters that the search gives its index, checked.
        index: None for an exact scan.
    """

    def __call__(
        self,
        metric: Metric,
        field: Field,
        selection: Selection,
        queries: Q,
        limit: int,
        params: Mapping[str, Any],
        index: FieldIndex | None = None,
    ) -> list[Ranking]: ...


def given_vectors(
    reader: CollectionReader, field: Field, queries: Sequence[Any], analyzer_name: str | None
) -> QueryVectors:
    """Query vectors as a user gives them, for ``field``; raises ParamError for a vector that does not fit."""
    return encode_queries(field, queries)


def no_parameters(built: Mapping[str, Any]) -> dict[str, Any]:
    """The build parameters of an index that a search also needs: none."""
    return {}


@dataclass(frozen=True, slots=True)
class SearchFamily(Generic[Q]):
    """``nearest``: how rows are ranked. ``prepare``: ``prepare(reader, field, queries, analyzer_name)`` is what a
    user searches for as query vectors. ``taken_over``: the parameters of the index that a search needs.
    ``ranks_by_corpus``: whether scores depend on the other rows as well. ``is_plain``: whether there are only the
    nearest rows, no ranges, groups or iterators."""

    nearest: FindNearest[Q]
    prepare: Callable[[CollectionReader, Field, Sequence[Any], str | None], QueryVectors] = given_vectors
    taken_over: Callable[[Mapping[str, Any]], dict[str, Any]] = no_parameters
    ranks_by_corpus: bool = False
    is_plain: bool = False
