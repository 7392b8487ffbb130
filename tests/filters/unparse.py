"""Expression tree to filter text, fully bracketed, so that tests can write what they generate."""

from __future__ import annotations

import json
from typing import Any

from milvus_store_lite import filters as tree


def unparse(node: Any) -> str:
    match node:
        case tree.Literal(value=bool(value)):
            return str(value).lower()
        case tree.Literal(value=str(value)):
            return quoted(value)
        case tree.Literal(value=value):
            return repr(value)
        case tree.ListOf(items=items):
            return f"[{', '.join(unparse(_expression(item)) for item in items)}]"
        case tree.Template(name=name):
            return f"{{{name}}}"
        case tree.Name(name=name):
            return name
        case tree.Element(name=None):
            return "$"
        case tree.Element(name=name):
            return f"$[{name}]"
        case tree.Member(root=root, name=name, position=position):
            return f"{root}[{name}]" if position is None else f"{root}[{position}][{name}]"
        case tree.Instant(text=text):
            return f"ISO {quoted(text)}"
        case tree.Interval(text=text):
            return f"interval {quoted(text)}"
        case tree.Regex(operand=operand, pattern=pattern, negated=negated):
            return f"({unparse(operand)}) {'!~' if negated else '=~'} {unparse(pattern)}"
        case tree.Exists(operand=operand):
            return f"exists {unparse(operand)}"
        case tree.Call(function=function, arguments=arguments, options=options):
            written = [*map(unparse, arguments), *(f"{name}={unparse(value)}" for name, value in options)]
            return f"{function}({', '.join(written)})"
        case tree.Path(root=root, steps=steps):
            return root + "".join(f"[{quoted(one) if isinstance(one, str) else one}]" for one in steps)
        case tree.Unary(op=op, operand=operand):
            return f"{op}({unparse(operand)})"
        case tree.Arithmetic(op=op, left=left, right=right) | tree.Compare(op=op, left=left, right=right):
            return f"({unparse(left)}) {op} ({unparse(right)})"
        case tree.Range(low=low, low_op=low_op, middle=middle, high_op=high_op, high=high):
            return f"({unparse(low)}) {low_op} {unparse(middle)} {high_op} ({unparse(high)})"
        case tree.In(operand=operand, choices=choices, negated=negated):
            return f"({unparse(operand)}) {'not in' if negated else 'in'} {unparse(choices)}"
        case tree.Like(operand=operand, pattern=pattern):
            return f"({unparse(operand)}) like {unparse(pattern)}"
        case tree.IsNull(operand=operand, negated=negated):
            return f"{unparse(operand)} is {'not ' if negated else ''}null"
        case tree.Not(operand=operand):
            return f"not ({unparse(operand)})"
        case tree.And(operands=operands):
            return " and ".join(f"({unparse(one)})" for one in operands)
        case tree.Or(operands=operands):
            return " or ".join(f"({unparse(one)})" for one in operands)
    raise AssertionError(f"no text for {node!r}")


def _expression(item: Any) -> Any:
    return item if isinstance(item, tree.Literal | tree.ListOf | tree.Instant) else tree.Literal(item)


def quoted(value: str) -> str:
    """A string literal; JSON's escapes are a part of the filter language's, but for characters beyond \\uFFFF."""
    return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\x85", "\\x85")
