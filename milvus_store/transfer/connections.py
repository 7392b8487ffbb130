"""Calls of Milvus's protocol, made through the connection that pymilvus holds for a client.

pymilvus's own calls take and give rows one by one, as Python objects for every number.
"""

from __future__ import annotations

from typing import Any

from .. import MilvusClient
from ..backends.remote import RemoteBackend
from ..backends.remote.errors import translated_errors
from ..errors import MilvusException
from ..server.protocol import METHODS, Message, message_of


def ask(client: MilvusClient, call: str, **parts: Any) -> Message:
    """What the server of ``client`` answers to a call of the protocol.

    Raises:
        MilvusException: the server refuses it, or cannot be reached.
    """
    backend = client._backend
    assert isinstance(backend, RemoteBackend), "a file is asked by the client's own calls"
    _, arguments = backend.reopening()
    request = message_of(METHODS[call].request, **parts)
    with translated_errors():
        send = getattr(backend.pymilvus_client._get_connection()._stub, call)
        answer = send(request, metadata=[("dbname", arguments.get("db_name", ""))])
    status = answer.status
    if status.code or status.error_code:
        raise MilvusException(code=status.code or status.error_code, message=status.reason)
    return answer
