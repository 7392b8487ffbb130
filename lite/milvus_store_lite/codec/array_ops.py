"""Changes of stored arrays by a partial update: elements are appended or removed instead of replacing the array.

The rules are Milvus's. A null in place of elements changes nothing, and a stored null is an empty array.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from ..errors import DataNotMatchException, ParamError
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.model import Schema
from ..suggestions import did_you_mean
from .columns import Columns
from .json_text import dump


class ArrayOp(Enum):
    """What a partial update does with the elements that it gives for an ARRAY field."""

    APPEND = "append"
    REMOVE = "remove"


def check_array_ops(schema: Schema, columns: Columns, ops: Mapping[str, ArrayOp]) -> None:
    """Raise ``ParamError`` unless each of ``ops`` is for an ARRAY field that rows have."""
    for name, op in ops.items():
        field = schema.by_name.get(name)
        arrays = [known.name for known in schema.fields if _is_array(known)]
        if field is None or not _is_array(field):
            found = "the collection has no such field" if field is None else f"it is {field.describe()}"
            raise ParamError(
                message=f"field_ops: array_{op.value} needs an ARRAY field, expected one of "
                f"{', '.join(arrays) or 'none'}, got {name!r}: {found}" + did_you_mean(name, arrays)
            )
        if columns.count and name not in columns.by_name:
            raise ParamError(
                message=f"field_ops: array_{op.value} of field '{name}' needs the elements: expected a row with "
                f"'{name}', got none"
            )


def applied(
    field: Field,
    op: ArrayOp,
    pks: Sequence[Any],
    changes: Iterable[tuple[int, str | None]],
    known: Mapping[Any, str | None],
) -> dict[Any, str | None]:
    """The arrays of ``known`` rows and of new ones, by primary key, after ``changes`` in their order.

    Args:
        changes: (index of a row in ``pks``, stored array of the elements to append or remove).

    Raises:
        DataNotMatchException: an array would have more elements than the field may have.
    """
    texts = {pk: known[pk] for pk in pks if pk in known}
    arrays: dict[Any, list[Any]] = {}
    for row, text in changes:
        pk = pks[row]
        if text is None:
            texts.setdefault(pk, None)
            continue
        if pk not in arrays:
            arrays[pk] = json.loads(texts.get(pk) or "[]")
        elements = json.loads(text)
        if op is ArrayOp.REMOVE:
            gone = set(elements)
            arrays[pk] = [element for element in arrays[pk] if element not in gone]
        else:
            _check_capacity(field, row, len(arrays[pk]), len(elements))
            arrays[pk] += elements
    return texts | {pk: dump(array) for pk, array in arrays.items()}


def _check_capacity(field: Field, row: int, there: int, more: int) -> None:
    assert field.max_capacity is not None, "an array has a capacity"
    if there + more > field.max_capacity:
        raise DataNotMatchException(
            message=f"row {row}: field '{field.name}' ({field.describe()}): expected at most "
            f"max_capacity={field.max_capacity} elements, got {there} that are there and {more} to append"
        )


def _is_array(field: Field) -> bool:
    """Whether it is an array of scalars: arrays of structs are replaced as a whole, as in Milvus."""
    return field.dtype is DataType.ARRAY and not field.members
