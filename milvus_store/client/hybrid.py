"""The hybrid search call: several searches of one collection, fused into one ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from milvus_store_lite import (
    Clock,
    DataTypeNotMatchException,
    FoundHits,
    HybridRequest,
    ParamError,
    Queries,
    SearchRequest,
)

from ..options import options
from ..results import SearchResult
from .calls import Calls, call_taking
from .rows import CLOCK_OPTIONS, as_clock, as_fields, as_scope
from .search import as_queries
from .search_params import GROUP_OPTIONS, SearchParams, group_by

_OPTIONS: Final = options("offset", "round_decimal", "rank_group_scorer", *GROUP_OPTIONS, *CLOCK_OPTIONS)
_REQUEST_PARTS: Final = ("data", "anns_field", "param", "limit", "expr", "expr_params")


class HybridCalls(Calls):
    @call_taking(_OPTIONS)
    def hybrid_search(
        self,
        collection_name: str,
        reqs: list[Any],
        ranker: Any,
        limit: int = 10,
        output_fields: list[str] | None = None,
        timeout: float | None = None,
        partition_names: list[str] | None = None,
        **kwargs: Any,
    ) -> SearchResult:
        """The rows that several searches of the collection find, in one ranking; all see it in the same state.

        Args:
            reqs: ``AnnSearchRequest``s, ours or pymilvus's, each with its field, filter, parameters and limit,
                and all with as many query vectors.
            ranker: ``RRFRanker``, ``WeightedRanker`` (ours or pymilvus's), or a RERANK ``Function`` of the
                reranker rrf, weighted, decay or model; None for an ``RRFRanker()``, as in Milvus.
            limit: rows for each query; limit + offset up to 16,384.
            output_fields: what ``entity`` holds, as for ``search``.
            offset, round_decimal, group_by_field, group_size, strict_group_size, timezone, time_fields: as
                for ``search``.
            rank_group_scorer: what the scores of the rows shown of a group make, by which groups are ordered:
                "max" (by default), "sum" or "avg".

        Returns:
            For each query its hits, best first, each with the ranker's score as ``distance``. Of equal scores the
            smaller primary key comes first.

        Raises:
            ParamError: a request or the ranker does not fit the others, or a parameter is out of its range.
            FilterError: a filter does not parse or does not fit the schema.
        """
        if not isinstance(reqs, (list, tuple)) or not reqs:
            raise DataTypeNotMatchException(
                message=f"reqs must be a list of AnnSearchRequest, one at least, got {reqs!r:.80}"
            )
        found = self._found_hybrid(
            collection_name, reqs, ranker, limit, output_fields, partition_names, kwargs
        )
        return SearchResult.of(found)

    def _found_hybrid(
        self,
        collection_name: str,
        reqs: Sequence[Any],
        ranker: Any,
        limit: int,
        output_fields: object,
        partition_names: list[str] | None,
        options: Mapping[str, Any],
    ) -> FoundHits:
        """What ``hybrid_search`` finds; ``options``: its keywords."""
        from .reranking import as_hybrid_ranker

        groups, clock, fused = group_by(options), as_clock(options), as_hybrid_ranker(ranker)
        request = HybridRequest(
            searches=[
                _as_search(number, given, partition_names, groups, clock, self.strict)
                for number, given in enumerate(reqs)
            ],
            ranker=fused.ranker,
            rescoring=fused.rescoring,
            limit=limit,
            offset=options.get("offset") or 0,
            output_fields=as_fields(output_fields),
            group_by=groups,
            round_decimal=options.get("round_decimal", -1),
            clock=clock,
        )
        return self._collection(collection_name).hybrid_search(request)


def _as_search(
    number: int, given: Any, partition_names: list[str] | None, groups: Any, clock: Clock, strict: bool
) -> tuple[SearchRequest, Queries]:
    if not all(hasattr(given, part) for part in _REQUEST_PARTS):
        raise DataTypeNotMatchException(
            message=f"reqs[{number}] must be an AnnSearchRequest, got {type(given).__name__}: {given!r:.80}"
        )
    params = SearchParams.of(given.param, "hybrid_search", strict=strict)
    if params.offset:
        raise ParamError(
            message=f"reqs[{number}] has the offset {params.offset!r}: expected none, the offset belongs to "
            f"hybrid_search()"
        )
    request = SearchRequest(
        anns_field=given.anns_field or None,
        limit=given.limit,
        metric=params.metric,
        scope=as_scope(given.expr, given.expr_params, partition_names, clock),
        ring=params.ring,
        group_by=groups,
        params=params.index,
    )
    return request, as_queries(given.data)
