"""What indexes are measured by: raw faiss and raw hnswlib, vectors in memory, without a database around them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from milvus_store_lite.process.cores import available_cores

from . import data
from .corpus import Corpus
from .results import Results

Find = Callable[[data.Floats], list[int]]
"""Ids of the nearest rows."""

LIMIT: Final = 10
IN_TURN: Final = 20


def measure(
    finds: Mapping[str, Find], queries: data.Floats, truth: Mapping[str, data.Ints]
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
    return {name: (statistics.median(times[name]), found[name] / truth[name].size) for name in finds}


def by_faiss(corpus: Corpus, truth: data.Ints, report: Results) -> None:
    """Codes in lists as AUTOINDEX has them, on one thread, scored again from the vectors in memory."""
    import faiss

    vectors = corpus.vectors
    lists = 1 << max(5, (int(len(vectors) ** 0.5) * 3 // 4).bit_length())
    index = faiss.index_factory(corpus.dim, f"IVF{lists},RaBitQfs", faiss.METRIC_L2)
    start = time.perf_counter()
    index.train(vectors[: 64 * lists])
    index.add(vectors)
    seconds = time.perf_counter() - start
    name = f"faiss IVF{lists},RaBitQfs"
    report.add("build", name, build_s=seconds, threads=faiss.omp_get_max_threads())
    print(f"raw {name} in memory: built in {seconds:.2f} s")
    faiss.omp_set_num_threads(1)
    for probes in (8, 16, 32):
        for count in (100, 200, 400):
            params = faiss.IVFRaBitQSearchParameters(nprobe=probes)

            def find(query: data.Floats, count: int = count, params: Any = params) -> list[int]:
                _, found = index.search(query[np.newaxis], count, params=params)
                labels = found[0][found[0] >= 0]
                best = np.argsort(-(vectors[labels] @ query))[:LIMIT]
                return list(map(int, labels[best]))

            ms, recall = measure({"": find}, corpus.queries, {"": truth})[""]
            told = f"nprobe {probes}, {count} re-ranked"
            report.add(
                "search", name, filter="no filter", effort=probes, reranked=count, p50_ms=ms, recall=recall
            )
            print(f"    {ms:7.3f} ms  recall {recall:.4f}  {told}")


def beside_hnswlib(
    corpus: Corpus,
    truth: data.Ints,
    graph: Mapping[str, int],
    build_s: float,
    ours: Mapping[int, Find],
    report: Results,
) -> None:
    """Our HNSW and hnswlib's with the same M, efConstruction and ef, each search on one thread, in turns.

    Ours is a search of the client, from a file; its build reads the vectors from there and stores the graph.

    Args:
        build_s: how long ours took to build.
        ours: its search for each ef.
    """
    if find_spec("hnswlib") is None:
        print("hnswlib, the yardstick for HNSW, takes no part: pip install hnswlib")
        return
    import hnswlib

    threads = available_cores()
    index = hnswlib.Index("ip", corpus.dim)
    index.init_index(len(corpus.vectors), M=graph["M"], ef_construction=graph["efConstruction"])
    start = time.perf_counter()
    index.add_items(corpus.vectors, num_threads=threads)
    seconds = time.perf_counter() - start
    report.add("build", "hnswlib", build_s=seconds, threads=threads, **graph)
    print(f"HNSW beside hnswlib, {dict(graph)}, built by {threads} threads:")
    print(f"    built in {build_s:.2f} s, hnswlib {seconds:.2f} s, ratio {build_s / seconds:.2f}")
    index.set_num_threads(1)
    for ef, find in ours.items():
        index.set_ef(ef)
        finds = {"ours": find, "hnswlib": lambda query: index.knn_query(query, LIMIT)[0][0].tolist()}
        found = measure(finds, corpus.queries, dict.fromkeys(finds, truth))
        (ms, recall), (other_ms, other_recall) = found["ours"], found["hnswlib"]
        report.add("search", "hnswlib", filter="no filter", effort=ef, p50_ms=other_ms, recall=other_recall)
        print(
            f"    ef {ef:3}: {ms:.3f} ms, recall {recall:.4f}; hnswlib {other_ms:.3f} ms, "
            f"recall {other_recall:.4f}; ratio {ms / other_ms:.2f}"
        )
