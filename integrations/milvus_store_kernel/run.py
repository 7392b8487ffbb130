"""Running a statement: what it shows, or an error that says where in the cell it belongs."""

from __future__ import annotations

from typing import Final

from milvus_store.errors import FilterError, MilvusException
from milvus_store.legacy import ConnectError, ParamError

from . import (  # two of them register what they do
    legacy_statements,  # noqa: F401
    row_statements,  # noqa: F401
)
from . import statements as said
from .doing import do
from .errors import CellError
from .places import place_of
from .session import Session
from .statements import Statement
from .tables import Output


def run(statement: Statement, session: Session) -> Output | None:
    """What ``statement`` shows.

    Raises:
        CellError: it failed; ``at`` is the place in the cell.
    """
    try:
        return do(statement, session)
    except CellError as error:
        if error.at is None:
            error.at = place_of(statement, error.name, error.message)
        raise
    except FilterError as error:
        given: said.Filter | None = getattr(statement, "filter", None)
        within = 0 if error.column is None else error.column - 1
        at = statement.at if given is None else given.at + within
        raise CellError("FilterError", _without_place(error), at) from error
    except MilvusException as error:
        at = place_of(statement, type(error).__name__, error.message)
        raise CellError(type(error).__name__, f"{error.message} (code {error.code})", at) from error
    except (ConnectError, ParamError, ImportError, *_REFUSED_VALUES) as error:
        name = type(error).__name__
        raise CellError(name, str(error), place_of(statement, name, str(error))) from error


_REFUSED_VALUES: Final = (TypeError, ValueError, OverflowError, RecursionError)
"""What a call raises for a value that nobody foresaw: in a cell it is the statement that is wrong."""


def _without_place(error: FilterError) -> str:
    """The message without the column and picture of the filter alone: those of the cell are shown."""
    return error.message.split("\n", 1)[0].removesuffix(f" at column {error.column}")
