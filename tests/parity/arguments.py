"""Arguments that no program names: those that pymilvus gives itself, and those that change no answer of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

COMMON: Final[Mapping[str, Any]] = {
    "timeout": 30,
    "client_request_id": "parity",
    "client-request-id": "parity",
}
"""Every call gets them in each program."""

_ITERATING: Final = (
    "iterator",
    "collection_id",
    "search_iter_batch_size",
    "search_iter_id",
    "search_iter_v2",
)
_OF_SCHEMA_CHANGES: Final = (
    "drop_field_id",
    "drop_field_name",
    "drop_function_name",
    "drop_function_output_fields",
)

OF_PYMILVUS: Final[Mapping[str, str]] = {
    **dict.fromkeys((*_ITERATING, "search_iter_last_bound"), "its iterators give it"),
    **dict.fromkeys(("query_iter_last_pk", "query_iter_last_element_offset"), "its iterators give it"),
    **dict.fromkeys(("schema", "is_embedding_list"), "it finds it in the schema or the data"),
}
"""Arguments of rows and searches that pymilvus's own code gives, and its reasons."""

_BY_CALL: Final[Mapping[str, tuple[str, ...]]] = {
    "create_collection": ("check_fields", "functions", "struct_fields"),
    "drop_collection": ("db_name",),
    "get_load_state": ("is_refresh", "partition_names"),
    "refresh_load": ("partition_names",),
    "add_function_field": _OF_SCHEMA_CHANGES,
    "drop_function_field": (
        "drop_field_id",
        "drop_field_name",
        "field_schema",
        "func",
        "index_extra_params",
        "index_name",
    ),
    "drop_collection_field": (
        "drop_function_name",
        "drop_function_output_fields",
        "field_schema",
        "func",
        "index_extra_params",
        "index_name",
    ),
    "transfer_replica": ("source", "target", "num_replica"),
    "describe_index": ("timestamp",),
    "load_collection": ("partition_names",),
}
"""Names that the source reads on the way, where a caller's argument of that name meets the client's own."""


class Ignored(NamedTuple):
    value: Any
    reason: str


_CONSISTENCY: Final = "a file always answers with its newest state"
_ONE_NODE: Final = "all of a collection is loaded, once"
_FALSE: Final = "only False: Milvus adds no key to a collection, either"
_FILE: Final = "the operating system decides what of a file is in memory"

IGNORED: Final[Mapping[str, Ignored]] = {
    "consistency_level": Ignored("Eventually", _CONSISTENCY),
    "guarantee_timestamp": Ignored(1, _CONSISTENCY),
    "ignore_growing": Ignored(True, "no row waits to be sealed"),
    "reduce_stop_for_best": Ignored(True, "one file has nothing to reduce"),
    "page_retain_order": Ignored(True, "pages keep their order"),
    "check_fields": Ignored(False, "pymilvus checks nothing here, either"),
    "load_fields": Ignored(["id"], _ONE_NODE),
    "priority": Ignored("HIGH", _ONE_NODE),
    "refresh": Ignored(False, _ONE_NODE),
    "replica_number": Ignored(1, _ONE_NODE),
    "resource_groups": Ignored(["__default_resource_group"], _ONE_NODE),
    "skip_load_dynamic_field": Ignored(False, _ONE_NODE),
    "sync": Ignored(True, "a load is done when it returns"),
    "mmap_enabled": Ignored(True, _FILE),
    "warmup": Ignored("sync", _FILE),
    "reset_connection": Ignored(True, "a client has a file open without a password"),
    "is_clustering_key": Ignored(True, "a file has no segments to cluster"),
    "is_dynamic": Ignored(False, "only False: enable_dynamic_field=True makes the dynamic field"),
    "auto_id": Ignored(False, _FALSE),
    "is_primary": Ignored(False, _FALSE),
    "is_partition_key": Ignored(False, _FALSE),
}
"""Arguments with which a call comes to the same."""


def is_of_pymilvus(call: str, argument: str) -> bool:
    """Whether ``argument`` is one that no program of a user gives."""
    if argument in COMMON or argument in _BY_CALL.get(call, ()):
        return True
    return argument in OF_PYMILVUS and (call, argument) != ("create_collection", "schema")
