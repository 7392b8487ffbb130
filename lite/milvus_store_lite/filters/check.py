"""Binds an expression tree to a schema: names become fields or paths, templates become values.

Everything that can be wrong with a filter is found here, with the place in the text, so that evaluation
cannot fail. Nothing here looks at rows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..data_types import DataType
from ..errors import FilterError
from ..schema import Schema
from .arithmetic import calculate_constants
from .bound import (
    AllOf,
    AnyOf,
    Calculation,
    Comparison,
    Constant,
    FieldValue,
    Fixed,
    Inverse,
    Kind,
    Match,
    Membership,
    Negative,
    Nullness,
    Operand,
    Ordering,
    PathValue,
    Predicate,
)
from .like import compile_pattern
from .names import resolve
from .templates import PLAIN_TYPES, Plain, plain_scalar, plain_value
from .tree import (
    MAX_DEPTH,
    And,
    Arithmetic,
    Compare,
    CompareOp,
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
    Range,
    Template,
    Unary,
    Value,
    too_deep,
)

_Result = TypeVar("_Result")
_MIRRORED: dict[Ordering, Ordering] = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARE: dict[Ordering, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def bind(
    expression: Expression, schema: Schema, params: Mapping[str, object] | None = None, text: str = ""
) -> Predicate:
    """``expression`` checked against ``schema``, with the templates replaced by ``params``.

    ``text`` is what the tree was parsed from; without it errors name no place. Parameters that no
    template uses are ignored, as Milvus does.
    """
    return _Binder(schema, params or {}, text).bind(expression)


class _Binder:
    def __init__(self, schema: Schema, params: Mapping[str, object], text: str) -> None:
        self._schema = schema
        self._params = params
        self._text = text

    def bind(self, expression: Expression) -> Predicate:
        if not self._text:
            below = too_deep(expression)
            if below is not None:
                raise self._error(below, f"the expression nests deeper than {MAX_DEPTH} levels")
        return self._condition(expression)

    def _error(self, node: Expression, message: str) -> FilterError:
        """The error to raise for what is wrong at ``node``."""
        return FilterError(message, self._text, node.at if self._text else None)

    def _located(self, node: Expression, compute: Callable[[], _Result]) -> _Result:
        """``compute()``; what it finds wrong is said at the place of ``node``."""
        try:
            return compute()
        except ValueError as error:
            raise self._error(node, str(error)) from None

    # Conditions

    def _condition(self, node: Expression) -> Predicate:
        match node:
            case And(operands=operands):
                return AllOf(tuple(map(self._condition, operands))) if operands else Fixed(True)
            case Or(operands=operands):
                return AnyOf(tuple(map(self._condition, operands))) if operands else Fixed(False)
            case Not(operand=operand):
                return Inverse(self._condition(operand))
            case Compare(op=op, left=left, right=right):
                return self._comparison(op, left, right)
            case Range(low=low, low_op=low_op, middle=middle, high_op=high_op, high=high):
                return AllOf((self._comparison(low_op, low, middle), self._comparison(high_op, middle, high)))
            case In():
                return self._membership(node)
            case Like():
                return self._match(node)
            case IsNull():
                return self._nullness(node)
            case _:
                return self._flag(node)

    def _flag(self, node: Expression) -> Predicate:
        """A boolean standing alone: ``true``, a BOOL field, or a JSON path that may hold one."""
        operand = self._operand(node)
        if isinstance(operand, Constant) and isinstance(operand.value, bool):
            return Fixed(operand.value)
        if _kind(operand) is Kind.BOOLEAN or isinstance(operand, PathValue):
            return Comparison(Kind.BOOLEAN, "==", operand, Constant(True))
        raise self._error(node, f"{_describe(operand)} is no condition, compare it with something")

    def _comparison(self, op: CompareOp, left: Expression, right: Expression) -> Predicate:
        if op == "!=":
            return Inverse(self._comparison("==", left, right))
        one, other = self._operand(left), self._operand(right)
        if isinstance(one, Constant) and not isinstance(other, Constant):
            return self._compare_operands(_MIRRORED[op], other, one, left)
        blamed = left if isinstance(other, FieldValue) and isinstance(one, Calculation) else right
        return self._compare_operands(op, one, other, blamed)

    def _compare_operands(self, op: Ordering, one: Operand, other: Operand, blamed: Expression) -> Predicate:
        """The comparison; ``blamed`` is where the text is wrong if the two do not fit."""
        kinds = {_kind(one), _kind(other)} - {Kind.ANY}
        if len(kinds) == 2:
            raise self._error(blamed, f"cannot compare {_describe(one)} with {_describe(other)}")
        if op != "==" and Kind.BOOLEAN in kinds:
            raise self._error(
                blamed,
                f"booleans have no order: compare {_describe(one)} with {_describe(other)} by == or !=",
            )
        if isinstance(one, Constant) and isinstance(other, Constant):
            return Fixed(_COMPARE[op](one.value, other.value))
        if kinds:
            return Comparison(kinds.pop(), op, one, other)
        # Two JSON paths: whatever kind both values of a row have.
        both = [Kind.NUMBER, Kind.STRING] + ([Kind.BOOLEAN] if op == "==" else [])
        return AnyOf(tuple(Comparison(kind, op, one, other) for kind in both))

    def _membership(self, node: In) -> Predicate:
        operand = self._operand(node.operand)
        choices = self._choices(node.choices)
        by_kind = self._by_kind(node.choices, operand, choices)
        found: Predicate
        if isinstance(operand, Constant):
            same_kind = by_kind.get(_kind(operand), ())
            found = Fixed(operand.value in same_kind)
        elif len(by_kind) == 1:
            [(kind, values)] = by_kind.items()
            found = Membership(kind, operand, values)
        else:
            found = AnyOf(tuple(Membership(kind, operand, values) for kind, values in by_kind.items()))
        return Inverse(found) if node.negated else found

    def _choices(self, node: Expression) -> tuple[Value, ...]:
        """The values to the right of ``in``."""
        if isinstance(node, ListOf):
            plain = tuple(item.value for item in node.items if isinstance(item, Literal))
            if len(plain) == len(node.items) and PLAIN_TYPES.issuperset(map(type, plain)):
                return plain
            return tuple(map(self._element, node.items))
        given = self._template(node) if isinstance(node, Template) else None
        if not isinstance(given, tuple):
            raise self._error(node, "'in' needs a list in square brackets or a template that holds a list")
        return given

    def _element(self, node: Expression) -> Value:
        operand = self._operand(node)
        if not isinstance(operand, Constant):
            raise self._error(node, f"a list holds constants only, got {_describe(operand)}")
        return operand.value

    def _by_kind(
        self, node: Expression, operand: Operand, choices: tuple[Value, ...]
    ) -> dict[Kind, tuple[Value, ...]]:
        """``choices`` by their kind; all are of the operand's kind unless that is a JSON path."""
        own = _kind(operand)
        types = set(map(type, choices))
        kinds = {_kind_of_type(one) for one in types} or {Kind.STRING if own is Kind.ANY else own}
        if own is not Kind.ANY and kinds != {own}:
            place = next(place for place, one in enumerate(choices) if _kind_of_type(type(one)) is not own)
            at = node.items[place] if isinstance(node, ListOf) else node
            raise self._error(
                at,
                f"cannot compare {_describe(operand)} with {_describe(Constant(choices[place]))} in a list",
            )
        if len(kinds) == 1:
            return {kinds.pop(): choices}
        return {
            kind: tuple(one for one in choices if _kind_of_type(type(one)) is kind)
            for kind in Kind
            if kind in kinds
        }

    def _match(self, node: Like) -> Predicate:
        operand = self._operand(node.operand)
        if _kind(operand) not in (Kind.STRING, Kind.ANY):
            raise self._error(node.operand, f"'like' needs a string, got {_describe(operand)}")
        pattern = self._operand(node.pattern)
        if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
            raise self._error(
                node.pattern, f"the pattern of 'like' must be a string, got {_describe(pattern)}"
            )
        source = pattern.value
        compiled = self._located(node.pattern, lambda: compile_pattern(source))
        if isinstance(operand, Constant):
            return Fixed(bool(compiled.matches([str(operand.value)])[0]))
        return Match(operand, compiled)

    def _nullness(self, node: IsNull) -> Predicate:
        named = node.operand
        if not isinstance(named, Name | Path):
            raise self._error(node, "'is null' needs a field or a JSON path on its left")
        found = Nullness(self._located(named, lambda: resolve(named, self._schema)))
        return Inverse(found) if node.negated else found

    # Values

    def _operand(self, node: Expression) -> Operand:
        match node:
            case Literal(value=value):
                # A tree that was built in code may hold numpy scalars, or something that is no value.
                return Constant(self._located(node, lambda: plain_scalar("a literal", value)))
            case Template():
                given = self._template(node)
                if isinstance(given, tuple):
                    raise self._error(node, f"template '{node.name}' holds a list, which only 'in' takes")
                return Constant(given)
            case Name() | Path():
                return self._named(node)
            case Arithmetic():
                return self._arithmetic(node)
            case Unary():
                return self._signed(node)
            case ListOf():
                raise self._error(node, "a list can only stand to the right of 'in'")
            case _:
                raise self._error(node, "a condition cannot be used as a value")

    def _named(self, node: Name | Path) -> Operand:
        found = self._located(node, lambda: resolve(node, self._schema))
        if isinstance(found, PathValue) and not found.path:
            name = found.field_name
            kind = "the dynamic field" if found.is_dynamic else f"field '{name}' (JSON)"
            raise self._error(node, f'{kind} cannot be used without a path, write {name}["key"]')
        return found

    def _arithmetic(self, node: Arithmetic) -> Operand:
        left = self._number(node.op, node.left)
        right = self._number(node.op, node.right)
        if node.op in ("/", "%") and isinstance(right, Constant) and right.value == 0:
            raise self._error(node.right, f"'{node.op}' by zero")
        if isinstance(left, Constant) and isinstance(right, Constant):
            assert not isinstance(left.value, str)
            assert not isinstance(right.value, str)
            return Constant(calculate_constants(node.op, left.value, right.value))
        return Calculation(node.op, left, right)

    def _signed(self, node: Unary) -> Operand:
        operand = self._number(node.op, node.operand)
        if isinstance(operand, Constant):
            assert not isinstance(operand.value, str)
            return Constant(-operand.value if node.op == "-" else operand.value)
        # Adding zero keeps the numbers of a JSON path and leaves out everything else.
        return Negative(operand) if node.op == "-" else Calculation("+", operand, Constant(0))

    def _number(self, op: str, node: Expression) -> Operand:
        operand = self._operand(node)
        if _kind(operand) not in (Kind.NUMBER, Kind.ANY):
            raise self._error(node, f"'{op}' needs numbers, got {_describe(operand)}")
        return operand

    def _template(self, node: Template) -> Plain:
        if node.name not in self._params:
            given = ", ".join(map(str, self._params)) or "none"
            raise self._error(node, f"no value is given for template '{node.name}'; given: {given}")
        return self._located(node, lambda: plain_value(f"template '{node.name}'", self._params[node.name]))


def _kind(operand: Operand) -> Kind:
    match operand:
        case Constant(value=value):
            return _kind_of_type(type(value))
        case PathValue():
            return Kind.ANY
        case FieldValue(field=field):
            if field.dtype is DataType.BOOL:
                return Kind.BOOLEAN
            return Kind.STRING if field.dtype is DataType.VARCHAR else Kind.NUMBER
        case _:
            return Kind.NUMBER


def _kind_of_type(given: type[Value]) -> Kind:
    if issubclass(given, bool):
        return Kind.BOOLEAN
    return Kind.STRING if issubclass(given, str) else Kind.NUMBER


def _describe(operand: Operand) -> str:
    """The operand as errors name it, with its type."""
    match operand:
        case FieldValue(field=field):
            return f"field '{field.name}' ({field.describe()})"
        case PathValue():
            return f"JSON path {operand}"
        case Constant(value=bool(value)):
            return f"the boolean {str(value).lower()}"
        case Constant(value=str(value)):
            return f"the string {value!r:.60}"
        case Constant(value=value):
            return f"the number {value!r:.60}"
        case _:
            return "a calculated number"
