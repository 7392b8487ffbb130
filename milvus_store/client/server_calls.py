"""Calls about what a server has and a file has not: nodes, clusters and the like."""

from __future__ import annotations

from typing import Any, Final

from .calls import Calls
from .server_only import server_only

_NODES: Final = (
    "a file is one node, which the resource group __default_resource_group has: a Milvus server scales out"
)
_CLUSTERS: Final = "a file belongs to no cluster: backup() copies it while others read and write"
_EXTERNAL: Final = "a file holds its own rows: insert() the rows of the external source"
_RESOURCES: Final = "there is no server to keep files for: give word lists inside the analyzer's parameters"
_FUNCTIONS: Final = (
    "a function comes and goes with the field that it fills, as in Milvus 3: add_function_field() and "
    "drop_function_field()"
)


class ServerCalls(Calls):
    @server_only(_NODES)
    def create_resource_group(self, name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_NODES)
    def update_resource_groups(
        self, configs: dict[str, Any], timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_NODES)
    def drop_resource_group(self, name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_NODES)
    def transfer_replica(
        self,
        source_group: str,
        target_group: str,
        collection_name: str,
        num_replicas: int,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_CLUSTERS)
    def session(self, cluster_id: str) -> Any: ...

    @server_only(_CLUSTERS)
    def get_replicate_configuration(self, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_CLUSTERS)
    def update_replicate_configuration(
        self,
        clusters: list[dict[str, Any]],
        cross_cluster_topology: list[dict[str, Any]] | None = None,
        force_promote: bool = False,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_CLUSTERS)
    def get_replicate_info(
        self, source_cluster_id: str, target_pchannel: str, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_CLUSTERS)
    def dump_messages(
        self,
        pchannel: str,
        start_message_id: dict[str, Any],
        start_timetick: int = 0,
        end_timetick: int = 0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_EXTERNAL)
    def refresh_external_collection(
        self,
        collection_name: str,
        external_source: str = "",
        external_spec: str = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_EXTERNAL)
    def get_refresh_external_collection_progress(
        self, job_id: int, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_RESOURCES)
    def add_file_resource(self, name: str, path: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_RESOURCES)
    def remove_file_resource(self, name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_FUNCTIONS)
    def add_collection_function(
        self, collection_name: str, function: Any, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_FUNCTIONS)
    def drop_collection_function(
        self, collection_name: str, function_name: str, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...
