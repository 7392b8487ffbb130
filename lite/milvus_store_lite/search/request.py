"""Requests to a collection: plain data between the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..caching import Keyed
from ..errors import ParamError
from ..schema.clock import COLLECTION_CLOCK, Clock
from .arrangement import Aggregation, GroupBy, OrderBy
from .fusion import Ranker
from .highlights import Highlight, SemanticHighlight
from .range_bounds import RangeBounds
from .scope import EVERYTHING, Scope
from .tenants import Tenant

if TYPE_CHECKING:
    from .reranking.reranking import Rescoring

MAX_WINDOW: Final = 16_384
"""Milvus's bound on limit + offset."""

MAX_QUERIES: Final = 16_384
"""Milvus's bound on the query vectors of one search."""


@dataclass(frozen=True, slots=True)
class ByIds:
    """Search by the vectors that the rows with the primary keys ``ids`` have."""

    ids: Sequence[Any]

    def __len__(self) -> int:
        return len(self.ids)


class ElementPlace(NamedTuple):
    """The element at ``offset`` of the array that the row with the primary key ``pk`` has."""

    pk: Any
    offset: int


Queries = Sequence[Any] | ByIds
"""Query vectors as the caller gave them, or the rows that have them."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchRequest(Keyed):
    """The ``limit`` nearest rows of each query vector, after ``offset`` nearer ones, whatever the vectors.

    Caches know requests by their value: an equal request with other vectors is not prepared again.

    ``anns_field``: the vector field, None when there is one only. ``metric``: None for the index's own.
    ``output_fields``: names as Milvus takes them, ``*`` for all. ``ring``: distances that hits may have.
    ``group_by``: ask for groups instead of rows. ``order_by``: show the nearest rows, of which offset and limit
    choose then, in this order; groups in that of their nearest rows. ``aggregation``: ask for buckets instead.
    ``round_decimal``: digits of the distances, -1 for all. ``params``: what the index in use takes, such as
    ``nprobe`` or ``ef``. ``highlight``: mark words in the texts of the hits. ``is_exact``: score every row instead
    of asking the index, which need not be in memory then.
    """

    anns_field: str | None = None
    limit: int = 10
    offset: int = 0
    metric: str | None = None
    scope: Scope = EVERYTHING
    output_fields: Sequence[str] = ()
    ring: RangeBounds | None = None
    group_by: GroupBy | None = None
    order_by: tuple[OrderBy, ...] = ()
    aggregation: Aggregation | None = None
    round_decimal: int = -1
    params: Mapping[str, Any] = field(default_factory=dict)
    highlight: Highlight | SemanticHighlight | None = None
    is_exact: bool = False

    @property
    def window(self) -> int:
        """How many of the nearest rows, or groups, it takes to fill the page."""
        return self.offset + self.limit

    def __post_init__(self) -> None:
        _check_limit(self.limit)
        check_window(self.limit, self.offset)
        _check_decimals(self.round_decimal)
        if self.aggregation is not None and (self.offset or self.group_by or self.order_by or self.highlight):
            raise ParamError(
                message="search_aggregation goes with no offset, no group_by_field, no group_by_fields, no "
                "order_by_fields and no highlighter: it has groups and orders of its own"
            )

    def of_tenant(self, tenant: Tenant) -> SearchRequest:
        """The same request among the rows of ``tenant``."""
        return replace(self, scope=self.scope.of_tenant(tenant))


@dataclass(frozen=True, slots=True)
class HybridRequest:
    """The ``limit`` best rows of the fusion of ``searches``, after ``offset`` better ones.

    Each search has as many queries; its ``limit`` is how many rows of it take part. ``ranker`` says how they are
    fused, and ``rescoring`` what becomes of their scores then. With ``group_by``, which the searches have as well,
    limit and offset count groups. ``clock``: how times of the rows are shown.
    """

    searches: Sequence[tuple[SearchRequest, Queries]]
    ranker: Ranker
    limit: int = 10
    offset: int = 0
    output_fields: Sequence[str] = ()
    group_by: GroupBy | None = None
    round_decimal: int = -1
    clock: Clock = COLLECTION_CLOCK
    rescoring: Rescoring | None = None

    def __post_init__(self) -> None:
        _check_limit(self.limit)
        check_window(self.limit, self.offset)
        _check_decimals(self.round_decimal)
        self.ranker.check(len(self.searches))


def _check_decimals(round_decimal: object) -> None:
    if round_decimal not in range(-1, 7) or isinstance(round_decimal, bool):
        raise ParamError(message=f"round_decimal must be -1 or an int between 0 and 6, got {round_decimal!r}")


def _check_limit(limit: object) -> None:
    if limit is None:
        raise ParamError(message="limit must be an int of at least 1, got None")


def check_window(limit: int | None, offset: int) -> None:
    """Raise ``ParamError`` unless Milvus would serve this page."""
    for name, value, low in (("limit", limit, 1), ("offset", offset, 0)):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise ParamError(message=f"{name} must be an int, got {type(value).__name__}: {value!r}")
        if value < low:
            raise ParamError(message=f"{name} must be at least {low}, got {value}")
    if (limit or 0) + offset > MAX_WINDOW:
        raise ParamError(
            message=f"limit + offset must be at most {MAX_WINDOW}, got {limit} + {offset}; "
            f"restrict the filter, or page by primary key"
        )


def check_queries(queries: Queries) -> None:
    """Raise ``ParamError`` unless Milvus would take so many query vectors."""
    if not 1 <= len(queries) <= MAX_QUERIES:
        raise ParamError(
            message=f"expected between 1 and {MAX_QUERIES:,} query vectors, got {len(queries):,}"
        )
