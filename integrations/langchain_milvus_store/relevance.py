"""Turns a metric's value into a relevance between 0 and 1, for embeddings of length 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_DIGITS: Final = 6
"""float32 has no more digits; without rounding the relevance of a vector to itself could exceed 1."""


def relevance_of(metric: str) -> Callable[[float], float]:
    """The function for ``metric``; raises ``ValueError`` for one without a known range."""
    if metric == "L2":  # squared: 0 is the same direction, 4 the opposite one
        return lambda distance: round(1 - distance / 4, _DIGITS)
    if metric in ("IP", "COSINE"):  # 1 is the same direction, -1 the opposite one
        return lambda similarity: round((1 + similarity) / 2, _DIGITS)
    raise ValueError(f"relevance is known for the metrics L2, IP and COSINE, got {metric!r}")
