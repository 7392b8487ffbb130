"""A filter tree as text, for servers: they take no trees, and not all of them take values beside the text.

A value becomes a literal of Milvus's language, quoted and escaped here, so it cannot be anything else.
"""

from __future__ import annotations

import json
from typing import Any

from ... import filters as tree
from ...errors import ParamError

_LEAVES = (
    tree.Literal,
    tree.ListOf,
    tree.Template,
    tree.Name,
    tree.Path,
    tree.Member,
    tree.Element,
    tree.Instant,
    tree.Interval,
    tree.Call,
)


def text_of(node: tree.Expression) -> str:
    """The text of a filter tree; empty, as for no filter, if it is an ``And`` of nothing.

    Raises:
        ParamError: it holds an ``Or`` of nothing, which Milvus's language cannot say.
    """
    match node:
        case tree.Literal(value=value):
            return _literal(value)
        case tree.ListOf(items=items):
            return f"[{', '.join(_item(item) for item in items)}]"
        case tree.Template(name=name):
            return f"{{{name}}}"
        case tree.Name(name=name):
            return name
        case tree.Path(root=root, steps=steps):
            return root + "".join(f"[{_literal(step)}]" for step in steps)
        case tree.Member(root=root, name=name, position=position):
            return f"{root}{'' if position is None else f'[{position}]'}[{name}]"
        case tree.Element(name=name):
            return "$" if name is None else f"$[{name}]"
        case tree.Instant(text=text):
            return f"ISO {_literal(text)}"
        case tree.Interval(text=text):
            return f"INTERVAL {_literal(text)}"
        case tree.Call(function=function, arguments=arguments, options=options):
            given = [*map(text_of, arguments), *(f"{name}={text_of(value)}" for name, value in options)]
            return f"{function}({', '.join(given)})"
        case tree.And(operands=operands):
            texts = [_part(operand) for operand in operands if operand != tree.And(())]
            return " and ".join(texts)
        case tree.Or(operands=()):
            raise ParamError(message="a filter that no row meets cannot be sent to a server: ask for nothing")
        case tree.Or(operands=operands):
            return " or ".join(map(_part, operands))
        case _:
            return _text_of_operator(node)


def _text_of_operator(node: tree.Expression) -> str:
    match node:
        case tree.Unary(op=op, operand=operand):
            return f"{op}{_part(operand)}"
        case tree.Not(operand=operand):
            return f"not {_part(operand)}"
        case tree.Exists(operand=operand):
            return f"exists {_part(operand)}"
        case tree.IsNull(operand=operand, negated=negated):
            return f"{_part(operand)} is {'not ' if negated else ''}null"
        case tree.Arithmetic(op=op, left=left, right=right) | tree.Compare(op=op, left=left, right=right):
            return f"{_part(left)} {op} {_part(right)}"
        case tree.Range(low=low, low_op=low_op, middle=middle, high_op=high_op, high=high):
            return f"{_part(low)} {low_op} {_part(middle)} {high_op} {_part(high)}"
        case tree.In(operand=operand, choices=choices, negated=negated):
            return f"{_part(operand)} {'not in' if negated else 'in'} {_part(choices)}"
        case tree.Like(operand=operand, pattern=pattern):
            return f"{_part(operand)} like {_part(pattern)}"
        case tree.Regex(operand=operand, pattern=pattern, negated=negated):
            return f"{_part(operand)} {'!~' if negated else '=~'} {_part(pattern)}"
    raise AssertionError(f"no text for {type(node).__name__}")


def _part(node: tree.Expression) -> str:
    """A part of a larger expression, in brackets unless it is one word or call."""
    text = text_of(node)
    return text if isinstance(node, _LEAVES) and not text.startswith("-") else f"({text})"


def _item(item: Any) -> str:
    """An element of a list: a plain value, or an expression."""
    return _literal(item) if isinstance(item, (bool, int, float, str)) else text_of(item)


def _literal(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are a part of Milvus's language; two characters that end a line there do not in JSON.
        return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\x85", "\\x85")
    return repr(value)
