"""How a call of a client becomes one to be awaited: its signature, its documentation, and where it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from copy import copy
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from ..results import SearchResult
from .async_pages import AsyncPages, Page, Pages
from .milvus_client import MilvusClient
from .search_batcher import SearchBatcher
from .workers import Workers

P = ParamSpec("P")
R = TypeVar("R")

Pick = Callable[[MilvusClient], Callable[P, R]]
"""Takes one call off a client; off the class, when only its signature and documentation are asked for."""
AsyncCall = Callable[Concatenate["AsyncCalls", P], Coroutine[Any, Any, R]]


def reading(pick: Pick[P, R]) -> AsyncCall[P, R]:
    """A call that changes nothing, to be awaited."""

    @wraps(_described(pick))
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._workers.read(partial(pick(copy(self._client)), *args, **kwargs))

    return run


def writing(pick: Pick[P, R]) -> AsyncCall[P, R]:
    """A call that changes something, to be awaited."""

    @wraps(_described(pick))
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._workers.write(partial(pick(copy(self._client)), *args, **kwargs))

    return run


def searching(pick: Pick[P, SearchResult]) -> AsyncCall[P, SearchResult]:
    """A call that is run as one with others that wait at the same time and differ in their ``data`` only."""
    described = _described(pick)
    names = list(inspect.signature(described).parameters)[1:]

    @wraps(described)
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> SearchResult:
        client = copy(self._client)
        if self._together is None:
            return await self._workers.read(partial(pick(client), *args, **kwargs))
        arguments = {**dict(zip(names, args, strict=False)), **kwargs}
        return await self._together.search(pick(client), self._where(client), arguments)

    return run


def paging(pick: Pick[P, Pages[Page]]) -> AsyncCall[P, AsyncPages[Page]]:
    """A call that returns pages, both to be awaited."""

    @wraps(_described(pick))
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[Page]:
        pages = await self._workers.read(partial(pick(copy(self._client)), *args, **kwargs))
        return AsyncPages(pages, self._workers)

    return run


def _described(pick: Pick[P, R]) -> Callable[P, R]:
    return pick(cast("MilvusClient", MilvusClient))


class AsyncCalls:
    """A client whose calls run in threads.

    Args:
        client: what is called; it has the calls of ``MilvusClient`` that are awaited here.
        together: None where every search runs by itself.
    """

    def __init__(self, client: Any, workers: Workers, together: SearchBatcher | None) -> None:
        self._client = client
        self._workers = workers
        self._together = together

    def _where(self, client: Any) -> object:
        """What searches must have in common to run as one: where ``client`` sends them."""
        return client._database


class AsyncRowCalls(AsyncCalls):
    """The calls that write and read rows."""

    insert = writing(lambda client: client.insert)
    upsert = writing(lambda client: client.upsert)
    delete = writing(lambda client: client.delete)
    get = reading(lambda client: client.get)
    query = reading(lambda client: client.query)
    search = searching(lambda client: client.search)
    hybrid_search = reading(lambda client: client.hybrid_search)
    query_iterator = paging(lambda client: client.query_iterator)
    search_iterator = paging(lambda client: client.search_iterator)
