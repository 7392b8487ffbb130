"""Binds ``membership_match``: the keys are a template of bytes, which a client has built."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from ...errors import shown
from ...schema.data_types import DataType
from ..bound import FieldValue, KeyMatch, KeySet, PathValue
from ..evaluation import bloom, roaring
from ..tree import Call, Expression, Member, Name, Path, Template
from .arguments import check_count, refuse_options
from .context import Context
from .kinds import describe
from .operands import bind_operand, resolve_value

_READERS: Final[dict[str, tuple[bytes, Callable[[bytes], KeySet]]]] = {
    "bloom": (bloom.MAGIC, bloom.read_bloom),
    "roaring": (roaring.MAGIC, roaring.read_roaring),
}
_BUILDERS: Final = "pymilvus.build_bloom_filter() or build_roaring_bitmap()"


def membership_match(context: Context, node: Call) -> KeyMatch:
    """``membership_match(field, {keys}, type=bloom)``; the type is told by the bytes, and need not be said."""
    check_count(context, node, 2)
    refuse_options(context, node, "type")
    if context.elements is not None:
        raise context.error(node, "membership_match asks about rows, and not about the elements of an array")
    subject, template = node.arguments
    kind, keys = _keys(context, template)
    for _, wanted in node.options:
        if not isinstance(wanted, Name) or wanted.name.lower() not in _READERS:
            raise context.error(wanted, f"the type of membership_match is {' or '.join(_READERS)}")
        if wanted.name.lower() != kind:
            raise context.error(wanted, f"the type is {wanted.name}, and the bytes are a {kind} filter")
    operand = _operand(context, subject)
    _check_domain(context, subject, kind, operand, keys)
    return KeyMatch(operand, keys)


def _keys(context: Context, node: Expression) -> tuple[str, KeySet]:
    """The type of the key set that a template gives, and the set."""
    if not isinstance(node, Template):
        raise context.error(node, f"membership_match takes a template, {{keys}}: the bytes of {_BUILDERS}")
    given = context.given(node)
    what = f"template '{node.name}'"
    if not isinstance(given, bytes):
        raise context.error(node, f"{what} must be the bytes of {_BUILDERS}, got {shown(given)}")
    for kind, (magic, read) in _READERS.items():
        if given.startswith(magic):
            return kind, context.located(node, partial(read, given))
    raise context.error(
        node, f"{what} must be the bytes of {_BUILDERS}, got {len(given)} bytes of another format"
    )


def _operand(context: Context, node: Expression) -> FieldValue | PathValue:
    found = (
        resolve_value(context, node)
        if isinstance(node, Name | Path | Member)
        else bind_operand(context, node)
    )
    if isinstance(found, PathValue):
        return found
    if isinstance(found, FieldValue) and found.member is None:
        dtype = found.field.dtype
        if dtype.is_integer or dtype is DataType.VARCHAR:
            return found
    raise context.error(
        node, f"membership_match needs an integer or VARCHAR field, or a JSON path, got {describe(found)}"
    )


def _check_domain(
    context: Context, node: Expression, kind: str, operand: FieldValue | PathValue, keys: KeySet
) -> None:
    """Raise if the operand cannot have one of ``keys``."""
    if keys.is_exact:
        if isinstance(operand, PathValue) or operand.field.dtype is DataType.VARCHAR:
            message = f"a {kind} filter is for integer fields, got {describe(operand)}: use a Bloom filter"
            raise context.error(node, message)
        return
    if isinstance(operand, PathValue) or not (keys.has_integers or keys.has_words):
        return
    wants_words = operand.field.dtype is DataType.VARCHAR
    if not (keys.has_words if wants_words else keys.has_integers):
        made_of = "integers" if wants_words else "strings"
        raise context.error(
            node,
            f"the keys are {made_of}, which {describe(operand)} cannot have: build them of its own values",
        )
