"""The query of ``milvus-store search``: parsed from the command line, and the field that it fits."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np

from .. import DataType
from ..errors import ParamError

_EXPECTED = 'a JSON list of numbers, an object such as {"3": 0.5}, or a text'


def read_query(given: str) -> Any:
    """A list of numbers, a dict for a sparse vector, or a text; ``@FILE`` and ``-`` are read.

    Raises:
        ParamError: it has none of these forms, or the file cannot be read.
    """
    if given == "-":
        return _parsed(sys.stdin.read())
    if not given.startswith("@"):
        return _parsed(given)
    path = given[1:]
    try:
        if os.path.splitext(path)[1].lower() == ".npy":
            return _vector_of(np.load(path, allow_pickle=False).tolist(), path)
        with open(path, encoding="utf-8") as file:
            return _parsed(file.read())
    except (OSError, ValueError, EOFError) as error:
        raise ParamError(message=f"QUERY {given!r}: the file cannot be read: {error}") from None


def _parsed(text: str) -> Any:
    text = text.strip()
    if not text.startswith(("[", "{", '"')):
        if not text:
            raise ParamError(message=f"QUERY is empty; expected {_EXPECTED}")
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParamError(
            message=f"QUERY is not JSON: {error}, got {text!r:.80}; expected {_EXPECTED}"
        ) from None
    if isinstance(value, dict):
        return _sparse(value)
    return value if isinstance(value, str) else _vector_of(value, text)


def _sparse(value: dict[str, Any]) -> dict[int, Any]:
    try:
        return {int(key): weight for key, weight in value.items()}
    except ValueError:
        raise ParamError(
            message=f'QUERY: the keys of a sparse vector are whole numbers, as in {{"3": 0.5}}, got {value!r:.80}'
        ) from None


def _vector_of(value: Any, given: str) -> list[Any]:
    """``value``, a vector, perhaps as the only one of a list."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        (value,) = value
    if not isinstance(value, list) or not value or any(isinstance(item, (list, dict, str)) for item in value):
        raise ParamError(message=f"QUERY must be one vector, a JSON list of numbers, got {given!r:.80}")
    return value


def fitting(described: dict[str, Any], query: Any, anns_field: str) -> tuple[str | None, Any]:
    """The field that takes the query, if only one does, and the query in that field's form.

    Raises:
        ParamError: the query is a text, and no field takes a text.
    """
    vectors = [field for field in described["fields"] if DataType(field["type"]).is_vector]
    if isinstance(query, str):
        fits = [field for field in vectors if field.get("is_function_output")]
        if not fits and not anns_field:
            names = ", ".join(field["name"] for field in vectors)
            raise ParamError(
                message=f"a text is searched in a full text field, which a BM25 function fills, and the "
                f"collection has none: expected a vector for {names}, got {query!r:.80}"
            )
    elif isinstance(query, dict):
        fits = [
            field
            for field in vectors
            if field["type"] == DataType.SPARSE_FLOAT_VECTOR and not field.get("is_function_output")
        ]
    else:
        fits = [field for field in vectors if field["type"] != DataType.SPARSE_FLOAT_VECTOR]
    field = anns_field or (fits[0]["name"] if len(fits) == 1 else None)
    kinds = {field["name"]: field["type"] for field in vectors}
    if field is not None and kinds.get(field) == DataType.BINARY_VECTOR and isinstance(query, list):
        query = _packed(query)
    return field, query


def _packed(bits: list[Any]) -> bytes:
    if not all(bit in (0, 1) for bit in bits):
        raise ParamError(message=f"a binary vector is a list of bits, 0 and 1, got {bits!r:.80}")
    return np.packbits(np.array(bits, dtype=np.uint8)).tobytes()


def primary_key(described: dict[str, Any], text: str) -> int | str:
    """The primary key ``text``, as the field's type; raises ParamError where it must be a number."""
    primary = next(field for field in described["fields"] if field.get("is_primary"))
    if primary["type"] != DataType.INT64:
        return text
    try:
        return int(text)
    except ValueError:
        raise ParamError(message=f"--id: field {primary['name']!r} is INT64, got {text!r:.80}") from None
