"""Which family serves which index type. Importing this imports faiss."""

from __future__ import annotations

from typing import Final

from ..schema.vector_families import VectorFamily
from .ann import AnnIndex
from .codes import Codes, RaBitQ, RefinedCodes
from .graphs import Graph, ProductGraph, ScalarGraph
from .list_codes import ListCodes
from .lists import FastLists, FlatLists, ProductLists, ScalarLists

FAMILIES: Final[dict[str, type[AnnIndex]]] = {
    "AUTOINDEX": RefinedCodes,
    "DISKANN": Codes,
    "AISAQ": Codes,
    "IVF_RABITQ": RaBitQ,
    "ANNOY": RefinedCodes,
    "IVF_FLAT": FlatLists,
    "GPU_IVF_FLAT": FlatLists,
    "IVF_SQ8": ScalarLists,
    "IVF_SQ8H": ScalarLists,
    "IVF_PQ": ProductLists,
    "GPU_IVF_PQ": ProductLists,
    "SCANN": FastLists,
    "HNSW": Graph,
    "RNSG": Graph,
    "GPU_CAGRA": Graph,
    "HNSW_SQ": ScalarGraph,
    "HNSW_PQ": ProductGraph,
    "HNSW_PRQ": ProductGraph,
}


def family_of(type_name: str, family: VectorFamily) -> type[AnnIndex]:
    """What serves an index of this type on a field of this family."""
    return ListCodes if family is VectorFamily.LIST else FAMILIES[type_name]
