"""The values given for templates, brought to plain Python values of the filter language.

Values are never parsed: a string stays that string, whatever it contains.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .tree import Value

Plain = Value | tuple[Value, ...]


def plain_value(name: str, given: object) -> Plain:
    """``given`` as a bool, int, float, str or a tuple of those; ``ValueError`` says what cannot be one."""
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, list | tuple | set | frozenset | range):
        return tuple(
            _plain_scalar(f"element {place} of template", name, one) for place, one in enumerate(given)
        )
    return _plain_scalar("template", name, given)


def _plain_scalar(what: str, name: str, given: Any) -> Value:
    if isinstance(given, np.generic):
        given = given.item()
    if isinstance(given, bool | int | float):
        return given
    if isinstance(given, str):
        return str(given)
    hint = "; test for null with 'is null'" if given is None else ""
    raise ValueError(
        f"{what} '{name}' must be a bool, int, float, str or a list of those, "
        f"got {type(given).__name__}: {given!r:.80}{hint}"
    )
