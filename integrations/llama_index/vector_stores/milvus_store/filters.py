"""LlamaIndex's metadata filters as filter trees: values never meet a parser, so none can change the filter."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from milvus_store import DataType
from milvus_store.filters import And, Expression, IsNull, Not, Operand, Or, any_of, field, parse

_DYNAMIC: Final = "$meta"

_COMPARISONS: Final[dict[FilterOperator, Callable[[Operand, Any], Expression]]] = {
    FilterOperator.EQ: operator.eq,
    FilterOperator.NE: operator.ne,
    FilterOperator.GT: operator.gt,
    FilterOperator.GTE: operator.ge,
    FilterOperator.LT: operator.lt,
    FilterOperator.LTE: operator.le,
}
_WILDCARD: Final = re.compile(r"[%_\\]")
_ESCAPED: Final = r"\\\g<0>"
_NEGATIVE: Final = (FilterOperator.NE, FilterOperator.NIN)


def to_tree(filters: MetadataFilters, fields: Mapping[str, DataType]) -> Expression:
    """The tree of ``filters``, nested ones included.

    Args:
        fields: the collection's own fields; any other key is one of the metadata.

    Raises:
        ValueError: an operator cannot work on the value it is given.
    """
    parts = tuple(
        to_tree(one, fields) if isinstance(one, MetadataFilters) else _of_one(one, fields)
        for one in filters.filters
    )
    if not parts:
        return And(())
    if filters.condition == FilterCondition.OR:
        return Or(parts)
    if filters.condition == FilterCondition.NOT:
        return Not(Or(parts))
    return And(parts)


def one_of(name: str, values: Collection[str]) -> Expression:
    """That the field ``name`` has one of ``values``."""
    return field(name).is_in(list(values))


def of_text(expression: str) -> Expression:
    """A filter that the caller wrote, to be put beside others."""
    return parse(expression)


def all_of(parts: Collection[Expression]) -> Expression | str:
    """All of ``parts``; no filter when there are none."""
    wanted = tuple(part for part in parts if part != And(()))
    if not wanted:
        return ""
    return wanted[0] if len(wanted) == 1 else And(wanted)


def _of_one(one: MetadataFilter, fields: Mapping[str, DataType]) -> Expression:
    if one.key not in fields:
        entry = field(_DYNAMIC)[one.key]
        return _is_empty(entry, None) if one.operator is FilterOperator.IS_EMPTY else _condition(one, entry)
    own = field(one.key)
    if one.operator is FilterOperator.IS_EMPTY:
        return _is_empty(own, fields[one.key])
    condition = _condition(one, own)
    if isinstance(condition, IsNull):
        return condition
    # What is unknown of a field that is null is decided here, as LlamaIndex does: it differs from any value, and
    # satisfies nothing else, so that a NOT around it is decided too.
    if one.operator in _NEGATIVE:
        return own.is_null() | condition
    return own.not_null() & condition


def _condition(one: MetadataFilter, asked: Operand) -> Expression:
    kind, value = one.operator, one.value
    if kind in _COMPARISONS:
        if value is None and kind is FilterOperator.EQ:
            return asked.is_null()
        if value is None and kind is FilterOperator.NE:
            return asked.not_null()
        return _COMPARISONS[kind](asked, _single(one))
    if kind is FilterOperator.IN:
        return asked.is_in(_listed(one))
    if kind is FilterOperator.NIN:
        return asked.not_in(_listed(one))
    if kind is FilterOperator.CONTAINS:
        return asked.contains(_single(one))
    if kind is FilterOperator.ANY:
        return asked.contains_any(_listed(one))
    if kind is FilterOperator.ALL:
        return asked.contains_all(_listed(one))
    if kind in (FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE):
        if not isinstance(value, str):
            raise _mistake(one, "a str")
        if kind is FilterOperator.TEXT_MATCH_INSENSITIVE:
            return asked.matches(f"(?is){re.escape(value)}")
        pattern = _WILDCARD.sub(_ESCAPED, value)
        return asked.like(f"%{pattern}%")
    raise ValueError(f"filter on {one.key!r}: operator {kind!r} is not known")


def _is_empty(asked: Operand, dtype: DataType | None) -> Expression:
    """Absent, null, an empty text or an empty list; ``dtype`` None for a metadata key, which may be anything."""
    empty: list[Expression] = [asked.is_null()]
    if dtype in (None, DataType.VARCHAR):
        empty.append(asked == "")
    if dtype in (None, DataType.ARRAY):
        empty.append(asked.length() == 0)
    return any_of(empty)


def _single(one: MetadataFilter) -> Any:
    if one.value is None or isinstance(one.value, list):
        raise _mistake(one, "a single value")
    return one.value


def _listed(one: MetadataFilter) -> list[Any]:
    if not isinstance(one.value, list):
        raise _mistake(one, "a list")
    return one.value


def _mistake(one: MetadataFilter, expected: str) -> ValueError:
    return ValueError(
        f"filter on {one.key!r}: operator {one.operator.name} takes {expected}, got "
        f"{type(one.value).__name__}: {one.value!r:.80}"
    )
