"""Values in the text form that PostgreSQL and pgvector give them in a COPY block."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from milvus_store_lite import DataType

NULL: Final = b"\\N"
_ESCAPE: Final = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_LETTERS: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_TYPE: Final = re.compile(r'(?:(?:\w+|"[^"]+")\.)?([a-z_0-9 ]+)(?:\((\d+)[,\d]*\))?(\[\])*')
_ELEMENT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)
_BYTE: Final = 8

Parse = Callable[[str], Any]


class Kind(NamedTuple):
    """How a column's values are read, and the type of field that they make; None where they tell it."""

    parse: Parse
    dtype: DataType | None


def unescaped(cell: bytes) -> bytes:
    """A cell without the escapes of COPY."""
    return _ESCAPE.sub(_unescaped, cell) if b"\\" in cell else cell


def kind_of(type_name: str) -> Kind:
    """
    Args:
        type_name: as in CREATE TABLE, such as ``public.vector(3)``.
    """
    match = _TYPE.fullmatch(type_name)
    if match is None:
        return _TEXT
    name, size, is_array = match[1].strip(), match[2], match[3]
    if is_array:
        element = _KINDS.get(name, _TEXT).parse
        return Kind(lambda text: _array(text, element), None)
    if name == "bit" and int(size or 1) % _BYTE == 0:
        return Kind(_bits, DataType.BINARY_VECTOR)
    return _KINDS.get(name, _TEXT)


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, letter = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    return _LETTERS.get(letter, letter)


def _vector(text: str) -> np.ndarray[Any, Any]:
    vector = np.array(json.loads(text), np.float32)
    if vector.ndim != 1:
        raise ValueError(f"expected a vector such as [1,0.5], got {text!r:.40}")
    return vector


def _half(text: str) -> np.ndarray[Any, Any]:
    return _vector(text).astype(np.float16)


def _sparse(text: str) -> dict[int, float]:
    """``{1:0.5,7:2}/9``, which counts from 1."""
    elements, is_one, _ = text.removeprefix("{").partition("}/")
    if not is_one:
        raise ValueError(f"expected a sparse vector such as {{1:0.5}}/9, got {text!r:.40}")
    pairs = [element.split(":") for element in elements.split(",") if element]
    return {int(index) - 1: float(number) for index, number in pairs}


def _bits(text: str) -> bytes:
    if set(text) - {"0", "1"} or len(text) % _BYTE:
        raise ValueError(f"expected bits, got {text!r:.40}")
    return int(text, 2).to_bytes(len(text) // _BYTE, "big")


def _bool(text: str) -> bool:
    return {"t": True, "f": False}[text]


def _array(text: str, element: Parse) -> list[Any]:
    if not (text.startswith("{") and text.endswith("}")) or text.startswith("{{"):
        raise ValueError(f"expected an array of one dimension, got {text!r:.40}")
    found: list[Any] = []
    for quoted, bare in _ELEMENT.findall(text[1:-1]):
        if bare == "NULL":
            found.append(None)
        else:
            found.append(element(bare or re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)))
    return found


_TEXT: Final = Kind(str, DataType.VARCHAR)
_INTEGER: Final = Kind(int, DataType.INT64)
_KINDS: Final = {
    **dict.fromkeys(("smallint", "integer", "bigint"), _INTEGER),
    "real": Kind(float, DataType.FLOAT),
    **dict.fromkeys(("double precision", "numeric"), Kind(float, DataType.DOUBLE)),
    "boolean": Kind(_bool, DataType.BOOL),
    **dict.fromkeys(("json", "jsonb"), Kind(json.loads, DataType.JSON)),
    "vector": Kind(_vector, DataType.FLOAT_VECTOR),
    "halfvec": Kind(_half, DataType.FLOAT16_VECTOR),
    "sparsevec": Kind(_sparse, DataType.SPARSE_FLOAT_VECTOR),
}
VECTORS: Final = ("vector", "halfvec", "sparsevec")
