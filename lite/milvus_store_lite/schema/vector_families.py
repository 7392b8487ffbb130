"""The families of vectors: what is stored, held in memory and ranked in the same way.

What a family does belongs to layers that must not know each other. One object that did all of it would be imported
by every layer and import every layer: a cycle. So each layer has a registry of its own, keyed by the family, and
a test holds that each registry knows every family.

A new family takes a line here, and in each layer a module of its own and a line in the registry:

- ``codec.vectors.CODECS``: how users' vectors become bytes and queries, and back;
- ``columns.vectors.FORMS``: the column in memory, what builds it, and its size;
- ``indexes.registry.VECTOR_INDEXES``: the index types and metrics that a field may have;
- ``search.families.FAMILIES``: how queries are prepared, and rows ranked and scored.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from .data_types import DENSE_VECTORS, DataType


class VectorFamily(Enum):
    __hash__ = object.__hash__  # each is a single object; Enum's own is a Python call for each look-up

    DENSE = "a number for each dimension, float32 in memory"
    BINARY = "a bit for each dimension"
    SPARSE = "numbers by index"
    TEXT = "terms of a text and their counts, ranked by BM25"
    LIST = "a list of dense vectors, those of a member of structs"
    BINARY_LIST = "a list of binary vectors, those of a member of structs"


FAMILY_OF_TYPE: Final[dict[DataType, VectorFamily]] = {
    **dict.fromkeys(DENSE_VECTORS, VectorFamily.DENSE),
    DataType.BINARY_VECTOR: VectorFamily.BINARY,
    DataType.SPARSE_FLOAT_VECTOR: VectorFamily.SPARSE,
}
"""The family of each vector type; a field that a BM25 function fills is of TEXT, whatever its type."""
