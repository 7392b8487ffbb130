"""pymilvus's calls that a file cannot answer: each is there, and says what to use instead."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from milvus_store_lite import ParamError

_USERS: Final = (
    "a file has no users, roles and privileges: use the permissions of the file system, open the file with "
    "read_only=True, or use a Milvus server"
)
_NODES: Final = (
    "a file has no nodes, replicas and resource groups: use a Milvus server, which is what scales out"
)
_CLUSTERS: Final = "a file belongs to no cluster: backup() copies it while others read and write"
_SEGMENTS: Final = "a file keeps no segments: get_collection_stats() and get_partition_stats() count rows"
_COMPACTION: Final = "compact() on a file returns when it is done: get_compaction_state() says so"
_OPTIMIZE: Final = "compact() does for a file what optimize() does for the segments of a server"
_SNAPSHOTS: Final = "a file keeps no snapshots inside itself: backup() copies the whole of it to a new file"
_EXTERNAL: Final = "a file holds its own rows: insert() the rows of the external source"
_RESOURCES: Final = "there is no server to keep files for: give word lists inside the analyzer's parameters"
_FUNCTIONS: Final = (
    "functions are part of a collection's schema when it is made: create a collection with the function, "
    "and insert the rows into that"
)
_INDEXES: Final = "drop_index() and create_index() with the parameters you want"


class Unserved:
    """A call that raises ``ParamError`` whatever it is given."""

    def __init__(self, instead: str) -> None:
        self._instead = instead
        self.__doc__ = f"Not on a file: {instead}."

    def __set_name__(self, owner: type, name: str) -> None:
        self.__name__ = name

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise ParamError(message=f"{self.__name__}() is not served on a file: {self._instead}")


class UnservedCalls:
    create_user = Unserved(_USERS)
    update_user = Unserved(_USERS)
    update_password = Unserved(_USERS)
    drop_user = Unserved(_USERS)
    describe_user = Unserved(_USERS)
    list_users = Unserved(_USERS)
    create_role = Unserved(_USERS)
    alter_role = Unserved(_USERS)
    drop_role = Unserved(_USERS)
    describe_role = Unserved(_USERS)
    list_roles = Unserved(_USERS)
    grant_role = Unserved(_USERS)
    revoke_role = Unserved(_USERS)
    grant_privilege = Unserved(_USERS)
    revoke_privilege = Unserved(_USERS)
    grant_privilege_v2 = Unserved(_USERS)
    revoke_privilege_v2 = Unserved(_USERS)
    create_privilege_group = Unserved(_USERS)
    drop_privilege_group = Unserved(_USERS)
    list_privilege_groups = Unserved(_USERS)
    add_privileges_to_group = Unserved(_USERS)
    remove_privileges_from_group = Unserved(_USERS)

    create_resource_group = Unserved(_NODES)
    update_resource_groups = Unserved(_NODES)
    drop_resource_group = Unserved(_NODES)
    describe_resource_group = Unserved(_NODES)
    list_resource_groups = Unserved(_NODES)
    transfer_replica = Unserved(_NODES)
    describe_replica = Unserved(_NODES)

    session = Unserved(_CLUSTERS)
    get_replicate_configuration = Unserved(_CLUSTERS)
    update_replicate_configuration = Unserved(_CLUSTERS)
    get_replicate_info = Unserved(_CLUSTERS)
    dump_messages = Unserved(_CLUSTERS)

    list_segments = Unserved(_SEGMENTS)
    list_persistent_segments = Unserved(_SEGMENTS)
    list_loaded_segments = Unserved(_SEGMENTS)
    list_compaction_tasks = Unserved(_COMPACTION)
    get_compaction_plans = Unserved(_COMPACTION)
    optimize = Unserved(_OPTIMIZE)

    create_snapshot = Unserved(_SNAPSHOTS)
    drop_snapshot = Unserved(_SNAPSHOTS)
    describe_snapshot = Unserved(_SNAPSHOTS)
    list_snapshots = Unserved(_SNAPSHOTS)
    restore_snapshot = Unserved(_SNAPSHOTS)
    get_restore_snapshot_state = Unserved(_SNAPSHOTS)
    list_restore_snapshot_jobs = Unserved(_SNAPSHOTS)
    pin_snapshot_data = Unserved(_SNAPSHOTS)
    unpin_snapshot_data = Unserved(_SNAPSHOTS)

    refresh_external_collection = Unserved(_EXTERNAL)
    get_refresh_external_collection_progress = Unserved(_EXTERNAL)
    list_refresh_external_collection_jobs = Unserved(_EXTERNAL)

    add_file_resource = Unserved(_RESOURCES)
    remove_file_resource = Unserved(_RESOURCES)
    list_file_resources = Unserved(_RESOURCES)

    add_collection_function = Unserved(_FUNCTIONS)
    alter_collection_function = Unserved(_FUNCTIONS)
    drop_collection_function = Unserved(_FUNCTIONS)
    add_function_field = Unserved(_FUNCTIONS)
    drop_function_field = Unserved(_FUNCTIONS)

    alter_index_properties = Unserved(_INDEXES)
    drop_index_properties = Unserved(_INDEXES)
