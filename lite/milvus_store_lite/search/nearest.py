"""The nearest rows by one vector field, by whatever serves it best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..data_types import DataType
from ..schema import Field
from . import exact, sparse_nearest
from .metrics import Metric
from .rankings import Ranking
from .selection import Selection


def nearest(
    metric: Metric, one: Field, selection: Selection, queries: Any, limit: int, params: Mapping[str, Any]
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by vector field ``one``.

    ``params``: the checked parameters of the search.
    """
    if one.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return sparse_nearest.nearest(metric, one, selection, queries, limit, params)
    return exact.nearest(metric, one, selection, queries, limit)
