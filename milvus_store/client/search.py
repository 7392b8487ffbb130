"""The search call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from milvus_store_lite.errors import DataTypeNotMatchException, ParamError
from milvus_store_lite.search.request import SearchRequest

from ..options import check_options
from ..results import Hits, SearchResult
from .connection import Connection
from .rows import as_fields, as_scope

if TYPE_CHECKING:
    from milvus_store_lite.filters import Expression


_SEARCH_KEYS = frozenset({"metric_type", "params", "offset"})


class SearchCalls(Connection):
    def search(
        self,
        collection_name: str,
        data: Sequence[Any] | np.ndarray[Any, Any],
        filter: str | Expression = "",
        limit: int = 10,
        output_fields: list[str] | None = None,
        search_params: dict[str, Any] | None = None,
        timeout: float | None = None,
        partition_names: list[str] | None = None,
        anns_field: str | None = None,
        **kwargs: Any,
    ) -> SearchResult:
        """The rows nearest to each query vector.

        Args:
            data: query vectors: a list of lists or arrays, or a (q, dim) array; for a sparse field a list
                of dicts, of lists of (index, value) pairs or of scipy rows, or a (q, n) scipy matrix.
            filter: only rows that match this expression are found.
            limit: rows for each query vector; limit + offset up to 16,384.
            output_fields: what ``entity`` holds: field names, dynamic keys, ``"*"`` for all; none by default.
            search_params: ``{"metric_type": ..., "params": {...}}``.
            anns_field: the vector field, when there are several.
            offset, round_decimal, filter_params: as in pymilvus.

        Returns:
            For each query vector its hits, nearest first, each with ``distance`` (squared for L2; for IP and
            COSINE larger is nearer) and ``entity``.

        Raises:
            ParamError: a parameter is out of range; a query vector has another dimension or is not finite.
            FilterError: the filter does not parse or does not fit the schema.
        """
        check_options("search", kwargs, ("offset", "round_decimal", "filter_params"))
        metric, offset, params = _split_search_params(search_params or {})
        request = SearchRequest(
            queries=_as_queries(data),
            anns_field=anns_field or None,
            limit=limit,
            offset=kwargs.get("offset", offset) or 0,
            metric=metric,
            scope=as_scope(filter, kwargs.get("filter_params"), partition_names),
            output_fields=as_fields(output_fields),
            round_decimal=kwargs.get("round_decimal", -1),
            params=params,
        )
        primary, hits = self._database.collection(collection_name).search(request)
        return SearchResult([Hits(primary, found) for found in hits])


def _as_queries(data: object) -> Sequence[Any]:
    if isinstance(data, np.ndarray):
        if data.ndim == 2:
            return list(data)
    elif hasattr(data, "tocsr"):  # a scipy matrix: each of its rows is a sparse query vector
        rows = data.tocsr()
        return [rows] if rows.ndim == 1 else [rows[place : place + 1] for place in range(rows.shape[0])]
    elif isinstance(data, (list, tuple)) and (not data or not isinstance(data[0], (int, float))):
        if not data:
            raise ParamError(message="data must hold at least one query vector, got none")
        return data
    raise DataTypeNotMatchException(
        message=f"data must be a list of query vectors, got {type(data).__name__}: {data!r:.80}"
    )


def _split_search_params(search_params: dict[str, Any]) -> tuple[str | None, int, dict[str, Any]]:
    """(metric, offset, parameters of the index); the latter may stand inside ``params`` or beside it."""
    if not isinstance(search_params, dict):
        raise DataTypeNotMatchException(
            message=f"search_params must be a dict, got {type(search_params).__name__}: {search_params!r:.80}"
        )
    beside = {key: value for key, value in search_params.items() if key not in _SEARCH_KEYS}
    inside = search_params.get("params") or {}
    if not isinstance(inside, dict):
        raise DataTypeNotMatchException(
            message=f"search_params['params'] must be a dict, got {type(inside).__name__}: {inside!r:.80}"
        )
    metric = search_params.get("metric_type") or None
    return getattr(metric, "value", metric), search_params.get("offset") or 0, {**beside, **inside}
