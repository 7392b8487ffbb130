"""Open a file in a fresh process and get the first answer: time and peak memory, by size of the collection.

A search within one tenant of 1,000 rows, and one of all rows. What the first costs must not depend on how many
other tenants there are.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from milvus_store import DataType, MilvusClient

from . import data

CASES = {"FLAT": {"one tenant": 'tenant == "t3"', "unfiltered": ""}, "AUTOINDEX": {"unfiltered": ""}}
"""Type of the vector index → what is asked of a file that has it: name → filter."""

_FIRST_ANSWER = """
import json, sys, time
from benchmarks.timing import peak_memory
from milvus_store import MilvusClient
path, query, expression = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
start = time.perf_counter()
client = MilvusClient(path)
client.search("bench", [query], filter=expression, limit=10)
first = time.perf_counter() - start
again = []
for _ in range(20):
    start = time.perf_counter()
    client.search("bench", [query], filter=expression, limit=10)
    again.append(time.perf_counter() - start)
print(json.dumps([first * 1e3, sorted(again)[10] * 1e3, peak_memory()]))
"""


def build(path: Path, count: int, dim: int, index_type: str) -> None:
    with MilvusClient(path, durability="normal") as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("tenant", DataType.VARCHAR, max_length=64, is_partition_key=True)
        index = client.prepare_index_params("vector", index_type=index_type, metric_type="COSINE")
        client.create_collection("bench", schema=schema, index_params=index)
        tenants = max(1, count // 1000)
        for part, start in enumerate(range(0, count, 10_000), start=1):
            vectors = data.clustered(min(10_000, count - start), dim, part=part)
            client.insert(
                "bench",
                [
                    {"id": start + place, "vector": vector, "tenant": f"t{(start + place) % tenants}"}
                    for place, vector in enumerate(vectors)
                ],
            )
        client.build_index("bench", "vector")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    query = json.dumps(data.clustered(1, options.dim)[0].tolist())
    print(f"x {options.dim}; p50 of {options.rounds} fresh processes")
    print(f"  {'rows':>9} {'':22} {'open + first':>12} {'again':>9} {'peak RSS':>9}")
    for count in options.rows:
        for index_type, cases in CASES.items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "bench.db")
                build(path, count, options.dim, index_type)
                for name, expression in cases.items():
                    found = [_measure(path, query, expression) for _ in range(options.rounds)]
                    first, again, peak = (statistics.median(column) for column in zip(*found, strict=True))
                    label = f"{index_type}, {name}"
                    print(f"  {count:>9,} {label:22} {first:9.1f} ms {again:6.2f} ms {peak:6.0f} MB")


def _measure(path: Path, query: str, expression: str) -> list[float]:
    command = [sys.executable, "-c", _FIRST_ANSWER, str(path), query, expression]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
