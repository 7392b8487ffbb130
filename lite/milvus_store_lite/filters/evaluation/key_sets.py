"""``membership_match`` over columns: values are asked of the keys of their own kind, as Milvus does."""

from __future__ import annotations

import numpy as np

from ...columns.column import JsonColumn, JsonKind, NumberColumn, StringColumn
from ..bound import KeySet
from . import strings
from .truth import Truth, some


def of_column(column: NumberColumn | StringColumn, keys: KeySet) -> Truth:
    """Rows of an integer or VARCHAR field that are one of ``keys``."""
    if isinstance(column, StringColumn):
        return Truth.of(strings.are_keys(column, keys), some(column.codes < 0))
    return Truth.of(keys.holds_integers(column.values), None if column.valid is None else ~column.valid)


def of_json(column: JsonColumn, keys: KeySet) -> Truth:
    """Rows with an integer or a string at a JSON path that is one of ``keys``.

    A float is none, not even ``5.0``. Where there is neither a number nor a string the answer is unknown.
    """
    kinds = column.kinds
    is_integer = kinds == JsonKind.INT
    holds = np.zeros(len(kinds), dtype=np.bool_)
    holds[is_integer] = keys.holds_integers(column.ints[is_integer])
    holds |= strings.are_keys(column.strings, keys)
    known = is_integer | (kinds == JsonKind.FLOAT) | (kinds == JsonKind.STRING)
    return Truth.of(holds, some(~known))
