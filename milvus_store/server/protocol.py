"""Milvus's service as pymilvus describes it: the name of each call, and the messages that it takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message_factory import GetMessageClass
from pymilvus.grpc_gen import milvus_pb2

Message = Any
"""A message of protobuf, whose fields no type checker knows."""


@dataclass(frozen=True, slots=True)
class Method:
    """One call of the service."""

    name: str
    request: type[Any]
    response: type[Any]


_SERVICE: Final = milvus_pb2.DESCRIPTOR.services_by_name["MilvusService"]

SERVICE_NAME: Final[str] = _SERVICE.full_name

METHODS: Final = {
    method.name: Method(method.name, GetMessageClass(method.input_type), GetMessageClass(method.output_type))
    for method in _SERVICE.methods
    if not method.client_streaming and not method.server_streaming
}
"""Every call that takes one message and gives one, by name."""

OF_THE_FILE: Final = frozenset(
    {
        *("CreateDatabase", "DropDatabase", "ListDatabases", "DescribeDatabase", "AlterDatabase"),
        "OperatePrivilegeV2",
    }
)
"""Calls whose database is what they are about, and not where they are made."""


def message_of(kind: type[Any], **parts: Any) -> Message:
    """A message of this kind, without the parts that the installed pymilvus is too old to know."""
    known = kind.DESCRIPTOR.fields_by_name
    return kind(**{name: value for name, value in parts.items() if name in known})
