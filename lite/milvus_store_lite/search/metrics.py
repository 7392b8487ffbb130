"""The metrics by Milvus's names, which way each goes, and how users see their values."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt


class Metric(str, Enum):
    L2 = "L2"
    IP = "IP"
    COSINE = "COSINE"
    HAMMING = "HAMMING"
    JACCARD = "JACCARD"
    TANIMOTO = "TANIMOTO"
    SUBSTRUCTURE = "SUBSTRUCTURE"
    SUPERSTRUCTURE = "SUPERSTRUCTURE"
    BM25 = "BM25"

    @property
    def larger_is_nearer(self) -> bool:
        """Whether a larger value of the metric means a nearer row."""
        return self in (Metric.IP, Metric.COSINE, Metric.BM25)


def as_shown(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """``values`` as float32. A distance beyond its range is an infinity, as in Milvus, and no warning."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
