"""Doing a statement: one function for each kind, and errors that say where in the cell they belong."""

from __future__ import annotations

from functools import singledispatch

from milvus_store.errors import FilterError, MilvusException
from milvus_store.legacy import ConnectError, ParamError, Status

from . import statements as said
from .errors import CellError
from .session import Session
from .statements import Statement
from .tables import Output


@singledispatch
def do(statement: Statement, session: Session) -> Output | None:
    """What ``statement`` shows; None if it has nothing to say."""
    raise NotImplementedError(type(statement).__name__)


@do.register
def _connect(statement: said.Connect, session: Session) -> None:
    session.connect(statement.uri)


def run(statement: Statement, session: Session) -> Output | None:
    """What ``statement`` shows.

    Raises:
        CellError: it failed; ``at`` is the place in the cell.
    """
    from . import legacy_statements, row_statements  # noqa: F401  # they register what they do

    try:
        return do(statement, session)
    except CellError as error:
        error.at = error.at or statement.at
        raise
    except FilterError as error:
        given: said.Filter | None = getattr(statement, "filter", None)
        within = 0 if error.column is None else error.column - 1
        at = statement.at if given is None else given.at + within
        raise CellError("FilterError", _without_place(error), at) from error
    except MilvusException as error:
        raise CellError(type(error).__name__, f"{error.message} (code {error.code})", statement.at) from error
    except (ConnectError, ParamError, ImportError) as error:
        raise CellError(type(error).__name__, str(error), statement.at) from error


def succeeded(status: Status) -> None:
    """Raise a ``CellError`` unless the legacy client's answer is a good one."""
    if not status.OK():
        name = _STATUS_NAMES.get(status.code, "Status")
        raise CellError(name, f"{status.message} (code {status.code})", 0)


_STATUS_NAMES = {
    code: name for name, code in vars(Status).items() if name.isupper() and isinstance(code, int)
}


def _without_place(error: FilterError) -> str:
    """The message without the column and picture of the filter alone: those of the cell are shown."""
    return error.message.split("\n", 1)[0].removesuffix(f" at column {error.column}")
