"""Decay: a row scores the less, the further a number of it is from an origin.

The formulas are those of Milvus's documentation of the decay ranker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ...errors import ParamError
from ...schema.fields import Field
from ..fusion import Floats

MIN_DECAY: Final = 0.001
MAX_DECAY: Final = 0.999
"""Milvus's bounds, inclusive."""


@dataclass(frozen=True, slots=True)
class DecayCurve:
    """The factor of a number: 1 as far as ``offset`` from ``origin``, and ``decay`` at ``scale`` beyond that."""

    function: str
    origin: float
    scale: float
    offset: float = 0.0
    decay: float = 0.5

    def __post_init__(self) -> None:
        if self.function not in _CURVES:
            raise ParamError(
                message=f"function of a decay must be one of {', '.join(_CURVES)}, got {self.function!r:.80}"
            )
        for name in ("origin", "scale", "offset", "decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise ParamError(message=f"{name} of a decay must be a finite number, got {value!r:.80}")
        if self.scale <= 0:
            raise ParamError(message=f"scale of a decay must be above 0, got {self.scale!r}")
        if self.offset < 0:
            raise ParamError(message=f"offset of a decay must be at least 0, got {self.offset!r}")
        if not MIN_DECAY <= self.decay <= MAX_DECAY:
            raise ParamError(
                message=f"decay of a decay must be from {MIN_DECAY} to {MAX_DECAY}, got {self.decay!r}"
            )

    def factors(self, values: Sequence[float | None]) -> Floats:
        """(n,) float64 from 0 to 1, NaN where a value is null."""
        numbers = np.array(values, dtype=np.float64)
        distances = np.maximum(np.abs(numbers - self.origin) - self.offset, 0)
        return _CURVES[self.function](distances / self.scale, self.decay)


def _gauss(distances: Floats, decay: float) -> Floats:
    return np.exp(math.log(decay) * distances**2)


def _exponential(distances: Floats, decay: float) -> Floats:
    return np.exp(math.log(decay) * distances)


def _linear(distances: Floats, decay: float) -> Floats:
    return np.maximum(1 - (1 - decay) * distances, 0)


_CURVES: Final[dict[str, Callable[[Floats, float], Floats]]] = {
    "gauss": _gauss,
    "exp": _exponential,
    "linear": _linear,
}
"""The factor at a distance beyond the offset, counted in scales."""


@dataclass(frozen=True, slots=True)
class Decay:
    """Scores times the factor of a numeric field; a row whose number is null has no score."""

    field: str
    curve: DecayCurve

    def check(self, field: Field, queries: int) -> None:
        """Raise ``ParamError`` unless ``field`` is numeric."""
        if not field.dtype.is_number:
            raise ParamError(
                message=f"field '{field.name}' of a decay ranker must be numeric: INT8, INT16, INT32, INT64, "
                f"FLOAT or DOUBLE, got {field.describe()}"
            )

    def rescored(self, scores: Floats, values: Sequence[Any], query: int) -> Floats:
        """(n,) the new scores of the candidates of one query, NaN for none."""
        return scores * self.curve.factors(values)
