"""Conditions on the elements of arrays: equality with constants, and the functions that use it."""

from __future__ import annotations

from ...columns.column import canonical_text
from ..bound import (
    AllOf,
    AnyOf,
    Comparison,
    Composite,
    Constant,
    ContainsAll,
    FieldValue,
    Fixed,
    InOrder,
    Kind,
    ListValue,
    Membership,
    OverElements,
    PathValue,
    Predicate,
)
from ..tree import Value
from .kinds import describe, kind_of, kind_of_type

Array = FieldValue | PathValue
_ELEMENT = PathValue("", ())
"""The element of a JSON array."""

_FEW = 4
"""Up to this many elements are looked up one after the other."""


def equals_list(array: Array, wanted: ListValue) -> Predicate:
    """The array has exactly these elements in this order. ``ValueError`` if it cannot have them."""
    return InOrder(array, tuple(_is_element(array, item) for item in wanted.items))


def contains(array: Array, wanted: Constant | ListValue) -> Predicate:
    """One element is ``wanted``."""
    return OverElements(array, _is_element(array, wanted))


def contains_all(array: Array, wanted: ListValue) -> Predicate:
    """Each of ``wanted`` is an element; true for an empty list."""
    by_kind, lists = _by_kind(array, wanted)
    element = _element(array)
    parts: list[Predicate] = [
        OverElements(array, Composite(_ELEMENT, (text,))) for text in dict.fromkeys(lists)
    ]
    for kind, values in by_kind.items():
        if kind is Kind.BOOLEAN or len(values) <= _FEW:
            same = [OverElements(array, Comparison(kind, "==", element, Constant(value))) for value in values]
            parts += same
        else:
            parts.append(ContainsAll(kind, array, element, values))
    # An empty list still requires an array.
    return AllOf(tuple(parts)) if parts else OverElements(array, Fixed(True), least=0)


def contains_any(array: Array, wanted: ListValue) -> Predicate:
    """At least one of ``wanted`` is an element."""
    if not wanted.items:
        return OverElements(array, Fixed(False))
    by_kind, lists = _by_kind(array, wanted)
    element = _element(array)
    parts: list[Predicate] = [Membership(kind, element, values) for kind, values in by_kind.items()]
    if lists:
        parts.append(Composite(_ELEMENT, lists))
    return OverElements(array, AnyOf(tuple(parts)))


def _by_kind(array: Array, wanted: ListValue) -> tuple[dict[Kind, tuple[Value, ...]], tuple[str, ...]]:
    """The distinct constants of ``wanted`` by their kind, and the texts of the lists among them.

    ``ValueError`` if the array cannot have one of them."""
    by_kind: dict[Kind, dict[Value, None]] = {}
    lists: list[str] = []
    for item in wanted.items:
        if isinstance(item, Constant):
            known = by_kind.setdefault(kind_of_type(type(item.value)), {})
            if not known:
                _is_element(array, item)  # the others of its kind fit if one does
            known[item.value] = None
        else:
            condition = _is_element(array, item)
            assert isinstance(condition, Composite)
            lists += condition.texts
    return {kind: tuple(values) for kind, values in by_kind.items()}, tuple(lists)


def _element(array: Array) -> FieldValue | PathValue:
    if isinstance(array, PathValue):
        return _ELEMENT
    if array.member is not None:
        return FieldValue(array.member)
    if array.field.members:
        name, member = array.field.name, array.field.members[0].name
        raise ValueError(f"{describe(array)} holds structs, name a member of them: {name}[{member}]")
    return FieldValue(array.field.element)


def _is_element(array: Array, wanted: Constant | ListValue) -> Predicate:
    element = _element(array)
    if isinstance(wanted, ListValue):
        if isinstance(element, PathValue):
            return Composite(element, (canonical_text(_plain(wanted)),))
        raise ValueError(f"{describe(array)} has no arrays as elements")
    kind = kind_of(wanted)
    if kind_of(element) not in (Kind.ANY, kind):
        raise ValueError(f"{describe(array)} has no element that could be {describe(wanted)}")
    return Comparison(kind, "==", element, wanted)


def _plain(value: Constant | ListValue) -> object:
    return value.value if isinstance(value, Constant) else [_plain(item) for item in value.items]
