"""What records of other stores have in common: a collection that is chosen by its name, values with types of their
own, metadata beside columns, batches of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from milvus_store_lite import DataType

from ...data import Rows
from ...errors import ParamError
from ..inferring import DYNAMIC_COLUMN
from ..records import RecordBatch, Refused

KEY: Final = "id"
VECTOR: Final = "vector"
TEXT: Final = "text"
"""The fields of a store that has no names for them."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    reason: str
    record: Any


Record = dict[str, Any] | Unreadable


class StoreRecords:
    schema: Final = None
    are_texts: Final = False
    texts_are_json: Final = False
    primary_key: str | None = KEY

    def __init__(self, label: str) -> None:
        self.label = label
        self.metrics: Mapping[str, str] = {}

    def types(self) -> Mapping[str, DataType]:
        return {VECTOR: DataType.FLOAT_VECTOR}

    def sample(self, count: int) -> Sequence[Mapping[str, Any]]:
        chunk = next(self._chunks(0, count), [])
        return [
            {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in one.items()}
            for one in chunk
            if isinstance(one, dict)
        ]

    def batches(self, after: int, rows: int) -> Iterator[RecordBatch]:
        reached = after
        for chunk in self._chunks(after, rows):
            numbered = list(enumerate(chunk, start=reached + 1))
            reached += len(chunk)
            good = {number: one for number, one in numbered if isinstance(one, dict)}
            refused = [
                Refused(number, one.reason, one.record)
                for number, one in numbered
                if isinstance(one, Unreadable)
            ]
            yield RecordBatch(Rows(list(good.values())), list(good), reached, refused)

    def _chunks(self, after: int, rows: int) -> Iterator[Sequence[Record]]:
        """The records beyond the first ``after``, some ``rows`` at a time."""
        raise NotImplementedError


def chosen(label: str, names: Sequence[str], wanted: str | None) -> str:
    """The name of the collection to read: ``wanted``, or that of the only one."""
    if wanted is None and len(names) == 1:
        return names[0]
    there = ", ".join(map(repr, names)) or "none"
    if wanted is None:
        raise ParamError(
            message=f"collections of {label} are: {there}; say which by --from-collection, or from_collection="
        )
    if wanted not in names:
        raise ParamError(message=f"{label} has no collection {wanted!r}; there are: {there}")
    return wanted


def beside(
    columns: Mapping[str, Any], metadata: Mapping[str, Any], reserved: frozenset[str]
) -> dict[str, Any]:
    """``columns`` and ``metadata`` in one record. A key that is the name of a column gets a prefix.

    Args:
        reserved: the names of all columns, also of those that this record lacks.
    """
    record = dict(columns)
    for key, value in metadata.items():
        name = key
        while name in reserved or name == DYNAMIC_COLUMN or (name != key and name in metadata):
            name = f"metadata_{name}"
        record[name] = value
    return record


def field_names(names: Sequence[str]) -> dict[str, str]:
    """Names of vectors → those of fields, which have letters, digits and underscores."""
    fields: dict[str, str] = {}
    for name in names:
        field = re.sub(r"\W", "_", name, flags=re.ASCII)
        if not field or field[0].isdigit() or field == KEY:
            field = f"{VECTOR}_{field}"
        while field in fields.values():
            field += "_"
        fields[name] = field
    return fields
