"""Buckets of a search, with pymilvus's names: what to ask for, and what a search answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from milvus_store_lite import (
    Aggregation,
    Bucket,
    BucketMetric,
    FoundBuckets,
    OrderBy,
    ParamError,
)
from milvus_store_lite import TopHits as EngineTopHits

_OPERATORS: Final = ("avg", "count", "max", "min", "sum")
_ORDER_KEYS: Final = ("_count", "_key")

Pairs = list[dict[str, str]]
"""Names and directions, each a dictionary of one: ``[{"price": "asc"}]``."""


class TopHits:
    """The first ``size`` rows of each bucket.

    Args:
        sort: fields and directions, ``[{"price": "asc"}]``; ``_score`` is the distance. Nearest first by default.
    """

    def __init__(self, size: int, sort: Pairs | None = None) -> None:
        self.size = _positive("TopHits.size", size)
        self.sort = _directions("TopHits.sort", sort)


class SearchAggregation:
    """Buckets of the rows nearest to a query vector that have equal values in ``fields``.

    Args:
        size: how many buckets, the nearest ones.
        metrics: alias → operator and field, ``{"cheapest": {"min": "price"}}``: count, sum, avg, min or max of a
            field, or of ``_score``; ``{"count": "*"}`` counts rows.
        order: aliases, ``_count`` or ``_key`` and directions, ``[{"cheapest": "asc"}]``; nearest first by default.
        top_hits: rows to show of each bucket.
        sub_aggregation: the buckets in each bucket.
    """

    def __init__(
        self,
        fields: list[str],
        size: int,
        metrics: dict[str, dict[str, str]] | None = None,
        order: Pairs | None = None,
        top_hits: TopHits | None = None,
        sub_aggregation: SearchAggregation | None = None,
    ) -> None:
        if not isinstance(fields, list) or not fields:
            raise _unexpected("fields", "a list of names of fields, one at least", fields)
        for name in fields:
            if not isinstance(name, str) or not name or "[" in name or "]" in name:
                raise _unexpected("fields", "names of fields; paths are not supported, as in Milvus", name)
        if top_hits is not None and type(top_hits).__name__ != "TopHits":
            raise _unexpected("top_hits", "a TopHits", top_hits)
        if sub_aggregation is not None and not is_aggregation(sub_aggregation):
            raise _unexpected("sub_aggregation", "a SearchAggregation", sub_aggregation)
        self.fields = list(fields)
        self.size = _positive("SearchAggregation.size", size)
        self.metrics = _metrics(metrics)
        self.order = _directions("SearchAggregation.order", order)
        for key in (name for pair in self.order for name in pair):
            if key not in self.metrics and key not in _ORDER_KEYS:
                known = ", ".join([*self.metrics, *_ORDER_KEYS])
                raise _unexpected("order", f"one of {known}", key)
        self.top_hits = top_hits
        self.sub_aggregation = sub_aggregation


class AggregationHit:
    """A row that stands for a bucket. ``fields``: the output fields that are not null."""

    def __init__(self, pk: Any, score: float, fields: dict[str, Any], field_ids: Mapping[str, int]) -> None:
        self.pk, self.score, self.fields = pk, score, fields
        self._field_ids = field_ids

    def field_ids(self) -> dict[str, int]:
        """The number of each field in ``fields``."""
        return {name: self._field_ids[name] for name in self.fields}

    def __repr__(self) -> str:
        return f"AggregationHit(pk={self.pk!r}, score={self.score}, fields={self.fields!r})"


class AggregationBucket:
    """A bucket of a search.

    ``key``: for each field of its level ``{"field_name": …, "field_id": …, "value": …}``. ``count``: the rows that
    were found for it, which are no more than its hits need. ``metrics``: those with a value. ``hits``: its first
    rows. ``sub_groups``: the buckets in it.
    """

    def __init__(
        self,
        key: list[dict[str, Any]],
        count: int,
        metrics: dict[str, Any],
        hits: list[AggregationHit],
        sub_groups: list[AggregationBucket],
    ) -> None:
        self.key, self.count, self.metrics, self.hits, self.sub_groups = key, count, metrics, hits, sub_groups

    def __repr__(self) -> str:
        return (
            f"AggregationBucket(key={self.key!r}, count={self.count}, metrics={self.metrics!r}, "
            f"hits={len(self.hits)}, sub_groups={len(self.sub_groups)})"
        )


def is_aggregation(given: object) -> bool:
    """Whether it is a ``SearchAggregation``, ours or pymilvus's."""
    return type(given).__name__ == "SearchAggregation"


