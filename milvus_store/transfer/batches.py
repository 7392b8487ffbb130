"""How many rows travel together."""

from __future__ import annotations

from typing import Final

from milvus_store_lite import Schema

_BATCH_BYTES: Final = 8 << 20
_MOST_ROWS: Final = 10_000
_TEXT_BYTES: Final = 256
"""A batch is some 8 MB, which a text or a document of the dynamic field counts for by this guess."""


def batch_rows(schema: Schema) -> int:
    """How many rows of ``schema`` travel together."""
    size = _TEXT_BYTES * schema.enable_dynamic_field
    for field in schema.fields:
        size += 4 * (field.dim or 0) if field.dtype.is_vector else _TEXT_BYTES if field.max_length else 8
    return max(1, min(_MOST_ROWS, _BATCH_BYTES // size))
