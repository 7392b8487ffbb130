"""Converts values from Python code to plain values of the filter language.

Values are never parsed: a string stays that string, whatever it contains.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from ...errors import shown
from ..traversal import MAX_DEPTH
from ..tree import Value

PLAIN_TYPES: frozenset[type] = frozenset({bool, int, float, str})

Plain = Value | datetime | tuple["Plain", ...]


def plain_value(what: str, given: object, depth: int = 0) -> Plain:
    """``given`` as a bool, int, float, str, datetime or a tuple of those; ``ValueError`` for other values.

    ``what`` is its name in the error.
    """
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, list | tuple | set | frozenset | range):
        return given if isinstance(given, datetime) else plain_scalar(what, given)
    if depth > MAX_DEPTH:
        raise ValueError(f"{what} nests deeper than {MAX_DEPTH} levels")
    if PLAIN_TYPES.issuperset(map(type, given)):
        return tuple(given)
    return tuple(
        plain_value(f"element {index} of {what}", element, depth + 1) for index, element in enumerate(given)
    )


def plain_scalar(what: str, given: Any) -> Value:
    """``given`` as a bool, int, float or str."""
    if isinstance(given, np.generic):
        given = given.item()
    if isinstance(given, bool | int | float):
        return given
    if isinstance(given, str):
        return str(given)
    hint = "; test for null with 'is null'" if given is None else ""
    if isinstance(given, bytes):
        hint = "; bytes are for membership_match, which takes them from filter_params"
    raise ValueError(f"{what} must be a bool, int, float, str or a list of those, got {shown(given)}{hint}")
