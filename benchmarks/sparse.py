"""One search over sparse vectors through ``MilvusClient.search`` beside a product of scipy matrices.

Indices are drawn as words of a language are: a few very often, most of them rarely.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from milvus_store import DataType, MilvusClient

from . import timing


def vectors(count: int, nonzeros: int, vocabulary: int, seed: int = 7) -> Any:
    """(count, vocabulary) csr float32, about ``nonzeros`` values in a row, index i as likely as 1 / (i + 10)."""
    random = np.random.default_rng(seed)
    weights = 1 / (np.arange(vocabulary) + 10)
    indices = random.choice(vocabulary, size=count * nonzeros, p=weights / weights.sum())
    values = random.random(count * nonzeros, dtype=np.float32) + np.float32(0.1)
    rows = np.repeat(np.arange(count), nonzeros)
    return scipy.sparse.csr_matrix((values, (rows, indices)), shape=(count, vocabulary))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--nonzeros", type=int, default=64)
    parser.add_argument("--vocabulary", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    matrix = vectors(options.rows, options.nonzeros, options.vocabulary)
    rows = [
        {"id": n, "v": dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)), "n": n % 100}
        for n, row in ((n, matrix[n]) for n in range(options.rows))
    ]
    print(f"{options.rows:,} x {options.nonzeros} of {options.vocabulary:,}, k=10, p50 of {options.rounds}")
    with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder, "bench.db")) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("v", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("n", DataType.INT64)
        index = client.prepare_index_params("v", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        client.create_collection("bench", schema=schema, index_params=index)
        start = time.perf_counter()
        for first in range(0, options.rows, 1000):
            client.insert("bench", rows[first : first + 1000])
        print(f"  insert {options.rows / (time.perf_counter() - start):10,.0f} rows/s")
        first_search = timing.milliseconds(lambda: client.search("bench", [{1: 1.0}]))
        print(f"  first search {first_search:7.0f} ms (reads the vectors, builds the postings)")
        client.search("bench", [{1: 1.0}], filter="n < 10")
        for terms in (8, 32, 64):
            queries = vectors(1000, terms, options.vocabulary, seed=terms)
            transposed = matrix.T.tocsr()
            places = iter(range(10**9))

            def search(filter: str = "", queries: Any = queries, places: Any = places) -> object:
                return client.search("bench", [queries[next(places) % 1000]], filter=filter, limit=10)

            def bare(queries: Any = queries, places: Any = places, transposed: Any = transposed) -> object:
                scores = (queries[next(places) % 1000] @ transposed).toarray()[0]
                best = np.argpartition(scores, -10)[-10:]
                return best[np.argsort(-scores[best])]

            ours, filtered, scipys = timing.in_turn(
                search, lambda search=search: search("n < 10"), bare, rounds=options.rounds
            )
            print(
                f"  {terms:2} terms: search {statistics.median(ours):6.2f} ms   filtered to 10 % "
                f"{statistics.median(filtered):6.2f} ms   scipy {statistics.median(scipys):6.2f} ms   ratio "
                f"{timing.ratio(ours, scipys):5.2f}"
            )


if __name__ == "__main__":
    main()
