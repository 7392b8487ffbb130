"""pymilvus's calls that only a server answers, to be awaited."""

from __future__ import annotations

from .async_calls import AsyncCalls, writing
from .server_calls import ServerCalls


class AsyncServerCalls(AsyncCalls):
    create_resource_group = writing(ServerCalls.create_resource_group)
    update_resource_groups = writing(ServerCalls.update_resource_groups)
    drop_resource_group = writing(ServerCalls.drop_resource_group)
    transfer_replica = writing(ServerCalls.transfer_replica)
    get_replicate_configuration = writing(ServerCalls.get_replicate_configuration)
    update_replicate_configuration = writing(ServerCalls.update_replicate_configuration)
    get_replicate_info = writing(ServerCalls.get_replicate_info)
    dump_messages = writing(ServerCalls.dump_messages)
    refresh_external_collection = writing(ServerCalls.refresh_external_collection)
    get_refresh_external_collection_progress = writing(ServerCalls.get_refresh_external_collection_progress)
    add_file_resource = writing(ServerCalls.add_file_resource)
    remove_file_resource = writing(ServerCalls.remove_file_resource)
    add_collection_function = writing(ServerCalls.add_collection_function)
    drop_collection_function = writing(ServerCalls.drop_collection_function)
