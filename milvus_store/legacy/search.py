"""Calls that search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from milvus_store import MilvusClient

from .checks import Vectors, check_name, check_params, check_tags, check_top_k, check_vectors, illegal
from .collections import check_partitions
from .connection import Connection, loaded
from .entities import check_shape
from .enums import index_type_of
from .futures import SearchFuture
from .layout import Layout
from .parameters import MAX_TOP_K, check_search
from .results import TopKQueryResult
from .status import Refused, Status, errors_as_status


class SearchCalls(Connection):
    def search(
        self,
        collection_name: str,
        top_k: int,
        query_records: Any,
        partition_tags: list[str] | None = None,
        params: dict[str, Any] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any:
        """The vectors nearest to each query.

        Args:
            top_k: how many for each query, 1 to 2048.
            query_records: queries, as ``insert`` takes vectors.
            partition_tags: the partitions to search; all if not given.
            params: every search parameter of the index, such as ``{"nprobe": 16}``.
            _async, _callback: return a ``SearchFuture`` at once.

        Returns:
            ``(Status, TopKQueryResult)``; distances are squared for L2, and for IP larger is nearer.
        """
        name, count = check_name(collection_name), check_top_k(top_k)
        queries, tags = check_vectors(query_records, "query_records"), check_tags(partition_tags)
        work = partial(self._search, self._within(timeout), name, count, queries, tags, check_params(params))
        return self._deliver(SearchFuture, kwargs, work)

    def search_in_segment(
        self,
        collection_name: str,
        file_ids: Sequence[str | int],
        query_records: Any,
        top_k: int,
        params: dict[str, Any] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any:
        """Like ``search``, in the segments that ``file_ids`` name; see ``get_collection_stats``."""
        if not isinstance(file_ids, (list, tuple)) or not file_ids:
            illegal("file_ids", "a list, not empty, of str or int", file_ids)
        return self.search(
            collection_name,
            top_k,
            query_records,
            [str(file_id) for file_id in file_ids],
            params,
            timeout,
            **kwargs,
        )

    @errors_as_status([])
    def _search(
        self,
        client: MilvusClient,
        name: str,
        top_k: int,
        queries: Vectors,
        tags: list[str] | None,
        given: dict[str, Any],
    ) -> tuple[Status, TopKQueryResult]:
        if not 0 < top_k <= MAX_TOP_K:
            raise Refused(Status.ILLEGAL_TOPK, f"Invalid top_k: {top_k}. Valid range is (0, {MAX_TOP_K}]")
        layout = Layout.of(client, name)
        check_shape(layout, queries)
        if tags is not None:
            check_partitions(client, name, tags)
        search_params: dict[str, Any] = {"metric_type": layout.metric_name}
        kind = index_type_of(layout.index_type_name)
        if kind is not None:  # an index that 0.2 lacked chooses its parameters itself
            search_params["params"] = check_search(kind, given, top_k, layout.params)
        raw = loaded(
            client,
            name,
            lambda: client.search(
                name,
                queries if isinstance(queries, list) else list(queries),
                anns_field=layout.vector_field,
                limit=top_k,
                search_params=search_params,
                partition_names=tags,
            ),
        )
        ids = [[hit[layout.id_field] for hit in hits] for hits in raw]
        distances = [[float(hit["distance"]) for hit in hits] for hits in raw]
        return Status(message="Search vectors successfully!"), TopKQueryResult(ids, distances, top_k, raw)
