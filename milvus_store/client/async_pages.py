"""The asynchronous client's iterators: the pages of the synchronous ones, to be awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sized
from typing import Generic, Protocol, TypeVar

from .workers import Workers

Page = TypeVar("Page", bound=Sized)
PageOut = TypeVar("PageOut", bound=Sized, covariant=True)


class Pages(Protocol[PageOut]):
    """A ``QueryIterator`` or a ``SearchIterator``."""

    def next(self) -> PageOut: ...
    def close(self) -> None: ...


class AsyncPages(Generic[Page]):
    """Await ``next()`` until a page is empty, or write ``async for page in pages``."""

    def __init__(self, pages: Pages[Page], workers: Workers) -> None:
        self._pages = pages
        self._workers = workers

    async def next(self) -> Page:
        """The next page; empty at the end."""
        return await self._workers.read(self._pages.next)

    async def close(self) -> None:
        """Release the state of the collection; the end of the pages does so as well."""
        await self._workers.read(self._pages.close)

    async def __aiter__(self) -> AsyncIterator[Page]:
        try:
            while page := await self.next():
                yield page
        finally:
            self._pages.close()
