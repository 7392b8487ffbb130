"""The metrics by Milvus's names, which way each goes, and how users see their values."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt


class Metric(str, Enum):
    larger_is_nearer: bool
    """Whether a larger value of the metric means a nearer row."""

    def __new__(cls, name: str, larger_is_nearer: bool = False) -> Metric:
        metric = str.__new__(cls, name)
        metric._value_ = name
        metric.larger_is_nearer = larger_is_nearer
        return metric

    L2 = "L2"
    IP = "IP", True
    COSINE = "COSINE", True
    HAMMING = "HAMMING"
    JACCARD = "JACCARD"
    TANIMOTO = "TANIMOTO"
    SUBSTRUCTURE = "SUBSTRUCTURE"
    SUPERSTRUCTURE = "SUPERSTRUCTURE"
    MHJACCARD = "MHJACCARD", True
    BM25 = "BM25", True
    MAX_SIM = "MAX_SIM", True
    MAX_SIM_COSINE = "MAX_SIM_COSINE", True
    MAX_SIM_IP = "MAX_SIM_IP", True
    MAX_SIM_L2 = "MAX_SIM_L2"
    MAX_SIM_HAMMING = "MAX_SIM_HAMMING"
    MAX_SIM_JACCARD = "MAX_SIM_JACCARD"


def as_shown(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """``values`` as float32. A distance beyond its range is an infinity, as in Milvus, and no warning."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
