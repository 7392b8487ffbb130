"""How the rows of an answer are arranged: in an order, in groups, or in buckets of buckets. Plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Final, Literal

from ..errors import ParamError
from ..schema.data_types import DataType

MAX_LEVELS: Final = 4
"""Milvus's bound on the buckets within buckets of a search."""

MAX_ENTRIES: Final = 10_000
"""Milvus's bound on the rows of all buckets of a search."""

SCORE: Final = "_score"
COUNT_KEY, VALUES_KEY = "_count", "_key"

Scorer = Literal["max", "sum", "avg"]
"""What the scores of a group's rows make: how near the group is."""


_CASTS: Final = (
    DataType.BOOL,
    DataType.INT8,
    DataType.INT16,
    DataType.INT32,
    DataType.INT64,
    DataType.VARCHAR,
)


@dataclass(frozen=True, slots=True)
class PathCast:
    """What the values at a JSON path are read as. Values of another type are null; ``strict``: they are an error.

    ``dtype``: BOOL, INT8 to INT64 or VARCHAR; None for all that can be grouped.
    """

    dtype: DataType | None
    strict: bool = False

    def __post_init__(self) -> None:
        if self.dtype is not None and self.dtype not in _CASTS:
            raise ParamError(
                message=f"json_type must be one of {', '.join(dtype.name for dtype in _CASTS)}, "
                f"got {self.dtype.name}"
            )


@dataclass(frozen=True, slots=True)
class GroupBy:
    """Ask for groups instead of rows; limit and offset then count groups.

    ``fields``: fields, dynamic keys or JSON paths; a group has equal values of all of them. ``size``: rows of each
    group at most. A group has fewer only if no more rows match, which is what Milvus's ``strict_group_size`` asks
    for. ``scorer``: how near a group of a fused ranking is. ``cast``: how JSON paths are read.
    """

    fields: tuple[str, ...]
    size: int = 1
    scorer: Scorer = "max"
    cast: PathCast | None = None

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 1:
            raise ParamError(message=f"group_size must be an int of at least 1, got {self.size!r}")
        if self.scorer not in ("max", "sum", "avg"):
            raise ParamError(
                message=f"rank_group_scorer must be 'max', 'sum' or 'avg', got {self.scorer!r:.80}"
            )


@dataclass(frozen=True, slots=True)
class OrderBy:
    """Order rows by ``field``: a field, a dynamic key or a JSON path."""

    field: str
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class TopHits:
    """The first ``size`` rows of a bucket by ``sort``, whose fields may be ``_score``, the distance."""

    size: int
    sort: tuple[OrderBy, ...] = ()


@dataclass(frozen=True, slots=True)
class BucketMetric:
    """``operator`` of the values of ``field``, which may be ``_score`` or ``*``, under the name ``alias``."""

    alias: str
    operator: str
    field: str


@dataclass(frozen=True, slots=True)
class Aggregation:
    """The nearest ``size`` buckets of rows that have equal values in ``fields``.

    ``order``: what to order the buckets by, True for descending: the alias of a metric, ``_count`` or ``_key``.
    ``within``: the buckets in each of them.
    """

    fields: tuple[str, ...]
    size: int
    metrics: tuple[BucketMetric, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    top_hits: TopHits | None = None
    within: Aggregation | None = None

    def levels(self) -> Iterator[Aggregation]:
        """This one, and those within."""
        level: Aggregation | None = self
        while level is not None:
            yield level
            level = level.within

    @property
    def all_fields(self) -> tuple[str, ...]:
        """The fields of every level."""
        return tuple(name for level in self.levels() for name in level.fields)

    @property
    def buckets(self) -> int:
        """How many buckets of the last level are looked for."""
        return prod(level.size for level in self.levels())

    @property
    def rows(self) -> int:
        """How many rows of each of these are looked for."""
        return max(1 if level.top_hits is None else level.top_hits.size for level in self.levels())

    def check(self, queries: int) -> None:
        """Raise ``ParamError`` unless Milvus would serve it for so many query vectors."""
        levels = sum(1 for _ in self.levels())
        if levels > MAX_LEVELS:
            raise ParamError(message=f"search_aggregation has {levels} levels, expected at most {MAX_LEVELS}")
        fields = self.all_fields
        twice = next((name for name in fields if fields.count(name) > 1), None)
        if twice is not None:
            raise ParamError(message=f"search_aggregation groups by field {twice!r} twice")
        if queries * self.buckets * self.rows > MAX_ENTRIES:
            raise ParamError(
                message=f"search_aggregation asks for {queries} x {self.buckets} x {self.rows} rows (queries x "
                f"the sizes of all levels x the largest size of top_hits), expected at most {MAX_ENTRIES:,}"
            )
