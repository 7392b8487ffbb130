"""The error for a value that does not fit its field."""

from __future__ import annotations

from typing import NoReturn

from ..errors import DataNotMatchException, shown
from ..schema.model import Field


def fail(one: Field, place: int, value: object, expected: str) -> NoReturn:
    """Raise DataNotMatchException: row ``place`` gives ``value`` where field ``one`` takes ``expected``."""
    raise DataNotMatchException(
        message=f"row {place}: field '{one.name}' ({one.describe()}): expected {expected}, got {shown(value)}"
    )
