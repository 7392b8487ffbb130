"""The service: which function answers a call, and what a client hears when that fails."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import grpc

from ..client.milvus_client import MilvusClient
from ..client.server_only import instead_of
from ..errors import MilvusException
from .databases import Databases
from .messages.status import failed
from .protocol import METHODS, OF_THE_FILE, SERVICE_NAME, Message, Method

Handler = Callable[[MilvusClient, Any], Message]
"""Answers a request about the database that a client has open."""

_LOG: Final = logging.getLogger(__name__)

_WORDS: Final = re.compile(r"(?<=[a-z])([A-Z])")

_DATABASE: Final = "dbname"
"""The metadata by which a client names its database, beside the field of the request."""


class Guard(Protocol):
    """Decides who may make which call."""

    def admit(self, method: str, request: Message, metadata: Mapping[str, str], /) -> None:
        """
        Raises:
            MilvusException: the caller is not known, or may not make this call.
        """
        ...


class OpenDoor:
    """Lets everybody in."""

    def admit(self, method: str, request: Message, metadata: Mapping[str, str], /) -> None:
        return


def handlers(databases: Databases, calls: Mapping[str, Handler], guard: Guard) -> Any:
    """What gRPC asks for each call of the service.

    Args:
        calls: name → what answers it; a call that is not among them is refused as UNIMPLEMENTED.
    """
    return grpc.method_handlers_generic_handler(
        SERVICE_NAME,
        {
            name: grpc.unary_unary_rpc_method_handler(
                _answering(method, calls.get(name), databases, guard),
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


def _database_of(method: Method, request: Message, metadata: Mapping[str, str]) -> str:
    """The database in which a call is made; empty for the default one."""
    if method.name in OF_THE_FILE:
        return ""
    return getattr(request, "db_name", "") or metadata.get(_DATABASE, "")


def _answering(
    method: Method, handler: Handler | None, databases: Databases, guard: Guard
) -> Callable[[Message, grpc.ServicerContext], Message]:
    def answer(request: Message, context: grpc.ServicerContext) -> Message:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        try:
            guard.admit(method.name, request, metadata)
            if handler is not None:
                return handler(databases.client(_database_of(method, request, metadata)), request)
        except MilvusException as error:
            refusal = error
        except Exception as error:
            _LOG.exception("%s failed", method.name)
            refusal = MilvusException(message=f"internal error: {type(error).__name__}")
        else:
            return context.abort(grpc.StatusCode.UNIMPLEMENTED, _not_served(method.name))
        response = failed(method.response, refusal)
        if response is None:
            return context.abort(grpc.StatusCode.FAILED_PRECONDITION, refusal.message)
        return response

    return answer
