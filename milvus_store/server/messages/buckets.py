"""Buckets of a search: what a request asks for, and what was found, as messages."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import schema_pb2

from milvus_store_lite import DataType, FoundBuckets

from ...aggregations import AggregationBucket, AggregationHit, SearchAggregation, TopHits, as_buckets
from ..protocol import Message

_FIELD: Final = "search_aggregation"


def aggregation_of(request: Message) -> SearchAggregation | None:
    """The buckets that a search request asks for; requests of older clients have no place for them."""
    if _FIELD not in request.DESCRIPTOR.fields_by_name or not request.HasField(_FIELD):
        return None
    return _aggregation(request.search_aggregation)


def _aggregation(spec: Message) -> SearchAggregation:
    hits = spec.top_hits if spec.HasField("top_hits") else None
    return SearchAggregation(
        list(spec.fields),
        spec.size or 1,
        {alias: {metric.op.lower(): metric.field_name} for alias, metric in spec.metrics.items()},
        [{order.key: order.direction.lower() or "desc"} for order in spec.order],
        None
        if hits is None
        else TopHits(
            hits.size or 1, [{sort.field_name: sort.direction.lower() or "desc"} for sort in hits.sort]
        ),
        _aggregation(spec.sub_aggregation) if spec.HasField("sub_aggregation") else None,
    )


def buckets_message(found: FoundBuckets) -> Message:
    """The buckets of every query, one after another, and no hits."""
    floats = {field.name for field in found.rows.projection.schema.fields if field.dtype is DataType.FLOAT}
    queries = as_buckets(found)
    return schema_pb2.SearchResultData(
        num_queries=len(queries),
        topks=[0] * len(queries),
        agg_buckets=[_bucket(bucket, floats) for buckets in queries for bucket in buckets],
        agg_topks=[len(buckets) for buckets in queries],
    )


def _bucket(bucket: AggregationBucket, floats: set[str]) -> Message:
    return schema_pb2.AggBucket(
        key=[
            schema_pb2.BucketKeyEntry(
                field_id=entry["field_id"], field_name=entry["field_name"], **_value(entry["value"])
            )
            for entry in bucket.key
        ],
        count=bucket.count,
        metrics={alias: schema_pb2.MetricValue(**_value(value)) for alias, value in bucket.metrics.items()},
        hits=[_hit(hit, floats) for hit in bucket.hits],
        sub_groups=[_bucket(one, floats) for one in bucket.sub_groups],
    )


def _hit(hit: AggregationHit, floats: set[str]) -> Message:
    ids = hit.field_ids()
    return schema_pb2.AggHit(
        score=hit.score,
        fields=[
            schema_pb2.AggHitField(
                field_id=ids[name],
                field_name=name,
                **({"float_val": value} if name in floats else _value(value)),
            )
            for name, value in hit.fields.items()
        ],
        **({"str_pk": hit.pk} if isinstance(hit.pk, str) else {"int_pk": hit.pk}),
    )


def _value(value: Any) -> dict[str, Any]:
    """The part of a message that holds ``value``; none for null."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"bool_val": value}
    if isinstance(value, str):
        return {"string_val": value}
    return {"int_val": value} if isinstance(value, int) else {"double_val": value}
