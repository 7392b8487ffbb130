"""The search call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from milvus_store_lite import (
    ByIds,
    DataTypeNotMatchException,
    FoundBuckets,
    FoundHits,
    ParamError,
    Queries,
    SearchRequest,
)

from ..aggregations import as_aggregation
from ..highlighters import as_highlight
from ..option_warnings import judged_once
from ..options import options
from ..results import SearchResult
from .calls import Calls, call_taking
from .memoized_arguments import MemoizedArguments
from .ordering import ORDER_BY, order_by
from .rows import CLOCK_OPTIONS, as_clock, as_fields, as_ids, as_scope
from .search_params import (
    AGGREGATION,
    RERANKING_OPTIONS,
    SEARCH_OPTIONS,
    SearchParams,
    asks_for_reranking,
    group_by,
    one_offset,
)

if TYPE_CHECKING:
    from ..filters import Expression

_OPTIONS: Final = options(
    *("offset", "round_decimal", "filter_params", "highlighter"),
    *RERANKING_OPTIONS,
    *SEARCH_OPTIONS,
    *CLOCK_OPTIONS,
)


SearchArguments = tuple[object, int, object, object, "list[str] | None", "str | None", dict[str, Any]]
"""Filter, limit, output fields, search parameters, partitions, vector field and keywords of a search."""


class SearchCalls(Calls):
    @call_taking(_OPTIONS)
    def search(
        self,
        collection_name: str,
        data: Sequence[Any] | np.ndarray[Any, Any] | None = None,
        filter: str | Expression = "",
        limit: int = 10,
        output_fields: list[str] | None = None,
        search_params: dict[str, Any] | None = None,
        timeout: float | None = None,
        partition_names: list[str] | None = None,
        anns_field: str | None = None,
        *,
        ids: Sequence[Any] | str | int | None = None,
        **kwargs: Any,
    ) -> SearchResult:
        """The rows nearest to each query vector.

        Args:
            data: query vectors: a list of lists, arrays or bytes, or a (q, dim) array; for a sparse field a list
                of dicts, of lists of (index, value) pairs or of scipy rows, or a (q, n) scipy matrix; for a field
                that a BM25 function fills a text or a list of texts.
            filter: only rows that match this expression are found.
            limit: rows for each query vector; limit + offset up to 16,384.
            output_fields: what ``entity`` holds: field names, dynamic keys, ``"*"`` for all; none by default.
            search_params: ``{"metric_type": ..., "params": {...}}``; the parameters are those of the index, and
                ``radius`` (exclusive) and ``range_filter`` (inclusive), between which distances shall lie.
            anns_field: the vector field, when there are several.
            ids: primary keys of rows whose vectors are the query vectors, instead of ``data``; neither filter nor
                partitions confine them, a bound tenant does.
            group_by_field: a field, dynamic key or JSON path: find groups of rows that share its value, ``limit``
                of them, each with its nearest ``group_size`` rows (1 by default).
            json_path: of a JSON field that ``group_by_field`` names: ``'meta["key"]'`` or ``"/key"``.
            json_type: what the values at the path are read as, a ``DataType``: values of another type are one
                group with those that are missing, or with ``strict_cast=True`` an error.
            group_by_fields: several of them: groups share the values of all.
            order_by_fields: show the nearest limit + offset rows in this order, from the offset on; groups in that
                of their nearest rows. As for ``query``.
            search_aggregation: a ``SearchAggregation``: find buckets of rows, which are the ``agg_buckets`` of the
                result, and no hits; the limit does not count then.
            ranker: a RERANK ``Function`` or a ``FunctionScore`` of several: boosts change the distances of the
                ``limit + offset`` nearest rows, decay, model and other rankers give those rows other scores. Ours
                or pymilvus's, as ``function_chains``: a ``FunctionChain`` that scores and orders the hits.
            highlighter: a ``LexicalHighlighter``, which marks words in the texts of the hits, or a
                ``SemanticHighlighter``, which marks what a registered callable finds: ``highlight`` of a hit is
                ``{field: {"fragments": [...], "scores": [...]}}``, the scores those of the callable.
            offset, round_decimal, filter_params: as in pymilvus.
            timezone, time_fields: as for ``query``.

        Returns:
            For each query vector its hits, nearest first, each with ``distance`` (squared for L2; for IP and
            COSINE larger is nearer) and ``entity``.

        Raises:
            ParamError: a parameter is out of range; a query vector has another dimension or is not finite; no
                row has one of ``ids``.
            FilterError: the filter does not parse or does not fit the schema.
        """
        found = self._found_hits(
            collection_name,
            _queries(data, ids),
            (filter, limit, output_fields, search_params, partition_names, anns_field, kwargs),
        )
        return SearchResult.of(found) if isinstance(found, FoundHits) else SearchResult.of_buckets(found)

    def _found_hits(
        self, collection_name: str, queries: Queries, arguments: SearchArguments
    ) -> FoundHits | FoundBuckets:
        """What ``search`` finds for ``queries``; ``arguments``: the others, as ``as_request`` takes them."""
        keywords, reranking = arguments[-1], None
        is_reranked = asks_for_reranking(keywords)
        if is_reranked:
            plain = {name: value for name, value in keywords.items() if name not in RERANKING_OPTIONS}
            arguments = (*arguments[:-1], plain)
        request = (_STRICT_REQUEST if self.strict else _REQUEST)(*arguments)
        if is_reranked:
            if request.order_by or request.aggregation:
                raise ParamError(message=f"{ORDER_BY}, {AGGREGATION} and rerankers exclude each other")
            if request.highlight is not None:
                raise ParamError(
                    message="a search takes a highlighter or a ranker, got both: mark words in one"
                )
            from .reranking import as_reranking  # few programs rerank, and it takes a while to import

            request, reranking = as_reranking(request, keywords)
        if request.aggregation is not None:
            return self._collection(collection_name).search_buckets(request, queries)
        return self._collection(collection_name).search(request, queries, reranking)


def as_request(
    filter: object,
    limit: int,
    output_fields: object,
    search_params: object,
    partition_names: list[str] | None,
    anns_field: str | None,
    keywords: dict[str, Any],
    strict: bool = False,
    call: str = "search",
) -> SearchRequest:
    """The arguments of a search, checked."""
    params = SearchParams.of(search_params, call, strict=strict)
    return SearchRequest(
        anns_field=anns_field or None,
        limit=limit,
        offset=one_offset(keywords.get("offset"), params),
        metric=params.metric,
        scope=as_scope(filter, keywords.get("filter_params"), partition_names, as_clock(keywords)),
        output_fields=as_fields(output_fields),
        ring=params.ring,
        group_by=group_by(keywords),
        order_by=order_by(keywords.get(ORDER_BY), is_search=True),
        aggregation=as_aggregation(keywords.get(AGGREGATION)),
        round_decimal=keywords.get("round_decimal", -1),
        params=params.index,
        highlight=as_highlight(keywords.get("highlighter")),
    )


_REQUEST: Final = MemoizedArguments(as_request)
_STRICT_REQUEST: Final = MemoizedArguments(partial(as_request, strict=True))
judged_once(_REQUEST.clear)


def _queries(data: object, ids: object) -> Queries:
    if (data is None) == (ids is None):
        given = "neither" if ids is None else "both"
        raise ParamError(message=f"expected either query vectors or ids, got {given}")
    return as_queries(data) if ids is None else ByIds(as_ids(ids))


def as_queries(data: object) -> Sequence[Any]:
    """Query vectors as a sequence of single ones."""
    if isinstance(data, (list, tuple)):
        if not data:
            raise ParamError(message="data must hold at least one query vector, got none")
        if not isinstance(data[0], (int, float, np.number)):
            return data
    elif isinstance(data, np.ndarray):
        if data.ndim == 2:
            return cast("Sequence[Any]", data)
    elif isinstance(data, str):  # a text to search for
        return [data]
    elif hasattr(data, "tocsr"):  # a scipy matrix: each of its rows is a sparse query vector
        rows = data.tocsr()
        return [rows] if rows.ndim == 1 else [rows[row : row + 1] for row in range(rows.shape[0])]
    given = f"{type(data).__name__}: {data!r:.80}"
    if isinstance(data, (list, tuple, np.ndarray, bytes, dict)):
        raise DataTypeNotMatchException(
            message=f"data must be a list of query vectors, for one of them [[…]], that is data=[vector]: got the "
            f"single {given}"
        )
    raise DataTypeNotMatchException(message=f"data must be a list of query vectors, got {given}")
