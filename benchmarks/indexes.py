"""Searches by index through ``MilvusClient`` beside raw faiss and raw hnswlib in memory, in one run.

For each index: build time, recall@10 and median time without and with filters, against the exact truth of the
same filter. hnswlib is measured if it is installed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milvus_store import DataType, MilvusClient

from . import data

Floats = npt.NDArray[np.float32]
Find = Callable[[Floats], list[int]]

QUERIES = 200
LIMIT = 10
IN_TURN = 20
FILTERS = {
    "": 1.0,
    "bucket < 500": 0.5,
    "bucket < 50": 0.05,
    "bucket < 1": 0.001,
    "bucket < 500 and color == 'red' and id >= 0": 1 / 6,
}


def fill(client: MilvusClient, vectors: Floats) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
    schema.add_field("bucket", DataType.INT64)
    schema.add_field("tenant", DataType.VARCHAR, max_length=16, is_partition_key=True)
    schema.add_field("color", DataType.VARCHAR, max_length=8)
    client.create_collection("bench", schema=schema)
    start = time.perf_counter()
    for first in range(0, len(vectors), 5_000):
        client.insert("bench", data.filtered_rows(vectors, first, min(first + 5_000, len(vectors))))
    print(f"{len(vectors):,} rows inserted, {len(vectors) / (time.perf_counter() - start):,.0f} a second")


def kept(expression: str, count: int) -> npt.NDArray[np.bool_]:
    rows = np.arange(count)
    share = {"": 1000, "bucket < 500": 500, "bucket < 50": 50, "bucket < 1": 1}.get(expression, 500)
    mask: npt.NDArray[np.bool_] = data.bucket_of(rows) < share
    return mask & (rows % 3 == 0) if "red" in expression else mask


def truths(vectors: Floats, queries: Floats) -> dict[str, npt.NDArray[np.int64]]:
    similarities = queries @ vectors.T
    return {
        expression: np.argpartition(
            -np.where(kept(expression, len(vectors)), similarities, -9), LIMIT, axis=1
        )[:, :LIMIT]
        for expression in FILTERS
    }


def measure(
    finds: dict[str, Find], queries: Floats, truth: dict[str, npt.NDArray[np.int64]]
) -> dict[str, tuple[float, float]]:
    """(median milliseconds, recall) of each of ``finds``, after a quarter of the queries to warm up.

    They take turns, some queries at a time, so that what else the machine does falls on all of them.
    """
    times: dict[str, list[float]] = {name: [] for name in finds}
    found = dict.fromkeys(finds, 0)
    for find in finds.values():
        for query in queries[: len(queries) // 4]:
            find(query)
    for first in range(0, len(queries), IN_TURN):
        for name, find in finds.items():
            for place in range(first, min(first + IN_TURN, len(queries))):
                start = time.perf_counter()
                ids = find(queries[place])
                times[name].append((time.perf_counter() - start) * 1e3)
                found[name] += len(set(ids) & set(truth[name][place].tolist()))
    return {name: (statistics.median(times[name]), found[name] / (LIMIT * len(queries))) for name in finds}


def search_by(client: MilvusClient, expression: str, params: dict[str, Any]) -> Find:
    def find(query: Floats) -> list[int]:
        asked = [query.tolist()]
        return client.search("bench", asked, expression, LIMIT, search_params={"params": params})[0].ids

    return find


def by_milvus_store(
    path: Path, queries: Floats, truth: dict[str, Any], kinds: list[tuple[str, dict, list[dict]]]
) -> None:
    for kind, built, asked in kinds:
        with MilvusClient(path, durability="normal") as client:
            if client.list_indexes("bench"):
                client.release_collection("bench")
                client.drop_index("bench", "vector")
            index = client.prepare_index_params("vector", index_type=kind, metric_type="COSINE", params=built)
            start = time.perf_counter()
            client.create_index("bench", index)
            seconds = time.perf_counter() - start
            client.load_collection("bench")
            print(f"{kind} {built or ''}: built in {seconds:.2f} s")
            for params in asked:
                finds = {expression: search_by(client, expression, params) for expression in FILTERS}
                for expression, (ms, recall) in measure(finds, queries, truth).items():
                    print(
                        f"    {ms:7.3f} ms  recall {recall:.4f}  {params or ''} {expression or 'unfiltered'}"
                    )
            ms, _ = measure({"": search_by(client, "tenant == 't7'", {})}, queries, truth)[""]
            print(f"    {ms:7.3f} ms                 one tenant of 1,000")
            batch = [query.tolist() for query in queries]
            start = time.perf_counter()
            client.search("bench", batch, limit=LIMIT)
            ms = (time.perf_counter() - start) * 1e3 / len(batch)
            print(f"    {ms:7.3f} ms a query          in one batch of {len(batch)}")
        if kind == "AUTOINDEX":
            print(f"    {fresh_process(path, queries.shape[1])}")


def fresh_process(path: Path, dim: int) -> str:
    """What a process that only opens the file and searches takes."""
    script = f"""
