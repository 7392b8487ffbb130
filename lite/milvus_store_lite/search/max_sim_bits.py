"""Exact ranking of lists of binary vectors: the sum, over the vectors of the query, of the least distance.

No search finds a row without vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..codec.list_rows import VectorLists
from ..columns.column import BoolArray
from ..columns.vector_lists import BinaryLists, ListColumn
from ..indexes.field_index import FieldIndex
from ..schema.fields import Field
from . import binary, exact
from .family import SearchFamily
from .metrics import Metric
from .rankings import Ranking, leading
from .selection import Selection

_DISTANCE: Final = {Metric.MAX_SIM_HAMMING: Metric.HAMMING, Metric.MAX_SIM_JACCARD: Metric.JACCARD}
"""The metric between two vectors."""


def scan(
    metric: Metric, rows: BinaryLists, queries: VectorLists, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows that ``mask`` shows, for each of ``queries``."""
    has_vectors = np.diff(rows.starts) > 0
    slots = np.flatnonzero(has_vectors if mask is None else has_vectors & mask)
    yield from scan_at(metric, rows, slots, queries, limit)


def scan_at(
    metric: Metric,
    rows: BinaryLists,
    slots: npt.NDArray[np.int64],
    queries: VectorLists,
    limit: int,
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows at ``slots``, ascending, for each of ``queries``."""
    slots = slots[np.diff(rows.starts)[slots] > 0]
    chosen = rows if len(slots) == len(rows.starts) - 1 else rows.at(slots)
    for number in range(len(queries)):
        values = np.zeros(len(slots))
        for vector in queries.list_at(number) if len(slots) else ():
            distances = binary.distances(_DISTANCE[metric], chosen.vectors, vector)
            values += np.minimum.reduceat(distances, chosen.starts[:-1])
        best = leading(metric, values, limit)
        yield slots[best], values[best]


SCAN: Final = exact.Scan(ListColumn, scan, scan_at)


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: VectorLists,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``: every index type is an exact scan."""
    return exact.nearest(SCAN, metric, field, selection, queries, limit)


FAMILY: Final = SearchFamily(nearest, is_plain=True)
