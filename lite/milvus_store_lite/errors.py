"""Every error the engine raises, with the code Milvus gives the same fault.

Class names are those pymilvus users already catch. The codes are Milvus's public error codes; a fault
that only an embedded database can have (a foreign file, a lock held by another process) keeps the
generic code 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final

__all__ = [
    "AliasNotExistException",
    "AmbiguousIndexName",
    "CollectionExistsError",
    "CollectionNotExistException",
    "CollectionNotLoadedException",
    "ConnectionNotExistException",
    "DataNotMatchException",
    "DataTypeNotMatchException",
    "DataTypeNotSupportException",
    "DatabaseCorruptError",
    "DatabaseFormatError",
    "DatabaseLockedError",
    "DatabaseNotExistException",
    "DatabaseReplacedError",
    "DatabaseWriteError",
    "EmbeddingError",
    "FilterError",
    "IndexNotExistException",
    "MilvusException",
    "MissingExtraError",
    "NotADatabaseError",
    "ParamError",
    "PartitionNotExistException",
    "PrimaryKeyException",
    "SchemaNotReadyException",
]


_ROW: Final = re.compile(r"row (\d+)(?=\b)")


class MilvusException(Exception):
    """Base of every error of this package.

    ``code`` is Milvus's error code, ``message`` says which field, what was expected and what was given.
    """

    default_code: ClassVar[int] = 1

    def __init__(self, code: int | None = None, message: str = "") -> None:
        super().__init__(code, message)
        self.code = self.default_code if code is None else code
        self.message = message

    def __str__(self) -> str:
        return f"<{type(self).__name__}: (code={self.code}, message={self.message})>"


class ParamError(MilvusException):
    """A parameter of a call is missing, of the wrong type or out of its range."""

    default_code = 1100


class FilterError(ParamError):
    """A filter expression cannot be parsed or does not fit the schema.

    ``expression`` is the text as given and ``column`` the 1-based place in it; the message repeats the
    line with a caret under that place.
    """

    def __init__(self, message: str, expression: str = "", column: int | None = None) -> None:
        self.expression = expression
        self.column = column
        self._given = (message, expression, column)
        if column is not None:
            message = f"{message} at column {column}\n{_point_at(expression, column)}"
        super().__init__(message=message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._given


def shown(value: object) -> str:
    """The type of ``value`` and the beginning of what it looks like, whatever it is."""
    kind = type(value).__name__
    try:
        text = repr(value)
    except Exception:  # integers of too many digits, lists nested too deep, classes of users
        return kind
    return f"{kind}: {text if len(text) <= 80 else text[:77] + '…'}"


def _point_at(expression: str, column: int) -> str:
    """The line of ``expression`` that holds ``column`` (1-based over the whole text), and a caret below."""
    before = expression[: column - 1]
    line_start = before.rfind("\n") + 1
    line_end = expression.find("\n", column - 1)
    line = expression[line_start : line_end if line_end >= 0 else len(expression)]
    caret_at = column - 1 - line_start
    # A long expression is cut to what surrounds the fault, so that the caret stays on the screen.
    cut_left = max(0, caret_at - 60)
    shown = line[cut_left : caret_at + 60]
    prefix = "…" if cut_left else ""
    return f"  {prefix}{shown}\n  {' ' * (caret_at - cut_left + len(prefix))}^"


class CollectionExistsError(MilvusException):
    """A collection or an alias has this name already."""


class CollectionNotExistException(MilvusException):
    """No collection or alias has this name."""

    default_code = 100


class CollectionNotLoadedException(MilvusException):
    """The collection is released: call ``load_collection`` first."""

    default_code = 101


class PartitionNotExistException(MilvusException):
    """No partition of the collection has this name."""

    default_code = 200


class IndexNotExistException(MilvusException):
    """No index of the collection has this name, or the vector field has none."""

    default_code = 700


class AmbiguousIndexName(MilvusException):
    """An index of this name exists already, or several match."""

    default_code = 702


class DatabaseNotExistException(MilvusException):
    """No database inside the file has this name."""

    default_code = 800


class AliasNotExistException(MilvusException):
    """No alias has this name."""

    default_code = 1600


class SchemaNotReadyException(MilvusException):
    """A collection schema is incomplete or contradicts itself."""

    default_code = 1100


class PrimaryKeyException(SchemaNotReadyException):
    """The primary key of a schema is missing, doubled or of a type that cannot be one."""


class DataTypeNotSupportException(SchemaNotReadyException):
    """A field has a data type that this version does not store."""


class DataNotMatchException(MilvusException):
    """A row does not fit the schema: a field is missing, unknown, of the wrong type or out of range."""

    default_code = 1100

    @property
    def row(self) -> int | None:
        """The index of the row among the given ones; None if the message names no row."""
        found = _ROW.match(self.message)
        return None if found is None else int(found[1])

    def in_rows(self, rows: Sequence[int]) -> DataNotMatchException:
        """The same error where the values checked were those of ``rows``: it counts rows as the caller does."""
        if self.row is None:
            return self
        return DataNotMatchException(message=_ROW.sub(f"row {rows[self.row]}", self.message, count=1))

    def about(self, thing: str) -> str:
        """The message about values that are ``thing``s instead of rows: ``id 3: …`` for ``row 3: …``."""
        return _ROW.sub(rf"{thing} \1", self.message, count=1)


class DataTypeNotMatchException(ParamError):
    """An argument has the wrong Python type."""


class ConnectionNotExistException(MilvusException):
    """The client is closed."""


class NotADatabaseError(MilvusException):
    """The file exists but is not a milvus-store database; it was not changed."""


class DatabaseFormatError(MilvusException):
    """The file was written by a newer version of milvus-store; it was not changed."""


class DatabaseCorruptError(MilvusException):
    """SQLite or a consistency check found damage in the file. The message names the way out."""

    way_out: ClassVar[str] = "'milvus-store recover FILE NEW' writes every sound row to a new file"

    def __init__(self, code: int | None = None, message: str = "") -> None:
        if self.way_out not in message:
            message = f"{message}; {self.way_out}"
        super().__init__(code, message)


class DatabaseLockedError(MilvusException):
    """Another connection held the write lock for longer than the busy timeout."""


class DatabaseReplacedError(MilvusException):
    """The file was removed, moved, replaced or overwritten while it was open: open a new client."""


class DatabaseWriteError(MilvusException):
    """The file cannot be written: it is read-only, the disk is full or an I/O error came up."""


class EmbeddingError(MilvusException):
    """An embedding function failed, or gave something else than a vector for each text."""

    default_code = 2400


class MissingExtraError(MilvusException, ModuleNotFoundError):
    """A package that comes with an extra cannot be imported; the message has the line for pip."""
