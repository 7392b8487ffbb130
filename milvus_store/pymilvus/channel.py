"""A channel of gRPC's that leads to a file in this process."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from types import TracebackType
from typing import Any

import grpc

from ..server.served_file import ServedFile
from .direct_calls import Ended, Metadata, RefusedCall, Reply, in_a_thread, reply_of


class DirectChannel(grpc.Channel):  # type: ignore[misc]
    """Makes the calls of a client of ``file``, each in the thread that makes it."""

    def __init__(self, file: ServedFile) -> None:
        self._file = file
        self._is_closed = False

    def unary_unary(self, method: str, *_: object, **__: object) -> _Calls:
        """What makes the calls with the path ``method``. Messages travel as they are, so nothing packs them."""
        return _Calls(reply_of(self._file, method, lambda: self._is_closed))

    # No file answers a stream, so what makes the calls of one refuses them.
    unary_stream = stream_unary = stream_stream = unary_unary

    def subscribe(
        self, callback: Callable[[grpc.ChannelConnectivity], object], try_to_connect: bool | None = None
    ) -> None:
        """Tell ``callback`` that the channel is ready, which it stays."""
        callback(grpc.ChannelConnectivity.READY)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], object]) -> None:
        """Nothing more will be told."""

    def close(self) -> None:
        self._is_closed = True

    def __enter__(self) -> DirectChannel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Calls(grpc.UnaryUnaryMultiCallable):  # type: ignore[misc]
    """Makes the calls of one method. ``timeout`` and what else is about a network change nothing."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def __call__(
        self, request: Any, timeout: float | None = None, metadata: Metadata | None = None, *_: Any, **__: Any
    ) -> Any:
        return self._reply(request, metadata)

    def with_call(
        self, request: Any, timeout: float | None = None, metadata: Metadata | None = None, *_: Any, **__: Any
    ) -> tuple[Any, Ended]:
        return self._reply(request, metadata), Ended()

    def future(
        self, request: Any, timeout: float | None = None, metadata: Metadata | None = None, *_: Any, **__: Any
    ) -> _Pending:
        return _Pending(in_a_thread(self._reply, request, metadata))


class _Pending(grpc.Future, grpc.Call):  # type: ignore[misc]
    """A call in another thread. It cannot be cancelled."""

    def __init__(self, future: concurrent.futures.Future[Any]) -> None:
        self._future = future

    def result(self, timeout: float | None = None) -> Any:
        try:
            return self._future.result(timeout)
        except concurrent.futures.TimeoutError:
            raise grpc.FutureTimeoutError from None

    def exception(self, timeout: float | None = None) -> BaseException | None:
        try:
            return self._future.exception(timeout)
        except concurrent.futures.TimeoutError:
            raise grpc.FutureTimeoutError from None

    def traceback(self, timeout: float | None = None) -> TracebackType | None:
        error = self.exception(timeout)
        return error.__traceback__ if error is not None else None

    def add_done_callback(self, fn: Callable[[_Pending], object]) -> None:
        self._future.add_done_callback(lambda _: fn(self))

    def add_callback(self, callback: Callable[[], object]) -> bool:
        if self.done():
            return False
        self._future.add_done_callback(lambda _: callback())
        return True

    def done(self) -> bool:
        return self._future.done()

    def running(self) -> bool:
        return not self.done()

    is_active = running

    def cancel(self) -> bool:
        return False

    def cancelled(self) -> bool:
        return False

    def time_remaining(self) -> float | None:
        return None

    def _end(self) -> Ended:
        """How the call ended, once it has."""
        error = self.exception()
        if error is None:
            return Ended()
        return error if isinstance(error, RefusedCall) else Ended(grpc.StatusCode.UNKNOWN, str(error))

    def code(self) -> grpc.StatusCode:
        return self._end().code()

    def details(self) -> str:
        return self._end().details()

    def initial_metadata(self) -> Metadata:
        return ()

    def trailing_metadata(self) -> Metadata:
        return ()
