"""The meaning of a filter, one row at a time in plain Python: slow, obvious, and written on its own.

A condition is True, False or None (unknown). A value is a Python value, ``UNKNOWN`` for null, or
``MISFIT`` for what a JSON path holds that no comparison takes: nothing, null, an array, an object.
"""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from milvus_store_lite import filters as tree
from milvus_store_lite.columns.column import JsonKind
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema

from .oracle_values import (
    MISFIT,
    UNKNOWN,
    as_single,
    bits,
    calculate,
    family,
    like,
    micros_of,
    moved,
    same,
    spatial,
    tokens,
    words,
)
from .rows import Row, json_at


class Oracle:
    def __init__(
        self,
        schema: Schema,
        params: dict[str, Any] | None = None,
        elements: Field | None = None,
        zone: str = "UTC",
    ) -> None:
        """``elements``: the array of whose elements the expression speaks. ``zone``: of times that name none."""
        self._zone = ZoneInfo(zone)
        self._schema = schema
        self._elements = elements
        self._params = params or {}

    def matches(self, expression: tree.Expression, row: Row) -> bool:
        return self.truth(expression, row) is True

    def truth(self, node: tree.Expression, row: Row) -> bool | None:
        if isinstance(node, tree.And):
            answers = [self.truth(one, row) for one in node.operands]
            return False if False in answers else None if None in answers else True
        if isinstance(node, tree.Or):
            answers = [self.truth(one, row) for one in node.operands]
            return True if True in answers else None if None in answers else False
        if isinstance(node, tree.Not):
            answer = self.truth(node.operand, row)
            return None if answer is None else not answer
        if isinstance(node, tree.Compare):
            return self._compare(node.op, node.left, node.right, row)
        if isinstance(node, tree.Range):
            low = self._compare(node.low_op, node.low, node.middle, row)
            high = self._compare(node.high_op, node.middle, node.high, row)
            return False if False in (low, high) else None if None in (low, high) else True
        if isinstance(node, tree.In):
            return self._is_in(node, row)
        if isinstance(node, tree.Like):
            value = self._value(node.operand, row)
            if value is UNKNOWN:
                return None
            return isinstance(value, str) and like(value, self._value(node.pattern, row))
        if isinstance(node, tree.Regex):
            value = self._value(node.operand, row)
            if value is UNKNOWN:
                return None
            # RE2's $ is the end alone, Python's is also before a newline that ends the text.
            pattern = self._value(node.pattern, row).replace("$", r"\Z")
            return (isinstance(value, str) and re.search(pattern, value) is not None) != node.negated
        if isinstance(node, tree.Exists):
            return not self._is_null(node.operand, row)
        if isinstance(node, tree.Call):
            return self._call(node, row)
        if isinstance(node, tree.IsNull):
            return self._is_null(node.operand, row) != node.negated
        value = self._value(node, row)
        return None if value is UNKNOWN else value is True

    def _call(self, node: tree.Call, row: Row) -> bool | None:
        if node.function.startswith("st_"):
            place = self._value(node.arguments[0], row)
            return None if place is UNKNOWN else spatial(node, place)
        if node.function in ("text_match", "phrase_match"):
            text = self._value(node.arguments[0], row)
            return None if text is UNKNOWN else words(node, tokens(text))
        array = self._array(node.arguments[0], row)
        if array is UNKNOWN:
            return None
        if array is MISFIT:
            return False
        if node.function == "element_filter" or node.function.startswith("match_"):
            options = {name: self._value(value, row) for name, value in node.options}
            inside = Oracle(self._schema, self._params, self._schema.by_name[node.arguments[0].name])  # type: ignore[union-attr]
            hits = [inside.matches(node.arguments[1], {**row, "$": element}) for element in array]
            threshold = options.get("threshold", 0)
            return {
                "element_filter": any(hits),
                "match_any": any(hits),
                "match_all": all(hits),
                "match_least": sum(hits) >= threshold,
                "match_most": sum(hits) <= threshold,
                "match_exact": sum(hits) == threshold,
            }[node.function]
        wanted = self._value(node.arguments[1], row)
        is_single = self._holds_singles(node.arguments[0])
        if node.function.endswith("_contains"):
            return any(same(element, wanted, is_single) for element in array)
        found = [any(same(element, one, is_single) for element in array) for one in wanted]
        return all(found) if node.function.endswith("_all") else any(found)

    def _array(self, node: Any, row: Row) -> Any:
        """The list that ``node`` stands for, MISFIT if it is something else, UNKNOWN if it is null."""
        if isinstance(node, tree.Member):
            return UNKNOWN if row[node.root] is None else [struct[node.name] for struct in row[node.root]]
        name, steps = (node.name, ()) if isinstance(node, tree.Name) else (node.root, node.steps)
        field = self._schema.by_name.get(name)
        if field is not None and field.dtype is DataType.ARRAY:
            return UNKNOWN if row[name] is None else row[name]
        if field is None:
            kind, value = json_at(row["$meta"], steps if name == "$meta" else (name, *steps))
        else:
            kind, value = json_at(row[name], steps)
        return UNKNOWN if kind is JsonKind.NO_DOCUMENT else value if kind is JsonKind.ARRAY else MISFIT

    def _holds_singles(self, node: Any) -> bool:
        if isinstance(node, tree.Member):
            return self._member(node).dtype is DataType.FLOAT
        field = self._schema.by_name.get(node.name) if isinstance(node, tree.Name) else None
        return field is not None and field.element_type is DataType.FLOAT

    def _compare(self, op: str, left: Any, right: Any, row: Row) -> bool | None:
        for array, listed in ((left, right), (right, left)):
            if isinstance(listed, tree.ListOf):
                value = self._array(array, row)
                if value is UNKNOWN:
                    return None
                wanted = self._value(listed, row)
                is_equal = value is not MISFIT and len(value) == len(wanted)
                is_equal = is_equal and all(
                    same(element, item, self._holds_singles(array))
                    for element, item in zip(value, wanted, strict=True)
                )
                return is_equal == (op == "==")
        one, other = self._value(left, row), self._value(right, row)
        if one is UNKNOWN or other is UNKNOWN:
            return None
        if self._is_single(left) and self._is_constant(right):
            other = as_single(other)
        if self._is_single(right) and self._is_constant(left):
            one = as_single(one)
        if family(one) is None or family(one) != family(other):
            return op == "!="
        if family(one) is bool and op not in ("==", "!="):
            return False
        return {
            "==": one == other,
            "!=": one != other,
            "<": one < other,
            "<=": one <= other,
            ">": one > other,
            ">=": one >= other,
        }[op]

    def _is_in(self, node: tree.In, row: Row) -> bool | None:
        value = self._value(node.operand, row)
        if value is UNKNOWN:
            return None
        if isinstance(node.choices, tree.Template):
            choices = list(self._params[node.choices.name])
        else:
            assert isinstance(node.choices, tree.ListOf)
            choices = list(node.choices.items)
        if self._is_single(node.operand):
            choices = [as_single(one) for one in choices]
        choices = [self._value(one, row) if isinstance(one, tree.Instant) else one for one in choices]
        found = any(family(value) == family(one) and value == one for one in choices)
        return found != node.negated

    def _is_null(self, node: Any, row: Row) -> bool:
        if isinstance(node, tree.Element):
            return False
        if isinstance(node, tree.Member):
            return row[node.root] is None or (node.position or 0) >= len(row[node.root])
        name, steps = (node.name, ()) if isinstance(node, tree.Name) else (node.root, node.steps)
        field = self._schema.by_name.get(name)
        if field is not None and field.dtype is DataType.ARRAY and steps:
            return row[name] is None or steps[0] >= len(row[name])
        if field is None:
            path = steps if name == "$meta" else (name, *steps)
            return json_at(row["$meta"], path)[0] in (JsonKind.MISSING, JsonKind.NULL)
        if field.dtype is not DataType.JSON or not steps:
            return row[name] is None
        return json_at(row[name], steps)[0] in (JsonKind.NO_DOCUMENT, JsonKind.MISSING, JsonKind.NULL)

    def _value(self, node: Any, row: Row) -> Any:
        if isinstance(node, tree.Literal):
            return node.value
        if isinstance(node, tree.Template):
            return self._params[node.name]
        if isinstance(node, tree.Name | tree.Path):
            return self._stored(node, row)
        if isinstance(node, tree.Member):
            structs = row[node.root] or []
            return structs[node.position][node.name] if node.position < len(structs) else UNKNOWN
        if isinstance(node, tree.Element):
            return row["$"] if node.name is None else row["$"][node.name]
        if isinstance(node, tree.ListOf):
            return [
                self._value(item, row) if isinstance(item, tree.ListOf | tree.Literal) else item
                for item in node.items
            ]
        if isinstance(node, tree.Instant):
            return micros_of(node.text, self._zone)
        if isinstance(node, tree.Call):
            assert node.function == "array_length"
            array = self._array(node.arguments[0], row)
            return len(array) if isinstance(array, list) else array
        if isinstance(node, tree.Arithmetic) and isinstance(node.right, tree.Interval):
            instant = self._value(node.left, row)
            return UNKNOWN if instant is UNKNOWN else moved(instant, node.op, node.right.text)
        if isinstance(node, tree.Unary):
            value = self._value(node.operand, row)
            if value is UNKNOWN:
                return UNKNOWN
            if family(value) is not float or (node.op == "~" and isinstance(value, float)):
                return MISFIT
            if node.op == "~":
                return -value - 1
            return -value if node.op == "-" else value
        one, other = self._value(node.left, row), self._value(node.right, row)
        if one is UNKNOWN or other is UNKNOWN:
            return UNKNOWN
        if family(one) is not float or family(other) is not float:
            return MISFIT
        if node.op in ("&", "|", "^", "<<", ">>"):
            return MISFIT if isinstance(one, float) or isinstance(other, float) else bits(node.op, one, other)
        return calculate(node.op, one, other)

    def _stored(self, node: Any, row: Row) -> Any:
        name, steps = (node.name, ()) if isinstance(node, tree.Name) else (node.root, node.steps)
        field = self._schema.by_name.get(name)
        if field is not None and field.dtype is DataType.ARRAY:
            array = row[name]
            return UNKNOWN if array is None or steps[0] >= len(array) else array[steps[0]]
        if field is not None and field.dtype is not DataType.JSON:
            value = row[name]
            return UNKNOWN if value is None else as_single(value) if self._is_single(node) else value
        if field is None:
            kind, value = json_at(row["$meta"], steps if name == "$meta" else (name, *steps))
        else:
            kind, value = json_at(row[name], steps)
        if kind is JsonKind.NO_DOCUMENT:
            return UNKNOWN
        return value if kind in (JsonKind.BOOL, JsonKind.INT, JsonKind.FLOAT, JsonKind.STRING) else MISFIT

    def _is_single(self, node: Any) -> bool:
        """Whether ``node`` is a FLOAT field, with or without a minus."""
        while isinstance(node, tree.Unary) and node.op == "-":
            node = node.operand
        if isinstance(node, tree.Member):
            return self._member(node).dtype is DataType.FLOAT
        if isinstance(node, tree.Element):
            return self._element_type(node.name) is DataType.FLOAT
        if isinstance(node, tree.Path):
            field = self._schema.by_name.get(node.root)
            return field is not None and field.element_type is DataType.FLOAT
        field = self._schema.by_name.get(node.name) if isinstance(node, tree.Name) else None
        return field is not None and field.dtype is DataType.FLOAT

    def _member(self, node: tree.Member) -> Field:
        return next(one for one in self._schema.by_name[node.root].members if one.name == node.name)

    def _element_type(self, member: str | None) -> DataType | None:
        assert self._elements is not None
        if member is None:
            return self._elements.element_type
        return next(one.dtype for one in self._elements.members if one.name == member)

    def _is_constant(self, node: Any) -> bool:
        if isinstance(node, tree.Arithmetic):
            return self._is_constant(node.left) and self._is_constant(node.right)
        if isinstance(node, tree.Unary):
            return self._is_constant(node.operand)
        return isinstance(node, tree.Literal | tree.Template)
