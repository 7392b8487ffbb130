"""Range search: the nearest rows among those whose distance lies in a ring around the query."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..codec import QueryVectors
from .family import Nearest
from .metrics import Metric
from .range_bounds import RangeBounds
from .rankings import NOTHING, Ranking
from .selection import Selection

_WIDENING: Final = 4
"""How many times more rows the next attempt ranks when the last one found too few."""


def within(metric: Metric, ring: RangeBounds, nearest: Nearest) -> Nearest:
    """``nearest`` confined to the rows in ``ring``.

    It ranks more and more rows, until enough of them are inside the ring or one is beyond it.
    """

    def confined(selection: Selection, queries: QueryVectors, limit: int) -> list[Ranking]:
        found = [NOTHING] * len(queries)
        pending = np.arange(len(queries))
        asked = limit
        while len(pending):
            unfinished = []
            for number, (slots, values) in zip(
                pending.tolist(), nearest(selection, queries[pending], asked), strict=True
            ):
                kept, is_beyond = ring.inside(metric, values)
                found[number] = slots[kept][:limit], values[kept][:limit]
                if len(slots) == asked and not is_beyond and np.count_nonzero(kept) < limit:
                    unfinished.append(number)
            pending = np.array(unfinished, dtype=np.int64)
            asked *= _WIDENING
        return found

    return confined
