"""What ``milvus-store search`` looks for: a query as a shell can say it, and the field that it fits."""

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
    """A list of numbers, a dict of a sparse vector, or a text; ``@FILE`` and ``-`` are read.

    Raises:
        ParamError: it is none of them, or the file cannot be read.
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
            message=f"QUERY is no JSON: {error}, got {text!r:.80}; expected {_EXPECTED}"
        ) from None
    if isinstance(value, dict):
        return _sparse(value)
    return value if isinstance(value, str) else _vector_of(value, text)


def _sparse(value: dict[str, Any]) -> dict[int, Any]:
    try:
        return {int(key): one for key, one in value.items()}
    except ValueError:
        raise ParamError(
            message=f'QUERY: the keys of a sparse vector are whole numbers, as in {{"3": 0.5}}, got {value!r:.80}'
        ) from None


def _vector_of(value: Any, given: str) -> list[Any]:
    """``value``, a vector, perhaps as the only one of a list."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        (value,) = value
    if not isinstance(value, list) or not value or any(isinstance(one, (list, dict, str)) for one in value):
        raise ParamError(message=f"QUERY must be one vector, a JSON list of numbers, got {given!r:.80}")
    return value


def fitting(described: dict[str, Any], query: Any, anns_field: str) -> tuple[str | None, Any]:
    """The field to search, where only one takes such a query, and the query in the form that it takes.

    Raises:
        ParamError: a text is given, and no field takes one.
    """
    vectors = [one for one in described["fields"] if DataType(one["type"]).is_vector]
    if isinstance(query, str):
        fits = [one for one in vectors if one.get("is_function_output")]
        if not fits and not anns_field:
            names = ", ".join(one["name"] for one in vectors)
            raise ParamError(
                message=f"a text is searched in a full text field, which a BM25 function fills; there is none: "
                f"expected a vector for {names}, got {query!r:.80}"
            )
    elif isinstance(query, dict):
        fits = [
            one
            for one in vectors
            if one["type"] == DataType.SPARSE_FLOAT_VECTOR and not one.get("is_function_output")
        ]
    else:
        fits = [one for one in vectors if one["type"] != DataType.SPARSE_FLOAT_VECTOR]
    field = anns_field or (fits[0]["name"] if len(fits) == 1 else None)
    kinds = {one["name"]: one["type"] for one in vectors}
    if field is not None and kinds.get(field) == DataType.BINARY_VECTOR and isinstance(query, list):
        query = _packed(query)
    return field, query


def _packed(bits: list[Any]) -> bytes:
    if not all(one in (0, 1) for one in bits):
        raise ParamError(message=f"a binary vector is a list of bits, 0 and 1, got {bits!r:.80}")
    return np.packbits(np.array(bits, dtype=np.uint8)).tobytes()


def primary_key(described: dict[str, Any], text: str) -> int | str:
    """The primary key that ``text`` says; raises ParamError where it has to be a number."""
    primary = next(one for one in described["fields"] if one.get("is_primary"))
    if primary["type"] != DataType.INT64:
        return text
    try:
        return int(text)
    except ValueError:
        raise ParamError(message=f"--id: field {primary['name']!r} is INT64, got {text!r:.80}") from None
