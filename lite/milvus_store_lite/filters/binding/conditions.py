"""Binds an expression tree to a schema: names become fields or paths, templates become values.

Binding finds everything that can be wrong with a filter, with its column in the text, so that evaluation cannot
fail. Nothing here looks at rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from ...schema.model import Schema
from ...schema.times import UTC
from ..bound import (
    AllOf,
    Comparison,
    Constant,
    Existence,
    Fixed,
    Inverse,
    Kind,
    Match,
    Nullness,
    PathValue,
    Pattern,
    Predicate,
)
from ..evaluation.like import compile_pattern
from ..evaluation.regex import compile_regex
from ..traversal import too_large
from ..tree import (
    And,
    Call,
    Compare,
    Element,
    Exists,
    Expression,
    In,
    IsNull,
    Like,
    Member,
    Name,
    Not,
    Or,
    Path,
    Range,
    Regex,
)
from .comparisons import bind_comparison
from .context import Context, NumberPaths
from .functions import bind_call, bind_sample
from .joined import all_of, any_of
from .kinds import describe, kind_of
from .memberships import bind_membership
from .operands import bind_operand, resolve_value


def bind(
    expression: Expression,
    schema: Schema,
    params: Mapping[str, object] | None = None,
    text: str = "",
    zone: tzinfo = UTC,
    number_paths: NumberPaths = frozenset(),
) -> tuple[Predicate, float | None]:
    """``expression`` checked against ``schema``, with the templates replaced by ``params``, and the fraction
    of the matching rows that ``random_sample`` asks for, None without it.

    ``text`` is the source of the tree; without it errors name no column. Parameters that no template uses are
    ignored, as in Milvus. ``zone`` is that of times without an offset. At ``number_paths`` texts of numbers count
    as numbers.
    """
    context = Context(schema, params or {}, text, zone=zone, number_paths=number_paths)
    if not text:
        fault = too_large(expression)
        if fault is not None:
            raise context.error(*fault)
    operands = expression.operands if isinstance(expression, And) else (expression,)
    samples = [
        operand for operand in operands if isinstance(operand, Call) and operand.function == "random_sample"
    ]
    if not samples:
        return bind_condition(context, expression), None
    if len(samples) > 1:
        raise context.error(samples[1], "a filter takes one random_sample")
    rest = And(tuple(operand for operand in operands if operand is not samples[0]))
    return bind_condition(context, rest), bind_sample(context, samples[0])


def bind_condition(context: Context, node: Expression) -> Predicate:
    """The condition that ``node`` states."""
    match node:
        case And(operands=operands):
            return all_of(tuple([bind_condition(context, operand) for operand in operands]))
        case Or(operands=operands):
            return any_of(tuple([bind_condition(context, operand) for operand in operands]))
        case Not(operand=operand):
            return Inverse(bind_condition(context, operand))
        case Compare(op=op, left=left, right=right):
            return bind_comparison(context, op, left, right)
        case Range(low=low, low_op=low_op, middle=middle, high_op=high_op, high=high):
            return AllOf(
                (
                    bind_comparison(context, low_op, low, middle),
                    bind_comparison(context, high_op, middle, high),
                )
            )
        case In():
            return bind_membership(context, node)
        case Like(operand=operand, pattern=pattern):
            return _match(context, "like", operand, pattern, compile_pattern)
        case Regex(operand=operand, pattern=pattern, negated=negated):
            found = _match(context, "!~" if negated else "=~", operand, pattern, compile_regex)
            return Inverse(found) if negated else found
        case IsNull():
            return _nullness(context, node)
        case Exists():
            return _existence(context, node)
        case Call(function=function) if function != "array_length":
            return bind_call(context, node, bind_condition)
        case _:
            return _flag(context, node)


def _flag(context: Context, node: Expression) -> Predicate:
    """A boolean standing alone: ``true``, a BOOL field, or a JSON path that may hold one."""
    operand = bind_operand(context, node)
    if isinstance(operand, Constant) and isinstance(operand.value, bool):
        return Fixed(operand.value)
    if kind_of(operand) is Kind.BOOLEAN or isinstance(operand, PathValue):
        return Comparison(Kind.BOOLEAN, "==", operand, Constant(True))
    raise context.error(node, f"{describe(operand)} is not a condition: compare it with a value")


# Patterns, nulls --------------------------------------------------------------------------------------


def _match(
    context: Context,
    op: str,
    operand_node: Expression,
    pattern_node: Expression,
    compiled: Callable[[str], Pattern],
) -> Predicate:
    operand = bind_operand(context, operand_node)
    if kind_of(operand) not in (Kind.STRING, Kind.ANY):
        raise context.error(operand_node, f"'{op}' needs a string, got {describe(operand)}")
    pattern = bind_operand(context, pattern_node)
    if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
        raise context.error(pattern_node, f"the pattern of '{op}' must be a string, got {describe(pattern)}")
    source = pattern.value
    matcher = context.located(pattern_node, lambda: compiled(source))
    if isinstance(operand, Constant):
        return Fixed(bool(matcher.matches([str(operand.value)])[0]))
    return Match(operand, matcher)


def _nullness(context: Context, node: IsNull) -> Predicate:
    named = node.operand
    if not isinstance(named, Name | Path | Member | Element):
        raise context.error(node, "'is null' needs a field or a JSON path on its left")
    operand = resolve_value(context, named)
    if isinstance(operand, PathValue) and isinstance(named, Element):
        # The element of a JSON array is a value, not a document: it is null if it holds no other value.
        return Existence(operand) if node.negated else Inverse(Existence(operand))
    found = Nullness(operand)
    return Inverse(found) if node.negated else found


def _existence(context: Context, node: Exists) -> Predicate:
    found = bind_operand(context, node.operand)
    if not isinstance(found, PathValue):
        raise context.error(
            node.operand, f"'exists' needs a JSON path or a dynamic key, got {describe(found)}"
        )
    return Existence(found)
