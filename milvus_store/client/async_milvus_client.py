"""``AsyncMilvusClient``: the calls of ``MilvusClient``, to be awaited.

``MilvusClient`` alone describes and carries out a call; here each call is one line that says how to run it.
"""

from __future__ import annotations

from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..one_node import AsyncOptimizeTask
from .async_access_calls import AsyncAccessCalls
from .async_calls import AsyncRowCalls, described_by, reading, reporting, writing
from .async_server_calls import AsyncServerCalls
from .milvus_client import MilvusClient
from .search_batcher import SearchBatcher
from .tenants import TenantClient
from .workers import READERS, SERVER_CALLS, WRITERS, Workers

Client = TypeVar("Client", bound="AsyncMilvusClient")


class AsyncTenantClient(AsyncRowCalls):
    """The calls on rows of ``AsyncMilvusClient``, for the rows of one tenant.

    It lives as long as the client it came from, whose threads it uses and which closes it.
    """

    def __init__(self, client: TenantClient, workers: Workers) -> None:
        super().__init__(client, workers, SearchBatcher(workers.submit))
        self.collection_name = client.collection_name
        self.tenant = client.tenant

    def _where(self) -> object:
        return self


class AsyncMilvusClient(AsyncRowCalls, AsyncAccessCalls, AsyncServerCalls):
    """pymilvus's ``AsyncMilvusClient``: the calls of ``MilvusClient``, on files and servers, to be awaited.

    Calls run in threads of the client, so the event loop goes on. Reads run beside each other and beside a write;
    writes to a file run in the order in which they were awaited. The client belongs to no event loop:
    several may use it one after another.

    A call that is cancelled while it waits for its turn never happens. A call that already runs goes on to its end
    without its caller: a write is one transaction, so it happens wholly or not at all. Only ``backup``,
    ``restore``, ``compact`` and ``build_index`` of a file end soon, without having done anything. They call
    ``progress`` in a thread of the client.

    >>> import asyncio, tempfile
    >>> async def main() -> None:
    ...     async with AsyncMilvusClient(tempfile.mkdtemp() + "/demo.db") as client:
    ...         await client.create_collection("docs", dimension=2)
    ...         await client.insert("docs", [{"id": 1, "vector": [0.0, 1.0]}, {"id": 2, "vector": [1.0, 0.0]}])
    ...         found = await asyncio.gather(
    ...             client.search("docs", [[0.0, 2.0]], limit=1), client.search("docs", [[2.0, 0.0]], limit=1)
    ...         )
    ...         print([result[0].ids for result in found])
    >>> asyncio.run(main())
    [[1], [2]]
    """

    @described_by(MilvusClient.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._set_up(MilvusClient(*args, **kwargs))

    @classmethod
    def over(cls: type[Client], client: MilvusClient) -> Client:
        """The calls of a client that is open already, to be awaited. Closing either closes both."""
        awaited = cls.__new__(cls)
        awaited._set_up(client)
        return awaited

    def _set_up(self, client: MilvusClient) -> None:
        if client._server is not None:
            super().__init__(client, Workers(SERVER_CALLS, SERVER_CALLS), None)
        else:
            workers = client._local.closing(Workers(READERS, WRITERS))
            super().__init__(client, workers, SearchBatcher(workers.submit))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).over, (self._client,)

    @property
    def uri(self) -> str | Path:
        uri: str | Path = self._client.uri
        return uri

    async def close(self) -> None:
        """Release the file, once every call that was awaited before has ended."""
        await self._workers.aclose()
        self._client.close()

    async def __aenter__(self: Client) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def use_database(self, db_name: str, **kwargs: Any) -> None:
        """Let the calls that are awaited from here on go to another database of the file."""
        await self._workers.read(partial(self._client.use_database, db_name, **kwargs))

    async def using_database(self, db_name: str, **kwargs: Any) -> None:
        """``use_database`` by its older name."""
        await self.use_database(db_name, **kwargs)

    async def for_tenant(self, collection_name: str, tenant: str | int) -> AsyncTenantClient:
        """The calls on rows, awaited, bound to one tenant; see ``MilvusClient.for_tenant``."""
        bound = await self._workers.read(partial(copy(self._client).for_tenant, collection_name, tenant))
        return AsyncTenantClient(bound, self._workers)

    create_schema = staticmethod(MilvusClient.create_schema)
    create_struct_field_schema = staticmethod(MilvusClient.create_struct_field_schema)
    create_field_schema = staticmethod(MilvusClient.create_field_schema)
    prepare_index_params = staticmethod(MilvusClient.prepare_index_params)

    def get_server_type(self) -> str:
        """``"milvus-store"``: no server is asked."""
        kind: str = self._client.get_server_type()
        return kind

    def session(self, cluster_id: str) -> Any:
        """What ``MilvusClient.session`` returns; it does no work, so it is not awaited."""
        return self._client.session(cluster_id)

    create_database = writing(MilvusClient.create_database)
    drop_database = writing(MilvusClient.drop_database)
    alter_database_properties = writing(MilvusClient.alter_database_properties)
    drop_database_properties = writing(MilvusClient.drop_database_properties)
    list_databases = reading(MilvusClient.list_databases)
    describe_database = reading(MilvusClient.describe_database)

    create_collection = writing(MilvusClient.create_collection)
    create_and_insert = writing(MilvusClient.create_and_insert)
    drop_collection = writing(MilvusClient.drop_collection)
    rename_collection = writing(MilvusClient.rename_collection)
    truncate_collection = writing(MilvusClient.truncate_collection)
    alter_collection_properties = writing(MilvusClient.alter_collection_properties)
    drop_collection_properties = writing(MilvusClient.drop_collection_properties)
    add_collection_field = writing(MilvusClient.add_collection_field)
    add_collection_struct_field = writing(MilvusClient.add_collection_struct_field)
    drop_collection_field = writing(MilvusClient.drop_collection_field)
    add_function_field = writing(MilvusClient.add_function_field)
    drop_function_field = writing(MilvusClient.drop_function_field)
    alter_collection_function = writing(MilvusClient.alter_collection_function)
    alter_collection_field = writing(MilvusClient.alter_collection_field)
    load_collection = writing(MilvusClient.load_collection)
    release_collection = writing(MilvusClient.release_collection)
    refresh_load = reading(MilvusClient.refresh_load)
    has_collection = reading(MilvusClient.has_collection)
    list_collections = reading(MilvusClient.list_collections)
    describe_collection = reading(MilvusClient.describe_collection)
    get_collection_stats = reading(MilvusClient.get_collection_stats)
    get_load_state = reading(MilvusClient.get_load_state)

    create_partition = writing(MilvusClient.create_partition)
    drop_partition = writing(MilvusClient.drop_partition)
    load_partitions = writing(MilvusClient.load_partitions)
    release_partitions = writing(MilvusClient.release_partitions)
    has_partition = reading(MilvusClient.has_partition)
    list_partitions = reading(MilvusClient.list_partitions)
    get_partition_stats = reading(MilvusClient.get_partition_stats)

    create_alias = writing(MilvusClient.create_alias)
    alter_alias = writing(MilvusClient.alter_alias)
    drop_alias = writing(MilvusClient.drop_alias)
    describe_alias = reading(MilvusClient.describe_alias)
    list_aliases = reading(MilvusClient.list_aliases)

    create_snapshot = writing(MilvusClient.create_snapshot)
    drop_snapshot = writing(MilvusClient.drop_snapshot)
    restore_snapshot = writing(MilvusClient.restore_snapshot)
    pin_snapshot_data = writing(MilvusClient.pin_snapshot_data)
    unpin_snapshot_data = writing(MilvusClient.unpin_snapshot_data)
    list_snapshots = reading(MilvusClient.list_snapshots)
    describe_snapshot = reading(MilvusClient.describe_snapshot)
    get_restore_snapshot_state = reading(MilvusClient.get_restore_snapshot_state)
    list_restore_snapshot_jobs = reading(MilvusClient.list_restore_snapshot_jobs)

    create_index = writing(MilvusClient.create_index)
    build_index = reporting(MilvusClient.build_index, writes=True)
    drop_index = writing(MilvusClient.drop_index)
    alter_index_properties = writing(MilvusClient.alter_index_properties)
    drop_index_properties = writing(MilvusClient.drop_index_properties)
    list_indexes = reading(MilvusClient.list_indexes)
    describe_index = reading(MilvusClient.describe_index)

    list_segments = reading(MilvusClient.list_segments)
    list_persistent_segments = reading(MilvusClient.list_persistent_segments)
    list_loaded_segments = reading(MilvusClient.list_loaded_segments)
    get_compaction_plans = reading(MilvusClient.get_compaction_plans)
    list_compaction_tasks = reading(MilvusClient.list_compaction_tasks)
    describe_replica = reading(MilvusClient.describe_replica)
    list_resource_groups = reading(MilvusClient.list_resource_groups)
    describe_resource_group = reading(MilvusClient.describe_resource_group)
    list_file_resources = reading(MilvusClient.list_file_resources)
    list_refresh_external_collection_jobs = reading(MilvusClient.list_refresh_external_collection_jobs)

    @described_by(MilvusClient.optimize)
    async def optimize(
        self,
        collection_name: str,
        target_size: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any:
        run = partial(copy(self._client).optimize, collection_name, target_size, timeout=timeout, **kwargs)
        result = await self._workers.write(run)
        return result if wait else AsyncOptimizeTask(result)

    run_analyzer = reading(MilvusClient.run_analyzer)

    flush = writing(MilvusClient.flush)
    flush_all = writing(MilvusClient.flush_all)
    get_flush_all_state = reading(MilvusClient.get_flush_all_state)
    compact = reporting(MilvusClient.compact, writes=True)
    get_compaction_state = reading(MilvusClient.get_compaction_state)
    get_server_version = reading(MilvusClient.get_server_version)
    backup = reporting(MilvusClient.backup)
    restore = reporting(MilvusClient.restore, writes=True)
