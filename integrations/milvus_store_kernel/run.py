"""Runs a statement, and finds the position in the cell of an error."""

from __future__ import annotations

from typing import Final

from milvus_store.errors import FilterError, MilvusException
from milvus_store.legacy import ConnectError, ParamError

from . import (  # two of them register their functions
    legacy_statements,  # noqa: F401
    row_statements,  # noqa: F401
    statements,
)
from .dispatch import execute
from .errors import CellError
from .positions import position_of
from .session import Session
from .statements import Statement
from .tables import Output


def run(statement: Statement, session: Session) -> Output | None:
    """Execute ``statement``; returns its output.

    Raises:
        CellError: it failed; ``at`` is the offset in the cell.
    """
    try:
        return execute(statement, session)
    except CellError as error:
        if error.at is None:
            error.at = position_of(statement, error.name, error.message)
        raise
    except FilterError as error:
        given: statements.Filter | None = getattr(statement, "filter", None)
        within = 0 if error.column is None else error.column - 1
        at = statement.at if given is None else given.at + within
        raise CellError("FilterError", _without_column(error), at) from error
    except MilvusException as error:
        at = position_of(statement, type(error).__name__, error.message)
        raise CellError(type(error).__name__, f"{error.message} (code {error.code})", at) from error
    except (ConnectError, ParamError, ImportError, *_REFUSED_VALUES) as error:
        name = type(error).__name__
        raise CellError(name, str(error), position_of(statement, name, str(error))) from error


_REFUSED_VALUES: Final = (TypeError, ValueError, OverflowError, RecursionError)
"""Errors of a call for an unexpected value: in a cell, the statement is wrong then."""


def _without_column(error: FilterError) -> str:
    """The message without the column and caret of the filter: the kernel shows those of the cell."""
    return error.message.split("\n", 1)[0].removesuffix(f" at column {error.column}")
