"""Order, groups and aggregates over a million rows, from the call to the rows that a client shows.

    python -m benchmarks.order [rows]

Columns are in memory: the first call, which reads them, is shown beside the fastest of the later ones, in
milliseconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from milvus_store import DataType, MilvusClient

from .tables import table
from .timing import milliseconds

_BATCH = 100_000
_ROUNDS = 15

QUERIES: dict[str, dict[str, Any]] = {
    "integer, 10 rows": {"order_by_fields": "number", "limit": 10},
    "integer, descending, 100 rows of all fields": {
        "order_by_fields": "number:desc",
        "limit": 100,
        "output_fields": ["*"],
    },
    "float, a tenth null, 10 rows": {"order_by_fields": "share", "limit": 10},
    "string, 100 different, 10 rows": {"order_by_fields": "kind", "limit": 10},
    "string, all different, 10 rows": {"order_by_fields": "word", "limit": 10},
    "string, then integer descending, 10 rows": {"order_by_fields": "kind,number:desc", "limit": 10},
    "integer, half of the rows, 10 rows": {
        "order_by_fields": "number",
        "limit": 10,
        "filter": "step < 500",
    },
    "count of 100 groups by a string": {"group_by_fields": ["kind"], "output_fields": ["kind", "count(*)"]},
    "count of 1,000 groups by an integer": {
        "group_by_fields": ["step"],
        "output_fields": ["step", "count(*)"],
    },
    "count of 100,000 groups by both, 100 groups": {
        "group_by_fields": ["kind", "step"],
        "output_fields": ["kind", "step", "count(*)"],
        "limit": 100,
    },
    "five aggregates of 100 groups": {
        "group_by_fields": ["kind"],
        "output_fields": ["count(*)", "sum(step)", "avg(share)", "min(number)", "max(word)"],
    },
    "four aggregates of all rows": {
        "output_fields": ["count(*)", "sum(step)", "avg(share)", "max(number)"],
    },
}


def fill(client: MilvusClient, count: int) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("number", DataType.INT64)
    schema.add_field("step", DataType.INT32)
    schema.add_field("share", DataType.DOUBLE, nullable=True)
    schema.add_field("kind", DataType.VARCHAR, max_length=20)
    schema.add_field("word", DataType.VARCHAR, max_length=40)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("rows", schema=schema, index_params=index)
    random = np.random.default_rng(0)
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        shares = random.random(size).tolist()
        client.insert(
            "rows",
            {
                "id": np.arange(start, start + size),
                "vector": random.random((size, 2), dtype=np.float32),
                "number": random.integers(-(2**60), 2**60, size),
                "step": random.integers(0, 1_000, size),
                "share": [None if row % 10 == 0 else share for row, share in enumerate(shares)],
                "kind": [f"kind {number}" for number in random.integers(0, 100, size).tolist()],
                "word": [f"{number:x} word" for number in random.integers(0, 2**60, size).tolist()],
            },
        )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder) / "order.db") as client:
        fill(client, count)
        lines = []
        for name, asked in QUERIES.items():

            def call(asked: dict[str, Any] = asked) -> object:
                return client.query("rows", **{"output_fields": ["id"], **asked})

            first = milliseconds(call)
            later, work = [], []
            for _ in range(_ROUNDS):
                started = time.thread_time()
                later.append(milliseconds(call))
                work.append(1e3 * (time.thread_time() - started))
            lines.append([name, f"{first:.0f}", f"{min(later):.1f}", f"{min(work):.1f}"])
    print(f"{count:,} rows, milliseconds")
    print(table(["", "first call", "later ones", "work of the processor"], lines))


if __name__ == "__main__":
    main()
