"""Columns, which filters read: the values of a field over the slots of a snapshot, immutable.

A slot is a position in a snapshot's arrays. Deleted rows keep their slot; their values are never
used, because the snapshot's mask of live rows is and-ed to every result.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .word_order import WordOrder

BoolArray = npt.NDArray[np.bool_]

_WORD_SIZE: Final = 168
"""A string of some 50 characters, its entry in the list and in the dictionary, and its place in their order."""


def allocated(array: npt.NDArray[Any] | None) -> int:
    """Bytes behind a view, spare capacity included."""
    if array is None:
        return 0
    return int(array.nbytes if array.base is None else getattr(array.base, "nbytes", array.nbytes))


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """BOOL, INT8 to INT64, FLOAT and DOUBLE.

    ``values``: (n,) of the field's numpy type; what stands at a null slot means nothing.
    ``valid``: (n,) bool, False where the value is null; None when no value is null.
    """

    values: npt.NDArray[Any]
    valid: BoolArray | None

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return allocated(self.values) + allocated(self.valid)


class Dictionary:
    """The distinct strings of a column, each with a code. It only grows, so codes stay what they were.

    Older snapshots share it with newer ones: they never see a code that was added after them.
    """

    __slots__ = ("codes", "order", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.codes: dict[str | None, int] = {None: -1}
        self.order = WordOrder(self.words)

    def code(self, word: str) -> int:
        """The code of ``word``, or -2 if no row has it (nulls are -1)."""
        return self.codes.get(word, -2)

    def encode(self, values: Sequence[str | None]) -> npt.NDArray[np.int32]:
        """Codes of ``values``, adding the words that are new; None becomes -1."""
        codes, words = self.codes, self.words
        for word in dict.fromkeys(values):
            if word not in codes:
                if not isinstance(word, str):
                    raise TypeError(f"expected text, found {type(word).__name__}")
                codes[word] = len(words)
                words.append(word)
        return np.fromiter(map(codes.__getitem__, values), dtype=np.int32, count=len(values))


@dataclass(frozen=True, slots=True)
class StringColumn:
    """VARCHAR, dictionary-encoded: ``codes`` (n,) int32 into ``dictionary.words``, -1 for null."""

    codes: npt.NDArray[np.int32]
    dictionary: Dictionary

    @property
    def size(self) -> int:
        """Bytes in memory, about: a word is counted as CPython's average for short strings."""
        return allocated(self.codes) + _WORD_SIZE * len(self.dictionary.words)


class JsonKind(IntEnum):
    """The kind of value at a JSON path in one row."""

    NO_DOCUMENT = 0  # the whole JSON value is null
    MISSING = 1  # the document lacks the path
    NULL = 2
    BOOL = 3
    INT = 4
    FLOAT = 5
    STRING = 6
    ARRAY = 7
    OBJECT = 8


@dataclass(frozen=True, slots=True)
class JsonColumn:
    """The values at one path of a JSON field or of the dynamic field, split by type.

    ``kinds``: (n,) uint8 of JsonKind. ``ints``: (n,) int64, INT and BOOL values, else 0.
    ``floats``: (n,) float64, the value of FLOAT and INT (nearest float), else 0.
    ``strings``: STRING values as codes, -1 elsewhere. Integers outside int64 are kept as FLOAT.
    ``composites``: for elements of an array, the ``canonical_text`` of ARRAY values, -1 elsewhere.
    """

    kinds: npt.NDArray[np.uint8]
    ints: npt.NDArray[np.int64]
    floats: npt.NDArray[np.float64]
    strings: StringColumn
    composites: StringColumn | None = None

    @property
    def size(self) -> int:
        """Bytes in memory."""
        numbers = allocated(self.kinds) + allocated(self.ints) + allocated(self.floats)
        texts = 0 if self.composites is None else self.composites.size
        return numbers + self.strings.size + texts


@dataclass(frozen=True, slots=True)
class ArrayColumn:
    """Arrays of many rows: an ARRAY field, or what stands at a JSON path.

    ``kinds``: (n,) uint8 of JsonKind, ARRAY where there is an array, NO_DOCUMENT where the field is null.
    ``offsets``: (n + 1,) int64, the elements of slot i are ``offsets[i]:offsets[i + 1]`` of ``elements``.
    """

    kinds: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    elements: NumberColumn | StringColumn | JsonColumn

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return allocated(self.kinds) + allocated(self.offsets) + self.elements.size


def canonical_text(value: Any) -> str:
    """A text that two JSON arrays share if and only if they are equal; 1 and 1.0 are."""
    return json.dumps(_canonical(value), sort_keys=True)


def _canonical(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list | tuple):
        return [_canonical(element) for element in value]
    if isinstance(value, dict):
        return {key: _canonical(member) for key, member in value.items()}
    return value


Column = NumberColumn | StringColumn
