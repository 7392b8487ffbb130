"""One search, from the request to hits: which field and metric, the ranking, the page, the output fields."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..clock import Clock
from ..columns.snapshot import View
from ..errors import IndexNotExistException, ParamError
from ..indexes.field_index import FieldIndex
from ..indexes.registry import bm25_parameters, check_metric, check_search_parameters, index_types
from ..schema import Field, Schema
from ..storage.catalog import CollectionRecord, IndexRecord
from ..storage.rows import RowStore
from ..storage.values import encode_queries
from .by_ids import stored_vectors
from .group_labels import group_labels
from .grouping import grouped, leaders
from .metrics import Metric
from .nearest import nearest
from .output import Projection
from .ranges import Nearest, within
from .rankings import Ranking
from .request import GroupBy, Hits, SearchRequest
from .selection import Selection
from .text_queries import text_queries

_REMEMBERED: Final = 128
"""Forms of searches that are not worked out again."""

FindIndex = Callable[[str], "FieldIndex | None"]
"""The index to search a field by, None for an exact scan."""


def ranked_hits(
    record: CollectionRecord,
    rows: RowStore,
    selection: Selection,
    request: SearchRequest,
    find_index: FindIndex,
) -> list[Hits]:
    """The answer to ``request`` among the rows of ``selection``."""
    search = prepared(record, rows, selection.view, request, find_index)
    pages = ranked_pages(record.schema, search, selection, request)
    return hits_of(selection.view, rows, search.projection, pages, request.round_decimal)


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A request after it was checked: what ranks, and the query vectors it ranks by, one in each row."""

    metric: Metric
    nearest: Nearest
    queries: Any
    projection: Projection


def prepared(
    record: CollectionRecord, rows: RowStore, view: View, request: SearchRequest, find_index: FindIndex
) -> PreparedSearch:
    """``request`` checked against the collection; it may still be put to any selection of ``view``."""
    one, index, metric = _asked(record, request.anns_field, request.metric)
    params: dict[str, Any] = {}
    if request.params:
        window = request.offset + request.limit
        params = check_search_parameters(one, index.type, index.parameters, request.params, window)
    if metric is Metric.BM25:
        params |= bm25_parameters(index.parameters)
    ranked: Nearest = partial(nearest, metric, one, params=params, index=find_index(one.name))
    if request.ring is not None:
        request.ring.check(metric)
        ranked = within(metric, request.ring, ranked)
    queries: Any
    if request.queries is None:
        assert request.ids is not None
        queries = stored_vectors(view.connection, rows, one, request.ids)
    elif one.is_function_output:
        queries = text_queries(view.connection, rows, one, request.queries)
    else:
        queries = encode_queries(one, request.queries)
    return PreparedSearch(
        metric, ranked, queries, _projection(record, tuple(request.output_fields), request.scope.clock)
    )


@lru_cache(maxsize=_REMEMBERED)
def _asked(
    record: CollectionRecord, field: str | None, metric: str | None
) -> tuple[Field, IndexRecord, Metric]:
    """The vector field that a search names, its index and metric."""
    one = _vector_field(record.schema, field)
    index = _index(record, one)
    return one, index, _metric(one, index, metric)


@lru_cache(maxsize=_REMEMBERED)
def _projection(record: CollectionRecord, names: tuple[str, ...], clock: Clock) -> Projection:
    return Projection.of(record, names, clock, as_rows=False)


def ranked_pages(
    schema: Schema, search: PreparedSearch, selection: Selection, request: SearchRequest
) -> list[Ranking]:
    """The rows on the request's page, for each of its queries."""
    if request.group_by is not None:
        return _groups(schema, search, selection, request, request.group_by)
    rankings = search.nearest(selection, search.queries, request.offset + request.limit)
    return [(slots[request.offset :], values[request.offset :]) for slots, values in rankings]


def _groups(
    schema: Schema, search: PreparedSearch, selection: Selection, request: SearchRequest, wanted: GroupBy
) -> list[Ranking]:
    """The rows of the groups on the request's page."""
    labels = group_labels(selection, schema, wanted.field)
    window = request.offset + request.limit
    rankings = grouped(search.metric, search.nearest, selection, search.queries, labels, window, wanted.size)
    pages = []
    for slots, values in rankings:
        places = leaders(labels[slots], request.limit, wanted.size, request.offset)
        pages.append((slots[places], values[places]))
    return pages


def _vector_field(schema: Schema, name: str | None) -> Field:
    if name:
        one = schema.by_name.get(name)
        if one is None or not one.dtype.is_vector:
            raise ParamError(
                message=f"anns_field {name!r} is no vector field of the collection, expected one of "
                f"{', '.join(field.name for field in schema.vectors)}"
            )
        return one
    if len(schema.vectors) > 1:
        raise ParamError(
            message=f"the collection has several vector fields: expected anns_field to be one of "
            f"{', '.join(field.name for field in schema.vectors)}, got none"
        )
    return schema.vectors[0]


def _index(record: CollectionRecord, one: Field) -> IndexRecord:
    index = record.index_of(one.name)
    if index is None:
        raise IndexNotExistException(
            message=f"vector field '{one.name}' of collection '{record.name}' has no index: "
            f"call create_index first"
        )
    return index


def _metric(one: Field, index: IndexRecord, asked: str | None) -> Metric:
    assert index.metric is not None, "an index on a vector field has a metric"
    if asked and check_metric(one, index_types(one)[index.type], asked) != index.metric:
        raise ParamError(
            message=f"metric_type of field '{one.name}' must be the one of its index, {index.metric}, "
            f"got {asked!r}"
        )
    return Metric(index.metric)


def hits_of(
    view: View, rows: RowStore, projection: Projection, pages: list[Ranking], decimals: int
) -> list[Hits]:
    """The rows of ``pages`` as hits, their distances rounded to float32 and to ``decimals`` unless that is -1."""
    if not projection.has_columns and len(pages) == 1:
        slots, values = pages[0]
        pks = view.resident_pks(rows.schema.primary, slots)
        if pks is not None:
            return [Hits(pks, _shown(values, decimals), [{} for _ in pks])]
    by_seq = [(view.snapshot.seqs[slots].tolist(), values) for slots, values in pages]
    return hits_at(view.connection, rows, projection, by_seq, decimals)


def hits_at(
    connection: sqlite3.Connection,
    rows: RowStore,
    projection: Projection,
    pages: list[tuple[list[int], npt.NDArray[np.float64]]],
    decimals: int,
) -> list[Hits]:
    """The same for pages that name rows by their seqs."""
    # A row that answers several queries is fetched once.
    distinct = list(dict.fromkeys(seq for seqs, _ in pages for seq in seqs))
    pks, entities = projection.fetch(connection, rows, distinct)
    found: dict[int, tuple[Any, dict[str, Any]]] = dict(
        zip(distinct, zip(pks, entities, strict=True), strict=True)
    )
    answer = []
    for place, (seqs, values) in enumerate(pages):
        answer.append(
            Hits(
                pks=[found[seq][0] for seq in seqs],
                distances=_shown(values, decimals),
                entities=[found[seq][1] if place == 0 else dict(found[seq][1]) for seq in seqs],
            )
        )
    return answer


def _shown(values: npt.NDArray[np.float64], decimals: int) -> list[float]:
    """Distances as users see them: what a float32 holds, rounded unless ``decimals`` is -1."""
    distances: npt.NDArray[Any] = values.astype(np.float32)
    if decimals >= 0:
        distances = np.round(distances.astype(np.float64), decimals)
    shown: list[float] = distances.tolist()
    return shown
