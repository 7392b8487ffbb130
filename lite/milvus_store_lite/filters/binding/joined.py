"""Joins many conditions by ``and`` or ``or``, and simplifies them.

Chains of ``x == 1 or x == 2 or …`` become one membership, and a repeated condition is evaluated once.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..bound import AllOf, AnyOf, Comparison, Constant, Fixed, Inverse, Kind, Membership, Operand, Predicate
from ..tree import Value

_FEW = 4
"""Up to this many conditions stay as they are: joining them gains nothing."""

_Key = tuple[Kind, Operand]


def all_of(parts: tuple[Predicate, ...]) -> Predicate:
    """All of ``parts``; true when there is none."""
    if not parts:
        return Fixed(True)
    if len(parts) <= _FEW:
        return AllOf(parts)
    excluded, others = _merge_equalities(
        [part.part if isinstance(part, Inverse) else part for part in parts], parts, Inverse
    )
    return AllOf((*(Inverse(part) for part in excluded), *others))


def any_of(parts: tuple[Predicate, ...]) -> Predicate:
    """Any of ``parts``; false when there is none."""
    if not parts:
        return Fixed(False)
    if len(parts) <= _FEW:
        return AnyOf(parts)
    chosen, others = _merge_equalities(parts, parts, Comparison)
    return AnyOf((*chosen, *others))


def _merge_equalities(
    bare: Sequence[Predicate], parts: Sequence[Predicate], kind: type[Predicate]
) -> tuple[list[Membership], list[Predicate]]:
    """The equalities among ``bare`` whose parts are of ``kind``, merged into memberships, and the other ``parts``,
    each once."""
    values: dict[_Key, list[Value]] = {}
    others: dict[Predicate, None] = {}
    for condition, part in zip(bare, parts, strict=True):
        match condition:
            case Comparison(op="==", left=left, right=Constant(value=value)) if isinstance(part, kind):
                values.setdefault((condition.kind, left), []).append(value)
            case _:
                others[part] = None
    return [Membership(*key, tuple(choices)) for key, choices in values.items()], list(others)
