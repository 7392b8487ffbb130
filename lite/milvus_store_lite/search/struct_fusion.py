"""Hybrid search with searches of single structs: of structs where all find those of one array, else of rows.

Structs are fused by their numbers, which are made of seqs here. Where searches find structs of other arrays, or
rows, each search of structs counts rows: one value is made of those of the structs of a row that it has found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from ..errors import ParamError
from .elements import numbered, offsets_of, rows_of
from .fusion import Found
from .grouping import leaders
from .metrics import Metric
from .rankings import Ranking, order
from .selection import Selection

ELEMENT_SCOPE: Final = "element_scope"

_Strategy = Literal["max", "sum", "avg", "topk_sum", "topk_avg"]


@dataclass(frozen=True, slots=True)
class Collapse:
    """What becomes of the values of a row's structs: the nearest, the sum or average, or that of the ``topk``
    nearest."""

    strategy: _Strategy = "max"
    topk: int | None = None

    @classmethod
    def of(cls, given: object, metric: Metric) -> Collapse:
        """What ``{"collapse": {"strategy": ..., "topk": ...}}`` asks for; the nearest struct for None.

        Raises:
            ParamError: it has another form, or does not go with ``metric``.
        """
        if given is None:
            return cls()
        inner = given.get("collapse") if isinstance(given, Mapping) and set(given) == {"collapse"} else None
        if not isinstance(inner, Mapping) or not {"strategy"} <= set(inner) <= {"strategy", "topk"}:
            raise ParamError(
                message=f'{ELEMENT_SCOPE} must be {{"collapse": {{"strategy": ..., "topk": ...}}}}, '
                f"got {given!r:.80}"
            )
        strategy, topk = inner["strategy"], inner.get("topk")
        if strategy not in get_args(_Strategy):
            raise ParamError(
                message=f"strategy of {ELEMENT_SCOPE} must be one of {', '.join(get_args(_Strategy))}, "
                f"got {strategy!r:.80}"
            )
        takes_topk = strategy.startswith("topk")
        if takes_topk != (topk is not None) or (
            takes_topk and (isinstance(topk, bool) or not isinstance(topk, int) or topk < 1)
        ):
            expected = "an int of at least 1" if takes_topk else "left out"
            raise ParamError(
                message=f"topk of {ELEMENT_SCOPE} with strategy {strategy!r} must be {expected}, got {topk!r:.80}"
            )
        if strategy.endswith("sum") and not metric.larger_is_nearer:
            raise ParamError(
                message=f"strategy {strategy!r} of {ELEMENT_SCOPE} needs a metric whose larger values are nearer: "
                f"expected 'max' or an average for {metric}"
            )
        return cls(strategy, topk)

    def rows(self, metric: Metric, ranking: Ranking) -> Ranking:
        """The rows of the structs in ``ranking``, each with one value, nearest first."""
        numbers, values = ranking
        rows = rows_of(numbers)
        if not len(rows):
            return rows, values
        kept = leaders(rows, len(rows), self.topk or (1 if self.strategy == "max" else len(rows)))
        rows, values = rows[kept], values[kept]
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        made = np.add.reduceat(values, starts)
        if self.strategy.endswith("avg"):
            made = made / np.diff(starts, append=len(rows))
        by = order(metric, made)
        return rows[starts][by], made[by]


def found_structs(selection: Selection, ranking: Ranking, metric: Metric) -> Found:
    """The structs in ``ranking``, numbered by the seqs of their rows."""
    numbers, values = ranking
    seqs = selection.view.snapshot.seqs[rows_of(numbers)]
    return Found(numbered(seqs, offsets_of(numbers)), values, metric)


def found_rows(selection: Selection, ranking: Ranking, metric: Metric, collapse: Collapse) -> Found:
    """The rows of the structs in ``ranking``, as their seqs."""
    rows, values = collapse.rows(metric, ranking)
    return Found(selection.view.snapshot.seqs[rows], values, metric)
