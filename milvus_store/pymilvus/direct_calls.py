"""Calls of gRPC's stubs that are answered in this process, by the functions that answer them on a server.

They take no socket and no thread of gRPC's, and so they work in a forked child: gRPC itself aborts in a child of
a process in which it ran (https://github.com/grpc/grpc/blob/master/doc/fork_support.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

import grpc

from milvus_store_lite import PerProcess

from ..server.call_threads import THREADS, CallThreads
from ..server.served_file import ServedFile

Metadata = Iterable[tuple[str, "str | bytes"]]
Reply = Callable[[Any, "Metadata | None"], Any]
"""From a request and the caller's metadata to the response; raises ``RefusedCall``."""

_THREADS: Final = PerProcess(partial(CallThreads, THREADS))


class Ended(grpc.Call):  # type: ignore[misc]
    """A call that is over, as gRPC tells of it."""

    def __init__(self, status: grpc.StatusCode = grpc.StatusCode.OK, details: str = "") -> None:
        super().__init__()
        self._status, self._details = status, details

    def code(self) -> grpc.StatusCode:
        return self._status

    def details(self) -> str:
        return self._details

    def initial_metadata(self) -> Metadata:
        return ()

    def trailing_metadata(self) -> Metadata:
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> float | None:
        return None

    def cancel(self) -> bool:
        return False

    def add_callback(self, callback: Callable[[], object]) -> bool:
        return False


class RefusedCall(Ended, grpc.RpcError):  # type: ignore[misc]
    """A call that ended with another status than OK."""

    def __str__(self) -> str:
        return f"{self.code().name}: {self.details()}"


@dataclass(frozen=True, slots=True)
class _Context:
    """What the answering function learns of the caller."""

    metadata: Metadata

    def invocation_metadata(self) -> Metadata:
        return self.metadata

    def peer(self) -> str:
        return "this process"

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise RefusedCall(code, details)


def reply_of(file: ServedFile, method: str, is_closed: Callable[[], bool]) -> Reply:
    """What answers the call with the path ``method`` (``/package.Service/Name``) from ``file``.

    Args:
        is_closed: whether the channel was closed, after which it makes no calls, as gRPC's.
    """
    answer = file.answers.get(method.rpartition("/")[2])

    def reply(request: Any, metadata: Metadata | None) -> Any:
        if is_closed():
            raise ValueError("this channel is closed, and makes no calls: open a new client")
        if answer is None:
            raise RefusedCall(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not served from a file")
        return answer(request, _Context(metadata or ()))

    return reply


def in_a_thread(reply: Reply, request: Any, metadata: Metadata | None) -> Future[Any]:
    """Begin the call in another thread, where nothing breaks it off."""
    return _THREADS.own.submit(reply, request, metadata)
