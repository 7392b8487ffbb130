"""What a collection is said to take, beside what it takes: bytes of the file, and memory of fresh processes.

By size, width, type of the vector and of its index: the closed file, the stored index, a process that has searched
until it is warm, and the peak of one that builds the index. The formulas are those of ``milvus-store size``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from milvus_store import DataType, MilvusClient
from milvus_store_lite import Estimate, Workload, estimate, file_sizes

from . import data

CASES: tuple[dict[str, Any], ...] = (
    {"rows": 10_000, "dim": 128, "index": "FLAT"},
    {"rows": 100_000, "dim": 384, "index": "FLAT"},
    {"rows": 20_000, "dim": 768, "index": "FLAT", "text": 500, "scalars": 4},
    {"rows": 20_000, "dim": 128, "index": "FLAT", "text": 9_000},
    {"rows": 100_000, "dim": 1024, "index": "BIN_FLAT", "vector": DataType.BINARY_VECTOR},
    {"rows": 100_000, "dim": 64, "index": "SPARSE_INVERTED_INDEX", "vector": DataType.SPARSE_FLOAT_VECTOR},
    {"rows": 50_000, "dim": 384, "index": "AUTOINDEX", "vector": DataType.FLOAT16_VECTOR, "text": 500},
    {"rows": 50_000, "dim": 384, "index": "AUTOINDEX", "vector": DataType.INT8_VECTOR},
    {"rows": 100_000, "dim": 128, "index": "AUTOINDEX"},
    {"rows": 100_000, "dim": 384, "index": "AUTOINDEX", "text": 500, "scalars": 4},
    {"rows": 200_000, "dim": 384, "index": "AUTOINDEX"},
    {"rows": 100_000, "dim": 768, "index": "AUTOINDEX", "text": 500},
    {"rows": 10_000, "dim": 128, "index": "HNSW"},
    {"rows": 20_000, "dim": 384, "index": "HNSW", "parameters": {"M": 16, "efConstruction": 100}},
    {"rows": 20_000, "dim": 384, "index": "HNSW_SQ", "parameters": {"M": 16, "efConstruction": 100}},
    {"rows": 100_000, "dim": 384, "index": "IVF_FLAT"},
    {"rows": 100_000, "dim": 384, "index": "IVF_SQ8", "parameters": {"nlist": 1024}},
    {"rows": 100_000, "dim": 384, "index": "IVF_PQ", "parameters": {"m": 48}},
    {"rows": 100_000, "dim": 384, "index": "SCANN"},
    {"rows": 100_000, "dim": 384, "index": "DISKANN"},
)

_FRESH = """
import json, sys, time
from pathlib import Path
from benchmarks import timing
from benchmarks.sizing import query
from milvus_store import MilvusClient
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
client = MilvusClient(sys.argv[1])
start = time.perf_counter()
if sys.argv[2] == "build":
    client.build_index("bench", "vector")
else:
    asked = [query(sys.argv[3], int(sys.argv[4]), seed) for seed in range(20)]
    before = -1
    while resident() > before:  # vectors are read into memory beside the calls
        before = 1.01 * resident()
        for one in asked * 5:
            client.search("bench", [one], limit=10)
            time.sleep(0.03)
