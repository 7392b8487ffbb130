"""Parameters of indexes and searches: their types, ranges and defaults, and the errors that name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ParamError
from ..suggestions import did_you_mean

Bound = int | float | str | None
"""A number, the name of another quantity (``dim``, ``limit``, ``nlist``, ``M``), or None for no bound."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. ``kind`` is int, float, bool or str; an int or a str is one of ``choices`` if there are any.

    ``divides`` names a quantity that must be a multiple of the value. ``special`` are values outside the
    range that are accepted as well. ``open_high`` excludes the upper bound itself. A ``required`` parameter must
    be given.
    """

    name: str
    kind: type
    low: Bound = None
    high: Bound = None
    default: Any = None
    choices: tuple[str, ...] | tuple[int, ...] = ()
    divides: str | None = None
    special: tuple[int, ...] = ()
    open_high: bool = False
    required: bool = False

    def expectation(self, known: Mapping[str, Any] | None = None) -> str:
        """What the value must be, for errors and documentation."""
        if self.choices:
            return f"one of {', '.join(map(str, self.choices))}"
        if self.kind is str:
            return "a str"
        if self.kind is bool:
            return "a bool"
        noun = "an int" if self.kind is int else "a number"
        parts = []
        if self.low is not None or self.high is not None:
            low, high = _shown(self.low, known), _shown(self.high, known)
            if self.high is None:
                parts.append(f"of at least {low}")
            else:
                parts.append(f"between {low} and {high}" + (" (exclusive)" if self.open_high else ""))
        if self.special:
            parts.append(f"or {', '.join(map(str, self.special))}")
        if self.divides is not None:
            parts.append(f"that divides {_shown(self.divides, known)}")
        return " ".join([noun, *parts])

    def check(self, owner: str, value: Any, known: Mapping[str, Any]) -> Any:
        """``value`` as the parameter's own type; raises ParamError naming ``owner``, expectation and value.

        Args:
            known: the values of the bounds that are names.
        """
        checked = self._converted(value)
        if checked is None or not self._fits(checked, known):
            raise ParamError(
                message=f"parameter {self.name!r} of {owner} must be {self.expectation(known)}, got {value!r}"
            )
        return checked

    def _converted(self, value: Any) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        if self.kind is bool:
            texts = {"true": True, "false": False}
            return texts.get(value.lower()) if isinstance(value, str) else value if value in (0, 1) else None
        if self.kind is str:
            # Milvus's own documents write some of these in small letters.
            return (value.upper() if self.choices else value) if isinstance(value, str) else None
        if isinstance(value, bool):
            return None
        if isinstance(value, str):
            # pymilvus and Milvus's own tools sometimes write numbers as text.
            try:
                return self.kind(value)
            except ValueError:
                return None
        if self.kind is int:
            return value if isinstance(value, int) else None
        return float(value) if isinstance(value, (int, float)) else None

    def _fits(self, value: Any, known: Mapping[str, Any]) -> bool:
        if self.kind is bool:
            return True
        if self.choices and value not in self.choices:
            return False
        if self.kind is str:
            return True
        if value in self.special:
            return True
        low, high = _resolved(self.low, known), _resolved(self.high, known)
        if (low is not None and value < low) or (high is not None and value > high):
            return False
        if self.open_high and value == high:
            return False
        return self.divides is None or (value > 0 and known[self.divides] % value == 0)


def check_parameters(
    owner: str, parameters: Sequence[Parameter], given: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """``given`` checked, in the order of ``parameters``, without those that are not given.

    Raises:
        ParamError: a name that ``owner`` does not take, a value out of range, or one that is missing.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in by_name:
            raise ParamError(
                message=f"{owner} takes "
                + (f"parameters {', '.join(by_name)}" if by_name else "no parameters")
                + f", got {name!r}"
                + did_you_mean(name, by_name)
            )
    checked: dict[str, Any] = {}
    for parameter in parameters:
        if given.get(parameter.name) is not None:
            # A later parameter may be bounded by an earlier one.
            checked[parameter.name] = parameter.check(owner, given[parameter.name], {**known, **checked})
        elif parameter.required:
            raise ParamError(
                message=f"parameter {parameter.name!r} of {owner} is missing: it must be "
                f"{parameter.expectation({**known, **checked})}"
            )
    return checked


def _resolved(bound: Bound, known: Mapping[str, Any]) -> Any:
    return known.get(bound) if isinstance(bound, str) else bound


def _shown(bound: Bound, known: Mapping[str, Any] | None) -> str:
    if isinstance(bound, str):
        value = None if known is None else known.get(bound)
        return bound if value is None else f"{bound} ({value})"
    return f"{bound:,}" if isinstance(bound, int) else str(bound)
