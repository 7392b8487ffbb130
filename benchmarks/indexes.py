"""Searches by index through ``MilvusClient`` beside raw faiss and raw hnswlib in memory, in one run.

For each index: build time, recall@10 and median time without and with filters, against the exact truth of the
same filter; AUTOINDEX beside faiss's codes, HNSW beside hnswlib with the same parameters, if that is installed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from milvus_store import DataType, MilvusClient
from milvus_store_lite.process.cores import available_cores

from . import corpus, data, timing, yardsticks
from .corpus import Corpus
from .peers import products
from .results import Results
from .yardsticks import LIMIT, Find, measure

GRAPH: Final = {"M": 16, "efConstruction": 200}
EFS: Final = (16, 32, 64, 128)
KINDS: Final[Mapping[str, tuple[Mapping[str, int], Sequence[Mapping[str, int]]]]] = {
    "AUTOINDEX": ({}, [{}]),
    "FLAT": ({}, [{}]),
    "IVF_FLAT": ({"nlist": 256}, [{"nprobe": 16}]),
    "SCANN": ({"nlist": 256}, [{"nprobe": 16}]),
    "HNSW": (GRAPH, [{"ef": ef} for ef in EFS]),
}
"""Index types, each with the parameters of its build and of its searches."""
FILTERS: Final = (
    "",
    "bucket < 500",
    "bucket < 50",
    "bucket < 1",
    "bucket < 500 and color == 'red' and id >= 0",
)


_READING_SECONDS: Final = 3.0
"""After its first searches a process reads vectors into memory, beside its calls: time enough for that."""


def fill(client: MilvusClient, vectors: data.Floats) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
    schema.add_field("bucket", DataType.INT64)
    schema.add_field("tenant", DataType.VARCHAR, max_length=16, is_partition_key=True)
    schema.add_field("color", DataType.VARCHAR, max_length=8)
    client.create_collection("bench", schema=schema)
    start = time.perf_counter()
    tenants = data.tenants_of(len(vectors))
    for first in range(0, len(vectors), 5_000):
        client.insert("bench", data.filtered_rows(vectors[first : first + 5_000], first, tenants))
    print(f"{len(vectors):,} rows inserted, {len(vectors) / (time.perf_counter() - start):,.0f} a second")


def kept(expression: str, count: int) -> data.Mask | None:
    """Which of ``count`` rows one of FILTERS keeps."""
    if not expression:
        return None
    rows = np.arange(count)
    mask: data.Mask = data.bucket_of(rows) < int(expression.split()[2])
    return mask & (rows % 3 == 0) if "red" in expression else mask


def search_by(client: MilvusClient, expression: str, params: Mapping[str, Any]) -> Find:
    def find(query: data.Floats) -> list[int]:
        return client.search("bench", [query], expression, LIMIT, search_params={"params": params})[0].ids

    return find


def by_milvus_store(
    path: Path, vectors: Corpus, truth: Mapping[str, data.Ints], kind: str, report: Results
) -> None:
    """Index by ``kind``, and search in all ways."""
    built, asked = KINDS[kind]
    product = f"milvus-store {kind}"
    with MilvusClient(path, durability="normal") as client:
        if client.list_indexes("bench"):
            client.release_collection("bench")
            client.drop_index("bench", "vector")
        index = client.prepare_index_params()
        index.add_index("vector", index_type=kind, metric_type="COSINE", params=dict(built))
        start = time.perf_counter()
        client.create_index("bench", index)
        seconds = time.perf_counter() - start
        client.load_collection("bench")
        for query in vectors.queries[:10]:
            client.search("bench", [query], limit=LIMIT)
        time.sleep(_READING_SECONDS)
        report.add("build", product, build_s=seconds, threads=available_cores(), **built)
        print(f"{kind} {dict(built) or ''}: built in {seconds:.2f} s")
        for params in asked:
            finds = {expression: search_by(client, expression, params) for expression in FILTERS}
            effort = next(iter(params.values()), 0)
            for expression, (ms, recall) in measure(finds, vectors.queries, truth).items():
                name = expression or "no filter"
                report.add("search", product, filter=name, effort=effort, p50_ms=ms, recall=recall)
                print(f"    {ms:7.3f} ms  recall {recall:.4f}  {dict(params) or ''} {name}")
        one_tenant = {"": search_by(client, "tenant == 't1'", asked[-1])}
        tenants = data.nearest(
            vectors.vectors, vectors.queries, data.ONE_TENANT.kept(len(vectors.vectors)), LIMIT
        )
        ms, recall = measure(one_tenant, vectors.queries, {"": tenants})[""]
        print(f"    {ms:7.3f} ms  recall {recall:.4f}  one tenant of 1,000")
        start = time.perf_counter()
        client.search("bench", vectors.queries, limit=LIMIT, search_params={"params": asked[-1]})
        ms = (time.perf_counter() - start) * 1e3 / len(vectors.queries)
        print(f"    {ms:7.3f} ms a query          in one batch of {len(vectors.queries)}")
        if kind == "HNSW":
            ours = {params["ef"]: search_by(client, "", params) for params in asked}
            yardsticks.beside_hnswlib(vectors, truth[""], GRAPH, seconds, ours, report)
    if kind == "AUTOINDEX":
        print(f"    {fresh_process(path, vectors.dim)}")


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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    corpus.add_options(parser, queries=200)
    parser.add_argument("--no-graphs", action="store_true", help="leave out HNSW, which takes long to build")
    parser.add_argument("--auto-only", action="store_true", help="AUTOINDEX and what it is measured by")
    parser.add_argument("--graphs-only", action="store_true", help="HNSW and what it is measured by")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results to this file too")
    options = parser.parse_args(arguments)
    timing.keep_bytecode()
    vectors = corpus.chosen(options)
    report = Results("indexes", vectors.settings, products.versions(["ours"], "hnswlib"))
    print(vectors)
    truth = {
        expression: data.nearest(
            vectors.vectors, vectors.queries, kept(expression, len(vectors.vectors)), LIMIT
        )
        for expression in FILTERS
    }
    kinds = list(KINDS)
    if options.auto_only:
        kinds = ["AUTOINDEX"]
    elif options.graphs_only:
        kinds = ["HNSW"]
    elif options.no_graphs:
        kinds.remove("HNSW")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        with MilvusClient(path, durability="normal") as client:
            fill(client, vectors.vectors)
        for kind in kinds:
            by_milvus_store(path, vectors, truth, kind, report)
    if "AUTOINDEX" in kinds:
        yardsticks.by_faiss(vectors, truth[""], report)
    report.write(options.json)


if __name__ == "__main__":
    main()
