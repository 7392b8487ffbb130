"""What a partial update does with a field, with pymilvus's names: replace its value, or change its array."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from milvus_store_lite import ArrayOp, ParamError, did_you_mean

__all__ = ["FieldOp", "FieldOpType"]


class FieldOpType(IntEnum):
    """The operations, with the numbers of Milvus's protocol."""

    REPLACE = 0
    ARRAY_APPEND = 1
    ARRAY_REMOVE = 2


class FieldOp:
    """Makes the values of ``upsert(field_ops=…)``: ``{"tags": FieldOp.array_append()}``."""

    @staticmethod
    def replace() -> FieldOpType:
        """Put the given value in place of the stored one, as without an operation."""
        return FieldOpType.REPLACE

    @staticmethod
    def array_append() -> FieldOpType:
        """Append the given elements to the stored array."""
        return FieldOpType.ARRAY_APPEND

    @staticmethod
    def array_remove() -> FieldOpType:
        """Remove every element that equals a given one from the stored array."""
        return FieldOpType.ARRAY_REMOVE


_ALIASES: Final = {op.name.lower(): op for op in FieldOpType}
_ARRAY_OPS: Final = {
    FieldOpType.ARRAY_APPEND: ArrayOp.APPEND,
    FieldOpType.ARRAY_REMOVE: ArrayOp.REMOVE,
}


def as_array_ops(field_ops: object) -> dict[str, ArrayOp]:
    """The fields whose arrays ``field_ops`` changes; those that it replaces need no word.

    Args:
        field_ops: from name to ``FieldOp``, ours or pymilvus's, its number, or its name.

    Raises:
        ParamError: a value is none of these.
    """
    if field_ops is None:
        return {}
    if not isinstance(field_ops, Mapping) or not all(isinstance(name, str) for name in field_ops):
        raise ParamError(
            message="field_ops must be a dict from a field's name to an operation, such as "
            f"{{'tags': 'array_append'}}, got {field_ops!r:.80}"
        )
    ops = {name: _operation(name, given) for name, given in field_ops.items() if given is not None}
    return {name: _ARRAY_OPS[op] for name, op in ops.items() if op is not FieldOpType.REPLACE}


def _operation(name: str, given: object) -> FieldOpType:
    number: Any = getattr(given, "op", given)  # pymilvus's are messages
    if isinstance(number, str) and number.lower() in _ALIASES:
        return _ALIASES[number.lower()]
    try:
        if not isinstance(number, (bool, str)):
            return FieldOpType(number)
    except ValueError:
        pass
    hint = did_you_mean(number, _ALIASES) if isinstance(number, str) else ""
    raise ParamError(
        message=f"field_ops of field {name!r} must be one of {', '.join(_ALIASES)}, got {given!r:.80}{hint}"
    )
