"""The schema that records seem to have, from some of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from milvus_store_lite import DataType

from ..errors import ParamError
from ..schema import CollectionSchema

DYNAMIC_COLUMN: Final = "$meta"
"""The column of dynamic keys, in Milvus's bulk import and in our exports."""

_KEYS: Final = ("id", "pk", "_id", "key", "uuid")
"""Names of columns that are taken for primary keys, the first that fits."""

_LONGEST: Final = 65_535
_MOST_ELEMENTS: Final = 4_096
_MOST_OF_THEM: Final = 0.6
"""Lists are vectors where so many have one length, and a column has keys where so many are of one type: the others
are errors, which the import tells of one by one."""

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TYPE: Final = re.compile(r"(\w+)(?:\((\d+)\))?")
_FLOAT_BYTES: Final = 4
_BITS: Final = 8
"""Of a byte of a binary vector."""


def inferred_schema(
    sample: Sequence[Mapping[str, Any]],
    declared: Mapping[str, DataType],
    given: Mapping[str, str],
    primary_key: str | None,
    *,
    are_texts: bool = False,
) -> CollectionSchema:
    """A schema with a field for each column whose name can be that of a field; the others are dynamic keys.

    Args:
        declared: types of columns that the file says. given: those that the user says, as ``FLOAT_VECTOR(384)``.
        primary_key: the name of a column; by default one that is called like one, else keys are numbered.
        are_texts: whether all values are texts that may stand for others, as in CSV.

    Raises:
        ParamError: the primary key cannot be one, or there is no vector.
    """
    if not sample:
        raise ParamError(message="there are no records to tell the types from: give a schema")
    names = list(dict.fromkeys(name for record in sample for name in record))
    columns = {name: [record.get(name) for record in sample] for name in names if name is not None}
    if are_texts:
        columns = {name: [_meant(value) for value in values] for name, values in columns.items()}
    unknown = [name for name in given if name not in columns]
    if unknown:
        raise ParamError(message=f"there is no column {unknown[0]!r}; there are: {', '.join(columns)}")
    key = _primary_key(columns, primary_key)
    schema = CollectionSchema(enable_dynamic_field=True)
    if key is None:
        free = next(name for name in (*_KEYS, "row_number") if name not in columns)
        schema.add_field(free, DataType.INT64, is_primary=True, auto_id=True)
    for name, values in columns.items():
        if _NAME.fullmatch(name) is None:
            continue
        if name == key:
            values = _of_the_usual_kind(values)
        dtype, options = (
            _given_type(name, given[name]) if name in given else _type_of(values, declared.get(name))
        )
        if name == key:
            options["is_primary"] = True
        elif not dtype.is_vector or None in values:
            options["nullable"] = True
        schema.add_field(name, dtype, **options)
    return schema


def shown_schema(schema: CollectionSchema) -> list[str]:
    """A line for each field."""
    lines = []
    for field in schema.fields:
        size = field.params.get("dim") or field.params.get("max_length")
        marks = [mark for mark in ("is_primary", "auto_id", "nullable") if getattr(field, mark)]
        kind = field.dtype.name + (f"({size})" if size else "")
        lines.append(f"{field.name}: {kind}" + "".join(f", {mark.removeprefix('is_')}" for mark in marks))
    return lines


def _primary_key(columns: Mapping[str, Sequence[Any]], wanted: str | None) -> str | None:
    if wanted is not None:
        if wanted not in columns:
            raise ParamError(message=f"there is no column {wanted!r}; there are: {', '.join(columns)}")
        if not _may_be_key(columns[wanted]):
            raise ParamError(
                message=f"column {wanted!r} cannot be the primary key: its values are not all different "
                "whole numbers or texts"
            )
        return wanted
    return next((name for name in _KEYS if name in columns and _may_be_key(columns[name])), None)


def _may_be_key(values: Sequence[Any]) -> bool:
    usual = _of_the_usual_kind(values)
    if not usual or type(usual[0]) not in (int, str):
        return False
    return len(usual) >= _MOST_OF_THEM * len(values) and len(set(usual)) == len(usual)


def _of_the_usual_kind(values: Sequence[Any]) -> list[Any]:
    """The values of the type that most of them have."""
    ((kind, _),) = Counter(map(type, values)).most_common(1)
    return [value for value in values if type(value) is kind]


def _given_type(name: str, text: str) -> tuple[DataType, dict[str, Any]]:
    match = _TYPE.fullmatch(text.strip())
    try:
        dtype = DataType[match[1].upper()] if match else None
    except KeyError:
        dtype = None
    if match is None or dtype is None:
        raise ParamError(message=f"column {name!r}: expected a type such as VARCHAR(200), got {text!r}")
    size = {} if match[2] is None else {"dim" if dtype.is_vector else "max_length": int(match[2])}
    if dtype is DataType.VARCHAR:
        size.setdefault("max_length", _LONGEST)
    return dtype, size


def _type_of(values: Iterable[Any], declared: DataType | None) -> tuple[DataType, dict[str, Any]]:
    there = [value for value in values if value is not None]
    kinds = set(map(type, there))
    if declared is not None:
        return declared, _options(declared, there)
    if kinds == {bool}:
        return DataType.BOOL, {}
    if kinds == {int}:
        return DataType.INT64, {}
    if kinds and kinds <= {int, float}:
        return DataType.DOUBLE, {}
    if kinds <= {list}:
        return _list_type(there)
    if kinds == {bytes} and len({len(value) for value in there}) == 1 and len(there[0]) % _FLOAT_BYTES == 0:
        return DataType.FLOAT_VECTOR, {"dim": len(there[0]) // _FLOAT_BYTES}
    if kinds == {str}:
        return DataType.VARCHAR, {"max_length": _LONGEST}
    return DataType.JSON, {}


def _options(declared: DataType, values: Sequence[Any]) -> dict[str, Any]:
    """What a type needs besides its name. Vectors are as long as most of them are."""
    if declared is DataType.VARCHAR:
        return {"max_length": _LONGEST}
    if not declared.is_vector or declared is DataType.SPARSE_FLOAT_VECTOR:
        return {}
    ((length, _),) = Counter(map(len, values)).most_common(1) or [(1, 0)]
    return {"dim": length * _BITS if declared is DataType.BINARY_VECTOR else length}


def _list_type(lists: Sequence[Sequence[Any]]) -> tuple[DataType, dict[str, Any]]:
    kinds = {type(element) for one in lists for element in one}
    ((length, having),) = Counter(map(len, lists)).most_common(1) or [(0, 0)]
    is_vector = length > 1 and having >= _MOST_OF_THEM * len(lists)
    if kinds and kinds <= {int, float} and float in kinds and is_vector:
        return DataType.FLOAT_VECTOR, {"dim": length}
    element = {int: DataType.INT64, float: DataType.DOUBLE, bool: DataType.BOOL, str: DataType.VARCHAR}
    if len(kinds) == 1 and next(iter(kinds)) in element:
        options: dict[str, Any] = {"element_type": element[next(iter(kinds))], "max_capacity": _MOST_ELEMENTS}
        return DataType.ARRAY, options | ({"max_length": _LONGEST} if kinds == {str} else {})
    return DataType.JSON, {}


def _meant(text: Any) -> Any:
    """The value that a text of a CSV file seems to stand for."""
    if not isinstance(text, str):
        return text
    if not text:
        return None
    if text.startswith(("[", "{")) or text in ("true", "false"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    for number in (int, float):
        try:
            found = number(text)
        except ValueError:
            continue
        # 007 and +1 are numbers of houses and telephones, and not of rows.
        return text if str(found) != text and number is int else found
    return text
