"""Rows in the order of their primary keys, for those who page by key."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from ..columns.column import NumberColumn
from ..columns.view import View
from ..schema.model import Field


def by_pk(
    view: View, primary: Field, slots: npt.NDArray[np.int64], count: int | None
) -> npt.NDArray[np.int64]:
    """``slots`` in the order of their primary keys; the first ``count`` of them, if that is not None.

    Texts are in the order of their code points, which is that of their UTF-8.
    """
    column = view.column(primary)
    if isinstance(column, NumberColumn):
        pks = column.values[slots]
        if count is not None and count < len(slots):
            near = np.argpartition(pks, count - 1)[:count]
            slots, pks = slots[near], pks[near]
        return slots[np.argsort(pks, kind="stable")]
    words = column.dictionary.words
    texts = [words[code] for code in column.codes[slots].tolist()]
    least = heapq.nsmallest(len(texts) if count is None else count, range(len(texts)), key=texts.__getitem__)
    return slots[np.array(least, dtype=np.int64)]
