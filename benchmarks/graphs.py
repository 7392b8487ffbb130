"""HNSW as the engine builds and asks it beside hnswlib with the same M, efConstruction and ef, in memory.

Both add the same chunks in turn, and answer the same queries in turn, so that what else the machine does falls on
both. Times are those of the processor, which other programs disturb least: for the build of all threads, for a
search the shortest of a query's rounds. hnswlib comes as source only: pip install hnswlib.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milvus_store_lite.indexes import graphs

from . import data

try:
    import hnswlib
except ImportError:
    hnswlib = None

Floats = npt.NDArray[np.float32]
Find = Callable[[Floats], npt.NDArray[Any]]

QUERIES = 200
LIMIT = 10
ROUNDS = 5
IN_TURN = 20
CHUNK = 4_096


def built(vectors: Floats, links: int, effort: int, threads: int) -> tuple[Any, graphs.Graph]:
    """(hnswlib's index, ours) over ``vectors``, unit vectors; prints what each took."""
    theirs = hnswlib.Index("ip", vectors.shape[1])
    theirs.init_index(len(vectors), M=links, ef_construction=effort)
    parameters = {"M": links, "efConstruction": effort}
    ours = graphs.Graph.empty(vectors.shape[1], "COSINE", parameters, len(vectors))
    seconds = [0.0, 0.0]
    for first in range(0, len(vectors), CHUNK):
        chunk = vectors[first : first + CHUNK]
        start = time.process_time()
        theirs.add_items(chunk, num_threads=threads)
        between = time.process_time()
        ours.add(chunk)
        seconds[0] += between - start
        seconds[1] += time.process_time() - between
    print(
        f"M={links} efConstruction={effort}: hnswlib built in {seconds[0]:.1f} s, ours in {seconds[1]:.1f} s, "
        f"{seconds[1] / seconds[0]:.2f} x"
    )
    return theirs, ours


def asked(theirs: Any, ours: graphs.Graph, ef: int) -> list[Find]:
    effort = ours.effort(LIMIT, 1.0, {"ef": ef})
    theirs.set_ef(ef)
    return [
        lambda query: theirs.knn_query(query, LIMIT)[0][0],
        lambda query: ours.candidates(query, effort, None)[0],
    ]


def measure(finds: list[Find], queries: Floats, truth: npt.NDArray[np.int64]) -> list[tuple[float, float]]:
    """(microseconds a query, recall) of each of ``finds``."""
    shortest = np.full((len(finds), len(queries)), np.inf)
    found = np.zeros((len(finds), len(queries)))
    for _ in range(ROUNDS):
        for first in range(0, len(queries), IN_TURN):
            for number, find in enumerate(finds):
                for place in range(first, min(first + IN_TURN, len(queries))):
                    start = time.thread_time_ns()
                    labels = find(queries[place : place + 1])
                    took = (time.thread_time_ns() - start) / 1e3
                    shortest[number, place] = min(shortest[number, place], took)
                    found[number, place] = len(np.intersect1d(labels, truth[place])) / LIMIT
    return list(zip(shortest.mean(axis=1), found.mean(axis=1), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument(
        "--vectors", type=Path, help="a file of numpy with the vectors, in place of clustered ones"
    )
    parser.add_argument("-M", type=int, default=16, dest="links")
    parser.add_argument("--ef-construction", type=int, default=200)
    chosen = parser.parse_args()
    if hnswlib is None:
        print("hnswlib is not installed: pip install hnswlib")
        return
    if chosen.vectors:
        vectors = np.load(chosen.vectors).astype(np.float32)[-chosen.rows - QUERIES :]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    else:
        vectors = data.clustered(chosen.rows + QUERIES, chosen.dim)
    queries, vectors = vectors[-QUERIES:], vectors[:-QUERIES]
    truth = np.argpartition(-(queries @ vectors.T), LIMIT, axis=1)[:, :LIMIT]
    theirs, ours = built(vectors, chosen.links, chosen.ef_construction, graphs.allowed_threads())
    theirs.set_num_threads(1)
    for ef in (16, 32, 64, 128):
        (base, their_recall), (mine, recall) = measure(asked(theirs, ours, ef), queries, truth)
        print(
            f"    ef {ef:3}: hnswlib {base:4.0f} us, recall {their_recall:.4f}; "
            f"ours {mine:4.0f} us, recall {recall:.4f}; {mine / base:.2f} x"
        )


if __name__ == "__main__":
    main()
