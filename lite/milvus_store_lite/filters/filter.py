"""A compiled filter: the rows that it matches, and the values that it requires of a field.

A search asks for the required values before it loads any row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import reduce

import numpy as np
import numpy.typing as npt

from ..errors import FilterError
from ..process.lazy import lazy
from ..process.stack import with_room
from ..schema.data_types import INTEGER_RANGES, DataType
from ..schema.fields import Field
from ..schema.model import Schema
from ..schema.times import UTC
from .binding.conditions import bind
from .binding.context import NumberPaths
from .binding.kinds import kind_of
from .bound import (
    AllOf,
    AnyOf,
    Comparison,
    Constant,
    FieldValue,
    Fixed,
    Inverse,
    KeyMatch,
    Membership,
    Predicate,
)
from .element_filter import ElementFilter, selected_elements, selected_structs
from .evaluation.evaluate import evaluate
from .evaluation.numbers import nearest_float, nearest_float32
from .evaluation.rows import Rows
from .syntax.parser import parse
from .tree import Expression, Value


@dataclass(frozen=True)
class Filter:
    """A condition over the rows of one schema.

    ``sample``: the fraction of the matching rows to keep, chosen at random; None for all of them.
    """

    predicate: Predicate
    sample: float | None = None

    def __and__(self, other: Filter) -> Filter:
        """Both conditions; at most one of them has a sample."""
        assert self.sample is None or other.sample is None
        sample = other.sample if self.sample is None else self.sample
        return Filter(AllOf((self.predicate, other.predicate)), sample)

    def mask(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """(rows.count,) bool: the rows that match. Rows for which the answer is unknown do not."""
        try:
            return evaluate(self.predicate, rows).certain
        except RecursionError:
            raise FilterError(
                "the filter cannot be evaluated: the call stack is too deep where the call was made"
            ) from None

    def sampled(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """``mask``, the live rows that match, or a random sample of them if the filter asks for one.

        A sample has at least one row, as in Milvus, unless no row matches.
        """
        if self.sample is None:
            return mask
        matching = np.flatnonzero(mask)
        size = min(len(matching), max(1, int(len(matching) * self.sample)))
        chosen = np.zeros_like(mask)
        chosen[np.random.default_rng().choice(matching, size, replace=False)] = True
        return chosen

    @property
    def is_approximate(self) -> bool:
        """Whether rows may match that should not, since it asks a Bloom filter."""
        return _is_approximate(self.predicate)

    def required_values(self, field_name: str) -> frozenset[Value] | None:
        """The values of the field that a row can match with, None if any value may match.

        They have the type that the field stores; an empty set means that no row can match.
        """
        return _required(self.predicate, field_name)

    def of_elements(self, structs: Field) -> ElementFilter | None:
        """What its calls of ``element_filter`` say of the single structs in ``structs``; None without any.

        Raises:
            FilterError: one of them is about another array, or is not joined to the rest by 'and'.
        """
        return selected_structs(self.predicate, structs)

    @lazy
    def elements(self) -> ElementFilter | None:
        """What its calls of ``element_filter`` say of the elements of an array; None without any.

        Raises:
            FilterError: they are about several arrays, or one of them is not joined to the rest by 'and'.
        """
        return with_room(lambda: selected_elements(self.predicate))


def compile_filter(
    expression: str | Expression,
    schema: Schema,
    params: Mapping[str, object] | None = None,
    zone: tzinfo = UTC,
    number_paths: NumberPaths = frozenset(),
) -> Filter:
    """The filter of a text or a tree, for rows of ``schema``.

    ``params`` holds the values of the templates: ``compile_filter("age > {min}", schema, {"min": 18})``.
    ``zone`` is that of times without an offset. At the JSON paths ``number_paths`` texts of numbers count as
    numbers where numbers are compared. Any error is a ``FilterError``.
    """
    if isinstance(expression, str):
        tree, text = parse(expression), expression
    else:
        tree, text = expression, ""
    return with_room(lambda: Filter(*bind(tree, schema, params, text, zone, number_paths)))


def equals(field: Field, value: Value) -> Filter:
    """The filter for rows whose ``field`` equals ``value``, which has its type."""
    return Filter(Comparison(kind_of(FieldValue(field)), "==", FieldValue(field), Constant(value)))


def _is_approximate(predicate: Predicate) -> bool:
    match predicate:
        case KeyMatch(keys=keys):
            return not keys.is_exact
        case Inverse(part=part):
            return _is_approximate(part)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return any(map(_is_approximate, parts))
        case _:
            return False


def _required(predicate: Predicate, field_name: str) -> frozenset[Value] | None:
    match predicate:
        case Fixed(value=False):
            return frozenset()
        case Comparison(op="==", left=FieldValue(field=field), right=Constant(value=value)):
            return _storable(field, (value,)) if field.name == field_name else None
        case Membership(operand=FieldValue(field=field), choices=choices):
            return _storable(field, choices) if field.name == field_name else None
        case AllOf(parts=parts):
            demands = [_required(part, field_name) for part in parts]
            return reduce(_both, demands)
        case AnyOf(parts=parts):
            alternatives = [_required(part, field_name) for part in parts]
            known = [demand for demand in alternatives if demand is not None]
            return frozenset().union(*known) if len(known) == len(alternatives) else None
        case _:
            return None


def _both(first: frozenset[Value] | None, second: frozenset[Value] | None) -> frozenset[Value] | None:
    if first is None or second is None:
        return second if first is None else first
    return first & second


def _storable(field: Field, values: tuple[Value, ...]) -> frozenset[Value]:
    """Those of ``values`` that ``field`` can store, as it stores them."""
    return frozenset(stored for value in values if (stored := _stored(field.dtype, value)) is not None)


def _stored(dtype: DataType, value: Value) -> Value | None:
    if isinstance(value, bool | str):
        return value
    if dtype is DataType.TIMESTAMPTZ:
        dtype = DataType.INT64
    if dtype in INTEGER_RANGES:
        low, high = INTEGER_RANGES[dtype]
        in_range = low <= value <= high and value == int(value)
        return int(value) if in_range else None
    if dtype is DataType.FLOAT:
        return float(nearest_float32(value))
    return nearest_float(value) if nearest_float(value) == value else None
