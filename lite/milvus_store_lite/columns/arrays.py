"""Builders of columns whose values are arrays: the elements of all rows stand behind each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from ..process.stack import with_room
from ..schema.data_types import DataType
from ..schema.fields import Field
from .builders import JsonBuilder, NumberBuilder, StringBuilder, kind_of, scalar_builder, values_at
from .column import ArrayColumn, JsonKind
from .growable import Growable


class _Arrays:
    """The offsets and kinds that all arrays share."""

    def __init__(self, elements: NumberBuilder | StringBuilder | JsonBuilder) -> None:
        self._kinds: Growable[np.uint8] = Growable(np.uint8)
        self._offsets: Growable[np.int64] = Growable(np.int64)
        self._offsets.append(np.zeros(1, dtype=np.int64))
        self._elements = elements
        self._count = 0

    def extend(self, kinds: Sequence[JsonKind], arrays: Sequence[Sequence[Any]]) -> None:
        ends = self._count + np.cumsum([len(array) for array in arrays], dtype=np.int64)
        self._kinds.append(np.array(kinds, dtype=np.uint8))
        self._offsets.append(ends)
        if len(ends):
            self._count = int(ends[-1])
        self._elements.append(list(chain.from_iterable(arrays)))

    def view(self) -> ArrayColumn:
        return ArrayColumn(self._kinds.view(), self._offsets.view(), self._elements.view())


class ArrayBuilder(_Arrays):
    """An ARRAY field, from stored JSON texts; None is null."""

    def append(self, texts: Sequence[str | None]) -> None:
        arrays = _loaded(texts)
        kinds = [JsonKind.NO_DOCUMENT if array is None else JsonKind.ARRAY for array in arrays]
        self.extend(kinds, [() if array is None else array for array in arrays])


def _loaded(texts: Sequence[str | None]) -> list[Any]:
    """The values of JSON texts, parsed at once."""
    joined = "[" + ",".join(["null" if text is None else text for text in texts]) + "]"
    loaded: list[Any] = with_room(lambda: json.loads(joined))
    return loaded


def array_builder(field: Field) -> ArrayBuilder:
    """The builder for an ARRAY field."""
    return ArrayBuilder(scalar_builder(field.element))


class MemberBuilder(_Arrays):
    """One member of the structs in an ARRAY field, from stored JSON texts; None is null."""

    def __init__(self, member: Field) -> None:
        super().__init__(scalar_builder(member))
        self._name = member.name

    def append(self, texts: Sequence[str | None]) -> None:
        arrays = _loaded(texts)
        kinds = [JsonKind.NO_DOCUMENT if array is None else JsonKind.ARRAY for array in arrays]
        self.extend(kinds, [[struct[self._name] for struct in array or ()] for array in arrays])


class StructsBuilder(_Arrays):
    """The structs of an ARRAY field, of which only their number matters; each stands for itself as True."""

    def __init__(self) -> None:
        super().__init__(scalar_builder(Field("struct", DataType.BOOL)))

    def append(self, texts: Sequence[str | None]) -> None:
        arrays = _loaded(texts)
        kinds = [JsonKind.NO_DOCUMENT if array is None else JsonKind.ARRAY for array in arrays]
        self.extend(kinds, [[True] * len(array or ()) for array in arrays])


class JsonArrayBuilder(_Arrays):
    """The arrays at one JSON path, from stored JSON texts; None is a null document."""

    def __init__(self, path: tuple[str | int, ...]) -> None:
        super().__init__(JsonBuilder(composites=True))
        self._path = path

    def append(self, documents: Sequence[str | None]) -> None:
        values = values_at(documents, self._path)
        kinds = [kind_of(value) for value in values]
        self.extend(kinds, [value if isinstance(value, list) else () for value in values])
