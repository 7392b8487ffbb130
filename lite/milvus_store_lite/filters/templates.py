"""Values that come from Python code, brought to plain values of the filter language.

Values are never parsed: a string stays that string, whatever it contains.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .tree import Value

PLAIN_TYPES: frozenset[type] = frozenset({bool, int, float, str})

Plain = Value | tuple[Value, ...]


def plain_value(what: str, given: object) -> Plain:
    """``given`` as a bool, int, float, str or a tuple of those; ``ValueError`` says what cannot be one.

    ``what`` is how the error names it.
    """
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, list | tuple | set | frozenset | range):
        return tuple(plain_scalar(f"element {place} of {what}", one) for place, one in enumerate(given))
    return plain_scalar(what, given)


def plain_scalar(what: str, given: Any) -> Value:
    """``given`` as a bool, int, float or str."""
    if isinstance(given, np.generic):
        given = given.item()
    if isinstance(given, bool | int | float):
        return given
    if isinstance(given, str):
        return str(given)
    hint = "; test for null with 'is null'" if given is None else ""
    raise ValueError(
        f"{what} must be a bool, int, float, str or a list of those, "
        f"got {type(given).__name__}: {repr(given)[:80]}{hint}"
    )
