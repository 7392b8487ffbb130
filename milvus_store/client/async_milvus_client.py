"""``AsyncMilvusClient``: the calls of ``MilvusClient``, to be awaited.

A call is described and carried out by ``MilvusClient`` alone; here each is one line that says how it is run.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from copy import copy
from functools import partial, wraps
from operator import attrgetter
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from ..results import SearchResult
from .address import is_server
from .async_pages import AsyncPages, Page, Pages
from .milvus_client import MilvusClient
from .together import Together
from .unserved import Unserved, UnservedCalls
from .workers import READERS, SERVER_CALLS, WRITERS, Workers

P = ParamSpec("P")
R = TypeVar("R")

Client = TypeVar("Client", bound="AsyncMilvusClient")
Pick = Callable[[MilvusClient], Callable[P, R]]
"""Takes one call off a client; off the class, when only its signature and documentation are asked for."""
AsyncCall = Callable[Concatenate["AsyncMilvusClient", P], Coroutine[Any, Any, R]]


def _read(pick: Pick[P, R]) -> AsyncCall[P, R]:
    """A call that changes nothing, to be awaited."""

    @wraps(_described(pick))
    async def run(self: AsyncMilvusClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._workers.read(partial(pick(copy(self._client)), *args, **kwargs))

    return run


def _write(pick: Pick[P, R]) -> AsyncCall[P, R]:
    """A call that changes something, to be awaited."""

    @wraps(_described(pick))
    async def run(self: AsyncMilvusClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._workers.write(partial(pick(copy(self._client)), *args, **kwargs))

    return run


def _search(pick: Pick[P, SearchResult]) -> AsyncCall[P, SearchResult]:
    """A call that is run as one with others that wait at the same time and differ in their ``data`` only."""
    described = _described(pick)
    names = list(inspect.signature(described).parameters)[1:]

    @wraps(described)
    async def run(self: AsyncMilvusClient, /, *args: P.args, **kwargs: P.kwargs) -> SearchResult:
        client = copy(self._client)
        if self._together is None:
            return await self._workers.read(partial(pick(client), *args, **kwargs))
        arguments = {**dict(zip(names, args, strict=False)), **kwargs}
        return await self._together.search(pick(client), client._database, arguments)

    return run


def _paged(pick: Pick[P, Pages[Page]]) -> AsyncCall[P, AsyncPages[Page]]:
    """A call that returns pages, both to be awaited."""

    @wraps(_described(pick))
    async def run(self: AsyncMilvusClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[Page]:
        pages = await self._workers.read(partial(pick(copy(self._client)), *args, **kwargs))
        return AsyncPages(pages, self._workers)

    return run


def _described(pick: Pick[P, R]) -> Callable[P, R]:
    return pick(cast("MilvusClient", MilvusClient))


class AsyncMilvusClient(UnservedCalls):
    """pymilvus's ``AsyncMilvusClient``: the calls of ``MilvusClient``, on files and servers, to be awaited.

    Calls run in threads of the client, so the event loop goes on. Reads run beside each other and beside a write;
    writes to a file run in the order in which they were awaited. The client belongs to no event loop: one may use
    it after another.

    A call that is cancelled while it waits for its turn never happens. One that runs already goes on to its end
    without its caller: a write is one transaction, so it takes place wholly or not at all.

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

    def __init__(
        self,
        uri: str | Path = "./milvus_demo.db",
        user: str = "",
        password: str = "",
        db_name: str = "",
        token: str = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the database at ``uri``, or connect to a server; takes what ``MilvusClient`` takes."""
        self._client = MilvusClient(uri, user, password, db_name, token, timeout, **kwargs)
        if is_server(uri):
            self._workers = Workers(SERVER_CALLS, SERVER_CALLS)
            self._together: Together | None = None
        else:
            self._workers = Workers(READERS, WRITERS)
            self._together = Together(self._workers.submit)

    @property
    def uri(self) -> str | Path:
        return self._client.uri

    async def close(self) -> None:
        """Release the file, once every call that was awaited before has ended."""
        await asyncio.get_running_loop().run_in_executor(None, self._workers.close)
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

    create_schema = staticmethod(MilvusClient.create_schema)
    create_field_schema = staticmethod(MilvusClient.create_field_schema)
    prepare_index_params = staticmethod(MilvusClient.prepare_index_params)

    def get_server_type(self) -> str:
        """``"milvus-store"``: no server is asked."""
        return self._client.get_server_type()

    create_database = _write(lambda client: client.create_database)
    drop_database = _write(lambda client: client.drop_database)
    alter_database_properties = _write(lambda client: client.alter_database_properties)
    drop_database_properties = _write(lambda client: client.drop_database_properties)
    list_databases = _read(lambda client: client.list_databases)
    describe_database = _read(lambda client: client.describe_database)

    create_collection = _write(lambda client: client.create_collection)
    drop_collection = _write(lambda client: client.drop_collection)
    rename_collection = _write(lambda client: client.rename_collection)
    truncate_collection = _write(lambda client: client.truncate_collection)
    alter_collection_properties = _write(lambda client: client.alter_collection_properties)
    drop_collection_properties = _write(lambda client: client.drop_collection_properties)
    add_collection_field = _write(lambda client: client.add_collection_field)
    drop_collection_field = _write(lambda client: client.drop_collection_field)
    alter_collection_field = _write(lambda client: client.alter_collection_field)
    load_collection = _write(lambda client: client.load_collection)
    release_collection = _write(lambda client: client.release_collection)
    refresh_load = _read(lambda client: client.refresh_load)
    has_collection = _read(lambda client: client.has_collection)
    list_collections = _read(lambda client: client.list_collections)
    describe_collection = _read(lambda client: client.describe_collection)
    get_collection_stats = _read(lambda client: client.get_collection_stats)
    get_load_state = _read(lambda client: client.get_load_state)

    create_partition = _write(lambda client: client.create_partition)
    drop_partition = _write(lambda client: client.drop_partition)
    load_partitions = _write(lambda client: client.load_partitions)
    release_partitions = _write(lambda client: client.release_partitions)
    has_partition = _read(lambda client: client.has_partition)
    list_partitions = _read(lambda client: client.list_partitions)
    get_partition_stats = _read(lambda client: client.get_partition_stats)

    create_alias = _write(lambda client: client.create_alias)
    alter_alias = _write(lambda client: client.alter_alias)
    drop_alias = _write(lambda client: client.drop_alias)
    describe_alias = _read(lambda client: client.describe_alias)
    list_aliases = _read(lambda client: client.list_aliases)

    create_index = _write(lambda client: client.create_index)
    drop_index = _write(lambda client: client.drop_index)
    list_indexes = _read(lambda client: client.list_indexes)
    describe_index = _read(lambda client: client.describe_index)

    insert = _write(lambda client: client.insert)
    upsert = _write(lambda client: client.upsert)
    delete = _write(lambda client: client.delete)
    get = _read(lambda client: client.get)
    query = _read(lambda client: client.query)
    search = _search(lambda client: client.search)
    hybrid_search = _read(lambda client: client.hybrid_search)
    query_iterator = _paged(lambda client: client.query_iterator)
    search_iterator = _paged(lambda client: client.search_iterator)

    run_analyzer = _read(lambda client: client.run_analyzer)

    flush = _write(lambda client: client.flush)
    flush_all = _write(lambda client: client.flush_all)
    get_flush_all_state = _read(lambda client: client.get_flush_all_state)
    compact = _write(lambda client: client.compact)
    get_compaction_state = _read(lambda client: client.get_compaction_state)
    get_server_version = _read(lambda client: client.get_server_version)
    backup = _read(lambda client: client.backup)


# What only a server answers is awaited too, save what builds a value and asks nobody.
for _name, _call in vars(UnservedCalls).items():
    if isinstance(_call, Unserved) and _name not in ("create_struct_field_schema", "session"):
        setattr(AsyncMilvusClient, _name, _write(attrgetter(_name)))
