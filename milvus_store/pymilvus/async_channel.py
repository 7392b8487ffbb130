"""A channel of gRPC's ``aio`` that leads to a file in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import grpc

from ..server.served_file import ServedFile
from .direct_calls import Metadata, Reply, in_a_thread, reply_of

_LOOK: Final = 0.1
"""Seconds between two looks at whether the channel was closed, the only change there is."""


class AsyncDirectChannel(grpc.aio.Channel):  # type: ignore[misc]
    """Makes the calls of an asynchronous client of ``file``, in threads, while the event loop goes on."""

    def __init__(self, file: ServedFile) -> None:
        self._file = file
        self._is_closed = False
        self._unary_unary_interceptors: list[Any] = []  # pymilvus adds to it, under gRPC's name

    def unary_unary(self, method: str, *_: object, **__: object) -> _AsyncCalls:
        """What makes the calls with the path ``method``. Messages travel as they are, so nothing packs them."""
        reply = reply_of(self._file, method, lambda: self._is_closed)
        return _AsyncCalls(method, reply, self._unary_unary_interceptors)

    # No file answers a stream, so what makes the calls of one refuses them.
    unary_stream = stream_unary = stream_stream = unary_unary

    async def close(self, grace: float | None = None) -> None:
        self._is_closed = True

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return grpc.ChannelConnectivity.SHUTDOWN if self._is_closed else grpc.ChannelConnectivity.READY

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        while self.get_state() is last_observed_state:
            await asyncio.sleep(_LOOK)

    async def channel_ready(self) -> None:
        """The channel is ready from the first."""

    async def __aenter__(self) -> AsyncDirectChannel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _AsyncCalls(grpc.aio.UnaryUnaryMultiCallable):  # type: ignore[misc]
    """Makes the calls of one method. ``timeout`` and what else is about a network change nothing."""

    def __init__(self, method: str, reply: Reply, interceptors: list[Any]) -> None:
        self._method = method
        self._reply = reply
        self._interceptors = interceptors

    async def __call__(  # pymilvus only ever awaits it
        self,
        request: Any,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        **_: Any,
    ) -> Any:
        details = grpc.aio.ClientCallDetails(self._method, timeout, metadata, None, None)
        return await self._continue(tuple(self._interceptors), details, request)

    async def _continue(self, interceptors: Sequence[Any], details: Any, request: Any) -> Any:
        """Let the first of ``interceptors`` see the call, which goes on to the others, and at last to the file."""
        if interceptors:
            first, *others = interceptors
            return await first.intercept_unary_unary(
                lambda details, request: self._continue(others, details, request), details, request
            )
        call = in_a_thread(self._reply, request, details.metadata)
        # A write that has begun is not broken off by who stops waiting for it.
        return await asyncio.shield(asyncio.wrap_future(call))
