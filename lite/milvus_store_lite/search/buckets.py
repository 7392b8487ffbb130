"""Buckets of the nearest rows of a search, in levels, with metrics of their rows and the rows that stand for them.

All is computed from the rows that were found, some thousands at most: the buckets of a search are no counts of the
collection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import ParamError
from ..schema.data_types import NUMPY_TYPES, DataType
from ..schema.fields import Field
from ..schema.model import Schema
from .aggregates import Aggregate
from .arrangement import COUNT_KEY, SCORE, VALUES_KEY, Aggregation, BucketMetric, OrderBy, TopHits
from .found import FoundRows, fetched
from .hits import shown
from .metrics import Metric
from .named_values import as_seen, values_at
from .ordering import ascending_columns
from .output import Projection
from .rankings import Ranking
from .selection import Selection
from .sort_keys import sort_keys

ARGUMENT: Final = "search_aggregation"

_SHOWN_TYPES: Final = frozenset({*NUMPY_TYPES, DataType.VARCHAR})


class BucketHit(NamedTuple):
    """A row that stands for a bucket: its index in the rows that were found, and its distance."""

    row: int
    distance: float


class Bucket(NamedTuple):
    """``values``: what its rows have in common, one for each field of its level. ``metrics``: those that are not
    null."""

    values: list[Any]
    row_count: int
    metrics: dict[str, Any]
    hits: list[BucketHit]
    within: list[Bucket]


class FoundBuckets(NamedTuple):
    """The buckets for each query. ``rows``: the rows of their hits, each once."""

    aggregation: Aggregation
    buckets: list[list[Bucket]]
    rows: FoundRows


def check_aggregation(schema: Schema, aggregation: Aggregation, projection: Projection) -> None:
    """Check what is asked for against the fields.

    Raises:
        ParamError: a field does not exist, or is not of a type that Milvus has buckets, metrics or hits of.
    """
    for name in aggregation.all_fields:
        if name not in schema.by_name:
            raise ParamError(
                code=1700,
                message=f"{ARGUMENT} {name!r}: expected a field of the schema, as in Milvus: one of "
                f"{', '.join(schema.by_name)}",
            )
    for level in aggregation.levels():
        for metric in level.metrics:
            source = _source(schema, metric)
            if source is not None and source.dtype not in _SHOWN_TYPES:
                raise ParamError(
                    message=f"{ARGUMENT}: metric {metric.alias!r} must be of a number, BOOL, VARCHAR or "
                    f"TIMESTAMPTZ field, got '{source.name}' ({source.describe()})"
                )
    hidden = [
        field for field in (*projection.scalars, *projection.vectors) if field.dtype not in _SHOWN_TYPES
    ]
    if hidden or projection.dynamic is not None:
        given = f"'{hidden[0].name}' ({hidden[0].describe()})" if hidden else "dynamic keys"
        raise ParamError(
            message=f"the hits of {ARGUMENT} show numbers, BOOL, VARCHAR and TIMESTAMPTZ fields: name them in "
            f"output_fields, got {given}"
        )


def _source(schema: Schema, metric: BucketMetric) -> Field | None:
    """The field that a metric is of; None for the rows or their distances."""
    if metric.field == SCORE:
        return None
    name = f"{metric.operator}({metric.field})"
    return Aggregate(name, metric.operator, None if metric.field == "*" else metric.field).source(schema)


def found_buckets(
    selection: Selection,
    schema: Schema,
    metric: Metric,
    projection: Projection,
    aggregation: Aggregation,
    rankings: Sequence[Ranking],
    decimals: int,
) -> FoundBuckets:
    """The buckets of the rows of each ranking."""
    view = selection.view
    rows: dict[int, int] = {}
    buckets = []
    for ranking in rankings:
        distances = shown(ranking[1], decimals)
        of_ranking = _Ranked(selection, schema, metric, projection.show_time, ranking, distances, rows)
        buckets.append(of_ranking.level(aggregation, of_ranking.nearest_first()))
    seqs = view.snapshot.seqs[np.fromiter(rows, np.int64, len(rows))].tolist()
    return FoundBuckets(aggregation, buckets, fetched(view.reader, projection, seqs))


class _Ranked:
    """The rows of one ranking, which are put into buckets.

    Args:
        rows: slot → index of the rows of hits, which gains those of this ranking.
    """

    def __init__(
        self,
        selection: Selection,
        schema: Schema,
        metric: Metric,
        show_time: Callable[[int], Any],
        ranking: Ranking,
        shown: list[float],
        rows: dict[int, int],
    ) -> None:
        self._selection, self._schema, self._show_time = selection, schema, show_time
        self._slots, distances = ranking
        self._nearness = -distances if metric.larger_is_nearer else distances
        self._shown = shown
        self._rows = rows
        self._values: dict[str, list[Any]] = {SCORE: shown}

    def nearest_first(self) -> list[int]:
        """The indices of all rows, of equally near ones the older first; the ranking has them by group."""
        order: list[int] = np.lexsort([self._slots, self._nearness]).tolist()
        return order

    def level(self, level: Aggregation, rows: list[int]) -> list[Bucket]:
        """The buckets of some rows, by their indices, the nearest first."""
        members: dict[tuple[Any, ...], list[int]] = {}
        keys = [self._values_of(name) for name in level.fields]
        for row in rows:
            members.setdefault(tuple([values[row] for values in keys]), []).append(row)
        found = [
            (Bucket(list(key), len(of_key), self._metrics(level, of_key), [], []), of_key)
            for key, of_key in members.items()
        ]
        for criterion, descending in reversed(level.order):
            found.sort(key=lambda pair: _sorted_by(pair[0], criterion), reverse=descending)
        return [
            Bucket(
                [self._seen(name, value) for name, value in zip(level.fields, bucket.values, strict=True)],
                bucket.row_count,
                self._seen_metrics(level, bucket.metrics),
                hits=[] if level.top_hits is None else self._hits(level.top_hits, of_key),
                within=[] if level.within is None else self.level(level.within, of_key),
            )
            for bucket, of_key in found[: level.size]
        ]

    def _metrics(self, level: Aggregation, rows: list[int]) -> dict[str, Any]:
        found = {metric.alias: self._metric_of(metric, rows) for metric in level.metrics}
        return {alias: value for alias, value in found.items() if value is not None}

    def _metric_of(self, metric: BucketMetric, rows: list[int]) -> Any:
        if metric.field == "*":
            return len(rows)
        of_field = self._values_of(metric.field)
        values = [of_field[row] for row in rows if of_field[row] is not None]
        if metric.operator == "count":
            return len(values)
        if not values:
            return None
        if metric.operator in ("min", "max"):
            return min(values) if metric.operator == "min" else max(values)
        return sum(values) if metric.operator == "sum" else sum(values) / len(values)

    def _seen_metrics(self, level: Aggregation, metrics: dict[str, Any]) -> dict[str, Any]:
        extremes = {
            metric.alias: metric.field for metric in level.metrics if metric.operator in ("min", "max")
        }
        return {
            alias: self._seen(extremes[alias], value) if alias in extremes else value
            for alias, value in metrics.items()
        }

    def _seen(self, name: str, value: Any) -> Any:
        """A value of a field as users see it."""
        return value if name == SCORE else as_seen(self._schema.by_name[name], [value], self._show_time)[0]

    def _values_of(self, name: str) -> list[Any]:
        """The values of a field, one for each row of the ranking; times as numbers, which have their order."""
        found = self._values.get(name)
        if found is None:
            field = self._schema.by_name[name]
            found = values_at(self._selection.view, field, self._slots, show_time=int)
            self._values[name] = found
        return found

    def _hits(self, wanted: TopHits, rows: list[int]) -> list[BucketHit]:
        """The first rows by the order that is asked for; of equal ones, the nearest."""
        chosen = np.array(rows)
        columns: list[npt.NDArray[Any]] = []
        for order in wanted.sort:
            columns += self._columns(order, chosen)
        first = chosen[np.lexsort([self._nearness[chosen], *columns[::-1]])][: wanted.size]
        slots = self._slots[first].tolist()
        return [
            BucketHit(self._rows.setdefault(slot, len(self._rows)), self._shown[row])
            for slot, row in zip(slots, first.tolist(), strict=True)
        ]

    def _columns(self, order: OrderBy, rows: npt.NDArray[np.int64]) -> list[npt.NDArray[Any]]:
        if order.field == SCORE:
            shown = np.array(self._shown)[rows]
            return [-shown if order.descending else shown]
        keys = sort_keys(self._selection, self._schema, [order], f"{ARGUMENT} top_hits")
        return ascending_columns(keys, self._slots[rows])


def _sorted_by(bucket: Bucket, criterion: str) -> Any:
    """A value that sorts as Milvus orders buckets: null before all others."""
    if criterion == COUNT_KEY:
        return bucket.row_count
    if criterion == VALUES_KEY:
        return [(value is not None, value) if value is not None else (False, 0) for value in bucket.values]
    value = bucket.metrics.get(criterion)
    return (False, 0) if value is None else (True, value)
