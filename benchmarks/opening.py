"""A fresh process: its import, its first answer, and whether the searches after that are even; and peak memory.

By size of the collection and type of its index: a search within one tenant of 1,000 rows, one of all rows, and
with filters of half and of a twentieth. What the first costs must not depend on how many other tenants there are.
No later search should take ten times as long as the median: what a process loads to become faster, it loads beside
the calls.
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

from . import data, timing

_FRESH = """
import json, sys, time
start = time.perf_counter()
from milvus_store import MilvusClient
imported = time.perf_counter() - start
from benchmarks import data, timing
path, dim, expression, searches = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
queries = data.clustered(1_000, dim, part=1)
start = time.perf_counter()
client = MilvusClient(path)
client.search("bench", queries[:1], filter=expression, limit=10)
first = time.perf_counter() - start
again = []
for number in range(searches):
    query = queries[number % 1_000]
    start = time.perf_counter()
    client.search("bench", [query], filter=expression, limit=10)
    again.append((time.perf_counter() - start) * 1e3)
again.sort()
shares = [again[int(share * searches)] for share in (0.5, 0.99, 0.999)]
print(json.dumps([imported * 1e3, first * 1e3, *shares, again[-1], timing.peak_memory()]))
"""


def cases(count: int) -> dict[str, dict[str, str]]:
    """Type of the vector index → what is asked of a file of ``count`` rows that has it: name → filter."""
    return {
        "FLAT": {"one tenant": 'tenant == "t3"', "unfiltered": ""},
        "AUTOINDEX": {"unfiltered": "", "half": f"id < {count // 2}", "a twentieth": f"id < {count // 20}"},
    }


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
    parser.add_argument("--searches", type=int, default=5_000, help="after the first")
    options = parser.parse_args()
    timing.keep_bytecode()
    print(f"x {options.dim}; ms, medians of {options.rounds} fresh processes")
    columns = ("import", "open + first", "p50", "p99", "p99.9", "longest")
    print(f"  {'rows':>9} {'':22}" + "".join(f"{name:>13}" for name in columns) + f"{'peak RSS':>12}")
    for count in options.rows:
        for index_type, asked in cases(count).items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "bench.db")
                build(path, count, options.dim, index_type)
                for name, expression in asked.items():
                    found = [_measure(path, expression, options) for _ in range(options.rounds)]
                    *times, peak = (statistics.median(column) for column in zip(*found, strict=True))
                    label = f"{index_type}, {name}"
                    print(f"  {count:>9,} {label:22}" + "".join(f"{ms:13.2f}" for ms in times), end="")
                    print(f"{peak:9.0f} MB", flush=True)


def _measure(path: Path, expression: str, options: argparse.Namespace) -> list[float]:
    arguments = [str(path), str(options.dim), expression, str(options.searches)]
    done = subprocess.run(
        [sys.executable, "-c", _FRESH, *arguments], check=True, capture_output=True, text=True
    )
    found: list[float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
