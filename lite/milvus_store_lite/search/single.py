"""Distances as float32, which is how users see them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def single(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """``values`` as float32. A distance beyond its range is an infinity, as in Milvus, and no warning."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
