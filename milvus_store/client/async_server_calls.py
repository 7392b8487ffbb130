"""pymilvus's calls that only a server answers, to be awaited."""

from __future__ import annotations

from .access_calls import AccessCalls
from .async_calls import AsyncCalls, writing
from .server_calls import ServerCalls


class AsyncServerCalls(AsyncCalls):
    create_user = writing(AccessCalls.create_user)
    update_user = writing(AccessCalls.update_user)
    update_password = writing(AccessCalls.update_password)
    drop_user = writing(AccessCalls.drop_user)
    describe_user = writing(AccessCalls.describe_user)
    list_users = writing(AccessCalls.list_users)
    create_role = writing(AccessCalls.create_role)
    alter_role = writing(AccessCalls.alter_role)
    drop_role = writing(AccessCalls.drop_role)
    describe_role = writing(AccessCalls.describe_role)
    list_roles = writing(AccessCalls.list_roles)
    grant_role = writing(AccessCalls.grant_role)
    revoke_role = writing(AccessCalls.revoke_role)
    grant_privilege = writing(AccessCalls.grant_privilege)
    revoke_privilege = writing(AccessCalls.revoke_privilege)
    grant_privilege_v2 = writing(AccessCalls.grant_privilege_v2)
    revoke_privilege_v2 = writing(AccessCalls.revoke_privilege_v2)
    create_privilege_group = writing(AccessCalls.create_privilege_group)
    drop_privilege_group = writing(AccessCalls.drop_privilege_group)
    list_privilege_groups = writing(AccessCalls.list_privilege_groups)
    add_privileges_to_group = writing(AccessCalls.add_privileges_to_group)
    remove_privileges_from_group = writing(AccessCalls.remove_privileges_from_group)
    create_resource_group = writing(ServerCalls.create_resource_group)
    update_resource_groups = writing(ServerCalls.update_resource_groups)
    drop_resource_group = writing(ServerCalls.drop_resource_group)
    transfer_replica = writing(ServerCalls.transfer_replica)
    get_replicate_configuration = writing(ServerCalls.get_replicate_configuration)
    update_replicate_configuration = writing(ServerCalls.update_replicate_configuration)
    get_replicate_info = writing(ServerCalls.get_replicate_info)
    dump_messages = writing(ServerCalls.dump_messages)
    pin_snapshot_data = writing(ServerCalls.pin_snapshot_data)
    unpin_snapshot_data = writing(ServerCalls.unpin_snapshot_data)
    refresh_external_collection = writing(ServerCalls.refresh_external_collection)
    get_refresh_external_collection_progress = writing(ServerCalls.get_refresh_external_collection_progress)
    add_file_resource = writing(ServerCalls.add_file_resource)
    remove_file_resource = writing(ServerCalls.remove_file_resource)
    add_collection_function = writing(ServerCalls.add_collection_function)
    alter_collection_function = writing(ServerCalls.alter_collection_function)
    drop_collection_function = writing(ServerCalls.drop_collection_function)