import time
import numpy as np
from benchmarks import timing
from milvus_store import MilvusClient
start = time.perf_counter()
client = MilvusClient({str(path)!r})
queries = np.random.default_rng(1).standard_normal((50, {dim})).tolist()
client.search("bench", queries[:1], limit=10)
first = time.perf_counter() - start
for query in queries:
    client.search("bench", [query], limit=10)
print(f"a fresh process: first answer after {{first * 1e3:.0f}} ms, peak memory {{timing.peak_memory():.0f}} MB")
"""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.strip()


def by_faiss(vectors: Floats, queries: Floats, truth: dict[str, Any]) -> None:
    import faiss

    lists = 1 << max(5, (int(len(vectors) ** 0.5) * 3 // 4).bit_length())
    index = faiss.index_factory(vectors.shape[1], f"IVF{lists},RaBitQfs", faiss.METRIC_L2)
    start = time.perf_counter()
    index.train(vectors[: 64 * lists])
    index.add(vectors)
    print(f"raw faiss IVF{lists},RaBitQfs in memory: built in {time.perf_counter() - start:.2f} s")
    faiss.omp_set_num_threads(1)
    for probes in (8, 16, 32):
        for count in (100, 200, 400):
            params = faiss.IVFRaBitQSearchParameters(nprobe=probes)

            def find(query: Floats, count: int = count, params: Any = params) -> list[int]:
                _, found = index.search(query[np.newaxis], count, params=params)
                labels = found[0][found[0] >= 0]
                best = np.argsort(-(vectors[labels] @ query))[:LIMIT]
                return list(map(int, labels[best]))

            ms, recall = measure({"": find}, queries, truth)[""]
            print(f"    {ms:7.3f} ms  recall {recall:.4f}  nprobe {probes}, {count} re-ranked")


def by_hnswlib(vectors: Floats, queries: Floats, truth: dict[str, Any], links: int, build: int) -> None:
    try:
        import hnswlib
    except ImportError:
        print("hnswlib is not installed: pip install hnswlib")
        return
    index = hnswlib.Index("ip", vectors.shape[1])
    index.init_index(len(vectors), M=links, ef_construction=build)
    start = time.perf_counter()
    index.add_items(vectors)
    print(f"raw hnswlib M={links} efConstruction={build}: built in {time.perf_counter() - start:.2f} s")
    index.set_num_threads(1)
    for ef in (16, 32, 64, 128):
        index.set_ef(ef)
        found = {"": lambda query: list(map(int, index.knn_query(query, LIMIT)[0][0]))}
        ms, recall = measure(found, queries, truth)[""]
        print(f"    {ms:7.3f} ms  recall {recall:.4f}  ef {ef}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--no-graphs", action="store_true", help="leave out HNSW, which takes long to build")
    parser.add_argument("--auto-only", action="store_true", help="AUTOINDEX and what it is measured by")
    chosen = parser.parse_args()
    vectors = data.clustered(chosen.rows + QUERIES, chosen.dim)
    queries, vectors = vectors[chosen.rows :], vectors[: chosen.rows]
    truth = truths(vectors, queries)
    kinds: list[tuple[str, dict, list[dict]]] = [("AUTOINDEX", {}, [{}])]
    if not chosen.auto_only:
        kinds += [("FLAT", {}, [{}]), ("IVF_FLAT", {"nlist": 256}, [{"nprobe": 16}])]
        kinds += [("SCANN", {"nlist": 256}, [{"nprobe": 16}])]
    with_graphs = not chosen.no_graphs and not chosen.auto_only
    if with_graphs:
        graph = {"M": 16, "efConstruction": 200}
        kinds.append(("HNSW", graph, [{"ef": ef} for ef in (16, 32, 64)]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        with MilvusClient(path, durability="normal") as client:
            fill(client, vectors)
        by_milvus_store(path, queries, truth, kinds)
    by_faiss(vectors, queries, truth)
    if with_graphs:
        by_hnswlib(vectors, queries, truth, 16, 200)


if __name__ == "__main__":
    main()
