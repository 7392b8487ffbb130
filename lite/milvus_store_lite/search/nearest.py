"""The nearest rows by one vector field, by whatever serves it best."""

from __future__ import annotations

from typing import Any

from ..schema import Field
from . import exact
from .metrics import Metric
from .rankings import Ranking
from .selection import Selection


def nearest(metric: Metric, one: Field, selection: Selection, queries: Any, limit: int) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by vector field ``one``."""
    return exact.nearest(metric, one, selection, queries, limit)
