"""How each family of vectors is searched."""

from __future__ import annotations

from typing import Any, Final

from ..schema.vector_families import VectorFamily
from . import binary, bm25, dense_nearest, max_sim_bits, max_sim_nearest, sparse
from .family import SearchFamily

FAMILIES: Final[dict[VectorFamily, SearchFamily[Any]]] = {
    VectorFamily.DENSE: dense_nearest.FAMILY,
    VectorFamily.BINARY: binary.FAMILY,
    VectorFamily.SPARSE: sparse.FAMILY,
    VectorFamily.TEXT: bm25.FAMILY,
    VectorFamily.LIST: max_sim_nearest.FAMILY,
    VectorFamily.BINARY_LIST: max_sim_bits.FAMILY,
}
