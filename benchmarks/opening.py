"""Open a file in a fresh process and get the first answer: time and peak memory, by size of the collection.

(a) a search within one tenant of 1,000 rows; (b) an unfiltered exact search. What (a) costs must not depend
on how many other tenants there are.
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

_FIRST_ANSWER = """
import json, resource, sys, time
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
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([first * 1e3, sorted(again)[10] * 1e3, peak]))
"""


def build(path: Path, count: int, dim: int) -> None:
    with MilvusClient(path, durability="normal") as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("tenant", DataType.VARCHAR, max_length=64, is_partition_key=True)
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="COSINE")
        client.create_collection("bench", schema=schema, index_params=index)
        tenants = max(1, count // 1000)
        for start in range(0, count, 10_000):
            vectors = data.clustered(min(10_000, count - start), dim, seed=start)
            client.insert(
                "bench",
                [
                    {"id": start + place, "vector": vector, "tenant": f"t{(start + place) % tenants}"}
                    for place, vector in enumerate(vectors)
                ],
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    query = json.dumps(data.clustered(1, options.dim)[0].tolist())
    print(
        f"x {options.dim}; open + first search, the same search again, peak memory; p50 of {options.rounds}"
    )
    for count in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "bench.db")
            build(path, count, options.dim)
            for name, expression in (("one tenant", 'tenant == "t3"'), ("unfiltered", "")):
                found = [
                    json.loads(
                        subprocess.run(
                            [sys.executable, "-c", _FIRST_ANSWER, str(path), query, expression],
                            check=True,
                            capture_output=True,
                            text=True,
                        ).stdout
                    )
                    for _ in range(options.rounds)
                ]
                first, again, peak = (statistics.median(column) for column in zip(*found, strict=True))
                print(f"  {count:>9,} {name:11} {first:8.1f} ms {again:8.2f} ms {peak:7.0f} MB")


if __name__ == "__main__":
    main()
