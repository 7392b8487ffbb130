"""Primary keys that rows of an ``auto_id`` collection have of their own, where a property of it allows that.

``auto_id`` makes a key by adding ``Schema.auto_id_offset`` to the seq of a row. The offset grows when rows have
greater keys of their own, so ``auto_id`` makes no key that was ever there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import DataNotMatchException
from .data_types import DataType
from .fields import Field
from .model import MAX_AUTO_ID_OFFSET, Schema
from .properties import GIVEN_PKS, as_flag

_PAST: Final = 1 << 63
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")
"""The texts that ``auto_id`` makes for a VARCHAR key."""

_ROOM: Final = 8
"""The offset grows by an eighth more than it has to. Every growth is a change of the definition, so a thousand
batches with ever greater keys are to be few of them."""


def takes_pks(schema: Schema, properties: Mapping[str, Any]) -> bool:
    """Whether inserted rows may have primary keys."""
    return not schema.primary.auto_id or bool(as_flag(properties.get(GIVEN_PKS)))


def offset_beyond(schema: Schema, pks: Sequence[Any], last_seq: int) -> int:
    """The offset with which ``auto_id`` goes on beyond ``pks``, after the row ``last_seq``.

    Raises:
        DataNotMatchException: names a key that leaves ``auto_id`` no greater ones.
    """
    greatest = max(_numbers(schema.primary, pks), default=0)
    if greatest <= last_seq + schema.auto_id_offset:
        return schema.auto_id_offset
    return max(0, min(greatest + greatest // _ROOM, MAX_AUTO_ID_OFFSET) - last_seq)


def _numbers(primary: Field, pks: Sequence[Any]) -> list[int]:
    """The keys, among ``pks``, that ``auto_id`` could make as well."""
    if primary.dtype is DataType.INT64:
        numbers = list(pks)
    else:
        numbers = [number for pk in pks if _NUMBER.fullmatch(pk) and (number := int(pk)) < _PAST]
    if numbers and max(numbers) >= MAX_AUTO_ID_OFFSET:
        row = pks.index(type(pks[0])(max(numbers)))
        raise DataNotMatchException(
            message=f"row {row}: field '{primary.name}' ({primary.describe()}): expected a key below "
            f"{MAX_AUTO_ID_OFFSET}, so that auto_id has greater ones left, got {pks[row]!r}"
        )
    return numbers
