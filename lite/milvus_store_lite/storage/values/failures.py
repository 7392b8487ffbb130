"""The error for a value that does not fit its field."""

from __future__ import annotations

from typing import NoReturn

from ...errors import DataNotMatchException
from ...schema import Field


def fail(one: Field, place: int, value: object, expected: str) -> NoReturn:
    """Raise DataNotMatchException: row ``place`` gives ``value`` where field ``one`` takes ``expected``."""
    shown = repr(value)
    if len(shown) > 80:
        shown = shown[:77] + "…"
    raise DataNotMatchException(
        message=f"row {place}: field '{one.name}' ({one.describe()}): expected {expected}, "
        f"got {type(value).__name__}: {shown}"
    )