def as_aggregation(given: object) -> Aggregation | None:
    """What a ``SearchAggregation``, ours or pymilvus's, asks the engine for.

    Raises:
        ParamError: it is something else.
    """
    if given is None:
        return None
    if not is_aggregation(given):
        raise ParamError(message=f"search_aggregation must be a SearchAggregation, got {given!r:.80}")
    hits = _part(given, "top_hits")
    return Aggregation(
        fields=tuple(_part(given, "fields")),
        size=_part(given, "size"),
        metrics=tuple(
            BucketMetric(alias, *one)
            for alias, spec in _part(given, "metrics").items()
            for one in spec.items()
        ),
        order=tuple((key, way == "desc") for pair in _part(given, "order") for key, way in pair.items()),
        top_hits=None
        if hits is None
        else EngineTopHits(
            _part(hits, "size"),
            tuple(OrderBy(name, way == "desc") for pair in _part(hits, "sort") for name, way in pair.items()),
        ),
        within=as_aggregation(_part(given, "sub_aggregation")),
    )


def as_buckets(found: FoundBuckets) -> list[list[AggregationBucket]]:
    """The buckets of each query as users see them."""
    schema = found.rows.projection.schema
    ids = {field.name: field.field_id for field in schema.fields}
    pks, entities = found.rows.pks, found.rows.dicts()

    def shown(level: Aggregation, bucket: Bucket) -> AggregationBucket:
        key = [
            {"field_name": name, "field_id": ids[name], "value": value}
            for name, value in zip(level.fields, bucket.values, strict=True)
        ]
        hits = [
            AggregationHit(
                pks[hit.row],
                hit.distance,
                {name: value for name, value in entities[hit.row].items() if value is not None},
                ids,
            )
            for hit in bucket.hits
        ]
        within = [shown(level.within, one) for one in bucket.within] if level.within is not None else []
        return AggregationBucket(key, bucket.row_count, bucket.metrics, hits, within)

    return [[shown(found.aggregation, bucket) for bucket in buckets] for buckets in found.buckets]


def _part(given: object, name: str) -> Any:
    """A part of one of these objects; pymilvus hides some of its own."""
    return getattr(given, name) if hasattr(given, name) else getattr(given, f"_{name}")


def _metrics(given: object) -> dict[str, dict[str, str]]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _unexpected("metrics", "a dict of aliases", given)
    for alias, spec in given.items():
        if not isinstance(alias, str) or not alias or not _is_pair(spec):
            raise _unexpected("metrics", "an alias and {'avg': 'price'} or the like", {alias: spec})
        ((operator, field),) = spec.items()
        if operator not in _OPERATORS or not field or (field == "*" and operator != "count"):
            raise _unexpected("metrics", f"one of {', '.join(_OPERATORS)} of a field; '*' only counts", spec)
    return {alias: dict(spec) for alias, spec in given.items()}


def _directions(name: str, given: object) -> Pairs:
    pairs: Sequence[Any] = [] if given is None else given if isinstance(given, list) else [given]
    for pair in pairs:
        if not _is_pair(pair) or next(iter(pair.values())) not in ("asc", "desc"):
            raise ParamError(message=f"{name}: expected dicts such as {{'price': 'asc'}}, got {pair!r:.80}")
    return [dict(pair) for pair in pairs]


def _is_pair(given: object) -> bool:
    if not isinstance(given, dict) or len(given) != 1:
        return False
    return all(isinstance(one, str) for one in (*given, *given.values()))


def _positive(name: str, given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise ParamError(message=f"{name} must be a positive int, got {given!r:.80}")
    return given


def _unexpected(name: str, expected: str, given: object) -> ParamError:
    return ParamError(message=f"SearchAggregation.{name}: expected {expected}, got {given!r:.80}")
