"""One query, from LlamaIndex's request to the client's call and from its hits to LlamaIndex's result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from llama_index.core.indices.query.embedding_utils import get_top_k_mmr_embeddings
from llama_index.core.vector_stores.types import (
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)

from milvus_store import AnnSearchRequest
from milvus_store.options import judge_options

from .calls import Call
from .filters import all_of, of_text, one_of, to_tree
from .rows import ID_FIELD, Fields, to_node

_SPARSE_MODES: Final = (VectorStoreQueryMode.SPARSE, VectorStoreQueryMode.TEXT_SEARCH)
_DENSE_MODES: Final = (VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.MMR)
_MMR_PREFETCH: Final = 4.0
"""How many times more nodes MMR chooses from than it returns."""

_OPTIONS: Final = frozenset(
    {
        "string_expr",
        "milvus_search_config",
        "milvus_partition_names",
        "mmr_threshold",
        "mmr_prefetch_factor",
        "mmr_prefetch_k",
    }
)


def check(query: VectorStoreQuery, fields: Fields, options: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless the store can answer such a query."""
    judge_options("query", options, _OPTIONS, error=ValueError)
    needs_dense = query.mode in (*_DENSE_MODES, VectorStoreQueryMode.HYBRID)
    needs_sparse = query.mode in (*_SPARSE_MODES, VectorStoreQueryMode.HYBRID)
    if not needs_dense and not needs_sparse:
        raise ValueError(
            f"query mode {query.mode!r} is not supported: use default, hybrid, sparse, text_search or mmr"
        )
    if needs_sparse and fields.sparse is None:
        raise ValueError(f"query mode {query.mode.value!r} needs a store with enable_sparse=True")
    if needs_sparse and query.query_str is None:
        raise ValueError(f"query mode {query.mode.value!r} needs a query_str")
    if needs_dense and fields.dense is None:
        raise ValueError(f"query mode {query.mode.value!r} needs a store with enable_dense=True")
    if needs_dense and query.query_embedding is None:
        raise ValueError(f"query mode {query.mode.value!r} needs a query_embedding")


def needs_sparse(query: VectorStoreQuery) -> bool:
    return query.mode in (*_SPARSE_MODES, VectorStoreQueryMode.HYBRID)


def to_call(
    query: VectorStoreQuery,
    fields: Fields,
    collection: str,
    sparse_query: Any,
    ranker: Any,
    search_config: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Call:
    """The client's call for a query; ``sparse_query``: the query as a sparse vector, or its text."""
    condition = _condition(query, fields, options.get("string_expr"))
    params = dict(options.get("milvus_search_config", search_config))
    shared = {
        "collection_name": collection,
        "output_fields": fields.output(
            query.output_fields, with_embedding=query.mode is VectorStoreQueryMode.MMR
        ),
        "partition_names": options.get("milvus_partition_names"),
    }
    top = query.similarity_top_k
    sparse_top = query.sparse_top_k or top
    if query.mode is VectorStoreQueryMode.HYBRID:
        dense = AnnSearchRequest([query.query_embedding], fields.dense or "", params, top, condition)
        sparse = AnnSearchRequest([sparse_query], fields.sparse or "", {}, sparse_top, condition)
        limit = query.hybrid_top_k or top
        return Call("hybrid_search", {**shared, "reqs": [dense, sparse], "ranker": ranker, "limit": limit})
    if query.mode in _SPARSE_MODES:
        found: dict[str, Any] = {"data": [sparse_query], "anns_field": fields.sparse, "limit": sparse_top}
    else:
        limit = _prefetched(top, options) if query.mode is VectorStoreQueryMode.MMR else top
        found = {
            "data": [query.query_embedding],
            "anns_field": fields.dense,
            "limit": limit,
            "search_params": params,
        }
    return Call("search", {**shared, **found, "filter": condition})


def to_result(
    query: VectorStoreQuery, fields: Fields, hits: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> VectorStoreQueryResult:
    """LlamaIndex's result of the hits of one query."""
    found = {hit[ID_FIELD]: hit for hit in hits}
    if query.mode is VectorStoreQueryMode.MMR and found:
        threshold = options.get("mmr_threshold", query.mmr_threshold)
        similarities, ids = get_top_k_mmr_embeddings(
            query_embedding=query.query_embedding or [],
            embeddings=[hit["entity"][fields.dense] for hit in hits],
            similarity_top_k=query.similarity_top_k,
            embedding_ids=list(found),
            mmr_threshold=threshold,
        )
    else:
        similarities, ids = [hit["distance"] for hit in hits], list(found)
    shown = query.output_fields if query.output_fields is not None else fields.shown
    nodes = [to_node(fields, found[key]["entity"], shown) for key in ids]
    return VectorStoreQueryResult(nodes=nodes, similarities=similarities, ids=ids)


def _condition(query: VectorStoreQuery, fields: Fields, written: str | None) -> Any:
    """All conditions on rows, as a tree."""
    parts = []
    if query.filters is not None:
        parts.append(to_tree(query.filters, fields.own))
    # An empty list of documents selects nothing, or a caller who may see none would see all. Without node_ids,
    # LlamaIndex's retrievers mean all nodes.
    if query.doc_ids is not None:
        parts.append(one_of(fields.doc_id, query.doc_ids))
    if query.node_ids:
        parts.append(one_of(ID_FIELD, query.node_ids))
    if written:
        parts.append(of_text(written))
    return all_of(parts)


def _prefetched(top: int, options: Mapping[str, Any]) -> int:
    factor, count = options.get("mmr_prefetch_factor"), options.get("mmr_prefetch_k")
    if factor is not None and count is not None:
        raise ValueError("mmr_prefetch_factor and mmr_prefetch_k set the same number: give one of them")
    return max(top, int(count if count is not None else top * (factor or _MMR_PREFETCH)))
