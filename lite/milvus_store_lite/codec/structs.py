"""Arrays of structs: lists of dictionaries with one value for each member, stored as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any

from ..errors import DataNotMatchException
from ..schema.data_types import DataType
from ..schema.model import Field
from .encoding import Encode, reject
from .json_text import dump


def encode_structs(
    field: Field, arrays: Sequence[Sequence[Any]], encoders: Mapping[DataType, Encode]
) -> list[str]:
    """The arrays as JSON texts, every struct with its members in the order of the schema.

    Args:
        arrays: no longer than the field allows; their elements are checked here.
        encoders: how values of each type are checked and stored.

    Raises:
        DataNotMatchException: names the row, the element and the member.
    """
    names = [member.name for member in field.members]
    wanted = set(names)
    for row, array in enumerate(arrays):
        for position, struct in enumerate(array):
            if not isinstance(struct, dict) or struct.keys() != wanted:
                reject(field, row, struct, f"element {position} to be a dict of {', '.join(names)}")
    columns = [_member_values(field, member, arrays, encoders[member.dtype]) for member in field.members]
    structs = (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
    return [dump(list(islice(structs, len(array)))) for array in arrays]


def _member_values(
    field: Field, member: Field, arrays: Sequence[Sequence[Any]], encode: Encode
) -> Sequence[Any]:
    """The stored values of one member, of all structs of all rows behind each other."""
    name = member.name
    try:
        return encode(member, [struct[name] for struct in chain.from_iterable(arrays)])
    except DataNotMatchException:
        for row, array in enumerate(arrays):
            for position, struct in enumerate(array):
                _check_member(field, member, row, position, struct[name], encode)
        raise


def _check_member(field: Field, member: Field, row: int, position: int, value: Any, encode: Encode) -> None:
    try:
        encode(member, [value])
    except DataNotMatchException as error:
        at = f"row {row}: field '{field.name}', element {position}, member '{member.name}'"
        message = error.message.replace(f"row 0: field '{member.name}'", at, 1)
        raise DataNotMatchException(message=message) from None
