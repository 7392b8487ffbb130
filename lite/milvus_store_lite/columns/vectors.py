"""Vector fields in memory: an immutable column for each family of vectors, and its builder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..schema.fields import Field
from ..schema.vector_families import VectorFamily
from . import binary_vectors, dense_vectors, postings, terms, vector_lists
from .binary_vectors import BinaryColumn
from .dense_vectors import DenseColumn
from .postings import SparseColumn
from .terms import TermColumn
from .vector_form import VectorBuilder, VectorForm
from .vector_lists import ListColumn

AnyVectorColumn = DenseColumn | BinaryColumn | SparseColumn | TermColumn | ListColumn  # type: ignore[type-arg]  # isinstance() takes no parameters

FORMS: Final[dict[VectorFamily, VectorForm[AnyVectorColumn]]] = {
    VectorFamily.DENSE: dense_vectors.FORM,
    VectorFamily.BINARY: binary_vectors.FORM,
    VectorFamily.SPARSE: postings.FORM,
    VectorFamily.TEXT: terms.FORM,
    VectorFamily.LIST: vector_lists.FORM,
    VectorFamily.BINARY_LIST: vector_lists.FORM,
}
"""The form of each family."""


def vector_builder(field: Field) -> VectorBuilder[AnyVectorColumn]:
    """The builder for a vector field."""
    return FORMS[field.vector_family].builder(field)


def bytes_of_vector(field: Field) -> int | None:
    """Bytes that a vector of ``field`` takes in its column; None if they differ."""
    bytes_each = FORMS[field.vector_family].bytes_each
    return None if bytes_each is None else bytes_each(field)


def vectors_of(field: Field, blobs: Sequence[bytes | None]) -> AnyVectorColumn:
    """A column of just these vectors."""
    builder = vector_builder(field)
    builder.reserve(len(blobs))
    builder.append(blobs)
    return builder.view()
