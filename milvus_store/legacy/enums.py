"""Index and metric types: the numbers of Milvus 0.9, and today's names."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from milvus_store import IndexType

__all__ = ["SEGMENT_INDEX_NAMES", "IndexType", "MetricType", "index_name_of", "index_type_of"]


class MetricType(IntEnum):
    """How to compare vectors. L2 is squared; larger is nearer for IP only."""

    INVALID = 0
    L2 = 1
    IP = 2
    HAMMING = 3
    JACCARD = 4
    TANIMOTO = 5
    SUBSTRUCTURE = 6
    SUPERSTRUCTURE = 7

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}>"

    @property
    def is_binary(self) -> bool:
        """Whether it compares binary vectors, given as ``bytes``."""
        return self >= MetricType.HAMMING


_FLOAT_INDEXES: Final = {
    IndexType.FLAT: "FLAT",
    IndexType.IVFLAT: "IVF_FLAT",
    IndexType.IVF_SQ8: "IVF_SQ8",
    IndexType.RNSG: "RNSG",
    IndexType.IVF_SQ8H: "IVF_SQ8H",
    IndexType.IVF_PQ: "IVF_PQ",
    IndexType.HNSW: "HNSW",
    IndexType.ANNOY: "ANNOY",
}
_BINARY_INDEXES: Final = {IndexType.FLAT: "BIN_FLAT", IndexType.IVFLAT: "BIN_IVF_FLAT"}
_TYPES: Final = {name: kind for names in (_FLOAT_INDEXES, _BINARY_INDEXES) for kind, name in names.items()}

SEGMENT_INDEX_NAMES: Final = {
    IndexType.FLAT: "IDMAP",
    IndexType.IVFLAT: "IVFFLAT",
    IndexType.IVF_SQ8: "IVFSQ8",
    IndexType.RNSG: "NSG",
    IndexType.IVF_SQ8H: "IVFSQ8H",
    IndexType.IVF_PQ: "PQ",
    IndexType.HNSW: "HNSW",
    IndexType.ANNOY: "ANNOY",
}
"""Names of the index types in the statistics of a Milvus 0.9 server."""


def index_name_of(kind: IndexType, is_binary: bool) -> str | None:
    """``MilvusClient``'s name of an index type, None if such vectors cannot have it."""
    return (_BINARY_INDEXES if is_binary else _FLOAT_INDEXES).get(kind)


def index_type_of(name: str) -> IndexType | None:
    """The legacy type of an index that ``MilvusClient`` describes as ``name``, None if 0.9 lacked it."""
    return _TYPES.get(name.upper())
