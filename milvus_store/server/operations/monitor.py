"""What happens around every call: bounds, deadlines, numbers and log lines.

It stands between gRPC and the service, and takes requests as bytes. So it knows how many they are, and a call that
comes too late, or while there are too many, is refused before anybody reads it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError

from ...errors import ParamError
from ..call_threads import CallThreads
from ..messages.status import failed
from ..protocol import METHODS, SERVICE_NAME, Message
from .limits import Limits
from .logs import log
from .metrics import Metrics

_LOG: Final = logging.getLogger("milvus_store.server.calls")

_REFUSERS: Final = 2
"""Threads that tell calls that they are too many, while all others are busy."""


_NAME: Final = 255
"""Letters of a name that are logged: no collection has a longer one, and a request may."""


@dataclass(slots=True)
class _Call:
    """What is known of a call when it ends."""

    method: str
    begun: float
    received: int
    sent: int = 0
    code: str = ""
    database: str = ""
    collection: str = ""


class Monitor(grpc.ServerInterceptor):  # type: ignore[misc]
    """Watches the calls of the service.

    Args:
        threads: which answer the calls.
        max_calls: calls that may have or wait for a thread.
        metrics: what counts them, if anything does.
        log_calls: whether to log a line for each.
    """

    def __init__(
        self,
        threads: CallThreads,
        limits: Limits,
        max_calls: int,
        metrics: Metrics | None = None,
        log_calls: bool = False,
    ) -> None:
        self._threads = threads
        self._limits = limits
        self._max_calls = max_calls
        self._metrics = metrics
        self._log_calls = log_calls
        self._refusers = ThreadPoolExecutor(_REFUSERS, "milvus-store-refusing")
        self._answering: dict[str, Any] = {}
        self._refusing: dict[str, Any] = {}

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        service, _, name = details.method.lstrip("/").partition("/")
        if service != SERVICE_NAME or name not in METHODS:
            return continuation(details)
        if self._threads.accepted >= self._max_calls:
            return self._kept(self._refusing, name, lambda: self._refuse(name))
        return self._kept(self._answering, name, lambda: self._answer(name, continuation(details)))

    @staticmethod
    def _kept(handlers: dict[str, Any], name: str, made: Callable[[], Any]) -> Any:
        if name not in handlers:
            handlers[name] = grpc.unary_unary_rpc_method_handler(made())
        return handlers[name]

    def _answer(self, name: str, handler: Any) -> Callable[[bytes, Any], bytes]:
        def answer(received: bytes, context: Any) -> bytes:
            with self._watching(name, len(received), context) as call:
                if not context.is_active() or context.time_remaining() <= 0:
                    context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the call waited too long for its turn")
                response = self._respond(call, handler, received, context)
                call.code = str(_code_of(response))
                sent: bytes = handler.response_serializer(response)
                call.sent = len(sent)
                return sent

        return answer

    def _respond(self, call: _Call, handler: Any, received: bytes, context: Any) -> Message:
        try:
            request = handler.request_deserializer(received)
        except DecodeError:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"this is no request of {call.method}")
        call.database = getattr(request, "db_name", "")[:_NAME]
        call.collection = getattr(request, "collection_name", "")[:_NAME]
        try:
            self._limits.check(request)
        except ParamError as error:
            refused = failed(METHODS[call.method].response, error)
            assert refused is not None, "answers to searches and queries have a status"
            return refused
        response = handler.unary_unary(request, context)
        if self._metrics is not None:
            self._metrics.count_rows(call.method, response)
        return response

    def _refuse(self, name: str) -> Callable[[bytes, Any], bytes]:
        message = f"the server takes at most {self._max_calls} calls at a time (max_calls); try again later"

        def refuse(received: bytes, context: Any) -> bytes:
            with self._watching(name, len(received), context):
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
                raise AssertionError("abort raises")

        # gRPC's name for the threads that a method has to itself. Without them the refusal would wait its turn.
        refuse.experimental_thread_pool = self._refusers  # type: ignore[attr-defined]
        return refuse

    @contextmanager
    def _watching(self, name: str, received: int, context: Any) -> Iterator[_Call]:
        call = _Call(name, time.perf_counter(), received)
        with nullcontext() if self._metrics is None else self._metrics.under_way(name):
            try:
                yield call
            finally:
                call.code = call.code or _refusal(context)
                self._tell(call, context)

    def _tell(self, call: _Call, context: Any) -> None:
        seconds = time.perf_counter() - call.begun
        if self._metrics is not None:
            self._metrics.count(call.method, call.code, seconds, call.received, call.sent)
        if self._log_calls:
            log(
                *(_LOG, logging.INFO, "call"),
                method=call.method,
                code=call.code,
                ms=round(1000 * seconds, 3),
                database=call.database,
                collection=call.collection,
                received=call.received,
                sent=call.sent,
                peer=context.peer(),
            )


def _code_of(response: Message) -> int:
    """Milvus's code of an answer; those that carry none are answers all the same."""
    status = getattr(response, "status", response)
    code: int = getattr(status, "code", 0)
    return code or getattr(status, "error_code", 0)


def _refusal(context: Any) -> str:
    """The name of gRPC's code by which a call was refused."""
    code = context.code()
    return code.name if isinstance(code, grpc.StatusCode) else "UNKNOWN"
