from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.codec import encode_vectors
from milvus_store_lite.columns import postings
from milvus_store_lite.columns.postings import SparseBuilder, SparseColumn
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field

FIELD = Field("v", DataType.SPARSE_FLOAT_VECTOR, nullable=True)
Rows = list[dict[int, float] | None]
BATCHES = st.lists(
    st.lists(st.none() | st.dictionaries(st.integers(0, 6), st.integers(1, 9)), max_size=6), max_size=12
)


def contents(column: SparseColumn) -> Rows:
    """The rows that the postings say there are."""
    rows: list[dict[int, float]] = [{} for _ in range(column.count)]
    for place, slots, values in column.postings(np.arange(8, dtype=np.uint32)):
        for slot, value in zip(slots.tolist(), values.tolist(), strict=True):
            assert place not in rows[slot]
            rows[slot][place] = value
    return list(rows)


@given(BATCHES, st.sampled_from([1, 5, postings._SORTED_AT_ONCE]))
def test_every_view_keeps_the_rows_it_was_made_of(batches: list[Rows], sorted_at_once: int) -> None:
    builder, views, so_far = SparseBuilder(), [], []
    with patch.object(postings, "_SORTED_AT_ONCE", sorted_at_once):
        for batch in batches:
            blobs = [None if blob is None else bytes(blob) for blob in encode_vectors(FIELD, batch)]
            builder.append(blobs[:2])
            builder.append(blobs[2:])
            so_far = so_far + [one or {} for one in batch]
            views.append((builder.view(), so_far))
    for view, expected in views:
        assert contents(view) == expected
        sizes = [len(segment.slots) for segment in view.segments]
        assert all(size > 2 * sum(sizes[place + 1 :]) for place, size in enumerate(sizes[:-1]))
        assert view.size >= 8 * sum(sizes)
