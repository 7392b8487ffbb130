"""Builders: the growing side of the columns of a snapshot.

A builder takes stored values in the order of seq and shows what it has so far as an immutable column.
Appending needs the lock of the snapshot cache; a view needs no lock.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..process.stack import with_room
from ..schema.data_types import NUMPY_TYPES, DataType
from ..schema.fields import Field
from .column import (
    Dictionary,
    JsonColumn,
    JsonKind,
    NumberColumn,
    StringColumn,
    canonical_text,
)
from .growable import Growable

_INT64_LIMIT: Final = 2**63


class NumberBuilder:
    """BOOL, integers and floats from stored numbers; None is null."""

    def __init__(self, dtype: DataType) -> None:
        self._values: Growable[Any] = Growable(NUMPY_TYPES[dtype])
        self._valid: Growable[np.bool_] | None = None
        self._dtype = NUMPY_TYPES[dtype]

    def append(self, values: Sequence[Any]) -> None:
        if None in values:
            valid = np.array([value is not None for value in values], dtype=np.bool_)
            values = [0 if value is None else value for value in values]
        else:
            valid = None
        if valid is not None and self._valid is None:
            self._valid = Growable(np.bool_)
            self._valid.append(np.ones(len(self._values), dtype=np.bool_))
        if self._valid is not None:
            self._valid.append(np.ones(len(values), dtype=np.bool_) if valid is None else valid)
        with np.errstate(over="raise"):
            self._values.append(np.array(values, dtype=self._dtype))

    def view(self) -> NumberColumn:
        return NumberColumn(self._values.view(), None if self._valid is None else self._valid.view())


class StringBuilder:
    """VARCHAR from stored text; None is null."""

    def __init__(self) -> None:
        self._codes: Growable[np.int32] = Growable(np.int32)
        self._dictionary = Dictionary()

    def append(self, values: Sequence[str | None]) -> None:
        self._codes.append(self._dictionary.encode(values))

    def view(self) -> StringColumn:
        return StringColumn(self._codes.view(), self._dictionary)


class JsonBuilder:
    """JSON values of any kind. With ``composites`` arrays are kept too, as text."""

    def __init__(self, composites: bool = False) -> None:
        self._kinds: Growable[np.uint8] = Growable(np.uint8)
        self._ints: Growable[np.int64] = Growable(np.int64)
        self._floats: Growable[np.float64] = Growable(np.float64)
        self._strings = StringBuilder()
        self._composites = StringBuilder() if composites else None

    def append(self, values: Sequence[Any]) -> None:
        """``values`` may hold ABSENT, for a document that lacks the path, and NO_DOCUMENT."""
        kinds = np.empty(len(values), dtype=np.uint8)
        ints = np.zeros(len(values), dtype=np.int64)
        floats = np.zeros(len(values), dtype=np.float64)
        strings: list[str | None] = [None] * len(values)
        composites: list[str | None] = []
        if self._composites is not None:
            composites = with_room(lambda: _composite_texts(values))
        for index, value in enumerate(values):
            kind = kind_of(value)
            kinds[index] = kind
            if kind is JsonKind.STRING:
                strings[index] = value
            elif kind is JsonKind.INT or kind is JsonKind.BOOL:
                ints[index] = value
                floats[index] = value
            elif kind is JsonKind.FLOAT:
                floats[index] = _to_float(value)
        self._kinds.append(kinds)
        self._ints.append(ints)
        self._floats.append(floats)
        self._strings.append(strings)
        if self._composites is not None:
            self._composites.append(composites)

    def view(self) -> JsonColumn:
        return JsonColumn(
            self._kinds.view(),
            self._ints.view(),
            self._floats.view(),
            self._strings.view(),
            None if self._composites is None else self._composites.view(),
        )


class JsonPathBuilder:
    """The values at one path, from stored JSON texts; None is a null document."""

    def __init__(self, path: tuple[str | int, ...]) -> None:
        self._path = path
        self._values = JsonBuilder()

    def append(self, documents: Sequence[str | None]) -> None:
        self._values.append(values_at(documents, self._path))

    def view(self) -> JsonColumn:
        return self._values.view()


class JsonNumberBuilder(JsonPathBuilder):
    """The same, with numbers in place of texts of numbers."""

    def append(self, documents: Sequence[str | None]) -> None:
        self._values.append([_as_number(value) for value in values_at(documents, self._path)])


def _as_number(value: Any) -> Any:
    """The finite number that a text is, written as in JSON or with a sign or a point in front; else ``value``."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    number = float(value)
    return number if math.isfinite(number) else value


_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

ABSENT: Final = object()
NO_DOCUMENT: Final = object()


def values_at(documents: Sequence[str | None], path: tuple[str | int, ...]) -> list[Any]:
    """The value at ``path`` of each JSON text."""
    return with_room(lambda: [value_at(document, path) for document in documents])


def value_at(document: str | None, path: tuple[str | int, ...]) -> Any:
    """The value at ``path`` of a JSON text, ABSENT if it has none there, NO_DOCUMENT if there is no text.

    A number counts positions of an array, a string names a key.
    """
    if document is None:
        return NO_DOCUMENT
    value = json.loads(document)
    for step in path:
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return ABSENT
        elif not isinstance(value, list) or not 0 <= step < len(value):
            return ABSENT
        value = value[step]
    return value


def kind_of(value: Any) -> JsonKind:
    if isinstance(value, str):
        return JsonKind.STRING
    if isinstance(value, bool):
        return JsonKind.BOOL
    if isinstance(value, int):
        return JsonKind.INT if -_INT64_LIMIT <= value < _INT64_LIMIT else JsonKind.FLOAT
    if isinstance(value, float):
        return JsonKind.FLOAT
    if value is None:
        return JsonKind.NULL
    if value is ABSENT:
        return JsonKind.MISSING
    if value is NO_DOCUMENT:
        return JsonKind.NO_DOCUMENT
    return JsonKind.ARRAY if isinstance(value, list) else JsonKind.OBJECT


def _to_float(value: int | float) -> float:
    """The nearest float; files of earlier versions may hold integers beyond all of them."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _composite_texts(values: Sequence[Any]) -> list[str | None]:
    return [canonical_text(value) if isinstance(value, list) else None for value in values]


def scalar_builder(field: Field) -> NumberBuilder | StringBuilder:
    """The builder for a scalar field other than a JSON document."""
    return StringBuilder() if field.dtype is DataType.VARCHAR else NumberBuilder(field.dtype)
