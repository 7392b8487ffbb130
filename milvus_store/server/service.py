"""The service: which function answers a call, and what a client hears when that fails."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Protocol

import grpc

from milvus_store_lite import DEFAULT_DATABASE

from ..client.milvus_client import MilvusClient
from ..client.server_only import instead_of
from ..errors import MilvusException, ParamError
from .databases import Databases
from .messages.status import failed
from .protocol import METHODS, OF_THE_FILE, SERVICE_NAME, Message, Method

Handler = Callable[[MilvusClient, Any], Message]
"""Answers a request about the database that a client has open."""

_LOG: Final = logging.getLogger(__name__)

_WORDS: Final = re.compile(r"(?<=[a-z])([A-Z])")

_FIELD: Final = "db_name"
_NAMESPACE: Final = "namespace"
_DATABASE: Final = "dbname"
"""The metadata by which a client names its database, beside the field of the request."""


class Refusal(MilvusException):
    """A call that is not made, and for which a client hears ``status``, one of gRPC's."""

    def __init__(self, status: grpc.StatusCode, message: str) -> None:
        super().__init__(message=message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came in.

    Args:
        database: the one that it is about.
        peer: gRPC's name of the address that it comes from.
    """

    method: str
    request: Message
    database: str
    metadata: Mapping[str, str]
    peer: str


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Admission:
    """How a call is answered that was admitted.

    Args:
        client: makes the client that answers it of the usual one.
        shown: makes the response that the caller gets of the whole one.
    """

    client: Callable[[MilvusClient], MilvusClient] = _as_it_is
    shown: Callable[[Message], Message] = _as_it_is


class Guard(Protocol):
    """Decides who may make which call."""

    def admit(self, call: Call, /) -> Admission:
        """
        Raises:
            Refusal: the caller is not known, or may not make this call.
        """
        ...


class OpenDoor:
    """Lets everybody in."""

    def admit(self, call: Call, /) -> Admission:
        return Admission()


class Context(Protocol):
    """What a call knows of its caller, with gRPC's names."""

    def invocation_metadata(self) -> Iterable[tuple[str, str | bytes]]: ...

    def peer(self) -> str: ...

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """End the call; the caller hears ``code`` and ``details``."""
        ...


Answer = Callable[[Message, Context], Message]


def answers(databases: Databases, calls: Mapping[str, Handler], guard: Guard) -> dict[str, Answer]:
    """What answers each call of the service, by its name.

    Args:
        calls: name → what answers it; a call that is not among them is refused as UNIMPLEMENTED.
    """
    return {name: _answering(method, calls.get(name), databases, guard) for name, method in METHODS.items()}


def handlers(answers: Mapping[str, Answer]) -> Any:
    """What gRPC asks for each call of the service."""
    return grpc.method_handlers_generic_handler(
        SERVICE_NAME,
        {
            name: grpc.unary_unary_rpc_method_handler(
                answers[name],
                request_deserializer=method.request.FromString,
                response_serializer=method.response.SerializeToString,
            )
            for name, method in METHODS.items()
        },
    )


def _not_served(name: str) -> str:
    """What a client hears that makes the call ``name``, which nothing answers."""
    call = _WORDS.sub(r"_\1", name).lower()
    instead = instead_of(getattr(MilvusClient, call, None))
    return f"{name} is not served from a file: {instead or 'it needs a Milvus cluster'}"


def _refuse_namespaces(request: Message) -> None:
    """Raise ParamError for a request that keeps to a namespace: without it, it would reach rows of others."""
    for part in (request, *getattr(request, "requests", ())):
        if getattr(part, _NAMESPACE, ""):
            raise ParamError(
                message=f"namespaces are not supported on a file: use a partition key, got {part.namespace!r:.80}"
            )


def _database_of(method: Method, request: Message, metadata: Mapping[str, str]) -> str:
    """The database in which a call is made; empty for the default one."""
    if method.name in OF_THE_FILE:
        return ""
    return getattr(request, _FIELD, "") or metadata.get(_DATABASE, "")


def _answering(method: Method, handler: Handler | None, databases: Databases, guard: Guard) -> Answer:
    def answer(request: Message, context: Context) -> Message:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        try:
            database = _database_of(method, request, metadata)
            about = getattr(request, _FIELD, "") if method.name in OF_THE_FILE else database
            admission = guard.admit(
                Call(method.name, request, about or DEFAULT_DATABASE, metadata, context.peer())
            )
            if handler is not None:
                _refuse_namespaces(request)
                return admission.shown(handler(admission.client(databases.client(database)), request))
        except Refusal as refused:
            context.abort(refused.status, refused.message)
        except MilvusException as error:
            refusal = error
        except Exception as error:
            _LOG.exception("%s failed", method.name)
            refusal = MilvusException(message=f"internal error: {type(error).__name__}")
        else:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, _not_served(method.name))
        response = failed(method.response, refusal)
        if response is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, refusal.message)
        return response

    return answer
