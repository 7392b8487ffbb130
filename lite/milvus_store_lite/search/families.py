"""How each family of vectors is searched."""

from __future__ import annotations

from typing import Any, Final

from ..schema.fields import Field
from ..schema.vector_families import VectorFamily
from . import binary, bm25, dense_nearest, elements, max_sim_bits, max_sim_nearest, sparse
from .family import SearchFamily
from .metrics import Metric

FAMILIES: Final[dict[VectorFamily, SearchFamily[Any]]] = {
    VectorFamily.DENSE: dense_nearest.FAMILY,
    VectorFamily.BINARY: binary.FAMILY,
    VectorFamily.SPARSE: sparse.FAMILY,
    VectorFamily.TEXT: bm25.FAMILY,
    VectorFamily.LIST: max_sim_nearest.FAMILY,
    VectorFamily.BINARY_LIST: max_sim_bits.FAMILY,
}


def family_of(field: Field, metric: Metric) -> SearchFamily[Any]:
    """How ``field`` is searched; one of lists by the lists or by the single vectors, as ``metric`` says."""
    return elements.FAMILY if compares_elements(field, metric) else FAMILIES[field.vector_family]


def compares_elements(field: Field, metric: Metric) -> bool:
    """Whether a search finds the single structs in the arrays of a field, not rows."""
    return field.within is not None and not metric.startswith("MAX_SIM")
