"""The metrics by Milvus's names, and which way each goes."""

from __future__ import annotations

from enum import Enum


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
