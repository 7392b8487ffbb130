"""``Status``, which every call returns first, and how errors of ``MilvusClient`` become one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

from milvus_store.errors import (
    CollectionNotExistException,
    ConnectionNotExistException,
    DatabaseCorruptError,
    DataNotMatchException,
    IndexNotExistException,
    MilvusException,
    ParamError,
)

P = ParamSpec("P")
R = TypeVar("R")


class Status:
    """Whether a call succeeded, by the codes of Milvus 0.9. It equals a status or an int with its code.

    >>> status = Status(Status.ILLEGAL_TOPK, "too many")
    >>> status, status.OK(), status == 10
    (Status(code=10, message='too many'), False, True)
    """

    SUCCESS = 0
    UNEXPECTED_ERROR = 1
    CONNECT_FAILED = 2
    PERMISSION_DENIED = 3
    COLLECTION_NOT_EXISTS = 4
    ILLEGAL_ARGUMENT = 5
    ILLEGAL_RANGE = 6
    ILLEGAL_DIMENSION = 7
    ILLEGAL_INDEX_TYPE = 8
    ILLEGAL_COLLECTION_NAME = 9
    ILLEGAL_TOPK = 10
    ILLEGAL_ROWRECORD = 11
    ILLEGAL_VECTOR_ID = 12
    ILLEGAL_SEARCH_RESULT = 13
    FILE_NOT_FOUND = 14
    META_FAILED = 15
    CACHE_FAILED = 16
    CANNOT_CREATE_FOLDER = 17
    CANNOT_CREATE_FILE = 18
    CANNOT_DELETE_FOLDER = 19
    CANNOT_DELETE_FILE = 20
    BUILD_INDEX_ERROR = 21
    ILLEGAL_NLIST = 22
    ILLEGAL_METRIC_TYPE = 23
    OUT_OF_MEMORY = 24

    def __init__(self, code: int = SUCCESS, message: str = "Success") -> None:
        self.code = code
        self.message = message

    def OK(self) -> bool:  # noqa: N802  # the name scripts call
        """Whether the call succeeded."""
        return self.code == Status.SUCCESS

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            return self.code == other
        return isinstance(other, Status) and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        return f"Status(code={self.code}, message={self.message!r})"


OK_MESSAGE: Final = "OK"
"""Messages of a 0.9 server, which the client passed on."""


class Refused(Exception):
    """A call that a 0.9 server would have refused; it becomes a ``Status`` with the old code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.status = Status(code, message)


_CODES: Final[tuple[tuple[type[MilvusException], int], ...]] = (
    (CollectionNotExistException, Status.COLLECTION_NOT_EXISTS),
    (DataNotMatchException, Status.ILLEGAL_ROWRECORD),
    (IndexNotExistException, Status.ILLEGAL_INDEX_TYPE),
    (ConnectionNotExistException, Status.CONNECT_FAILED),
    (DatabaseCorruptError, Status.META_FAILED),
    (ParamError, Status.ILLEGAL_ARGUMENT),
)


def status_of(error: MilvusException) -> Status:
    """The ``Status`` of an error that ``MilvusClient`` raised."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return Status(code, error.message)
    if error.code == Status.CONNECT_FAILED:  # pymilvus gives it the same number
        return Status(Status.CONNECT_FAILED, error.message)
    return Status(Status.UNEXPECTED_ERROR, error.message)


def errors_as_status(*fallback: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a call to return errors as a ``Status``, in a tuple with ``fallback`` if there is one."""

    def decorate(call: Callable[P, R]) -> Callable[P, R]:
        @wraps(call)
        def answer(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return call(*args, **kwargs)
            except Refused as refused:
                status = refused.status
            except MilvusException as error:
                status = status_of(error)
            return cast(R, (status, *fallback) if fallback else status)

        return answer

    return decorate
