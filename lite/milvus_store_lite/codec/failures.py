"""The error for a value that does not fit its field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from ..errors import DataNotMatchException, shown
from ..schema.model import Field


def fail(field: Field, row: int, value: object, expected: str) -> NoReturn:
    """Raise DataNotMatchException: row ``row`` gives ``value`` where ``field`` takes ``expected``."""
    raise DataNotMatchException(
        message=f"row {row}: field '{field.name}' ({field.describe()}): expected {expected}, got {shown(value)}"
    )


def renumbered(error: DataNotMatchException, rows: Sequence[int]) -> DataNotMatchException:
    """``error`` about the values of these ``rows`` alone, counting all rows as the caller does."""
    if error.row is None:
        return error
    message = error.message.replace(f"row {error.row}", f"row {rows[error.row]}", 1)
    return DataNotMatchException(message=message)
