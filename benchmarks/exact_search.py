"""One exact search through ``MilvusClient.search`` beside a bare numpy matmul and argpartition.

``--paths`` times gathering the survivors of a filter against ranking every row, by share of survivors:
what ``milvus_store_lite.search.plan.GATHER_SHARE`` is set by.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np

from milvus_store import MilvusClient
from milvus_store_lite.columns.dense_vectors import DenseBuilder
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.search import dense, metrics

from . import data, timing


def compare(count: int, dim: int, rounds: int) -> None:
    vectors = data.clustered(count + 1, dim)
    query, vectors = vectors[-1], np.ascontiguousarray(vectors[:-1])
    query_list = query.tolist()
    print(f"{count:,} x {dim}, k=10, p50 of {rounds}")
    with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder, "bench.db")) as client:
        for metric in ("IP", "COSINE", "L2"):
            client.create_collection(metric, dimension=dim, metric_type=metric)
            for start in range(0, count, 1000):
                client.insert(
                    metric,
                    [
                        {"id": start + place, "vector": vector}
                        for place, vector in enumerate(vectors[start : start + 1000])
                    ],
                )

            def bare() -> object:
                scores = vectors @ query
                best = np.argpartition(scores, -10)[-10:]
                return best[np.argsort(-scores[best])]

            def search(metric: str = metric) -> object:
                return client.search(metric, [query_list], limit=10)

            ours, numpys = timing.in_turn(search, bare, rounds=rounds)
            print(
                f"  {metric:8}search {statistics.median(ours):6.2f} ms   numpy "
                f"{statistics.median(numpys):6.2f} ms   ratio {timing.ratio(ours, numpys):5.2f}"
            )
            client.drop_collection(metric)


def paths(count: int, dim: int, rounds: int) -> None:
    builder = DenseBuilder(Field("v", DataType.FLOAT_VECTOR, dim=dim))
    vectors = data.clustered(count, dim)
    builder.append([vector.tobytes() for vector in vectors])
    rows, query = builder.view(), vectors[:1]
    random = np.random.default_rng(1)
    print(f"{count:,} x {dim}: ms by share of survivors")
    for share in (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8):
        mask = random.random(count) < share

        def gather(mask: np.ndarray = mask) -> object:
            gathered = rows.at(np.flatnonzero(mask))
            return list(dense.scan(metrics.Metric.IP, gathered, query, 10, None))

        def scan(mask: np.ndarray = mask) -> object:
            return list(dense.scan(metrics.Metric.IP, rows, query, 10, mask))

        gathered, scanned = timing.in_turn(gather, scan, rounds=rounds)
        print(
            f"  {share:5.2f}  gather {statistics.median(gathered):7.2f}  scan {statistics.median(scanned):7.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--paths", action="store_true")
    options = parser.parse_args()
    (paths if options.paths else compare)(options.rows, options.dim, options.rounds)


if __name__ == "__main__":
    main()
