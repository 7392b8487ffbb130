"""The memory of a process that opens a file, searches one of its vector fields, or builds an index on it.

A process starts with a base, of Python and the libraries. Vectors are in memory where no index is built, and
beside an index as long as they are few (``plan.should_keep``). A build holds a sample, and then the index and
some chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ..codec import dense
from ..columns.vectors import bytes_of_vector
from ..indexes.index_type import IndexType
from ..indexes.registry import index_types, similarity
from ..indexes.tuning import current
from ..schema.fields import Field
from ..schema.vector_families import VectorFamily
from ..search.plan import should_keep

OPEN_BYTES: Final = 39 << 20
_SCAN_BYTES: Final = 12 << 20
_INDEX_BYTES: Final = 29 << 20
"""Python 3.11 with numpy and this package on Linux, and a file open; what an exact scan adds, and an index:
code of numpy and faiss, and buffers (benchmarks/sizing.py)."""

_READING_SHARE: Final = 0.35
_READING_MOST: Final = 21 << 20
"""Rows on their way into columns, whose memory the process keeps."""

_SLOT: Final = 8
_KEY: Final = 8
_KEPT_KEYS: Final = 300_000
"""As many integer keys stay in memory beside the snapshot (``columns/view.py``)."""
_LABEL: Final = 8

_CHUNKS: Final = 8
_WIDE_CHUNKS: Final = 4
_MAPPED: Final = 32 << 20
"""Chunks whose memory a build has, those included that it has given back: malloc keeps them for the next one,
unless they are as large as what glibc maps anew each time."""
_BUILD_BYTES: Final = 10 << 20
_MERGED: Final = 1.25
"""What postings take that were merged, with the room that this leaves (100,000 x 64 values)."""


class Structure(Enum):
    """What answers a search."""

    SCAN = "exact scan, vectors in memory"
    INDEX = "index, vectors in memory"
    INDEX_ALONE = "index, vectors in the file"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process: with the file ``open``, after some ``searching``, and at the peak of ``building`` an
    index, None if there is nothing to build.

    ``libraries``: what of that code takes which the search needs, once for all collections. ``vectors`` and
    ``index``: what of that the vectors of the searched field take, and its index, which takes as many in the
    file.
    """

    open: int
    searching: int
    building: int | None
    libraries: int
    vectors: int
    index: int
    structure: Structure


def memory_of(
    field: Field,
    rows: int,
    value_bytes: int,
    type_name: str,
    metric: str | None,
    parameters: Mapping[str, Any],
) -> Memory:
    """The memory of ``rows`` rows with an index of ``type_name`` on ``field``.

    Args:
        value_bytes: bytes of all stored vectors of the field.
    """
    kind = index_types(field)[type_name.upper()]
    vectors = _vector_bytes(field, rows, value_bytes)
    snapshot = rows * (_SLOT + (_KEY if rows <= _KEPT_KEYS else 0))
    if not _is_built(field, kind, rows, value_bytes):
        reading = min(_READING_MOST, int(_READING_SHARE * vectors))
        searching = OPEN_BYTES + _SCAN_BYTES + snapshot + vectors + reading
        return Memory(OPEN_BYTES, searching, None, _SCAN_BYTES, vectors, 0, Structure.SCAN)
    from .index_bytes import index_bytes

    labels = rows if field.within is None else value_bytes // dense.width(field)
    found = index_bytes(field, kind.name, similarity(metric or kind.metrics[0]), parameters, labels)
    kept = vectors if should_keep(vectors) else 0
    index = found.size + labels * _LABEL
    base = OPEN_BYTES + _INDEX_BYTES
    floats = 4 * field.vector_dim
    chunk = found.chunk * floats
    chunks = min(labels * floats, chunk * (_WIDE_CHUNKS if chunk >= _MAPPED else _CHUNKS))
    sample = found.sample * floats
    building = base + snapshot + _BUILD_BYTES + max(found.copies * sample, chunks + found.grown)
    structure = Structure.INDEX if kept else Structure.INDEX_ALONE
    return Memory(
        OPEN_BYTES, base + snapshot + index + kept, building, _INDEX_BYTES, kept, found.size, structure
    )


def _is_built(field: Field, kind: IndexType, rows: int, value_bytes: int) -> bool:
    """Whether an index is built over so many rows."""
    least = current().rows_to_build(kind)
    if least is None or rows < least:
        return False
    if field.vector_family is VectorFamily.LIST:
        from ..indexes.list_codes import LEAST_VECTORS

        return value_bytes >= LEAST_VECTORS * dense.width(field)
    return True


def _vector_bytes(field: Field, rows: int, value_bytes: int) -> int:
    """Bytes of all vectors of ``field`` in memory."""
    each = bytes_of_vector(field)
    if each is not None:
        return rows * each
    # A posting has a slot where a stored pair has an index, and takes as much.
    is_sparse = field.vector_family in (VectorFamily.SPARSE, VectorFamily.TEXT)
    return int(_MERGED * value_bytes) if is_sparse else value_bytes
