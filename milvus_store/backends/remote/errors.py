"""pymilvus's exceptions as ours, so that one ``except`` serves a file and a server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from ... import errors
from ...errors import FilterError, MilvusException

_BY_NAME: Final[dict[str, type[MilvusException]]] = {
    name: getattr(errors, name) for name in errors.__all__ if name != FilterError.__name__
}
_BY_CODE: Final[dict[int, type[MilvusException]]] = {
    kind.default_code: kind
    for kind in (
        errors.CollectionNotExistException,
        errors.CollectionNotLoadedException,
        errors.PartitionNotExistException,
        errors.IndexNotExistException,
        errors.DatabaseNotExistException,
        errors.AliasNotExistException,
        errors.ParamError,
    )
}


_LOGGERS: Final = tuple(
    logging.getLogger(f"pymilvus.{name}") for name in ("decorators", "client.connection_manager")
)
_translating: Final = ContextVar("translating", default=False)

CONNECT_FAILED: Final = 2
"""The code that pymilvus gives a server it cannot reach."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise what pymilvus raises as the class of ours that has its name, or its code.

    Some calls of pymilvus let the errors of gRPC through; those become a ``MilvusException``. What is raised is
    not logged as well, as pymilvus does.
    """
    import grpc
    from pymilvus.exceptions import MilvusException as TheirException

    for logger in _LOGGERS:
        logger.addFilter(_is_told_otherwise)  # adding it again does nothing
    within = _translating.set(True)
    try:
        yield
    except TheirException as error:
        raise translated(error) from error
    except grpc.RpcError as error:
        raise _from_grpc(error) from error
    finally:
        _translating.reset(within)


def _is_told_otherwise(record: logging.LogRecord) -> bool:
    """Whether pymilvus's record should be logged: not where the exception it is about is passed on."""
    return not _translating.get()


def translated(error: Any) -> MilvusException:
    """The exception of ours that says what ``error`` of pymilvus says, with its code and message."""
    kind = MilvusException
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _BY_NAME:
            kind = _BY_NAME[ancestor.__name__]
            break
    if kind is MilvusException:
        kind = _BY_CODE.get(int(error.code), kind)
    return kind(code=int(error.code), message=str(error.message) + _reason(error))


def _reason(error: Any) -> str:
    """Why a connection failed: pymilvus says the same of a dead address and of a wrong password."""
    cause = error.__cause__
    if int(error.code) != CONNECT_FAILED or not hasattr(cause, "details"):
        return ""
    return f" ({cause.code().name}: {cause.details()})"


def _from_grpc(error: Any) -> MilvusException:
    status = error.code().name
    if status == "DEADLINE_EXCEEDED":
        return MilvusException(message="Request timeout")
    code = CONNECT_FAILED if status == "UNAVAILABLE" else MilvusException.default_code
    return MilvusException(code, f"{status}: {error.details()}")
