"""Calls that hand out results page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milvus_store_lite import ParamError, Queries, SearchCursor

from ..iterators import UNLIMITED, HitFilter, QueryIterator, SearchIterator, check_iteration
from ..options import options
from .calls import Calls, call_taking
from .rows import CLOCK_OPTIONS, as_clock, as_fields, as_scope
from .search import SearchArguments, as_queries, as_request
from .search_params import SEARCH_OPTIONS

if TYPE_CHECKING:
    from ..filters import Expression


_QUERY_OPTIONS: Final = options("offset", "filter_params", *CLOCK_OPTIONS)
_SEARCH_OPTIONS: Final = options("filter_params", *CLOCK_OPTIONS)


class IterationCalls(Calls):
    @call_taking(_QUERY_OPTIONS)
    def query_iterator(
        self,
        collection_name: str,
        batch_size: int = 1000,
        limit: int = UNLIMITED,
        filter: str | Expression | None = "",
        output_fields: list[str] | None = None,
        partition_names: list[str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> QueryIterator:
        """All rows that match ``filter``, page by page, as they are now, even if others write in between.

        As in ``query`` there is a row for each element where the filter has an ``element_filter``.

        Args:
            batch_size: rows of a page, up to 16,384.
            limit: rows in all, -1 for every one.
            offset: rows to pass over at the beginning.
            filter_params: values of the filter's ``{name}`` templates.
            timezone, time_fields: as for ``query``.

        Returns:
            An iterator: call ``next()`` until it returns an empty list, or ``close()`` to stop before.
        """
        offset = kwargs.get("offset") or 0
        check_iteration(batch_size, limit, offset)
        scope = as_scope(filter, kwargs.get("filter_params"), partition_names, as_clock(kwargs))
        cursor = self._collection(collection_name).iterate_query(
            scope, as_fields(output_fields) or ["*"], offset
        )
        return self._local.closing(QueryIterator(self, cursor, batch_size, limit))

    @call_taking(_SEARCH_OPTIONS | {*SEARCH_OPTIONS})
    def search_iterator(
        self,
        collection_name: str,
        data: Sequence[Any] | np.ndarray[Any, Any],
        batch_size: int = 1000,
        filter: str | Expression | None = None,
        limit: int = UNLIMITED,
        output_fields: list[str] | None = None,
        search_params: dict[str, Any] | None = None,
        timeout: float | None = None,
        partition_names: list[str] | None = None,
        anns_field: str | None = None,
        round_decimal: int = -1,
        *,
        external_filter_func: HitFilter | None = None,
        **kwargs: Any,
    ) -> SearchIterator:
        """The rows nearest to one query vector, page by page, as they are now, even if others write in between.

        Args:
            data: the query vector, in a list.
            batch_size: hits of a page, up to 16,384.
            limit: hits in all, -1 for every row.
            search_params: as in ``search``, ``radius`` and ``range_filter`` among them.
            external_filter_func: called with hits, returns those to keep.
            filter_params: values of the filter's ``{name}`` templates.
            timezone, time_fields: as for ``query``.

        Returns:
            An iterator: call ``next()`` until it returns an empty page, or ``close()`` to stop before.
        """
        check_iteration(batch_size, limit)
        if external_filter_func is not None and not callable(external_filter_func):
            raise ParamError(
                message=f"external_filter_func must be callable, got {external_filter_func!r:.80}"
            )
        keywords = {**kwargs, "round_decimal": round_decimal}
        cursor = self._search_cursor(
            collection_name,
            as_queries(data),
            (filter, batch_size, output_fields, search_params, partition_names, anns_field, keywords),
        )
        return self._local.closing(SearchIterator(self, cursor, batch_size, limit, external_filter_func))

    def _search_cursor(
        self, collection_name: str, queries: Queries, arguments: SearchArguments
    ) -> SearchCursor:
        """What pages of ``search_iterator`` are taken from.

        Args:
            queries: one of them. arguments: the others, as ``as_request`` takes them; the limit is that of a page.
        """
        if len(queries) != 1:
            raise ParamError(message=f"search_iterator() takes one query vector, got {len(queries)}")
        request = as_request(*arguments, strict=self.strict, call="search_iterator")
        if request.offset:
            raise ParamError(message=f"search_iterator() takes no offset, got {request.offset!r}")
        if request.highlight is not None:
            raise ParamError(message="search_iterator() marks no words: use search() with a highlighter")
        if request.group_by or request.order_by or request.aggregation:
            raise ParamError(
                message="search_iterator() neither groups nor orders, as in Milvus: use search()"
            )
        return self._collection(collection_name).iterate_search(request, queries)
