"""LlamaIndex's metadata filters as filter trees: values never meet a parser, so none can change the filter."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from milvus_store import DataType
from milvus_store.filters import (
    And,
    Call,
    Compare,
    Expression,
    In,
    IsNull,
    Like,
    ListOf,
    Literal,
    Name,
    Not,
    Or,
    Path,
    Regex,
    parse,
)

_DYNAMIC: Final = "$meta"

Place = Name | Path

_COMPARISONS: Final[dict[FilterOperator, Any]] = {
    FilterOperator.EQ: "==",
    FilterOperator.NE: "!=",
    FilterOperator.GT: ">",
    FilterOperator.GTE: ">=",
    FilterOperator.LT: "<",
    FilterOperator.LTE: "<=",
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


def one_of(field: str, values: Collection[str]) -> Expression:
    """That ``field`` has one of ``values``."""
    return In(Name(field), ListOf.of(values))


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
        path = Path(_DYNAMIC, (one.key,))
        return _is_empty(path, None) if one.operator is FilterOperator.IS_EMPTY else _condition(one, path)
    name = Name(one.key)
    if one.operator is FilterOperator.IS_EMPTY:
        return _is_empty(name, fields[one.key])
    condition = _condition(one, name)
    if isinstance(condition, IsNull):
        return condition
    # What is unknown of a field that is null is decided here, as LlamaIndex does: it differs from any value, and
    # satisfies nothing else, so that a NOT around it is decided too.
    if one.operator in _NEGATIVE:
        return Or((IsNull(name), condition))
    return And((IsNull(name, negated=True), condition))


def _condition(one: MetadataFilter, place: Place) -> Expression:
    operator, value = one.operator, one.value
    if operator in _COMPARISONS:
        if value is None and operator in (FilterOperator.EQ, FilterOperator.NE):
            return IsNull(place, negated=operator is FilterOperator.NE)
        return Compare(_COMPARISONS[operator], place, Literal(_single(one)))
    if operator in (FilterOperator.IN, FilterOperator.NIN):
        return In(place, ListOf.of(_listed(one)), negated=operator is FilterOperator.NIN)
    if operator is FilterOperator.CONTAINS:
        return _elements("contains", place, Literal(_single(one)))
    if operator in (FilterOperator.ANY, FilterOperator.ALL):
        return _elements(f"contains_{operator.value}", place, ListOf.of(_listed(one)))
    if operator in (FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE):
        if not isinstance(value, str):
            raise _mistake(one, "a str")
        if operator is FilterOperator.TEXT_MATCH_INSENSITIVE:
            return Regex(place, Literal(f"(?is){re.escape(value)}"))
        pattern = _WILDCARD.sub(_ESCAPED, value)
        return Like(place, Literal(f"%{pattern}%"))
    raise ValueError(f"filter on {one.key!r}: operator {operator!r} is not known")


def _is_empty(place: Place, dtype: DataType | None) -> Expression:
    """Absent, null, an empty text or an empty list; ``dtype`` None for a metadata key, which may be anything."""
    empty: list[Expression] = [IsNull(place)]
    if dtype in (None, DataType.VARCHAR):
        empty.append(Compare("==", place, Literal("")))
    if dtype in (None, DataType.ARRAY):
        empty.append(Compare("==", Call("array_length", (place,)), Literal(0)))
    return Or(tuple(empty))


def _elements(what: str, place: Place, wanted: Expression) -> Expression:
    return Call(f"array_{what}" if isinstance(place, Name) else f"json_{what}", (place, wanted))


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
