"""The distances that hits of a range search may have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..errors import ParamError
from .metrics import Metric, as_shown


@dataclass(frozen=True, slots=True)
class RangeBounds:
    """The distances that hits may have, as Milvus bounds them.

    ``radius`` is the outer bound and itself outside, ``range_filter`` the inner one and itself inside: with L2
    and the binary metrics ``range_filter <= distance < radius``, with IP and COSINE, where larger is nearer,
    ``radius < distance <= range_filter``. None leaves a side open. Both are compared as the float32 that a
    hit's distance is.
    """

    radius: float | None
    range_filter: float | None

    def __post_init__(self) -> None:
        for name, value in (("radius", self.radius), ("range_filter", self.range_filter)):
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or value != value:
                raise ParamError(message=f"{name} must be a number, got {type(value).__name__}: {value!r}")

    def check(self, metric: Metric) -> None:
        """Raise ``ParamError`` if no distance of ``metric`` can lie between the bounds."""
        if self.radius is None or self.range_filter is None:
            return
        wrong = (
            self.range_filter <= self.radius if metric.larger_is_nearer else self.radius <= self.range_filter
        )
        if wrong:
            order = "smaller" if metric.larger_is_nearer else "larger"
            raise ParamError(
                message=f"with metric_type {metric.value} radius must be {order} than range_filter, got "
                f"radius={self.radius!r} and range_filter={self.range_filter!r}"
            )

    def inside(self, metric: Metric, values: npt.NDArray[np.float64]) -> tuple[BoolArray, bool]:
        """Which of ``values``, nearest first, are within the bounds, and whether the last is beyond them."""
        from ..filters.evaluation.numbers import nearest_float32  # filters are imported at the first use

        shown = as_shown(values)
        kept = np.ones(len(shown), dtype=np.bool_)
        is_beyond = False
        if self.range_filter is not None:
            inner = nearest_float32(self.range_filter)
            kept &= shown <= inner if metric.larger_is_nearer else shown >= inner
        if self.radius is not None:
            outer = nearest_float32(self.radius)
            near = shown > outer if metric.larger_is_nearer else shown < outer
            is_beyond = len(near) > 0 and not near[-1]
            kept &= near
        return kept, is_beyond
