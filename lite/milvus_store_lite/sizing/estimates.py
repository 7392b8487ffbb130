"""What a collection will take that is not made yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..codec import dense
from ..errors import ParamError
from ..indexes.registry import check_index
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.vector_families import VectorFamily
from ..storage.file.opening import PAGE_SIZE
from ..storage.table_sizes import (
    CATALOG_PAGES,
    NULL,
    integer_bytes,
    key_index_bytes,
    row_bytes,
    stored_index_bytes,
    table_bytes,
    with_maps,
)
from .memory import Memory, memory_of

_CHECKSUM: Final = 8
_ROW_CHECKSUM: Final = 4
_OWN_CHECKSUMS: Final = 3
"""Each row has checksums of its key, its partition and its dynamic field, whether there is one or not."""
_NUMBER: Final = 8
_PAIR: Final = 8
_MOST: Final = 10**10


@dataclass(frozen=True, slots=True)
class Workload:
    """A collection with integer keys and one vector field, to be made.

    ``vector``: FLOAT_VECTOR or another type. ``dim``: of it; of a sparse vector, how many values one has.
    ``text``: the mean bytes of UTF-8 of a text field, 0 for none. ``scalars``: further fields, of numbers.
    ``index``: the index type, ``parameters`` those of ``create_index``.
    """

    rows: int
    dim: int
    vector: DataType = DataType.FLOAT_VECTOR
    text: int = 0
    scalars: int = 0
    index: str = "AUTOINDEX"
    metric: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of the closed file, in ``total``, and of its ``rows`` with their scalars, ``keys`` (the SQL index on
    them), ``vectors``, the stored ``index``, and ``other`` pages."""

    rows: int
    keys: int
    vectors: int
    index: int
    other: int
    total: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What ``workload`` will take. ``value_bytes``: of all its vectors as they are stored."""

    workload: Workload
    value_bytes: int
    disk: Disk
    memory: Memory


def estimate(workload: Workload) -> Estimate:
    """The disk and memory that ``workload`` takes.

    Raises:
        ParamError: there can be no such collection: a number out of its range, an index type that the field
        cannot
            have.
    """
    for name, least in (("rows", 1), ("text", 0), ("scalars", 0)):
        value = getattr(workload, name)
        if type(value) is not int or not least <= value <= _MOST:
            raise ParamError(message=f"{name} must be an int between {least} and {_MOST:,}, got {value!r}")
    vectors, width = _field_of(workload)
    kind, metric, parameters = check_index(vectors, workload.index, workload.metric, workload.parameters)
    rows = workload.rows
    memory = memory_of(vectors, rows, rows * width, kind, metric, parameters)
    sizes = {
        "rows": table_bytes(rows, _row(workload)),
        "keys": key_index_bytes(rows, integer_bytes(rows)),
        "vectors": table_bytes(rows, row_bytes([NULL], [_CHECKSUM, width])),
        "index": stored_index_bytes(rows, memory.index) if memory.index else 0,
    }
    total = with_maps(sum(sizes.values()) + CATALOG_PAGES * PAGE_SIZE)
    disk = Disk(**sizes, other=total - sum(sizes.values()), total=total)
    return Estimate(workload, rows * width, disk, memory)


def _field_of(workload: Workload) -> tuple[Field, int]:
    """The vector field, and the bytes of one of its stored vectors."""
    if not workload.vector.is_vector:
        raise ParamError(message=f"vector must be a type of vectors, got {workload.vector.name}")
    if workload.vector is DataType.SPARSE_FLOAT_VECTOR:
        if type(workload.dim) is not int or not 1 <= workload.dim <= 2**32:
            raise ParamError(
                message=f"dim must be the number of values of a sparse vector, got {workload.dim!r}"
            )
        return Field("vector", workload.vector), _PAIR * workload.dim
    made = Field("vector", workload.vector, dim=workload.dim)
    return made, workload.dim // 8 if made.vector_family is VectorFamily.BINARY else dense.width(made)


def _row(workload: Workload) -> int:
    """Bytes of a row without its vector."""
    texts = [workload.text] if workload.text else []
    checksums = _ROW_CHECKSUM * (_OWN_CHECKSUMS + workload.scalars + len(texts))
    # The first partition has the number 1, which takes no byte.
    integers = [NULL, integer_bytes(workload.rows), 0, *[_NUMBER] * workload.scalars]
    return row_bytes(integers, [checksums, *texts])
