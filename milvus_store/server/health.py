"""gRPC's own health service, by which Kubernetes, Envoy and others ask whether a server can be used.

The package grpcio-health-checking would bring it, but each version of it asks for the newest grpcio and protobuf.
The two messages have one field each, and are on the wire what protobuf's ``StringValue`` and ``UInt32Value`` are.
``Watch`` is not served: each client of it would keep a thread, and gRPC's clients do without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import grpc
from google.protobuf.wrappers_pb2 import StringValue, UInt32Value

from .protocol import SERVICE_NAME

_SERVICE: Final = "grpc.health.v1.Health"
_SERVING: Final = 1
_NOT_SERVING: Final = 2


def health_service(problem: Callable[[], str]) -> Any:
    """What gRPC asks for the calls of the health service.

    Args:
        problem: says what keeps the server from answering; nothing if it can.
    """

    def check(request: StringValue, context: grpc.ServicerContext) -> UInt32Value:
        if request.value not in ("", SERVICE_NAME):
            context.abort(grpc.StatusCode.NOT_FOUND, f"the services here are '' and {SERVICE_NAME}")
        return UInt32Value(value=_NOT_SERVING if problem() else _SERVING)

    return grpc.method_handlers_generic_handler(
        _SERVICE,
        {
            "Check": grpc.unary_unary_rpc_method_handler(
                check,
                request_deserializer=StringValue.FromString,
                response_serializer=UInt32Value.SerializeToString,
            )
        },
    )
