"""Arguments of other libraries: their meaning there, and what to use here instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NAMES_ELSEWHERE: Final[Mapping[str, str]] = {
    "limit": "k topk top_k top n top_n n_results num_results max_results",
    "k": "limit top_k topk n_results",
    "filter": "expr expression where filters filter_expr filter_expression query_filter condition predicate",
    "expr": "filter filters where expression filter_expr",
    "data": "vector vectors query_vector query_vectors query_embedding query_embeddings queries embedding",
    "ids": "id pk pks primary_key primary_keys",
    "output_fields": "fields include columns select return_fields output",
    "anns_field": "vector_field vector_field_name field field_name",
    "search_params": "param params",
    "filter_params": "expr_params",
    "expr_params": "filter_params",
    "partition_names": "partition partitions partition_name",
    "partition_name": "partition partition_names",
    "milvus_partition_names": "partition partitions partition_name partition_names",
    "string_expr": "expr filter filter_expr where",
    "group_by_field": "group_by groupby grouping",
    "order_by_fields": "order_by orderby sort sort_by",
    "round_decimal": "round decimals",
    "db_name": "db database database_name",
    "uri": "path url db_path file",
    "dimension": "dim dims vector_dim vector_size",
    "dim": "dimension dims vector_dim vector_size",
    "metric_type": "metric distance distance_metric",
    "primary_field_name": "primary_field pk_field id_field",
    "vector_field_name": "vector_field anns_field",
    "consistency_level": "consistency",
    "is_primary": "primary primary_key is_primary_key",
    "default_value": "default",
    "element_type": "item_type",
    "max_capacity": "capacity",
    "index_params": "index_type metric_type index_name index_param",
    "analyzer_params": "analyzer",
    "fields": "columns",
    "weights": "weight",
}

MEANT: Final[Mapping[str, tuple[str, ...]]] = {
    given: tuple(name for name, others in _NAMES_ELSEWHERE.items() if given in others.split())
    for given in {other for others in _NAMES_ELSEWHERE.values() for other in others.split()}
}
"""The name in other libraries and other calls → its possible names here, the likeliest first."""

WITHOUT_EFFECT: Final = frozenset(
    {
        *("guarantee_timestamp", "graceful_time", "ignore_growing", "use_default_consistency"),
        *("hints", "page_retain_order", "reduce_stop_for_best", "print_iterator_cursor"),
        *("sync", "refresh", "_refresh", "replica_number", "_replica_number", "load_fields", "_load_fields"),
        *("skip_load_dynamic_field", "_skip_load_dynamic_field", "resource_groups", "_resource_groups"),
        *("priority", "num_shards", "shards_num", "mmap_enabled", "mmap.enabled", "warmup"),
        *("is_clustering_key", "clustering_key_field", "clustering_key_field_name", "check_fields"),
        *("client_request_id", "client-request-id", "retry_times", "retry_on_rate_limit"),
        *("retry_on_rpc_failure", "retry_timeout", "initial_back_off", "max_back_off"),
        *("back_off_multiplier", "log_level", "log_msg", "schema"),
        *("secure", "server_pem_path", "server_name", "ca_pem_path", "client_pem_path"),
        *("client_key_path", "keep_alive", "grpc_options", "dedicated"),
    }
)
"""Arguments of pymilvus that change nothing in the answer of a file."""

_ASYNC: Final = "use AsyncMilvusClient for asynchronous calls"
_PARTIAL: Final = "it belongs to upsert()"
_SERVER: Final = "a file does not support it: use a Milvus server"
_ITERATORS: Final = (
    "an iterator holds the state of a file it began with, so it cannot go on from a file of its own"
)
_DATABASE: Final = "use_database() sets the database of the calls"
_NAMESPACE: Final = "a partition key and for_tenant() keep tenants apart"
_PARAMETER: Final = "it goes in search_params"
_BUILD: Final = "it goes in index_params"

REFUSED: Final[Mapping[str, str]] = {
    "_async": _ASYNC,
    "_callback": _ASYNC,
    "db_name": _DATABASE,
    "context": _DATABASE,
    "namespace": _NAMESPACE,
    "enable_namespace": _NAMESPACE,
    "partial_update": _PARTIAL,
    "field_ops": _PARTIAL,
    "insert_param": "give the rows as data",
    "upsert_param": "give the rows as data",
    "travel_timestamp": "a file keeps no past states: backup() copies the present one",
    "group_by_fields": "it belongs to query() and search()",
    "order_by": "order_by_fields of query() and search() orders rows",
    "order_by_fields": "it belongs to query() and search()",
    "search_aggregation": "it belongs to search()",
    "function_chains": "it belongs to search()",
    "highlighter": "it belongs to search()",
    "ranker": "it belongs to search() and hybrid_search()",
    "is_embedding_list": "lists of embeddings are not stored: make a row of each vector",
    "json_path": "it belongs to search()",
    "json_type": "it belongs to search()",
    "strict_cast": "it belongs to search()",
    "iterator_cp_file": _ITERATORS,
    "external_source": "a file holds its own rows: insert() those of the external source",
    "external_spec": "a file holds its own rows: insert() those of the external source",
    "external_field": "a file holds its own rows: insert() those of the external source",
    "is_dynamic": "enable_dynamic_field=True of the schema makes the dynamic field",
    "rank_group_scorer": "it belongs to hybrid_search()",
    "group_by_field": "it belongs to search() and hybrid_search()",
    "group_size": "it belongs to search() and hybrid_search()",
    "strict_group_size": "it belongs to search() and hybrid_search()",
    "filter_params": "this call takes no filter",
    **dict.fromkeys(("nprobe", "ef", "level", "reorder_k", "search_list", "search_k"), _PARAMETER),
    **dict.fromkeys(("nlist", "M", "efConstruction", "m", "nbits"), _BUILD),
    "radius": _PARAMETER,
    "range_filter": _PARAMETER,
    "metric_type": _PARAMETER,
    "timezone": "it belongs to the calls that show rows",
    "time_fields": "it belongs to the calls that show rows",
    "host": "give uri='http://host:port'",
    "port": "give uri='http://host:port'",
    "address": "give uri='http://host:port'",
}
"""Arguments of pymilvus that would change the answer → what to do instead."""
