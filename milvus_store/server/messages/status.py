"""Errors as the status in a response, with the codes that Milvus's clients know."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import common_pb2

from ...errors import MilvusException
from ..protocol import Message

_UNEXPECTED: Final = 1
_OLDER_CODES: Final = {100: 4, 4: 4, 700: 25, 1100: 5}
"""Code → the one that clients before 2.3 knew for the same fault, where it is not 'unexpected error'."""


_STATUS_FIELDS: Final = ("status", "alter_status")


def status_of(error: MilvusException) -> Message:
    """``error`` as a status. The text is that which a local client raises."""
    return common_pb2.Status(
        code=error.code or _UNEXPECTED,
        error_code=_OLDER_CODES.get(error.code, _UNEXPECTED),
        reason=error.message,
    )


def failed(response: type[Any], error: MilvusException) -> Message | None:
    """A response of this kind that says that its call failed with ``error``; None if it has no place for that."""
    status = status_of(error)
    if response is common_pb2.Status:
        return status
    field = next((name for name in _STATUS_FIELDS if name in response.DESCRIPTOR.fields_by_name), None)
    return None if field is None else response(**{field: status})


SUCCESS: Final = common_pb2.Status()
"""The response of a call that has nothing to tell."""
