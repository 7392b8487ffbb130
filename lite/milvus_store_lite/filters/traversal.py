"""Walks over expression trees: the parts of a node, values in place of templates, and how large a tree may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from .tree import (
    And,
    Arithmetic,
    Call,
    Compare,
    Element,
    Exists,
    Expression,
    In,
    Instant,
    Interval,
    IsNull,
    Like,
    ListOf,
    Literal,
    Member,
    Name,
    Node,
    Not,
    Or,
    Path,
    Range,
    Regex,
    Template,
    Unary,
)

MAX_DEPTH = 100
"""How deep expressions may nest. Long chains of ``and`` or ``or`` are flat and count as one level."""

MAX_NODES = 50_000
"""How many nodes a tree may have. A list of plain values is one."""

MAX_NAMES = 100
"""How many different fields and JSON paths a filter may name: the values of each are read for every row."""

MAX_LIST_LENGTH = 100_000
"""How many elements a list written in a filter may have; a template takes longer ones."""

_LEAVES = (Literal, Template, Name, Path, Member, Element, Instant, Interval)


def children(node: Expression) -> Iterator[Expression]:
    """The direct parts of ``node``; without the plain values of a list, of which there may be very many."""
    match node:
        case ListOf(items=items):
            yield from (item for item in items if isinstance(item, Node))
        case (
            Unary(operand=operand) | IsNull(operand=operand) | Not(operand=operand) | Exists(operand=operand)
        ):
            yield operand
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            yield from (left, right)
        case Range(low=low, middle=middle, high=high):
            yield from (low, middle, high)
        case (
            In(operand=left, choices=right)
            | Like(operand=left, pattern=right)
            | Regex(operand=left, pattern=right)
        ):
            yield from (left, right)
        case And(operands=operands) | Or(operands=operands):
            yield from operands
        case Call(arguments=arguments, options=options):
            yield from arguments
            yield from (value for _, value in options)
        case _:
            assert isinstance(node, _LEAVES), node


def with_values(tree: Expression, values: Mapping[str, Expression]) -> Expression:
    """``tree`` with the values of templates in their place; templates without a value stay."""
    return rewritten(tree, lambda node: values.get(node.name, node) if isinstance(node, Template) else node)


def rewritten(tree: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """``tree`` with what ``change`` makes of its nodes; of a node that it gives back, the parts are looked at."""
    new = change(tree)
    if new is not tree:
        return new
    changed = {}
    for attribute in fields(tree):
        part = getattr(tree, attribute.name)
        made = _rewritten_part(part, change)
        if made is not part:
            changed[attribute.name] = made
    return replace(tree, **changed) if changed else tree


def _rewritten_part(part: Any, change: Callable[[Expression], Expression]) -> Any:
    if isinstance(part, Node):
        return rewritten(cast(Expression, part), change)
    if not isinstance(part, tuple):
        return part
    made = tuple([_rewritten_part(element, change) for element in part])
    return part if all(new is old for new, old in zip(made, part, strict=True)) else made


def about_rows(tree: Expression) -> Expression:
    """``tree`` with ``match_any`` in place of ``element_filter``: it chooses whole rows, each call by itself."""

    def change(node: Expression) -> Expression:
        if isinstance(node, Call) and node.function == "element_filter":
            return replace(node, function="match_any")
        return node

    return rewritten(tree, change)


def too_large(tree: Expression) -> tuple[Expression, str] | None:
    """A node that is beyond one of the bounds above and what is wrong with it, or None.

    It does not recurse, so any tree may be asked."""
    waiting = [(tree, 1)]
    names: set[Expression] = set()
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            return node, f"the expression nests deeper than {MAX_DEPTH} levels"
        if count > MAX_NODES:
            return (
                node,
                f"the expression has more than {MAX_NODES} parts; a list of plain values counts as one",
            )
        if isinstance(node, (Name, Path)):
            names.add(node)
            if len(names) > MAX_NAMES:
                return node, f"the expression names more than {MAX_NAMES} fields and JSON paths"
        waiting.extend([(child, depth + 1) for child in children(node)])
    return None
