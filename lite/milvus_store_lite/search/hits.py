"""One search, from the request to hits: which field and metric, the ranking, the page, the output fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..columns.snapshot import View
from ..errors import IndexNotExistException, ParamError
from ..indexes.registry import check_metric, check_search_parameters, index_types
from ..schema import Field, Schema
from ..storage.catalog import CollectionRecord, IndexRecord
from ..storage.rows import RowStore
from ..storage.values import encode_queries
from .metrics import Metric
from .nearest import nearest
from .output import Projection
from .rankings import Ranking
from .request import Hits, SearchRequest
from .selection import Selection


def ranked_hits(
    record: CollectionRecord, rows: RowStore, selection: Selection, request: SearchRequest
) -> list[Hits]:
    """The answer to ``request`` among the rows of ``selection``."""
    schema = record.schema
    one = _vector_field(schema, request.anns_field)
    index = _index(record, one)
    metric = _metric(one, index, request.metric)
    window = request.offset + request.limit
    params = check_search_parameters(one, index.type, index.parameters, request.params, window)
    queries = encode_queries(one, request.queries)
    projection = Projection.of(schema, request.output_fields, with_pk=False)
    view = selection.view
    rankings = nearest(metric, one, selection, queries, window, params)
    pages = [(slots[request.offset :], values[request.offset :]) for slots, values in rankings]
    return _hits(view, rows, projection, pages, request.round_decimal)


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


def _hits(
    view: View, rows: RowStore, projection: Projection, pages: list[Ranking], decimals: int
) -> list[Hits]:
    seqs_of = [view.snapshot.seqs[slots].tolist() for slots, _ in pages]
    # A row that answers several queries is fetched once.
    distinct = list(dict.fromkeys(seq for seqs in seqs_of for seq in seqs))
    pks, entities = projection.fetch(view.connection, rows, distinct)
    found: dict[int, tuple[Any, dict[str, Any]]] = dict(
        zip(distinct, zip(pks, entities, strict=True), strict=True)
    )
    answer = []
    for place, (seqs, (_, values)) in enumerate(zip(seqs_of, pages, strict=True)):
        distances = values.astype(np.float32).astype(np.float64)
        if decimals >= 0:
            distances = np.round(distances, decimals)
        answer.append(
            Hits(
                pks=[found[seq][0] for seq in seqs],
                distances=distances.tolist(),
                entities=[found[seq][1] if place == 0 else dict(found[seq][1]) for seq in seqs],
            )
        )
    return answer