took = time.perf_counter() - start
print(json.dumps([timing.peak_memory() * 2**20, resident(), took]))
"""


def query(vector: str, dim: int, seed: int) -> Any:
    """A vector to search with, of the type called ``vector``."""
    return next(_vectors(DataType[vector], 1, dim, 1_000 + seed))[0]


def make(path: Path, workload: Workload) -> None:
    """The collection of ``workload``, its index not built yet."""
    with MilvusClient(path, durability="normal") as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        width = {} if workload.vector is DataType.SPARSE_FLOAT_VECTOR else {"dim": workload.dim}
        schema.add_field("vector", workload.vector, **width)
        if workload.text:
            schema.add_field("text", DataType.VARCHAR, max_length=65_535)
        for number in range(workload.scalars):
            schema.add_field(f"number_{number}", DataType.DOUBLE)
        index = client.prepare_index_params(
            "vector",
            index_type=workload.index,
            metric_type=workload.metric or "",
            params=dict(workload.parameters),
        )
        client.create_collection("bench", schema=schema, index_params=index)
        first = 0
        for vectors in _vectors(workload.vector, workload.rows, workload.dim, 0):
            client.insert("bench", [_row(workload, first + at, vector) for at, vector in enumerate(vectors)])
            first += len(vectors)


def _row(workload: Workload, number: int, vector: Any) -> dict[str, Any]:
    row = {"id": number, "vector": vector}
    row |= {f"number_{scalar}": number + 0.5 for scalar in range(workload.scalars)}
    if workload.text:
        row["text"] = f"{number:09} ".ljust(workload.text, "x")
    return row


def _vectors(kind: DataType, count: int, dim: int, seed: int) -> Iterator[Any]:
    """``count`` vectors, 10,000 at a time."""
    for part, first in enumerate(range(0, count, 10_000), start=1):
        size = min(10_000, count - first)
        random = np.random.default_rng((seed, part))
        if kind is DataType.BINARY_VECTOR:
            yield [bytes(row) for row in random.integers(0, 256, (size, dim // 8), dtype=np.uint8)]
        elif kind is DataType.SPARSE_FLOAT_VECTOR:
            steps = random.integers(1, 400, (size, dim)).cumsum(axis=1)
            values = random.random((size, dim)) + 0.1
            yield [
                dict(zip(row, of, strict=True))
                for row, of in zip(steps.tolist(), values.tolist(), strict=True)
            ]
        else:
            vectors = data.clustered(size, dim, part=seed + part)
            if kind is DataType.INT8_VECTOR:
                yield np.rint(vectors * 127 / np.abs(vectors).max()).astype(np.int8)
            else:
                yield vectors.astype(np.float16) if kind is DataType.FLOAT16_VECTOR else vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", nargs="+", help="only cases with these index types")
    options = parser.parse_args()
    print(
        f"{'':60}{'file':>22}{'index':>22}{'searching':>22}{'building':>22}\n{'':60}"
        + 4 * f"{'MB, said':>22}"
    )
    worst = [0.0] * 4
    for case in CASES:
        if options.index and case["index"] not in options.index:
            continue
        said, found = _measured(Workload(**case))
        memory = said.memory
        pairs = [
            (said.disk.total, found["file"]),
            (memory.index, found["index"]),
            (memory.searching, found["searching"]),
            (memory.building or 0, found["building"] if memory.building else 0),
        ]
        print(f"{_named(case):60}" + "".join(_shown(*pair) for pair in pairs), end="")
        print(f"   built in {found['seconds']:.1f} s", flush=True)
        errors = [abs(one / other - 1) if other else 0.0 for one, other in pairs]
        worst = [max(pair) for pair in zip(worst, errors, strict=True)]
    print(f"{'largest error':60}" + "".join(f"{error:>22.0%}" for error in worst))


def _measured(workload: Workload) -> tuple[Estimate, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        make(path, workload)
        building, _, seconds = _fresh(path, "build", workload)
        _, searching, _ = _fresh(path, "search", workload)
        sizes = file_sizes(path)
        (collection,) = sizes.collections
        index = sum(table.size for table in collection.tables if table.holds.startswith("index"))
        found = {"file": path.stat().st_size, "index": index, "searching": searching}
        return estimate(workload), found | {"building": building, "seconds": seconds}


def _fresh(path: Path, mode: str, workload: Workload) -> list[float]:
    """(peak memory, memory now, seconds) of a process that builds the index, or searches."""
    arguments = [str(path), mode, workload.vector.name, str(workload.dim)]
    done = subprocess.run(
        [sys.executable, "-c", _FRESH, *arguments], check=True, capture_output=True, text=True
    )
    found: list[float] = json.loads(done.stdout)
    return found


def _named(case: dict[str, Any]) -> str:
    vector = case.get("vector", DataType.FLOAT_VECTOR).name.removesuffix("_VECTOR").lower()
    more = "".join(f", {name} {case[name]:,}" for name in ("text", "scalars") if name in case)
    return f"{case['rows']:,} x {case['dim']} {vector}, {case['index']}{more}"


def _shown(said: float, found: float) -> str:
    if not found:
        return f"{'-':>22}"
    return f"{found / 1e6:>9.1f} {said / 1e6:>7.1f} {said / found - 1:+.0%}".rjust(22)


if __name__ == "__main__":
    main()
