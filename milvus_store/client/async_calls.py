"""How a call of a client becomes one to be awaited: its signature, its documentation, and where it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from copy import copy
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from milvus_store_lite import Progress

from ..results import SearchResult
from .answers import Answer
from .async_pages import AsyncPages, Page, Pages
from .hybrid import HybridCalls
from .iteration import IterationCalls
from .rows import RowCalls
from .search import SearchCalls
from .search_batcher import SearchBatcher
from .workers import Workers

P = ParamSpec("P")
R = TypeVar("R")

Call = Callable[Concatenate[Any, P], R]
"""A call as a class of clients describes it. It is looked up by its name, as a user's class may override it."""
AsyncCall = Callable[Concatenate["AsyncCalls", P], Coroutine[Any, Any, R]]


def described_by(described: Call[P, R]) -> Callable[[Callable[..., R]], Call[P, R]]:
    """Give a method the parameters and the documentation of another one."""
    return wraps(described)


def reading(call: Call[P, R]) -> AsyncCall[P, R]:
    """A call that changes nothing, to be awaited."""

    @wraps(call)
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._workers.read(partial(self._bound(call), *args, **kwargs))

    return run


def writing(call: Call[P, R]) -> AsyncCall[P, R]:
    """A call that changes something, to be awaited."""

    @wraps(call)
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._workers.write(partial(self._bound(call), *args, **kwargs))

    return run


def reporting(call: Call[P, R], *, writes: bool = False) -> AsyncCall[P, R]:
    """A call with ``progress``, to be awaited; on a file it ends soon after its caller was cancelled."""

    @wraps(call)
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> R:
        answer = Answer[R]()
        if self._client._server is None:
            kwargs["progress"] = partial(_heard_while_wanted, answer, kwargs.get("progress"))
        self._workers.submit(partial(answer.of, partial(self._bound(call), *args, **kwargs)), writes=writes)
        return await answer.future

    return run


def _heard_while_wanted(answer: Answer[Any], listener: Any, progress: Progress) -> None:
    if not answer.is_wanted:
        raise InterruptedError("the task that awaited the call was cancelled")
    if listener is not None:
        listener(progress)


def searching(call: Call[P, SearchResult]) -> AsyncCall[P, SearchResult]:
    """A call that runs as one with others that wait at the same time and differ only in their ``data``."""
    names = list(inspect.signature(call).parameters)[1:]

    @wraps(call)
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> SearchResult:
        search = self._bound(call)
        if self._together is None:
            return await self._workers.read(partial(search, *args, **kwargs))
        arguments = {**dict(zip(names, args, strict=False)), **kwargs}
        return await self._together.search(search, self._where(), arguments)

    return run


def paging(call: Call[P, Pages[Page]]) -> AsyncCall[P, AsyncPages[Page]]:
    """A call that returns pages, both to be awaited."""

    @wraps(call)
    async def run(self: AsyncCalls, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[Page]:
        pages = await self._workers.read(partial(self._bound(call), *args, **kwargs))
        return AsyncPages(pages, self._workers)

    return run


class AsyncCalls:
    """A client whose calls run in threads.

    Args:
        client: has the calls of ``MilvusClient`` that are awaited here.
        together: None where every search runs by itself.
    """

    def __init__(self, client: Any, workers: Workers, together: SearchBatcher | None) -> None:
        self._client = client
        self._workers = workers
        self._together = together

    def _bound(self, call: Call[P, R]) -> Callable[P, R]:
        """``call`` of the client as it is now: an awaited call stays in the database that it was made for."""
        bound: Callable[P, R] = getattr(copy(self._client), call.__name__)
        return bound

    def _where(self) -> object:
        """The target of the client's searches, which must be the same for searches to run as one."""
        return self._client._database


class AsyncRowCalls(AsyncCalls):
    """The calls that write and read rows."""

    insert = writing(RowCalls.insert)
    upsert = writing(RowCalls.upsert)
    delete = writing(RowCalls.delete)
    get = reading(RowCalls.get)
    query = reading(RowCalls.query)
    search = searching(SearchCalls.search)
    hybrid_search = reading(HybridCalls.hybrid_search)
    query_iterator = paging(IterationCalls.query_iterator)
    search_iterator = paging(IterationCalls.search_iterator)
