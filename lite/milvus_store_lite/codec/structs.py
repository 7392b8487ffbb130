"""Arrays of structs: lists of dictionaries with one value for each member.

Scalar members are stored as JSON, vectors beside them as lists, see ``vector_lists``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice
from typing import Any, TypeVar

from ..errors import DataNotMatchException
from ..schema.data_types import DataType
from ..schema.fields import Field
from .encoding import Encode, reject
from .json_text import dump

Encoded = TypeVar("Encoded")


def encode_structs(
    field: Field, arrays: Sequence[Sequence[Any]], encoders: Mapping[DataType, Encode]
) -> list[str]:
    """The arrays as JSON texts, every struct with its scalar members in the order of the schema.

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
    scalars = [member for member in field.members if not member.dtype.is_vector]
    if not scalars:
        return [dump([{}] * len(array)) for array in arrays]
    names = [member.name for member in scalars]
    columns = [member_values(field.name, member, arrays, encoders[member.dtype]) for member in scalars]
    structs = (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
    return [dump(list(islice(structs, len(array)))) for array in arrays]


def member_values(
    array_name: str, member: Field, arrays: Sequence[Sequence[Any]], encode: Callable[..., Encoded]
) -> Encoded:
    """The stored values of one member, of all structs of all rows behind each other.

    Raises:
        DataNotMatchException: names the row, the element and the member.
    """
    name = member.name
    try:
        return encode(member, [struct[name] for struct in chain.from_iterable(arrays)])
    except DataNotMatchException:
        for row, array in enumerate(arrays):
            for position, struct in enumerate(array):
                _check_member(array_name, member, row, position, struct[name], encode)
        raise


def _check_member(
    array_name: str, member: Field, row: int, position: int, value: Any, encode: Callable[..., Any]
) -> None:
    try:
        encode(member, [value])
    except DataNotMatchException as error:
        at = f"row {row}: field '{array_name}', element {position}, member '{member.name}'"
        message = error.message.replace(f"row 0: field '{member.name}'", at, 1)
        raise DataNotMatchException(message=message) from None
