"""How large an index gets: told by an empty one of the same definition, whose faiss index knows its codes and
links.

Importing this imports faiss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..indexes.families import family_of
from ..process.openmp import faiss
from ..schema.fields import Field

_LABEL: Final = 8
_OFFSET: Final = 8
_LEVEL: Final = 4
_LINK: Final = 4
_FLOAT: Final = 4


_GROWN: Final = 1.1
_GROWN_LISTS: Final = 1.8
"""What an index takes while it grows: its arrays are in memory twice while they move, some at a time. Of lists
each is an array that doubles (100,000 x 384, IVF_FLAT)."""

_COPIES: Final = 3
_LISTED_COPIES: Final = 5
"""A sample as it was read, prepared, and without the queries; where centroids are learned, as k-means takes it,
and less these (100,000 x 384, IVF_SQ8 of 1,024 lists)."""


@dataclass(frozen=True, slots=True)
class IndexBytes:
    """``size``: bytes of the index, in a file and in memory; ``grown``: while it is built. ``sample``: vectors
    that a build trains with, in memory in so many ``copies``; ``chunk``: those that it adds at a time."""

    size: int
    grown: int
    sample: int
    copies: int
    chunk: int


def index_bytes(
    field: Field, type_name: str, metric: str, parameters: Mapping[str, Any], vectors: int
) -> IndexBytes:
    """An index of ``type_name`` over ``vectors`` vectors of ``field``."""
    empty = family_of(type_name, field.vector_family).empty(field.vector_dim, metric, parameters, vectors)
    size = _bytes(empty.handle, vectors)
    is_listed = isinstance(empty.handle, faiss.IndexIVF)
    grown = int(size * (_GROWN_LISTS if is_listed and not _has_blocks(empty.handle) else _GROWN))
    return IndexBytes(
        size,
        grown,
        min(vectors, empty.sample_size),
        _LISTED_COPIES if is_listed else _COPIES,
        min(vectors, empty.chunk),
    )


def _bytes(handle: Any, vectors: int) -> int:
    """Bytes of ``vectors`` vectors in a faiss index like ``handle``."""
    if isinstance(handle, faiss.IndexRefine):
        parts = (handle.base_index, handle.refine_index)
        return sum(_bytes(faiss.downcast_index(part), vectors) for part in parts)
    if isinstance(handle, faiss.IndexHNSW):
        return _graph_bytes(handle.hnsw, vectors) + _bytes(faiss.downcast_index(handle.storage), vectors)
    if not isinstance(handle, faiss.IndexIVF):
        return vectors * int(handle.sa_code_size()) + _codebook_bytes(handle)
    centroids = int(handle.nlist) * int(handle.d) * _FLOAT
    if _has_blocks(handle):
        lists = faiss.downcast_InvertedLists(handle.invlists)
        # The last block of each list is half full.
        blocks = vectors / lists.n_per_block + handle.nlist / 2
        codes = int(blocks * lists.block_size)
    else:
        codes = vectors * int(handle.code_size)
    return codes + vectors * _LABEL + centroids + _codebook_bytes(handle)


def _has_blocks(handle: Any) -> bool:
    """Whether inverted lists have their codes in blocks, for fast-scan kernels."""
    return isinstance(faiss.downcast_InvertedLists(handle.invlists), faiss.BlockInvertedLists)


def _graph_bytes(graph: Any, vectors: int) -> int:
    """Links, their offsets and the levels; each level has one node of so many as a node has links above the
    first."""
    links, upper = int(graph.nb_neighbors(0)), int(graph.nb_neighbors(1))
    upper_links = upper / max(1, upper - 1)
    return int(vectors * (_LINK * (links + upper_links) + _OFFSET + _LEVEL))


def _codebook_bytes(handle: Any) -> int:
    """The centroids of product codes, if ``handle`` has such codes."""
    product = getattr(handle, "pq", None)
    return 0 if product is None else int(product.ksub) * int(handle.d) * _FLOAT
